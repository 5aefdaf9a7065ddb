package openapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/openapi"
)

// served are the rows of the server's table.
func served() []openapi.Route {
	var out []openapi.Route
	for _, r := range new(api.Server).Routes() {
		out = append(out, openapi.Route{Method: r.Method, Path: r.Path, Group: r.Group, Public: r.Public(), Operator: r.Operator()})
	}
	return out
}

// load reads a document as OpenAPI and checks all of it, by the rules of its version.
func load(t *testing.T, cfg openapi.Config) *openapi3.T {
	t.Helper()
	made, err := openapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(made.JSON)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// page is a document for people.
func page(t *testing.T, cfg openapi.Config) string {
	t.Helper()
	made, err := openapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.Page()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	for _, hooks := range []bool{false, true} {
		doc := load(t, openapi.Config{Version: "1.2.3", Routes: served(), Hooks: hooks, OperatorToken: hooks})
		if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" {
			t.Errorf("openapi %s, version %s", doc.OpenAPI, doc.Info.Version)
		}
		n := 0
		for _, item := range doc.Paths.Map() {
			n += len(item.Operations())
		}
		if n != len(served()) {
			t.Errorf("%d operations for %d routes", n, len(served()))
		}
	}
	_, err := openapi.New(openapi.Config{Routes: []openapi.Route{{Method: "GET", Path: "/new", Group: "meta"}}})
	if err == nil || !strings.Contains(err.Error(), "GET /new is not described") {
		t.Errorf("a route without a description: %v", err)
	}
}

// paths is a fragment of paths.
func paths(items map[string]string) openapi.Fragment {
	f := openapi.Fragment{From: "http.app", Paths: map[string]json.RawMessage{}}
	for path, item := range items {
		f.Paths[path] = json.RawMessage(item)
	}
	return f
}

func TestFragments(t *testing.T) {
	t.Parallel()
	const login = `{"post": {"operationId": "login", "responses": {"204": {"description": "Welcome."}}}}`
	tests := []struct {
		name  string
		items map[string]string
		want  string // of the error; "" for none
	}{
		{"new path", map[string]string{"/login": login}, ""},
		{"new method", map[string]string{"/ok": login}, ""},
		{"built in", map[string]string{"/threads": login}, "http.app: POST /threads is described already"},
		{"built in by another name", map[string]string{"/threads/{id}": login}, "http.app: /threads/{id} is described as /threads/{thread_id}; write it so"},
		{"no path", map[string]string{"login": login}, `http.app: "login" is no path`},
		{"no object", map[string]string{"/login": `"yes"`}, "http.app: /login: want an object"},
		{"null", map[string]string{"/login": `null`}, "http.app: /login: want an object"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := openapi.Config{Version: "1", Routes: served(), Hooks: true, More: []openapi.Fragment{paths(test.items)}}
			if test.want != "" {
				if _, err := openapi.New(cfg); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				return
			}
			doc := load(t, cfg)
			for path := range test.items {
				if doc.Paths.Value(path).Post == nil {
					t.Errorf("POST %s is not described", path)
				}
			}
			if n := strings.Count(page(t, cfg), `<article id="login">`); n != 1 {
				t.Errorf("the page has it %d times", n)
			}
			if doc.Paths.Value("/ok").Get == nil {
				t.Error("GET /ok is not described any more")
			}
		})
	}
	twice := paths(map[string]string{"/login": login})
	if _, err := openapi.New(openapi.Config{More: []openapi.Fragment{twice, twice}}); err == nil {
		t.Error("the same path twice is taken")
	}
	thread := openapi.Fragment{From: "http.app"}
	thread.Components.Schemas = map[string]json.RawMessage{"Thread": json.RawMessage(`{}`)}
	if _, err := openapi.New(openapi.Config{More: []openapi.Fragment{thread}}); err == nil || !strings.Contains(err.Error(), "components.schemas.Thread is there already") {
		t.Errorf("a schema of the same name: %v", err)
	}
}

