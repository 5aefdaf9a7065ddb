package authhooks

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Verdict is a handler's answer. The zero Verdict denies, so a forgotten answer lets nobody in.
type Verdict struct {
	kind   verdictKind
	filter Filter
	reason string
}

type verdictKind uint8

const (
	denied verdictKind = iota // the zero Verdict
	hidden
	allowed
	filtered
)

// Allow lets the call reach every row.
func Allow() Verdict { return Verdict{kind: allowed} }

// Only lets the call reach the rows that f matches. To others the caller gets the answer of a row that is not there (404).
// An invalid filter, as the zero one, denies with 500.
func Only(f Filter) Verdict { return Verdict{kind: filtered, filter: f} }

// Deny refuses with 403; the caller reads the reason.
func Deny(reason string) Verdict { return Verdict{kind: denied, reason: reason} }

// NotFound refuses as if the row was not there: 404.
func NotFound() Verdict { return Verdict{kind: hidden} }

// Error is an answer with a status of one's own, as 402 or 429. The caller reads Detail when Status is below 500, and never
// Cause, which is for the log.
type Error struct {
	Status int
	Detail string
	Header http.Header
	Cause  error
}

// Error returns status, detail and cause.
func (e *Error) Error() string {
	if e == nil {
		return "a nil *Error"
	}
	parts := []string{fmt.Sprint(e.Status)}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Cause
}

// Unauthenticated is 401: the server does not know who is asking. Only authenticators may answer so; clients log their user out at it.
func Unauthenticated(detail string) error {
	return &Error{Status: http.StatusUnauthorized, Detail: detail, Header: http.Header{"Www-Authenticate": {"Bearer"}}}
}

// Unavailable is 503 with Retry-After: what is needed to decide is down. Clients keep their session and come back.
func Unavailable(cause error) error {
	return &Error{Status: http.StatusServiceUnavailable, Detail: detailOf(http.StatusServiceUnavailable), Header: http.Header{"Retry-After": {"5"}}, Cause: cause}
}

// errNoCredentials marks a 401 of a request that did not even try this way of logging in.
var errNoCredentials = errors.New("no credentials")

// missing is Unauthenticated for a request without credentials of that kind.
func missing(detail string) error {
	return &Error{Status: http.StatusUnauthorized, Detail: detail, Cause: errNoCredentials}
}

// detailOf is what a caller reads of a failure that is not his.
func detailOf(status int) string {
	switch status {
	case http.StatusInternalServerError:
		return "internal error"
	case http.StatusServiceUnavailable:
		return "temporarily unavailable"
	default:
		return strings.ToLower(http.StatusText(status))
	}
}

// internal is a mistake of the hooks' author: 500, and what it is stays in the log.
func internal(cause error) *Error {
	return &Error{Status: http.StatusInternalServerError, Detail: detailOf(http.StatusInternalServerError), Cause: cause}
}

// refusal makes the answer of any error that a hook returned. Details of failures (5xx) are replaced, headers are kept.
func refusal(err error) *Error {
	var e *Error
	if !errors.As(err, &e) || e == nil {
		return internal(err)
	}
	if e.Status < 400 || e.Status > 599 {
		return internal(fmt.Errorf("status %d is no refusal: %w", e.Status, err))
	}
	out := &Error{Status: e.Status, Detail: e.Detail, Header: http.Header{}, Cause: e.Cause}
	if e.Status >= 500 {
		out.Detail, out.Cause = detailOf(e.Status), err // with the detail that is not for the caller
	}
	for name, values := range e.Header { // a literal may be written "WWW-Authenticate", which is not the canonical key
		for _, value := range values {
			out.Header.Add(name, value)
		}
	}
	if out.Detail == "" {
		out.Detail = http.StatusText(e.Status)
	}
	if e.Status == http.StatusUnauthorized && out.Header.Get("WWW-Authenticate") == "" {
		out.Header.Set("WWW-Authenticate", "Bearer")
	}
	return out
}
