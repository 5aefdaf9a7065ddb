package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
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
	detailFailed = "internal error"
)

// answer is the one place where an error becomes a status and a detail (rest.md §1.3).
func (c *call) answer(ctx context.Context, err error) (status int, detail string, header http.Header) {
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
			c.failed(ctx, "request failed", err)
			return http.StatusInternalServerError, detailFailed, nil
		}
	)
	switch {
	case errors.As(err, &own):
		return own.status, own.detail, nil
	case isLimited(err):
		return http.StatusTooManyRequests, "too many requests; come back later", http.Header{"Retry-After": {"1"}}
	case errors.As(err, &run):
		return run.Status, run.Detail, nil
	case access.Hidden(err):
		return http.StatusNotFound, c.missing(), nil
	case errors.As(err, &hook):
		if hook.Status >= 500 {
			c.failed(ctx, "a hook failed", err)
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
	case errors.Is(err, graphs.ErrUnknownNode), errors.Is(err, graphs.ErrAmbiguousUpdate), errors.Is(err, graphs.ErrEmptyCommand),
		errors.Is(err, graphs.ErrInvalidUpdate), errors.Is(err, graphs.ErrNoMessage):
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

// missing is what a request is told of a row that is not there, by what its path names.
func (c *call) missing() string {
	path := strings.TrimPrefix(c.gin.FullPath(), c.server.prefix())
	switch {
	case c.param("cron_id") != "":
		return detailCron
	case c.param("run_id") != "", path == "/runs/cancel":
		return detailRun
	case c.param("thread_id") != "":
		return fmt.Sprintf(detailThread, strings.ToLower(c.param("thread_id")))
	case strings.HasPrefix(path, "/assistants/:"):
		return detailAssistant
	}
	return http.StatusText(http.StatusNotFound)
}

// writeRefusal writes the body of every answer that is not a success, but for those of [call.failure].
func writeRefusal(w http.ResponseWriter, status int, detail string) {
	body, _ := json.Marshal(wire.ErrorBody{Detail: detail}) // a string always has a JSON form
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who has gone does not read it
}

// failed logs what is the server's own fault. What fails because the client has gone is nobody's, unless it is a panic.
func (c *call) failed(ctx context.Context, what string, err error) {
	level := slog.LevelError
	if errors.Is(ctx.Err(), context.Canceled) && !isPanic(err) {
		level, what = slog.LevelDebug, "the client has gone"
	}
	c.server.tell(ctx, level, what, c.gin.Request, c.requestID, err)
}

// tell logs what became of a request, with the id that its sender was told. A panic is never less than an error.
func (s *Server) tell(ctx context.Context, level slog.Level, what string, r *http.Request, id string, err error) {
	if isPanic(err) {
		level = slog.LevelError
	}
	s.Log.LogAttrs(ctx, level, what, slog.String("request_id", id), slog.String("method", r.Method),
		slog.String("path", shownPath(r.URL.Path)), slog.Any("error", err))
}

// panicked is a panic in what served a request, with its stack.
type panicked struct {
	in    string
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("%s: panic: %v\n%s", p.in, p.value, p.stack) }

func isPanic(err error) bool { return errors.As(err, new(*panicked)) }

// rescued returns the error of serve, or its panic as one. The panic that aborts a connection goes on.
func rescued(in string, serve func() error) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = &panicked{in, p, debug.Stack()}
		}
	}()
	return serve()
}
