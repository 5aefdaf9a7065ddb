package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer bounds a JSON answer in bytes: a page of whole states is large, an endless one is an attack.
const maxAnswer = 256 << 20

// route fills ids into a path. It refuses ids that would name another route.
func route(format string, ids ...string) (string, error) {
	escaped := make([]any, len(ids))
	for i, id := range ids {
		if id == "" || id == "." || id == ".." {
			return "", fmt.Errorf("sdk: %q is not an id", id)
		}
		escaped[i] = url.PathEscape(id)
	}
	return fmt.Sprintf(format, escaped...), nil
}

// request makes a request below the base; path is escaped and may have a query, in is sent as JSON unless nil.
func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		encoded, err := encode(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, body)
	if err != nil {
		return nil, fmt.Errorf("sdk: %w", err)
	}
	request.Header = c.header.Clone()
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// send does a request and returns a success, or an *Error. The caller closes the body.
func send(client *http.Client, request *http.Request) (*http.Response, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("sdk: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, refusal(response)
	}
	return response, nil
}

// call does a whole exchange; out may be nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	_, err := c.exchange(ctx, c.short, method, path, in, out)
	return err
}

// exchange is call with the client to use, and returns the answer's headers.
func (c *Client) exchange(ctx context.Context, client *http.Client, method, path string, in, out any) (http.Header, error) {
	request, err := c.request(ctx, method, path, in)
	if err != nil {
		return nil, err
	}
	response, err := send(client, request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := readAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("sdk: %s %s: %w", method, request.URL.Path, err)
	}
	if out == nil {
		return response.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("sdk: %s %s: %w", method, request.URL.Path, err)
	}
	return response.Header, nil
}

// fetch is a call that returns a T.
func fetch[T any](ctx context.Context, c *Client, method, path string, in any) (*T, error) {
	out := new(T)
	if err := c.call(ctx, method, path, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// fetchAt is fetch on a path with ids.
func fetchAt[T any](ctx context.Context, c *Client, method string, in any, format string, ids ...string) (*T, error) {
	path, err := route(format, ids...)
	if err != nil {
		return nil, err
	}
	return fetch[T](ctx, c, method, path, in)
}

func readAll(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxAnswer {
		return nil, ErrTooLarge
	}
	return data, nil
}

// resolve turns a Location into a URL below the base. It is a path relative to the API's root; an absolute
// URL is taken only within the origin.
func (c *Client) resolve(location string) (string, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("sdk: Location: %w", err)
	}
	switch {
	case u.IsAbs() && c.sameOrigin(u):
		return u.String(), nil
	case u.IsAbs() || u.Host != "" || !strings.HasPrefix(location, "/"):
		return "", fmt.Errorf("%w: Location %q", ErrForeignOrigin, location)
	}
	return c.base.String() + location, nil
}
