package api

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// appServer serves an app beside routes of ours that must not be called: there is no database. Users are their tokens.
func appServer(t *testing.T, app App, settings ...func(*Config)) (*Server, *httptest.Server) {
	t.Helper()
	auth := authhooks.New(authhooks.Bearer(func(_ context.Context, token string) (*authhooks.User, error) {
		return &authhooks.User{Identity: token}, nil
	}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	guard, err := access.New(access.Config{Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Guard: guard, Log: slog.New(slog.DiscardHandler), MaxBody: 1 << 10, App: app, Now: time.Now,
		NewID: func() string { return "id" },
	}
	for _, set := range settings {
		set(&cfg)
	}
	s := &Server{Config: cfg, pulse: newPulse(time.Hour)}
	if s.custom, err = newCustom(cfg.App, s.Routes(), cfg.Disabled); err != nil {
		t.Fatal(err)
	}
	s.closing, s.drain = context.WithCancel(context.Background())
	s.closed, s.end = context.WithCancel(context.Background())
	s.engine = s.router()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		server.Close()
		s.Close()
	})
	return s, server
}

// raw sends a request line as it is: clients clean paths, attackers do not.
func raw(t *testing.T, server *httptest.Server, line string, headers ...string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	text := line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	fields := strings.Fields(head)
	if len(fields) < 2 {
		t.Fatalf("%s: no answer: %q", line, answer)
	}
	status := map[string]int{"200": 200, "401": 401, "404": 404, "405": 405, "400": 400, "307": 307, "301": 301, "500": 500}[fields[1]]
	if status == 0 {
		t.Fatalf("%s: %s", line, head)
	}
	return status, body
}

// careless is a handler that takes every way to write a path for the plain one, as some routers do.
func careless(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if other := r.Header.Get("X-HTTP-Method-Override"); other != "" {
		method = other
	}
	if other := r.URL.Query().Get("_method"); other != "" {
		method = other
	}
	at := strings.TrimSuffix(strings.ToLower(path.Clean(strings.ReplaceAll(r.URL.Path, `\`, "/"))), "/")
	user := "nobody"
	if caller, ok := CallerOf(r.Context()); ok {
		user = caller.User.Identity
	}
	_, _ = io.WriteString(w, method+" "+at+" by "+user)
}

func secretMux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, pattern := range []string{
		"POST /login", "GET /login", "DELETE /login", "GET /files/{name}", "GET /files/secret", "GET /docs/{path...}", "GET /docs/inner/",
		"GET /home/{$}", "/any", "GET /admin", "GET /sub/",
	} {
		mux.HandleFunc(pattern, careless)
	}
	return mux
}

// TestPublicOpensWhatItSays: whatever a router makes of a path, a public pattern opens that very path and no other.
func TestPublicOpensWhatItSays(t *testing.T) {
	t.Parallel()
	public := []string{"POST /login", "GET /files/{name}", "GET /docs/{path...}", "GET /home/{$}", "GET /any"}
	opened := []string{"POST /login", "POST /login?next=/x", "GET /files/a", "GET /files/a%20b", "GET /docs/a/b", "GET /docs/", "GET /home/", "GET /any"}
	closed := []string{
		"GET /login", "DELETE /login", "PUT /login", "post /login", "HEAD /files/a", "POST /any", "GET /admin", "GET /sub/x", "GET /sub/",
		"POST /login/", "POST //login", "POST /login//", "POST /./login", "POST /x/../login", "POST /login/.", "POST /login/..",
		"POST /LOGIN", "POST /Login", "POST /%6cogin", "POST /%6Cogin", "POST /login%2F", "POST /%2Flogin", "POST /login%00", "POST /login%20",
		"POST /login;x=1", "POST /login%3Bx", "POST /login%2e", `POST /\login`, "POST /%5clogin", "POST /login%0a",
		"POST /login?_method=DELETE", "POST /login?a=b&_method=DELETE", "POST /login?%5Fmethod=DELETE",
		"GET /files/a/b", "GET /files/a%2Fb", "GET /files/", "GET /files/..%2Fadmin", "GET /files/../admin", "GET /files/%2e%2e/admin", "GET /files/..",
		"GET /files//a", "GET /docs/../admin", "GET /docs/%2e%2e/admin", "GET /docs/..%2fadmin", `GET /docs/..\admin`, "GET /docs/..%5cadmin",
		"GET /docs//a", "GET /docs/a//b", "GET /docs", "GET //", "GET /.", "GET /home", "GET /home//", "GET /home/x", "GET /home/%2f", "GET /threads/../admin", "GET /ok/../admin", "GET /%2e",
	}
	beside := []string{"GET /files/secret", "GET /docs/inner/x"} // of the mux alone: routes that are more specific than the public ones
	for name, handler := range map[string]http.Handler{"ServeMux": secretMux(), "careless": http.HandlerFunc(careless)} {
		for _, prefix := range []string{"", "/api"} {
			t.Run(name+prefix, func(t *testing.T) {
				t.Parallel()
				_, server := appServer(t, App{Handler: handler, Public: public}, func(c *Config) { c.MountPrefix = prefix })
				at := func(request string) string {
					method, rest, _ := strings.Cut(request, " ")
					return method + " " + prefix + rest
				}
				for _, request := range opened {
					if status, body := raw(t, server, at(request)); status != 200 || !strings.HasSuffix(body, "by nobody") {
						t.Errorf("%s: %d %q, want it open", at(request), status, body)
					}
				}
				shut := closed
				if name == "ServeMux" {
					shut = slices.Concat(beside, closed)
				}
				for _, request := range shut {
					if status, body := raw(t, server, at(request)); status == 200 || strings.Contains(body, " by ") {
						t.Errorf("%s: %d %q without credentials", at(request), status, body)
					}
				}
				for _, header := range []string{"X-HTTP-Method-Override: DELETE", "x-http-method: DELETE", "X-Method-Override: GET", "X-Original-URL: /admin", "X-Rewrite-Url: /admin"} {
					if status, body := raw(t, server, at("POST /login"), header, "Content-Length: 0"); status != 401 {
						t.Errorf("POST /login with %s: %d %q, want 401", header, status, body)
					}
				}
				if status, body := raw(t, server, at("GET /admin"), "Authorization: Bearer alice"); status != 200 || !strings.Contains(body, "by alice") {
					t.Errorf("GET /admin as alice: %d %q", status, body)
				}
				if prefix == "" {
					return
				}
				for _, request := range []string{"POST /login", "GET /admin", "POST /apilogin", "POST /API/login", "POST /%61pi/login", "POST /api%2Flogin", "POST //api/login"} {
					if status, body := raw(t, server, request, "Authorization: Bearer alice"); status != 404 || strings.TrimSpace(body) != `{"detail":"Not Found"}` {
						t.Errorf("%s: %d %q, want our 404 beside the mount prefix", request, status, body)
					}
				}
			})
		}
	}
}

// A router that tells its routes has more specific ones beneath a public pattern closed, too.
func TestPublicOfAListedRouter(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	for _, at := range []string{"/files/:name", "/files/secret", "/assets/*path"} {
		engine.GET(at, gin.WrapF(careless))
	}
	_, server := appServer(t, App{Handler: engine, Public: []string{"GET /files/{file}", "GET /assets/{any...}"}})
	for request, want := range map[string]int{
		"GET /files/a": 200, "GET /assets/a/b": 200, "GET /files/secret": 401, "GET /files/SECRET": 200, "GET /nothing": 401, "POST /files/a": 401,
	} {
		if status, body := raw(t, server, request); status != want {
			t.Errorf("%s: %d %q, want %d", request, status, body, want)
		}
	}
}

func TestMistakesOfAnAppStopTheStart(t *testing.T) {
	t.Parallel()
	mux := func(patterns ...string) http.Handler {
		m := http.NewServeMux()
		for _, pattern := range patterns {
			m.HandleFunc(pattern, careless)
		}
		return m
	}
	gin.SetMode(gin.ReleaseMode)
	router := func(routes ...string) http.Handler {
		engine := gin.New()
		for _, route := range routes {
			method, at, _ := strings.Cut(route, " ")
			engine.Handle(method, at, gin.WrapF(careless))
		}
		return engine
	}
	const form = ` is not of the form "POST /login", "GET /files/{name}", "GET /files/{path...}" or "GET /{$}"`
	for name, test := range map[string]struct {
		handler http.Handler
		public  []string
		want    string
	}{
		"fine":                {mux("POST /login", "/", "GET /threads/", "/{page}", "POST /threads/{id}", "GET /x/{a}/{b}"), []string{"POST /login"}, ""},
		"fine, listed":        {router("POST /login", "POST /threads/:id", "GET /:page"), []string{"POST /login"}, ""},
		"a front page":        {mux("GET /{$}"), []string{"GET /{$}"}, ""},
		"front page, listed":  {router("GET /"), nil, ""},
		"a function":          {http.HandlerFunc(careless), []string{"GET /threads/{id}"}, ""},
		"built in":            {mux("GET /threads/{id}"), nil, "http.app: GET /threads/{thread_id} is built in"},
		"any method":          {mux("/threads/{id}/copy"), nil, "http.app: POST /threads/{thread_id}/copy is built in"},
		"open ones":           {mux("GET /ok", "GET /info"), nil, "http.app: GET /ok is built in\nhttp.app: GET /info is built in"},
		"listed":              {router("GET /threads/:id", "GET /runs/:id/join"), nil, "http.app: GET /threads/{thread_id} is built in\nhttp.app: GET /runs/{run_id}/join is built in"},
		"a word, listed":      {router("GET /threads/special"), nil, "http.app: GET /threads/{thread_id} is built in"},
		"disabled":            {mux("POST /store/namespaces"), nil, "http.app: POST /store/namespaces is built in"},
		"no method":           {mux("/login"), []string{"/login"}, `http.app: Public: "/login"` + form},
		"small method":        {mux("/login"), []string{"post /login"}, `http.app: Public: "post /login"` + form},
		"two spaces":          {mux("/login"), []string{"POST  /login"}, `http.app: Public: "POST  /login"` + form},
		"any method, public":  {mux("/login"), []string{"* /login"}, `http.app: Public: "* /login"` + form},
		"a host":              {mux("/login"), []string{"POST x.example/login"}, `http.app: Public: "POST x.example/login"` + form},
		"a star":              {mux("/"), []string{"GET /files/*"}, `http.app: Public: "GET /files/*" is no route of http.app's ServeMux`},
		"escaped":             {mux("/login"), []string{"POST /%6cogin"}, `http.app: Public: "POST /%6cogin"` + form},
		"slash at the end":    {mux("/login/"), []string{"GET /login/"}, `http.app: Public: "GET /login/" ends with a slash; write {path...} after it for all that is beneath, or {$} for that path alone`},
		"dots":                {mux("/"), []string{"GET /a/../b"}, `http.app: Public: "GET /a/../b" is no clean path; want /b`},
		"rest in the middle":  {mux("/"), []string{"GET /{a...}/b"}, `http.app: Public: "GET /{a...}/b" {a...}: only the last part of a path may be that`},
		"half a parameter":    {mux("/"), []string{"GET /a{b}"}, `http.app: Public: "GET /a{b}"` + form},
		"misspelt":            {mux("POST /login"), []string{"POST /logni"}, `http.app: Public: "POST /logni" is no route of http.app's ServeMux`},
		"another method":      {mux("POST /login"), []string{"GET /login"}, `http.app: Public: "GET /login" is no route of http.app's ServeMux`},
		"misspelt, listed":    {router("POST /login"), []string{"POST /logni"}, `http.app: Public: "POST /logni" is no route of http.app`},
		"two mistakes":        {mux("POST /login"), []string{"x", "y"}, `http.app: Public: "x"` + form + "\n" + `http.app: Public: "y"` + form},
		"nothing to be found": {nil, []string{"POST /login"}, "http.app: Public names routes, and there is no Handler"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disabled := map[string]bool{"store": name == "disabled"}
			_, err := newCustom(App{Handler: test.handler, Public: test.public}, new(Server).Routes(), disabled)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if name == "a star" && got == "" {
				return // the mux has everything: nothing can be known
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("mistake (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever target is sent, what is open is exactly the public path as it is written on the wire, and the mux takes it for that very route.
func TestPublicOfRandomTargets(t *testing.T) {
	t.Parallel()
	mux := secretMux()
	a, err := newCustom(App{Handler: mux, Public: []string{"POST /login", "GET /files/{name}"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := regexp.MustCompile(`^/files/([^/?]+)$`)
	pieces := []string{
		"/", "//", "/login", "login", "/files", "/files/", "a", "secret", "LOGIN", "Files", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", `\`, "%00", "%6c", "%20", ";x", ":", "@", "*",
		"?", "?a=b", "?_method=GET", "#", "é", "%C3%A9", "%ff", "{name}", "+", "~",
	}
	targets := rapid.Custom(func(t *rapid.T) string {
		before := rapid.SampledFrom([]string{"", "/login", "/files/", "/files/a", "/files/secret"}).Draw(t, "before")
		return "/" + strings.TrimPrefix(before+strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4).Draw(t, "rest"), ""), "/")
	}).Filter(func(target string) bool { _, err := url.ParseRequestURI(target); return err == nil }) // net/http hands on no other
	rapid.Check(t, func(t *rapid.T) {
		target := targets.Draw(t, "target")
		method := rapid.SampledFrom([]string{"GET", "POST", "HEAD", "post", "DELETE"}).Draw(t, "method")
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Method: method, URL: u, Header: http.Header{}, RequestURI: target}
		if !a.isPublic(r) {
			return
		}
		_, route := mux.Handler(r)
		path, _, _ := strings.Cut(target, "?")
		switch found := file.FindStringSubmatch(path); {
		case method == "POST" && path == "/login" && route == "POST /login":
		case method == "GET" && found != nil && found[1] != "secret" && found[1] != "." && found[1] != ".." && route == "GET /files/{name}":
			if name := strings.ToLower(found[1]); strings.Contains(name, "%2f") || strings.Contains(name, "%5c") || strings.Contains(name, "%2e") || strings.Contains(name, "%00") {
				t.Errorf("%s %s is open", method, target)
			}
		default:
			t.Errorf("%s %s is open, and goes to %q", method, target, route)
		}
	})
}

// A connection that becomes a WebSocket is authenticated as any request.
func TestR6UpgradesAreAuthenticated(t *testing.T) {
	t.Parallel()
	_, server := appServer(t, App{Handler: customMux()})
	upgrade := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	if status, body := raw(t, server, "GET /hijack", upgrade...); status != 401 || strings.Contains(body, "taken") {
		t.Errorf("without credentials: %d %s", status, body)
	}
	if status, body := raw(t, server, "GET /hijack", append(upgrade, "Authorization: Bearer alice")...); status != 200 || body != "taken" {
		t.Errorf("as Alice: %d %s", status, body)
	}
}
