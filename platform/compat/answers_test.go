package compat

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
)

// Every route gives every answer that the description says all routes have. The watch around the servers holds the form of each against
// the description; here it is the status.

// everyRoute calls visit for the routes that f picks, with the request of their owner.
func everyRoute(e estate, pick func(api.Route, row) bool, visit func(route api.Route, path, body string)) {
	for _, route := range new(api.Server).Routes() {
		for _, key := range rows(route) {
			row := twoUsers()[key]
			if pick(route, row) {
				visit(route, e.fill(cmp.Or(row.path, template(route.Path))), e.fill(row.body))
			}
		}
	}
}

// asksHooks picks the routes on which hooks are asked.
func asksHooks(route api.Route, r row) bool {
	return !route.Public() && !route.Operator() && (r.tries == nil || r.tries[0].want != unasked)
}

func TestEveryRouteTellsWhatHooksRefuse(t *testing.T) {
	t.Parallel()
	uri := storetest.SQLite(t).URI
	e := settle(t, serve(t, privateChat(), uri), alice)
	before := e.snapshot()
	for name, test := range map[string]struct {
		verdict authhooks.Verdict
		err     error
		status  int
	}{
		"not found":       {verdict: authhooks.NotFound(), status: http.StatusNotFound},
		"forbidden":       {verdict: authhooks.Deny("no"), status: http.StatusForbidden},
		"its own status":  {err: &authhooks.Error{Status: http.StatusPaymentRequired, Detail: "pay"}, status: http.StatusPaymentRequired},
		"its own words":   {err: &authhooks.Error{Status: http.StatusNotFound, Detail: "gone fishing"}, status: http.StatusNotFound},
		"a hook fails":    {err: errors.New("broken"), status: http.StatusInternalServerError},
		"a hook is away":  {err: authhooks.Unavailable(errors.New("down")), status: http.StatusServiceUnavailable},
		"a hook too many": {err: &authhooks.Error{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3"}}}, status: http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			answer := func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return test.verdict, test.err }
			s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, answer))), uri)
			everyRoute(e, asksHooks, func(route api.Route, path, body string) {
				a, want := s.as(alice, route.Method, path, body), test.status
				if want == http.StatusNotFound && route.Path == "/store/items" && route.Method != http.MethodPut { // an item that is not there
					want = map[string]int{http.MethodGet: http.StatusOK, http.MethodDelete: http.StatusNoContent}[route.Method]
				}
				if name == "not found" && (route.Path == "/threads/prune" || path == "/a2a/agent") { // none is pruned; an error of the protocol
					want = http.StatusOK
				}
				if a.Status != want {
					t.Errorf("%s %s %s: status %d, want %d: %s", route.Method, path, body, a.Status, want, a.Body)
				}
			})
		})
	}
	e.unchanged(t, before)
}

func TestEveryRouteRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	uri := storetest.SQLite(t).URI
	s := serve(t, privateChat(), uri)
	e := settle(t, s, alice)
	before := e.snapshot()
	small := serve(t, privateChat(), uri, func(p *config.Process) { p.MaxBodyBytes = 1 << 10 })
	reads := func(route api.Route, r row) bool { return r.body != "" && !route.Public() }
	everyRoute(e, reads, func(route api.Route, path, body string) {
		rpc := route.Group == "mcp" || route.Group == "a2a"
		want := func(s *server, status int, body string) {
			t.Helper()
			if a := s.as(alice, route.Method, path, body); a.Status != status && (!rpc || a.Status != http.StatusBadRequest) {
				t.Errorf("%s %s %.40s: status %d, want %d: %s", route.Method, path, body, a.Status, status, a.Body)
			}
		}
		want(small, http.StatusRequestEntityTooLarge, `{"metadata": {"note": "`+strings.Repeat("x", 1<<10)+`"}}`)
		want(s, http.StatusBadRequest, `{"metadata": `)
		want(s, http.StatusUnprocessableEntity, `"text"`)
		want(s, http.StatusUnprocessableEntity, `{"metadata": `+strings.Repeat("[", 600)+strings.Repeat("]", 600)+`}`)
	})
	ids := func(route api.Route, _ row) bool {
		return strings.Contains(route.Path, "_id") && route.Group != "a2a" || strings.HasPrefix(route.Path, "/.well-known")
	}
	none := e
	none.ids = map[string]string{}
	for name := range e.ids {
		none.ids[name] = "nonsense"
	}
	everyRoute(none, ids, func(route api.Route, _, body string) {
		path := none.fill(template(route.Path))
		if a := s.as(alice, route.Method, path, body); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s: status %d, want 422: %s", route.Method, path, a.Status, a.Body)
		}
	})
	s.must(422, alice, "GET", "/store/items", "")
	e.unchanged(t, before)
}

