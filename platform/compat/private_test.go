package compat

import (
	"strings"
	"testing"
)

// The second tutorial, first half: one rule that stamps the owner and filters by it. AC-17, AC-18 and AC-19 on every route are in
// twousers_test.go.

// owner returns metadata.owner of a thread, an assistant or a run.
func (a answer) owner(t *testing.T) any {
	t.Helper()
	var row struct{ Metadata map[string]any }
	a.into(t, &row)
	return row.Metadata["owner"]
}

func TestAC11AC12OwnersAreStamped(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for _, metadata := range []string{`{}`, `{"owner": "user2"}`, `{"owner": null}`, `{"owner": ["user1", "user2"]}`, `{"OWNER": "user2", "owner": ""}`} {
			assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "metadata": `+metadata+`}`)
			if got := assistant.owner(t); got != "user1" {
				t.Errorf("AC-11: the owner of an assistant made with %s is %v", metadata, got)
			}
			thread := s.must(200, alice, "POST", "/threads", `{"metadata": `+metadata+`}`)
			if got := thread.owner(t); got != "user1" {
				t.Errorf("AC-12: the owner of a thread made with %s is %v", metadata, got)
			}
			s.must(404, bob, "GET", "/threads/"+thread.field(t, "thread_id"), "")
			s.must(404, bob, "GET", "/assistants/"+assistant.field(t, "assistant_id"), "")
		}
	})
}

func TestAC13AC14AC15OwnThreads(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for _, token := range []string{alice, bob} {
			thread := s.must(200, token, "POST", "/threads", `{}`).field(t, "thread_id")
			// AC-13: the graph's own assistant has no owner, and everyone may run it.
			if a := s.must(200, token, "POST", "/threads/"+thread+"/runs/wait", hello); !strings.Contains(string(a.Body), "echo: hello") {
				t.Errorf("the run of %s ended with %s", token, a.Body)
			}
			other := map[string]string{alice: bob, bob: alice}[token]
			a := s.must(404, other, "GET", "/threads/"+thread, "")
			if want := `{"detail":"Thread with ID ` + thread + ` not found"}`; string(a.Body) != want {
				t.Errorf("AC-14: %s, want %s", a.Body, want)
			}
		}
	})
}

func TestAC16SearchesSeeOwnRows(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		made := map[string]string{}
		for _, token := range []string{alice, bob} {
			made[token] = s.must(200, token, "POST", "/threads", `{}`).field(t, "thread_id")
			s.must(200, token, "POST", "/threads/"+made[token]+"/runs/wait", hello)
		}
		for token, thread := range made {
			a := s.must(200, token, "POST", "/threads/search", `{}`)
			var found []struct {
				ID string `json:"thread_id"`
			}
			a.into(t, &found)
			if len(found) != 1 || found[0].ID != thread {
				t.Errorf("%s finds %v, want %s alone", token, found, thread)
			}
			if got := a.Header.Get("X-Pagination-Total"); got != "1" {
				t.Errorf("%s: X-Pagination-Total is %q, want 1", token, got)
			}
			if got, has := a.Header["X-Pagination-Next"]; has {
				t.Errorf("%s: X-Pagination-Next is %q, want none", token, got)
			}
			if got := s.must(200, token, "POST", "/threads/count", `{}`); string(got.Body) != "1" {
				t.Errorf("%s counts %s, want 1", token, got.Body)
			}
			// A full page must not tell that somebody else has more.
			page := s.must(200, token, "POST", "/threads/search", `{"limit": 1}`)
			if got := page.Header.Get("X-Pagination-Total") + page.Header.Get("X-Pagination-Next"); got != "1" {
				t.Errorf("%s: a full page says %q, want a total of 1 and no next", token, got)
			}
			if rest := s.must(200, token, "POST", "/threads/search", `{"limit": 1, "offset": 1}`); string(rest.Body) != "[]" {
				t.Errorf("%s: the second page is %s", token, rest.Body)
			}
		}
	})
}

func TestAC20OwnersCannotGiveAway(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for path, id := range map[string]string{"/threads": "thread_id", "/assistants": "assistant_id"} {
			row := path + "/" + s.must(200, alice, "POST", path, `{"graph_id": "agent"}`).field(t, id)
			before := s.must(200, alice, "GET", row, "")
			for _, metadata := range []string{`{"owner": "user2"}`, `{"owner": null}`, `{"owner": ["user1"]}`, `{"note": "x", "owner": ""}`} {
				s.must(403, alice, "PATCH", row, `{"metadata": `+metadata+`}`)
				if after := s.must(200, alice, "GET", row, ""); string(after.Body) != string(before.Body) {
					t.Errorf("a refused patch of %s changed the row from %s to %s", metadata, before.Body, after.Body)
				}
			}
			patched := s.must(200, alice, "PATCH", row, `{"metadata": {"owner": "user1", "note": "mine"}}`)
			if got := patched.owner(t); got != "user1" {
				t.Errorf("the owner is %v", got)
			}
			s.must(404, bob, "GET", row, "")
		}
		s.must(200, bob, "POST", "/threads", `{}`)
		if got := s.must(200, bob, "POST", "/threads/count", `{}`); string(got.Body) != "1" {
			t.Errorf("Bob counts %s threads, want his own", got.Body)
		}
	})
}

func TestAC21StatelessRunsAreOwned(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		forged := strings.Replace(hello, "{", `{"on_completion": "keep", "metadata": {"owner": "user2"}, "config": {"metadata": {"owner": "user2"}}, `, 1)
		run := s.must(200, alice, "POST", "/runs", forged)
		thread := "/threads/" + run.field(t, "thread_id")
		s.must(200, alice, "GET", "/runs/"+run.field(t, "run_id")+"/join", "")
		if got := s.must(200, alice, "GET", thread, "").owner(t); got != "user1" {
			t.Errorf("the owner of the kept thread is %v", got)
		}
		s.must(404, bob, "GET", thread, "")
		if got := s.must(200, bob, "POST", "/threads/search", `{}`); string(got.Body) != "[]" {
			t.Errorf("H-21: Bob finds %s", got.Body)
		}

		// The same for a thread that a run makes under an id that the client chose.
		made := "/threads/" + "0190a0a0-0000-7000-8000-00000000000a"
		s.must(200, alice, "POST", made+"/runs/wait", strings.Replace(forged, `"on_completion": "keep"`, `"if_not_exists": "create"`, 1))
		if got := s.must(200, alice, "GET", made, "").owner(t); got != "user1" {
			t.Errorf("the owner of the thread that a run made is %v", got)
		}
		s.must(404, bob, "GET", made, "")

		// A thread that goes with its run is nobody's to see, not even while it runs.
		gone := s.must(200, alice, "POST", "/runs", strings.Replace(hello, "{", `{"after_seconds": 3600, `, 1))
		s.must(404, bob, "GET", "/threads/"+gone.field(t, "thread_id"), "")
		s.must(404, bob, "GET", "/runs/"+gone.field(t, "run_id")+"/stream", "")
	})
}

// The assistants of the graphs are the server's: everyone runs and reads them, nobody changes them (R-24, H-37).
func TestR24SystemAssistantsAreNobodys(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		system := "/assistants/" + s.must(200, alice, "POST", "/threads/"+thread+"/runs", hello).field(t, "assistant_id")
		for _, path := range []string{system, "/assistants/agent"} {
			for method, body := range map[string]string{"PATCH": `{"metadata": {"owner": "user1"}, "name": "mine"}`, "DELETE": ""} {
				if a := s.as(alice, method, path, body); a.Status != 403 && a.Status != 404 {
					t.Errorf("%s %s: status %d: %s", method, path, a.Status, a.Body)
				}
			}
		}
		// A forged flag makes no system assistant.
		forged := s.must(200, bob, "POST", "/assistants", `{"graph_id": "agent", "metadata": {"created_by": "system"}}`).field(t, "assistant_id")
		s.must(404, alice, "POST", "/threads/"+thread+"/runs", strings.Replace(hello, "agent", forged, 1))
		s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", hello)
	})
}
