package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// ask sends a request as Alice.
func ask(t *testing.T, method, url, body string) (*http.Response, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer alice")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return response, string(data), err
}

// customMux is an app whose routes misbehave in all ways.
func customMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /panic", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Length", "5")
		w.Header().Set("X-Kept", "yes")
		panic("of the app")
	})
	mux.HandleFunc("GET /late-panic", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "begun")
		panic("of the app")
	})
	mux.HandleFunc("GET /abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /nothing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Own", "a")
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // is too late, as always
		w.Header().Set("X-Own", "b")
	})
	mux.HandleFunc("GET /hint", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if big := new(http.MaxBytesError); errors.As(err, &big) {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
		_, _ = w.Write(data)
	})
	mux.HandleFunc("GET /hijack", func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntaken")
		_ = rw.Flush()
		_ = conn.Close()
	})
	return mux
}

func TestCustomAnswers(t *testing.T) {
	t.Parallel()
	around := 0
	_, server := appServer(t, App{Handler: customMux(), Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			around++
			w.Header().Set("X-Around", "yes")
			if r.URL.Query().Has("broken") {
				panic("of the middleware")
			}
			next.ServeHTTP(w, r)
		})
	}})
	for _, test := range []struct {
		request, body string
		status        int
		want          string
	}{
		{"GET /panic", "", 500, `{"detail":"internal error"}`},
		{"GET /nothing?broken", "", 500, `{"detail":"internal error"}`},
		{"GET /threads/x?broken", "", 500, `{"detail":"internal error"}`},
		{"GET /nothing", "", 200, ""},
		{"GET /status", "", 418, ""},
		{"GET /hint", "", 202, ""},
		{"POST /echo", "hello", 200, "hello"},
		{"POST /echo", strings.Repeat("x", 1<<10+1), 413, "too much\n"},
		{"GET /hijack", "", 200, "taken"},
		{"GET /unknown", "", 404, `{"detail":"Not Found"}`},
		{"PUT /echo", "", 405, `{"detail":"Method Not Allowed"}`},
		{"PUT /threads/x", "", 405, `{"detail":"Method Not Allowed"}`},
	} {
		method, at, _ := strings.Cut(test.request, " ")
		response, body, err := ask(t, method, server.URL+at, test.body)
		if err != nil || response.StatusCode != test.status {
			t.Errorf("%s: %v, %v; want %d", test.request, response, err, test.status)
			continue
		}
		if strings.TrimSpace(body) != strings.TrimSpace(test.want) {
			t.Errorf("%s: %q, want %q", test.request, body, test.want)
		}
		if test.status == 500 && !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: the content type is %q", test.request, response.Header.Get("Content-Type"))
		}
		if at != "/hijack" && response.Header.Get("X-Around") != "yes" {
			t.Errorf("%s: the middleware was not asked", test.request)
		}
		if own := response.Header.Get("X-Own"); at == "/status" && own != "a" {
			t.Errorf("%s: X-Own is %q, want a", test.request, own)
		}
	}
	for _, at := range []string{"/late-panic", "/abort"} {
		if response, body, err := ask(t, http.MethodGet, server.URL+at, ""); err == nil {
			t.Errorf("%s: %d %q, want a broken connection", at, response.StatusCode, body)
		}
	}
	if response, _, err := ask(t, "PUT", server.URL+"/echo", ""); err != nil || response.Header.Get("Allow") != "POST" {
		t.Errorf("PUT /echo: %v; the methods that there are are not told", err)
	}
	if around < 10 {
		t.Errorf("the middleware was asked %d times", around)
	}
}

// lines are those of a log as they are written.
type lines chan []byte

func (l lines) Write(line []byte) (int, error) {
	l <- bytes.Clone(line)
	return len(line), nil
}

// What failed is found in the log by the id that its sender was told, with the stack of the code that did it; also when he has got a part of
// an answer, or has gone.
func TestPanicsAreFoundByTheRequestsID(t *testing.T) {
	t.Parallel()
	for at, broken := range map[string]bool{"/panic": false, "/threads/x?broken": false, "/ours": false, "/late-panic": true, "/gone": true} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			log := make(lines, 1)
			mux := customMux()
			mux.HandleFunc("GET /gone", func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).Flush()
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
				}
				_ = conn.Close()
				panic("of the app")
			})
			s, server := appServer(t, App{Handler: mux, Middleware: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Query().Has("broken") {
						panic("of the middleware")
					}
					next.ServeHTTP(w, r)
				})
			}}, func(c *Config) { c.Log = slog.New(slog.NewJSONHandler(log, nil)) })
			s.engine.GET("/ours", s.open(func(context.Context, *call) error { panic("of ours") }))
			response, _, err := ask(t, http.MethodGet, server.URL+at, "")
			if !broken && (err != nil || response.StatusCode != http.StatusInternalServerError || response.Header.Get("X-Request-Id") != "id") {
				t.Errorf("%v, %v; want a 500 with its id", response, err)
			}
			if broken && err == nil {
				t.Errorf("%v; want a broken connection", response)
			}
			var line struct {
				Level, Method, Path, Error string
				ID                         string `json:"request_id"`
			}
			if err := json.Unmarshal(<-log, &line); err != nil {
				t.Fatal(err)
			}
			path, _, _ := strings.Cut(at, "?")
			if line.Level != "ERROR" || line.ID != "id" || line.Method != http.MethodGet || line.Path != path || !strings.Contains(line.Error, "app_serve_test.go") {
				t.Errorf("%+v", line)
			}
		})
	}
}

