package compat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
)

// TestH29TruncateIsNotThere: on a server that was not told to, and on one that others reach, the route is as any that there is not, for
// everybody.
func TestH29TruncateIsNotThere(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*config.Process){
		"by default":       func(*config.Process) {},
		"on every address": func(p *config.Process) { p.TestEndpoints, p.Host = true, "0.0.0.0" },
		"on a public one":  func(p *config.Process) { p.TestEndpoints, p.Host = true, "192.0.2.1" },
		"by any name":      func(p *config.Process) { p.TestEndpoints, p.Host = true, "server.example" },
	} {
		s := serve(t, privateChat(), storetest.SQLite(t).URI, set)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		for _, token := range []string{"", alice} {
			a := s.must(404, token, "POST", "/internal/truncate", `{"threads": true}`)
			unknown := s.must(404, token, "POST", "/internal/unknown", `{"threads": true}`)
			if string(a.Body) != string(unknown.Body) {
				t.Errorf("%s: %s, an unknown route is %s", name, a.Body, unknown.Body)
			}
		}
		s.must(200, alice, "GET", "/threads/"+thread, "")
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri, func(p *config.Process) { p.TestEndpoints = true })
		truncate := func(body string) { s.must(200, "", "POST", "/internal/truncate", body) }
		assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", hello)
		s.must(204, alice, "PUT", "/store/items", `{"namespace": ["a"], "key": "k", "value": {}}`)

		truncate(`{"nothing": true}`)
		truncate(`{"runs": true}`)
		if got := string(s.must(200, alice, "GET", "/threads/"+thread+"/runs", "").Body); got != `[]` {
			t.Errorf("runs: %s", got)
		}
		s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", hello)
		truncate(`{"checkpointer": true}`)
		if got := string(s.must(200, alice, "POST", "/threads/"+thread+"/history", `{}`).Body); got != `[]` {
			t.Errorf("history: %s", got)
		}
		s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", hello)
		truncate(`{"assistants": true}`)
		s.must(404, alice, "GET", "/assistants/"+assistant, "")
		s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", hello) // the graph's own assistant is there
		truncate(`{"store": true}`)
		if got := string(s.must(200, alice, "GET", "/store/items?namespace=a&key=k", "").Body); got != "null" {
			t.Errorf("item: %s", got)
		}
		s.must(200, alice, "GET", "/threads/"+thread, "")
		truncate(`{"threads": true}`)
		s.must(404, alice, "GET", "/threads/"+thread, "")

		for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
			r := s.request("", "POST", "/internal/truncate", `{"threads": true}`)
			r.Header.Set(name, "127.0.0.1")
			if a := s.send(r); a.Status != http.StatusNotFound || !strings.Contains(string(a.Body), "Not Found") {
				t.Errorf("passed on by %s: %d %s", name, a.Status, a.Body)
			}
		}
		r := s.request("", "POST", "/internal/truncate", `{"threads": true}`) // as a page sends it whose name was made to point here
		r.Host = "evil.example"
		r.Header.Set("Origin", "http://evil.example")
		if a := s.send(r); a.Status != http.StatusNotFound {
			t.Errorf("by another name: %d %s", a.Status, a.Body)
		}
	})
}

// A built server is told by its environment, as the harness of the conformance graphs tells it.
func TestTruncateOfABuiltServer(t *testing.T) {
	t.Parallel()
	p := start(t, binary(t, "graphs/core/platform.json"), "LOCUTORY_TEST_ENDPOINTS=1")
	s := &server{URL: p.URL, t: t}
	thread := s.must(200, "", "POST", "/threads", `{}`).field(t, "thread_id")
	s.must(200, "", "POST", "/internal/truncate", `{"threads": true, "runs": true, "assistants": true, "store": true, "checkpointer": true}`)
	s.must(404, "", "GET", "/threads/"+thread, "")
	s.must(200, "", "GET", "/assistants/6b64a346-58f7-5a01-a694-0f1366439004", "")
}
