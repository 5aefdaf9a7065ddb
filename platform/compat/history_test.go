package compat

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestLongHistory: a history that is too large to be gathered is the same as its pages, and is searched by the database.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("press")), uri)
		thread := s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "press"}}`).field(t, "thread_id")
		at := "/threads/" + thread
		big := strings.Repeat("x", 400<<10)
		for i := range 4 {
			s.must(200, alice, "POST", at+"/state", fmt.Sprintf(`{"values": {"lines": ["%d %s"]}, "as_node": "plan"}`, i, big))
		}
		whole := s.must(200, alice, "POST", at+"/history", `{"limit": 1000}`)
		if len(whole.Body) < 2<<20 || whole.Header.Get("Content-Length") != "" {
			t.Errorf("%d bytes with length %q: it was gathered", len(whole.Body), whole.Header.Get("Content-Length"))
		}
		var states, pages []json.RawMessage
		whole.into(t, &states)
		before := ""
		for {
			var page []json.RawMessage
			s.must(200, alice, "GET", at+"/history?limit=1&before="+before, "").into(t, &page)
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
			before = answer{Body: page[0]}.checkpoint(t)
		}
		if len(states) != 4 || len(pages) != 4 {
			t.Fatalf("%d states, %d pages", len(states), len(pages))
		}
		for i := range states {
			if string(states[i]) != string(pages[i]) {
				t.Errorf("state %d differs from its page", i)
			}
		}
		for query, want := range map[string]int{
			`{"source": "update"}`: 4, `{"source": "loop"}`: 0, `{"step": 1}`: 1, `{"step": "1"}`: 0, `{"parents": {}}`: 4, `{"parents": []}`: 0, `{"step": null}`: 0, `{"step": 1.5}`: 0, `{"step": 99999999999}`: 0, `{"step": 1.0}`: 1,
		} {
			var found []json.RawMessage
			if s.must(200, alice, "POST", at+"/history", `{"limit": 1000, "metadata": `+query+`}`).into(t, &found); len(found) != want {
				t.Errorf("%s: %d states, want %d", query, len(found), want)
			}
		}
		deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
		if a := s.as(alice, "POST", at+"/history", `{"metadata": `+deep+`}`); a.Status != 422 && string(a.Body) != "[]" {
			t.Errorf("a filter without end: %d %.200s", a.Status, a.Body)
		}
		s.must(404, bob, "POST", at+"/history", `{"limit": 1000}`)
	})
}

// checkpoint is the id of a state's checkpoint.
func (a answer) checkpoint(t *testing.T) string {
	t.Helper()
	var state place
	a.into(t, &state)
	return state.id(t)
}