// A disabled route is not there, whoever would like to have it: before anyone is asked who he is, and as any unknown path.
func TestDisabledRoutesAreNobodys(t *testing.T) {
	t.Parallel()
	disabled := map[string]bool{}
	for _, route := range new(Server).Routes() {
		disabled[route.Group] = route.Group != "assistants"
	}
	for name, app := range map[string]App{
		"no app": {}, "mux": {Handler: secretMux()}, "everything": {Handler: http.HandlerFunc(careless)}, "public": {Handler: http.HandlerFunc(careless), Public: []string{"GET /{all...}", "POST /{all...}"}},
	} {
		for _, prefix := range []string{"", "/v1"} {
			_, server := appServer(t, app, func(c *Config) {
				c.MountPrefix, c.Disabled = prefix, disabled
			})
			for _, route := range new(Server).Routes() {
				if route.Group == "assistants" || route.Path == "/ok" || route.Path == "/" { // the front page is an app's
					continue
				}
				at := strings.NewReplacer(":thread_id", "00000000-0000-0000-0000-000000000000", ":run_id", "x", ":checkpoint_id", "x", ":cron_id", "x").Replace(route.Path)
				for _, headers := range [][]string{nil, {"Authorization: Bearer alice"}} {
					status, body := raw(t, server, route.Method+" "+prefix+at, append(headers, "Content-Length: 0")...)
					if status != 404 || strings.TrimSpace(body) != `{"detail":"Not Found"}` {
						t.Errorf("%s: %s %s: %d %s", name, route.Method, prefix+at, status, body)
					}
				}
			}
			if status, _ := raw(t, server, "GET "+prefix+"/assistants/x"); status != 401 {
				t.Errorf("%s: GET /assistants/x: %d, want 401", name, status)
			}
		}
	}
}

// A stream of the app's reaches its reader piece by piece, and ends when the server stops; what is no stream has time to end.
func TestDrainEndsCustomStreams(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	ended := make(chan error, 2)
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "one\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
		ended <- context.Cause(r.Context())
	})
	release := make(chan struct{})
	entered := make(chan struct{})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if r.Context().Err() == nil {
			_, _ = io.WriteString(w, "whole")
		}
	})
	s, server := appServer(t, App{Handler: mux})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer alice")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if line, err := bufio.NewReader(response.Body).ReadString('\n'); line != "one\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	slow := make(chan string, 1)
	go func() {
		_, body, err := ask(t, http.MethodGet, server.URL+"/slow", "")
		slow <- body
		if err != nil {
			t.Error(err)
		}
	}()
	<-entered
	s.Drain()
	if err := <-ended; !errors.Is(err, errDraining) {
		t.Errorf("the stream ended with %v", err)
	}
	close(release)
	if body := <-slow; body != "whole" {
		t.Errorf("what was no stream ended with %q", body)
	}
}

// Neither a middleware nor a header makes anyone somebody: who calls is what the authenticator says, and nothing else.
func TestMiddlewareCannotSayWhoCalls(t *testing.T) {
	t.Parallel()
	bob := access.Caller{User: &authhooks.User{Identity: "bob"}, Origin: authhooks.OriginAPI}
	mux := http.NewServeMux()
	var s *Server
	var got []string
	see := func(_ http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if caller, ok := CallerOf(r.Context()); ok {
			who = caller.User.Identity
		}
		guard := "nobody"
		if caller, ok := access.From(r.Context()); ok {
			guard = caller.User.Identity
		}
		within := "nobody"
		if transport, err := s.Inside(r.Context()); err == nil {
			within = transport.(*inside).caller.User.Identity
		}
		got = append(got, who+" "+guard+" "+within)
	}
	mux.HandleFunc("GET /open", see)
	mux.HandleFunc("GET /closed", see)
	made, web := appServer(t, App{Handler: mux, Public: []string{"GET /open"}, Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := access.With(r.Context(), bob)
			ctx = context.WithValue(ctx, insideKey{}, bob) // what no other package can do
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}})
	s = made
	for _, at := range []string{"/open", "/closed"} {
		if response, _, err := ask(t, http.MethodGet, web.URL+at, ""); err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(err)
		}
	}
	if want := []string{"nobody nobody nobody", "alice alice alice"}; strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("callers: %q, want %q", got, want)
	}
	if status, body := raw(t, web, "GET /closed"); status != 401 {
		t.Errorf("without credentials: %d %s", status, body)
	}
}
