package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

// databases runs a test on every database, each with an empty one of its own.
func databases(t *testing.T, test func(t *testing.T, uri string)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t).URI)
		})
	}
}

// server is a whole server in this process.
type server struct {
	URL  string
	t    testing.TB
	made *platform.Server
}

// serve starts a server of the parts on the database; the test's end stops it. Settings change the process's settings.
func serve(t testing.TB, parts platform.Parts, uri string, settings ...func(*config.Process)) *server {
	t.Helper()
	return serveLogging(t, parts, uri, slog.DiscardHandler, settings...)
}

// serveLogging is serve with a place for the server's log.
func serveLogging(t testing.TB, parts platform.Parts, uri string, log slog.Handler, settings ...func(*config.Process)) *server {
	t.Helper()
	file, err := config.Parse(t.TempDir()+"/platform.json", []byte(parts.Platform))
	if err != nil {
		t.Fatal(err)
	}
	process, err := config.ReadProcess(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	process.DatabaseURI = uri
	for _, set := range settings {
		set(&process)
	}
	ctx, stop := context.WithCancel(context.Background())
	made, err := platform.New(ctx, platform.Config{Parts: parts, File: file, Process: process, Log: slog.New(log), Around: func(h http.Handler) http.Handler { return watch(t, h, parts.App) }})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- made.Serve(ctx, listener, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := made.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &server{URL: "http://" + listener.Addr().String(), t: t, made: made}
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// into decodes the answer's JSON.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("status %d: body is no JSON of that shape: %v\n%s", a.Status, err, a.Body)
	}
}

// field returns one field of the answer's JSON object, as text.
func (a answer) field(t testing.TB, name string) string {
	t.Helper()
	var object map[string]any
	a.into(t, &object)
	text, ok := object[name].(string)
	if !ok {
		t.Fatalf("status %d: no text %q in %s", a.Status, name, a.Body)
	}
	return text
}

// as sends a request with a bearer token; body is JSON text, or empty.
func (s *server) as(token, method, path, body string) answer {
	s.t.Helper()
	return s.send(s.request(token, method, path, body))
}

func (s *server) request(token, method, path, body string) *http.Request {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(path, "/mcp") {
		asMCP(r.Header, body)
	}
	return r
}

func (s *server) send(r *http.Request) answer {
	s.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := readAnswer(response)
	if err != nil {
		s.t.Fatalf("%s %s: status %d, body ends early: %v\n%s", r.Method, r.URL.Path, response.StatusCode, err, body)
	}
	_ = response.Body.Close()
	return answer{response.StatusCode, response.Header, bytes.TrimSpace(body)}
}

// must sends and wants a status.
func (s *server) must(status int, token, method, path, body string) answer {
	s.t.Helper()
	a := s.as(token, method, path, body)
	if a.Status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}
