package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/locutory/locutory/platform/wire"
)

var (
	// ErrForeignOrigin is a redirect or a Location that leads to another origin than Config.URL; it is not followed.
	ErrForeignOrigin = errors.New("sdk: the server points to another origin")

	// ErrTooLarge is an answer or an event beyond the client's bounds.
	ErrTooLarge = errors.New("sdk: the server's answer is too large")

	// ErrSpent is a stream that is ranged over a second time. Starting it again would start another run.
	ErrSpent = errors.New("sdk: the stream was used already")
)

// Error is an answer that is not a success.
type Error struct {
	Status    int    // the HTTP status
	Detail    string // the server's text, never empty
	RequestID string // of x-request-id, "" if the server sent none
}

// Error returns status, detail and, if known, the request's id.
func (e *Error) Error() string {
	if e.RequestID == "" {
		return fmt.Sprintf("HTTP %d: %s", e.Status, e.Detail)
	}
	return fmt.Sprintf("HTTP %d: %s (request %s)", e.Status, e.Detail, e.RequestID)
}

// transient reports whether the same GET may succeed a little later.
func (e *Error) transient() bool {
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// refusal reads an answer that is not a success and closes it.
func refusal(response *http.Response) *Error {
	defer func() { _ = response.Body.Close() }()
	// What cannot be read is not worth an error of its own: the status says enough.
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return &Error{
		Status:    response.StatusCode,
		Detail:    detail(response.StatusCode, bytes.TrimSpace(body)),
		RequestID: response.Header.Get("X-Request-Id"),
	}
}

// detail finds the text for people: servers of this kind differ in where they put it.
func detail(status int, body []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) == nil {
		for _, key := range []string{"detail", "message", "error"} {
			var text string
			if json.Unmarshal(object[key], &text) == nil && text != "" {
				return text
			}
		}
	}
	if len(body) > 0 {
		return string(body[:min(len(body), 1024)])
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "no detail"
}

// RunError is a run that failed.
type RunError struct {
	Class   string // of the failure, e.g. GraphRecursionError
	Message string
	Run     RunRef
}

// Error returns class and message.
func (e *RunError) Error() string {
	if e.Class == "" {
		return "run failed: " + e.Message
	}
	return "run failed: " + e.Class + ": " + e.Message
}

// runError reads the data of an error event: an object, or the bare text of older servers.
func runError(data json.RawMessage, run RunRef) *RunError {
	var failed wire.RunError
	if json.Unmarshal(data, &failed) == nil {
		return &RunError{Class: failed.Error, Message: failed.Message, Run: run}
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	return &RunError{Message: text, Run: run}
}