// open is a server that asks nobody.
func openServer() platform.Parts {
	return platform.Parts{Graphs: []platform.Graph{echo()}, Platform: `{"graphs": {"agent": "./agent:Graph"}}`}
}

func TestEveryRouteTurnsPagesOfOthersAway(t *testing.T) {
	t.Parallel()
	guarded, open := serve(t, privateChat(), storetest.SQLite(t).URI), serve(t, openServer(), storetest.SQLite(t).URI)
	e := settle(t, guarded, alice)
	before := e.snapshot()
	every := func(api.Route, row) bool { return true }
	everyRoute(e, every, func(route api.Route, path, body string) {
		r := open.request("", route.Method, path, body)
		r.Host = "elsewhere.example"
		if a := open.send(r); a.Status != http.StatusForbidden {
			t.Errorf("%s %s by another name: status %d, want 403: %s", route.Method, path, a.Status, a.Body)
		}
		if route.Method == http.MethodGet {
			return
		}
		r = guarded.request(alice, route.Method, path, body)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := guarded.send(r); a.Status != http.StatusForbidden {
			t.Errorf("%s %s from another site: status %d, want 403: %s", route.Method, path, a.Status, a.Body)
		}
	})
	e.unchanged(t, before)
	open.must(422, "", "GET", "/metrics?format=xml", "")
	open.must(200, "", "GET", "/metrics?format=json", "")
}

// A disabled group is served no more, and described no more; what is left is below the mount prefix.
func TestDescriptionOfDisabledGroups(t *testing.T) {
	t.Parallel()
	parts := openServer()
	parts.Platform = `{"graphs": {"agent": "./agent:Graph"}, "http": {"disable_store": true, "disable_runs": true, "mount_prefix": "/v1"}}`
	s := serve(t, parts, storetest.SQLite(t).URI)
	var doc struct {
		Paths      map[string]any            `json:"paths"`
		Servers    []struct{ URL string }    `json:"servers"`
		Tags       []struct{ Name string }   `json:"tags"`
		Components map[string]map[string]any `json:"components"`
		Security   any                       `json:"security"`
	}
	a := s.must(200, "", "GET", "/v1/openapi.json", "")
	a.into(t, &doc)
	if _, err := describe(a.Body); err != nil {
		t.Error(err)
	}
	for path := range doc.Paths {
		if strings.HasPrefix(path, "/store") || strings.Contains(path, "/runs") {
			t.Errorf("%s is described, and disabled", path)
		}
	}
	if doc.Paths["/threads/{thread_id}"] == nil || len(doc.Servers) != 1 || doc.Servers[0].URL != "/v1" {
		t.Errorf("paths %v, servers %v", doc.Paths, doc.Servers)
	}
	if doc.Security != nil || doc.Components["securitySchemes"] != nil {
		t.Errorf("a server that asks nobody wants %v", doc.Security)
	}
	s.must(404, "", "GET", "/openapi.json", "")

	parts.Platform = `{"graphs": {"agent": "./agent:Graph"}, "http": {"disable_meta": true}}`
	s = serve(t, parts, storetest.SQLite(t).URI)
	for _, path := range []string{"/openapi.json", "/docs", "/platform.schema.json"} {
		s.must(404, "", "GET", path, "")
	}
	s.must(200, "", "GET", "/ok", "")
}

