package sdk_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server answers the requests to each pattern by its list of handlers, one after the other, and records them.
type server struct {
	*httptest.Server
	t   *testing.T
	mux *http.ServeMux

	mu       sync.Mutex
	requests []request
}

type request struct {
	Method, URI, Body string
	Header            http.Header
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, mux: http.NewServeMux()}
	s.Server = httptest.NewServer(http.HandlerFunc(s.record))
	s.Config.ErrorLog = nil
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *server) record(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.requests = append(s.requests, request{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
	s.mu.Unlock()
	s.mux.ServeHTTP(w, r)
}

func (s *server) got() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

// on sets the answers of a route; one more request than answers fails the test.
func (s *server) on(pattern string, answers ...http.HandlerFunc) {
	var mu sync.Mutex
	var n int
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		i := n
		n++
		mu.Unlock()
		if i >= len(answers) {
			s.t.Errorf("%s: request %d was not expected", pattern, i+1)
			http.Error(w, "not expected", http.StatusTeapot)
			return
		}
		answers[i](w, r)
	})
}

// client talks to the server; its pauses are recorded instead of waited.
func (s *server) client(config sdk.Config) (*sdk.Client, *[]time.Duration) {
	s.t.Helper()
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	if config.URL == "" {
		config.URL = s.URL
	}
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{}
	}
	config.HTTPClient.Transport = transport
	client, err := sdk.New(config)
	if err != nil {
		s.t.Fatal(err)
	}
	pauses := new([]time.Duration)
	sdk.SetJitter(client, 0)
	sdk.SetPauses(client, func(ctx context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return ctx.Err()
	})
	return client, pauses
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// part sends headers and a part of the body, and then ends cleanly or aborts the connection.
func part(abort bool, kind, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		_, _ = io.WriteString(w, body)
		if abort {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}
}

func streams(body string, headers ...string) http.HandlerFunc {
	return part(false, "text/event-stream", body, headers...)
}

func cuts(body string, headers ...string) http.HandlerFunc {
	return part(true, "text/event-stream; charset=utf-8", body, headers...)
}

// event is the text of a frame.
func event(id int, name, data string) string {
	return fmt.Sprintf("event: %s\ndata: %s\nid: %d\n\n", name, data, id)
}

const (
	location = "/threads/T/runs/R/stream"
	runsPath = "/threads/T/runs/R"
)

func named() []string { return []string{"Location", location, "Content-Location", runsPath} }