func TestCredentialsOfNoRoute(t *testing.T) {
	t.Parallel()
	s := &openapi.Security{Paths: map[string]map[string][]openapi.Requirement{"/thread": {"GET": {}}, "/ok": {"GET": {}}}}
	_, err := openapi.New(openapi.Config{Routes: served(), Hooks: true, Security: s})
	if err == nil || !strings.Contains(err.Error(), "auth.openapi.paths: nothing is served at GET /thread") {
		t.Errorf("got %v", err)
	}
}

// The page has all that the document has, and nothing that a browser would fetch or run beside it.
func TestPage(t *testing.T) {
	t.Parallel()
	cfg := openapi.Config{Version: "1.2.3<script>", MountPrefix: "/v1", Routes: served(), Hooks: true}
	made, err := openapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	text := page(t, cfg)
	var doc struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(made.JSON, &doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths {
		for method, o := range item {
			if n := strings.Count(text, `<article id="`+o.ID+`">`); n != 1 {
				t.Errorf("%s %s is on the page %d times", method, path, n)
			}
		}
	}
	for name := range doc.Components.Schemas {
		if !strings.Contains(text, `<article id="schema-`+name+`">`) {
			t.Errorf("the schema %s is not on the page", name)
		}
	}
	for _, link := range regexp.MustCompile(`(?:href|src|url)\s*[=(]\s*"?([^")>]+)`).FindAllStringSubmatch(text, -1) {
		if to := link[1]; !strings.HasPrefix(to, "#") && to != "/v1/openapi.json" {
			t.Errorf("the page leads to %q", to)
		}
	}
	for _, anchor := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, `id="`+anchor[1]+`"`) {
			t.Errorf("#%s leads nowhere", anchor[1])
		}
	}
	if strings.Count(text, "<script>") != 1 || strings.Contains(text, "style=") || strings.Contains(text, "onclick") {
		t.Error("the page has a script or a style that its policy does not name")
	}
	for _, tag := range []string{"style", "script"} {
		_, inner, _ := strings.Cut(text, "<"+tag+">")
		inner, _, _ = strings.Cut(inner, "</"+tag+">")
		sum := sha256.Sum256([]byte(inner))
		if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(openapi.PagePolicy(), tag+"-src "+hash) {
			t.Errorf("the policy does not let the page's own %s pass: %s", tag, openapi.PagePolicy())
		}
	}
}

// What a client does all day comes first, what it asks once last; what repeats is folded or said once.
func TestPageIsInOrder(t *testing.T) {
	t.Parallel()
	cfg := openapi.Config{Version: "1", Routes: served(), Hooks: true, More: []openapi.Fragment{paths(map[string]string{"/login": `{"post": {"operationId": "login"}}`})}}
	text := page(t, cfg)
	var groups []string
	for _, heading := range regexp.MustCompile(`<section><h2>([^<]+)</h2>`).FindAllStringSubmatch(text, -1) {
		groups = append(groups, heading[1])
	}
	want := []string{"threads", "runs", "assistants", "store", "crons", "feedback", "mcp", "a2a", "custom", "meta", "schemas"}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`The same as <a href="#[^"]+"><code>POST /mcp</code>`).MatchString(text) {
		t.Error("POST /mcp/ does not say that it is POST /mcp")
	}
	_, thread, _ := strings.Cut(text, `<article id="schema-Thread">`)
	thread, _, _ = strings.Cut(thread, "</article>")
	if !strings.Contains(thread, "<details><summary>") || strings.Contains(thread, "<details open") {
		t.Errorf("the fields of Thread are not folded:\n%s", thread)
	}
	runs, err := openapi.New(openapi.Config{Version: "1", Routes: served()[:1]})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := runs.Page(); err != nil || strings.Contains(string(text), "First calls") {
		t.Errorf("a server without threads leads to them: %v", err)
	}
}

// Every operation that is described has a route: else it would be a promise.
func TestNothingElseIsDescribed(t *testing.T) {
	t.Parallel()
	routes := map[string]bool{}
	for _, r := range served() {
		routes[r.Method+" "+r.Path] = true
	}
	described, err := openapi.Described()
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range described {
		if !routes[route] {
			t.Errorf("%s is described, and no route", route)
		}
	}
}