// The operator says in platform.json what credentials are wanted.
func TestDescriptionOfCredentials(t *testing.T) {
	t.Parallel()
	parts := privateChat()
	type said struct {
		Security []map[string][]string `json:"security"`
		Paths    map[string]map[string]struct {
			Security *[]map[string][]string `json:"security"`
		} `json:"paths"`
		Components struct {
			SecuritySchemes map[string]map[string]any `json:"securitySchemes"`
		} `json:"components"`
	}
	read := func(parts platform.Parts) (doc said) {
		t.Helper()
		a := serve(t, parts, storetest.SQLite(t).URI).must(200, "", "GET", "/openapi.json", "")
		if _, err := describe(a.Body); err != nil {
			t.Error(err)
		}
		a.into(t, &doc)
		return doc
	}
	doc := read(parts)
	if len(doc.Security) != 2 || doc.Components.SecuritySchemes["bearer"]["scheme"] != "bearer" || doc.Components.SecuritySchemes["apiKey"]["name"] != "x-api-key" {
		t.Errorf("without a word of the operator: %v, %v", doc.Security, doc.Components.SecuritySchemes)
	}
	if open := doc.Paths["/ok"]["get"].Security; open == nil || len(*open) != 0 {
		t.Errorf("/ok wants %v", open)
	}
	page := blocksOf(t, "examples/docs/description.md", "json") // is true
	if _, err := config.Parse("platform.json", []byte(page[0])); err != nil {
		t.Error(err)
	}
	parts.Platform = strings.Replace(page[1], "{", `{"graphs": {"agent": "./agent:Graph"}, `, 1)
	doc = read(parts)
	if len(doc.Security) != 1 || len(doc.Security[0]["login"]) != 1 || len(doc.Components.SecuritySchemes) != 1 {
		t.Errorf("with a word of the operator: %v, %v", doc.Security, doc.Components.SecuritySchemes)
	}
	if threads := doc.Paths["/threads"]["post"].Security; threads == nil || len((*threads)[0]["login"]) != 2 {
		t.Errorf("POST /threads wants %v", threads)
	}
}

// An app may say what its routes are, but not what ours are.
func TestDescriptionOfAnApp(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`"hello"`))
	})
	parts := privateChat()
	parts.App = platform.App{Handler: mux, OpenAPI: []byte(`{"paths": {"/hello": {"get": {
		"operationId": "sayHello", "summary": "Say hello", "responses": {"200": {"description": "Hello.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Hello"}}}}}
	}}}, "components": {"schemas": {"Hello": {"type": "string"}}}}`)}
	parts.Platform = `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}, "http": {"app": "./web:App"}}`
	s := serve(t, parts, storetest.SQLite(t).URI)
	d := descriptionOf(t, s)
	if o := d.find("GET", "/hello"); o == nil || o.OperationID != "sayHello" {
		t.Errorf("GET /hello is described as %v", o)
	}
	s.must(200, alice, "GET", "/hello", "")
	if page := s.must(200, "", "GET", "/docs", ""); !strings.Contains(string(page.Body), "Say hello") {
		t.Error("the page does not have it")
	}

	for _, fragment := range []string{`{"paths": {"/threads/{thread_id}": {"get": {}}}}`, `{"paths": `} {
		parts.App = platform.App{Handler: mux, OpenAPI: []byte(fragment)}
		file, err := config.Parse("platform.json", []byte(parts.Platform))
		if err != nil {
			t.Fatal(err)
		}
		made, err := platform.New(t.Context(), platform.Config{Parts: parts, File: file, Process: config.Process{DatabaseURI: storetest.SQLite(t).URI, MaxBodyBytes: 1 << 20}})
		if err == nil {
			_ = made.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "http.app: OpenAPI: ") {
			t.Errorf("%s: %v", fragment, err)
		}
	}
}

// Threads with an unfinished run refuse what would disturb it, and a patch may be answered without a body.
func TestBusyThreadsRefuse(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	e := settle(t, s, alice)
	rejected := strings.Replace(hello, "{", `{"multitask_strategy": "reject", `, 1)
	for path, body := range map[string]string{
		"/threads/{busy}/runs": rejected, "/threads/{busy}/runs/stream": rejected, "/threads/{busy}/runs/wait": rejected,
		"/threads/{busy}/state": `{"values": {"messages": []}}`, "/threads/{busy}/copy": "",
		"/threads/prune": `{"thread_ids": ["{busy}"], "strategy": "keep_latest"}`,
	} {
		if a := e.must(409, "POST", path, body); !strings.Contains(string(a.Body), `"detail"`) {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	for prefer, status := range map[string]int{"return=minimal": 204, `respond-async, Return = "minimal"; x=1`: 204, "return=representation": 200} {
		r := s.request(alice, http.MethodPatch, e.fill("/threads/{thread}"), `{"metadata": {"a": 1}}`)
		r.Header.Set("Prefer", prefer)
		if a := s.send(r); a.Status != status || len(a.Body) > 0 != (status == 200) {
			t.Errorf("a patch with %s: status %d: %s", prefer, a.Status, a.Body)
		}
	}
}
