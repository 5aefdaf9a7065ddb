package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/locutory/locutory/platform/store"
)

// refusedError is a delivery that no other attempt would help.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// errNoSelf says that a webhook at the server itself fell to a process that is none.
var errNoSelf = errors.New("a path alone is a webhook at the server itself, and this process serves nothing: run workers in a process that serves")

// errAttempts says that every attempt's process was lost.
var errAttempts = errors.New("no attempt came to an end")

// attempt posts a delivery. status is that of the answer, 0 for none; an error without a status has nothing of the URL in it.
func (s *Sender) attempt(ctx context.Context, self string, d store.Delivery) (status int, err error) {
	request, err := s.request(ctx, self, d)
	if err != nil {
		return 0, err
	}
	response, err := s.client.Do(request)
	var failed *url.Error
	if errors.As(err, &failed) { // its text is the whole URL
		err = failed.Err
	}
	if err != nil {
		return 0, err
	}
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again; nobody reads the answer
	_ = response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return response.StatusCode, fmt.Errorf("the receiver answered %d", response.StatusCode)
	}
	return response.StatusCode, nil
}

func (s *Sender) request(ctx context.Context, self string, d store.Delivery) (*http.Request, error) {
	if d.Attempt > s.Attempts {
		return nil, &refusedError{errAttempts}
	}
	if err := s.Policy.Check(d.URL); err != nil { // it may have become stricter
		return nil, &refusedError{err}
	}
	target := d.URL
	if strings.HasPrefix(target, "/") {
		if self == "" { // another process may take the next attempt
			return nil, errNoSelf
		}
		target = strings.TrimSuffix(self, "/") + target
	}
	now := s.Now()
	body, err := payload(d, now)
	if err != nil {
		return nil, &refusedError{err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, &refusedError{errors.New("not a URL")}
	}
	for name, value := range s.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "locutory-webhook")
	request.Header.Set(headerDelivery, d.ID)
	request.Header.Set(headerAttempt, strconv.Itoa(d.Attempt))
	if signature := sign(s.Secrets, now, body); signature != "" {
		request.Header.Set(headerSignature, signature)
	}
	return request, nil
}
