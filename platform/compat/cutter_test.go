package compat

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// cutter is a proxy that resets the connection in the middle of each answer to a POST that starts a run and waits for it or follows it.
// GET /cuts tells how many there were.
type cutter struct {
	URL    string
	origin string
	cuts   atomic.Int32
}

type connKey struct{}

func cut(t *testing.T, origin string) *cutter {
	t.Helper()
	c := &cutter{origin: origin}
	server := httptest.NewUnstartedServer(c)
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, conn)
	}
	server.Start()
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// ServeHTTP implements http.Handler.
func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/cuts" {
		_, _ = fmt.Fprint(w, c.cuts.Load())
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), r.Method, c.origin+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	request.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = response.Body.Close() }()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	flusher := http.NewResponseController(w)
	_ = flusher.Flush()
	waits, follows := strings.HasSuffix(r.URL.Path, "/runs/wait"), strings.HasSuffix(r.URL.Path, "/runs/stream")
	if r.Method == http.MethodPost && waits {
		c.reset(r)
	}
	var seen bytes.Buffer
	for buf := make([]byte, 4096); ; {
		n, err := response.Body.Read(buf)
		_, _ = w.Write(buf[:n])
		_ = flusher.Flush()
		seen.Write(buf[:n])
		if r.Method == http.MethodPost && follows && bytes.Count(seen.Bytes(), []byte(`"step"`)) >= 3 {
			c.reset(r)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// reset closes the client's connection the hard way.
func (c *cutter) reset(r *http.Request) {
	c.cuts.Add(1)
	if conn, ok := r.Context().Value(connKey{}).(*net.TCPConn); ok {
		_ = conn.SetLinger(0)
	}
	panic(http.ErrAbortHandler)
}
