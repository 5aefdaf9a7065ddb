package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/locutory/locutory/platform/store/storetest"
)

// descriptionOf is what a server serves of itself.
func descriptionOf(t *testing.T, s *server) *description {
	t.Helper()
	d, err := describe(s.must(200, "", "GET", "/openapi.json", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What the description is for: an answer that is not as it was is caught, with the place of what is wrong.
func TestAnswersOtherThanDescribedAreCaught(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	d := descriptionOf(t, s)
	e := settle(t, s, alice)
	good := func(path string) string { return string(e.must(200, "GET", path, "").Body) }
	thread, run, state := good("/threads/{thread}"), good("/threads/{thread}/runs/{run}"), good("/threads/{thread}/state")
	cut := func(text, field string) string {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &object); err != nil || object[field] == nil {
			t.Fatalf("no %s in %s", field, text)
		}
		delete(object, field)
		out, _ := json.Marshal(object)
		return string(out)
	}
	put := func(text, field, value string) string {
		return strings.Replace(cut(text, field), "{", `{"`+field+`":`+value+`,`, 1)
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"r"}}
	with := func(name, value string) http.Header {
		h := header.Clone()
		h.Del(name)
		if value != "" {
			h.Set(name, value)
		}
		return h
	}
	started := with("Content-Location", "/runs/r")
	started.Set("Location", "/runs/r/stream")
	const at = "GET /threads/{thread}"
	tests := []struct {
		name, route, sent string
		status            int
		header            http.Header
		body              string
		want              string // of the error; "" for none
	}{
		{"as it is", at, "", 200, header, thread, ""},
		{"a field is missing", at, "", 200, header, cut(thread, "interrupts"), `property "interrupts" is missing`},
		{"a field is of another type", at, "", 200, header, put(thread, "metadata", "[]"), "at /metadata"},
		{"null for {}", at, "", 200, header, put(thread, "config", "null"), "at /config"},
		{"a word that is none", at, "", 200, header, put(thread, "status", `"sleeping"`), "at /status"},
		{"a time that is none", at, "", 200, header, put(thread, "created_at", `"yesterday"`), "at /created_at"},
		{"an id that is none", at, "", 200, header, put(thread, "thread_id", `"T"`), "at /thread_id"},
		{"a field too many", at, "", 200, header, strings.Replace(thread, "{", `{"owner":"user1",`, 1), "owner"},
		{"deep in it", "GET /threads/{thread}/state", "", 200, header, put(state, "checkpoint", `{"checkpoint_id":"x"}`), "at /checkpoint"},
		{"in kwargs", "GET /threads/{thread}/runs/{run}", "", 200, header, put(run, "kwargs", `{"secret":1}`), "at /kwargs"},
		{"not JSON", at, "", 200, header, "<html>", "body"},
		{"another type of content", at, "", 200, with("Content-Type", "text/plain"), thread, `"text/plain" is not described`},
		{"no request id", at, "", 200, with("X-Request-Id", ""), thread, "X-Request-Id is missing"},
		{"a status that is not described", at, "", 201, header, thread, "not described"},
		{"a conflict where there is none", at, "", 409, header, `{"detail":"x"}`, "not described"},
		{"a status of the hooks", at, "", 402, header, `{"detail":"x"}`, ""},
		{"a refusal without detail", at, "", 404, header, `{}`, `property "detail" is missing`},
		{"a refusal with more", at, "", 404, header, `{"detail":"x","code":1}`, "code"},
		{"a body where there is none", "DELETE /threads/{thread}", "", 204, header, `{}`, "a body where none is described"},
		{"a page without its total", "POST /threads/search", `{}`, 200, header, `[]`, "X-Pagination-Total is missing"},
		{"a total that is none", "POST /threads/search", `{}`, 200, with("X-Pagination-Total", "many"), `[]`, "X-Pagination-Total"},
		{"half a row", "POST /threads/search", `{}`, 200, with("X-Pagination-Total", "1"), `[{"status":"idle"}]`, "at /0"},
		{"a row of selected fields", "POST /threads/search", `{"select":["status"]}`, 200, with("X-Pagination-Total", "1"), `[{"status":"idle"}]`, ""},
		{"no place of the run", "POST /threads/{thread}/runs", hello, 200, header, run, "Content-Location is missing"},
		{"a stream that is JSON", "POST /runs/stream", hello, 200, started, `{}`, `"application/json" is not described`},
		{"a request that should not do", "POST /threads/search", `{"limit":0}`, 200, with("X-Pagination-Total", "0"), `[]`, "the description forbids it"},
		{"a parameter that should not do", "GET /threads/{thread}/runs?limit=many", "", 200, with("X-Pagination-Total", "0"), `[]`, "the parameter limit=many"},
		{"a parameter that is ignored", "GET /threads/{thread}?verbose=1", "", 200, header, thread, ""},
		{"a path of nobody", "GET /threadz", "", 200, header, `{}`, "not described"},
		{"a missing path of nobody", "GET /threadz", "", 404, header, `{"detail":"Not Found"}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(test.route, " ")
			u, err := url.Parse(e.fill(path))
			if err != nil {
				t.Fatal(err)
			}
			err = d.check(traffic{
				method: method, url: u, sent: []byte(e.fill(test.sent)), status: test.status, header: test.header, body: []byte(test.body), whole: true,
			})
			if test.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want something of %q", err, test.want)
			}
		})
	}
}

// The watch is really there: what a handler changes on the way is seen, in this process and through the proxy.
func TestWatchSeesWhatPasses(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	text := s.must(200, "", "GET", "/openapi.json", "").Body
	broken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "r")
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/openapi.json" {
			_, _ = w.Write(text)
			return
		}
		_, _ = w.Write([]byte(`{"ok": "yes"}`))
	})
	d, err := describe(text)
	if err != nil {
		t.Fatal(err)
	}
	var found error
	w := httptest.NewRecorder()
	(&watcher{report: func(err error) { found = err }}).pass(d, w, httptest.NewRequest(http.MethodGet, "/ok", nil), broken)
	if found == nil || !strings.Contains(found.Error(), "GET /ok") || !strings.Contains(found.Error(), "status 200: at /ok") {
		t.Errorf("the watch saw %v", found)
	}
	if w.Body.String() != `{"ok": "yes"}` {
		t.Errorf("and passed on %s", w.Body)
	}
}

// The description uses only what the library's own validator and JSON Schema 2020-12 mean the same by, so that the quick one can stand for
// both.
func TestDescriptionIsPlain(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	doc, err := openapi3.NewLoader().LoadFromData(s.must(200, "", "GET", "/openapi.json", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	for name, component := range doc.Components.Schemas {
		text, err := json.Marshal(component.Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, keyword := range []string{`"const"`, `"prefixItems"`, `"patternProperties"`, `"propertyNames"`, `"if"`, `"dependentRequired"`, `"contains"`, `"$defs"`, `"nullable"`} {
			if bytes.Contains(text, []byte(keyword+":")) {
				t.Errorf("%s has %s", name, keyword)
			}
		}
	}
}
