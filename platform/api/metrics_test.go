package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/locutory/locutory/platform/observe"
	"github.com/locutory/locutory/platform/store"
)

// A dependency that fails is a failure of /ok, as of rest.md §8.1, when it was asked for, and tells nothing of the database.
func TestOKAsksTheDatabase(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Config{URI: t.TempDir() + "/test.db"})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Config: Config{DB: db, Log: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }}}
	engine := gin.New()
	engine.GET("/ok", s.open(s.ok))
	check := func(path string, status int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != status || w.Body.String() != body {
			t.Errorf("%s: status %d: %s, want %d: %s", path, w.Code, w.Body, status, body)
		}
	}
	check("/ok?check_db=1", 200, `{"ok":true,"services":{"database":"ok"}}`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	check("/ok?check_db=1", 500, `{"detail":"the database does not answer"}`)
	check("/ok", 200, `{"ok":true}`)
}

// A stream that is aborted is counted like any other answer, and the abort goes on to the connection.
func TestAbortedAnswersAreCounted(t *testing.T) {
	t.Parallel()
	s := &Server{Config: Config{Metrics: observe.New(nil), MountPrefix: "/v1", Log: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }}}
	engine := gin.New()
	engine.Use(s.count)
	engine.GET("/v1/streams/:id", s.open(func(context.Context, *call) error { panic(http.ErrAbortHandler) }))
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
				t.Errorf("the handler ended with %v, want an abort", err)
			}
		}()
		engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/streams/secret", nil))
	}()
	got, err := s.Metrics.Snapshot()
	if err != nil || len(got.HTTP) != 1 || got.HTTP[0].Path != "/streams/:id" || got.HTTP[0].Count != 1 {
		t.Errorf("%+v, %v", got.HTTP, err)
	}
}

// What counting adds to the cheapest request there is.
func BenchmarkOK(b *testing.B) {
	for name, metrics := range map[string]*observe.Metrics{"counted": observe.New(nil), "not counted": nil} {
		b.Run(name, func(b *testing.B) {
			s := &Server{Config: Config{Metrics: metrics, Log: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }}}
			engine := gin.New()
			if metrics != nil {
				engine.Use(s.count)
			}
			engine.GET("/ok", s.open(s.ok))
			r := httptest.NewRequest(http.MethodGet, "/ok", nil)
			b.ReportAllocs()
			for b.Loop() {
				engine.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

// The front page is an app's where there is one: ours is only another name of /ok.
func TestAppsHaveTheFrontPage(t *testing.T) {
	t.Parallel()
	_, plain := appServer(t, App{})
	if status, body := raw(t, plain, "GET /"); status != 200 || body != `{"ok":true}` {
		t.Errorf("without an app: status %d: %s", status, body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("welcome")) })
	_, open := appServer(t, App{Handler: mux, Public: []string{"GET /{$}"}})
	if status, body := raw(t, open, "GET /"); status != 200 || body != "welcome" {
		t.Errorf("an open page: status %d: %s", status, body)
	}
	_, closed := appServer(t, App{Handler: mux})
	if status, body := raw(t, closed, "GET /"); status != 401 {
		t.Errorf("a closed page: status %d: %s", status, body)
	}
}
