package compat

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
)

// A developer's server asks nobody who they are. No page that he happens to have open may use it: not by a form's POST, and not
// under a name that was made to point to his machine.
func TestPagesOfOtherSites(t *testing.T) {
	t.Parallel()
	open := platform.Parts{Graphs: []platform.Graph{echo()}, Platform: `{"graphs": {"agent": "./agent:Graph"}}`}
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, open, uri, func(p *config.Process) { p.Dev = true })
		for _, path := range []string{"/threads", "/runs", "/mcp"} {
			r := s.request("", http.MethodPost, path, hello)
			r.Header.Set("Content-Type", "text/plain")
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if got := s.send(r); got.Status != http.StatusForbidden || got.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %d %s", path, got.Status, got.Body)
			}
		}
		r := s.request("", http.MethodPost, "/threads/search", "{}")
		r.Host = "evil.example:" + r.URL.Port()
		r.Header.Set("Origin", "http://"+r.Host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if got := s.send(r); got.Status != http.StatusForbidden {
			t.Errorf("by another name: %d %s", got.Status, got.Body)
		}
		if made := s.must(200, "", http.MethodPost, "/threads/count", "{}"); string(made.Body) != "0" {
			t.Errorf("%s threads were made", made.Body)
		}
		r = s.request("", http.MethodPost, "/threads", "{}")
		r.Header.Set("Origin", "http://localhost:3000") // the page that he is writing
		if got := s.send(r); got.Status != http.StatusOK {
			t.Errorf("a page of this machine: %d %s", got.Status, got.Body)
		}
	})
	databases(t, func(t *testing.T, uri string) { // whoever says --insecure has other names, too
		s := serve(t, open, uri, func(p *config.Process) { p.Insecure = true })
		r := s.request("", http.MethodPost, "/threads", "{}")
		r.Host = strings.Replace(r.URL.Host, "127.0.0.1", "agents.example", 1)
		if got := s.send(r); got.Status != http.StatusOK {
			t.Errorf("insecure: %d %s", got.Status, got.Body)
		}
	})
}

// A page that opens the stream of a run and leaves would cancel the run, if it may say so: that is an effect, by whatever method.
func TestPagesOfOtherSitesCancelNothing(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := serve(t, privateChat(gated(gate)), storetest.SQLite(t).URI)
	thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	run := "/threads/" + thread + "/runs/" + s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("gated", "x", "")).field(t, "run_id")
	for _, path := range []string{run + "/stream?cancel_on_disconnect=true", run + "/join?stream_mode=values&cancel%5Fon_disconnect=1"} {
		r := s.request(alice, http.MethodGet, path, "")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		client := &http.Client{Timeout: 5 * time.Second}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	close(gate)
	if got := s.must(200, alice, "GET", run+"/join", ""); !strings.Contains(string(got.Body), "passed") {
		t.Errorf("the run came to %s", got.Body)
	}
}
