package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// refusal is an answer that the package itself decided on.
type refusal struct {
	status int
	detail string
}

func (r *refusal) Error() string { return r.detail }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// named gives a missing row the text that applications match on (rest.md §1.3). A row that is hidden from the caller comes
// through the same door, so both answers are the same bytes.
func named(err error, format string, args ...any) error {
	if errors.Is(err, store.ErrNotFound) {
		return refuse(http.StatusNotFound, format, args...)
	}
	return err
}

// patched is named for a change of a row: one that would leave the caller's own filter is refused.
func patched(err error, format string, args ...any) error {
	if errors.Is(err, store.ErrPostImage) {
		return refuse(http.StatusForbidden, "the change would put the row out of your reach")
	}
	return named(err, format, args...)
}

const (
	detailBusy   = "Thread is busy"
	detailTooBig = "the request body is larger than %d bytes"
)

// answer is the one place where an error becomes a status and a detail (rest.md §1.3).
func (s *Server) answer(ctx context.Context, err error) (status int, detail string, header http.Header) {
	var (
		own       *refusal
		hook      *authhooks.Error
		run       *runs.Refusal
		body      *wire.BodyError
		owned     *store.OwnedKeyError
		big       *http.MaxBytesError
		input     *graphs.InputError
		namespace *graphs.NamespaceError
		filter    *graphs.FilterError
		status500 = func(err error) (int, string, http.Header) {
			s.failed(ctx, "request failed", err)
			return http.StatusInternalServerError, "internal error", nil
		}
	)
	switch {
	case errors.As(err, &own):
		return own.status, own.detail, nil
	case isLimited(err):
		return http.StatusTooManyRequests, "too many requests; come back later", http.Header{"Retry-After": {"1"}}
	case errors.As(err, &run):
		return run.Status, run.Detail, nil
	case errors.As(err, &hook):
		if hook.Status >= 500 {
			s.failed(ctx, "a hook failed", err)
		}
		return hook.Status, hook.Detail, hook.Header
	case errors.As(err, &body):
		if body.Malformed {
			return http.StatusBadRequest, body.Detail, nil
		}
		return http.StatusUnprocessableEntity, body.Detail, nil
	case errors.As(err, &big):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf(detailTooBig, big.Limit), nil
	case errors.As(err, &owned):
		return http.StatusForbidden, fmt.Sprintf("metadata.%s is set by the server and cannot be changed", owned.Key), nil
	case errors.As(err, &input):
		return http.StatusUnprocessableEntity, input.Error(), nil
	case errors.As(err, &namespace):
		return http.StatusUnprocessableEntity, namespace.Error(), nil
	case errors.As(err, &filter):
		return http.StatusUnprocessableEntity, filter.Error(), nil
	case errors.Is(err, graphs.ErrUnknownNode), errors.Is(err, graphs.ErrAmbiguousUpdate), errors.Is(err, graphs.ErrEmptyCommand):
		return http.StatusUnprocessableEntity, err.Error(), nil
	case errors.Is(err, store.ErrQuery):
		return http.StatusUnprocessableEntity, err.Error(), nil
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound, "Not Found", nil
	case errors.Is(err, store.ErrBusy):
		return http.StatusConflict, detailBusy, nil
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "the server did not get to it in time; try again", http.Header{"Retry-After": {"1"}}
	}
	return status500(err)
}

// failed logs what is the server's own fault. What fails because the client has gone is nobody's.
func (s *Server) failed(ctx context.Context, what string, err error) {
	level := slog.LevelError
	if errors.Is(ctx.Err(), context.Canceled) {
		level, what = slog.LevelDebug, "the client has gone"
	}
	s.Log.LogAttrs(ctx, level, what, slog.Any("error", err))
}
