package sdk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// maxReconnects is how often in a row a connection is tried again before its reader gets the error.
const maxReconnects = 5

// brokenError is a cut that a new connection may mend: the transport failed, or the server is about to restart.
type brokenError struct{ cause error }

func (e *brokenError) Error() string { return e.cause.Error() }
func (e *brokenError) Unwrap() error { return e.cause }

// connection is a long answer, a stream or a wait, over as many requests as it takes.
type connection struct {
	client   *Client
	location string // the URL to go on at, "" if the server named none
	failures int    // in a row
	run      RunRef
	onRun    func(RunRef)
}

// open does the first request. Its failures are final: it may have started a run.
func (c *connection) open(request *http.Request) (*http.Response, error) {
	response, err := send(c.client.long, request)
	if err != nil {
		return nil, err
	}
	if err := c.note(response); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	return response, nil
}

// reopen gets the location. Its failures are broken ones unless the server says no.
func (c *connection) reopen(ctx context.Context, prepare func(http.Header)) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.location, nil)
	if err != nil {
		return nil, fmt.Errorf("sdk: %w", err)
	}
	request.Header = c.client.header.Clone()
	if prepare != nil {
		prepare(request.Header)
	}
	response, err := send(c.client.long, request)
	var refused *Error
	switch {
	case err == nil:
	case errors.As(err, &refused) && !refused.transient(), errors.Is(err, ErrForeignOrigin):
		return nil, err
	default:
		return nil, &brokenError{err}
	}
	if err := c.note(response); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	return response, nil
}

// note takes the run's ids and the place to go on at from an answer's headers.
func (c *connection) note(response *http.Response) error {
	if location := response.Header.Get("Location"); location != "" {
		resolved, err := c.client.resolve(location)
		if err != nil {
			return err
		}
		c.location = resolved
	}
	if ref, ok := parseRunRef(response.Header.Get("Content-Location")); ok {
		if ref.ThreadID == "" {
			ref.ThreadID = c.run.ThreadID
		}
		c.run = ref
	}
	if c.onRun != nil && c.run.RunID != "" {
		c.onRun(c.run)
		c.onRun = nil
	}
	return nil
}

// pause waits before the next attempt after err, or returns the error to end with.
func (c *connection) pause(ctx context.Context, err error) error {
	var broken *brokenError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &broken):
		return err
	case c.location == "":
		return fmt.Errorf("sdk: the connection broke, and the server names no place to go on: %w", broken.cause)
	case c.failures == maxReconnects:
		return fmt.Errorf("sdk: the connection broke, and %d attempts did not mend it: %w", maxReconnects, broken.cause)
	}
	delay := min(time.Second<<c.failures, 5*time.Second) + c.client.jitter()
	c.failures++
	return c.client.sleep(ctx, delay)
}
