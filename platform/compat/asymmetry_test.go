package compat

import (
	"context"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// Hooks that say different things of different events: each event's own answer holds, and none stands in for another.

// asymmetric is the tutorial's rule with others beside it.
func asymmetric(rules ...authhooks.Rule) *authhooks.Auth {
	return authhooks.New(tutors(), append(rules, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))...)
}

// AC-19, H-32: whoever may read everything still does not get a row that the create handler's filter hides.
func TestAC46ReadersGetNothingByCreating(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		auth := asymmetric(authhooks.On(authhooks.Threads, authhooks.Read, authhooks.AllowAll), authhooks.On(authhooks.Assistants, authhooks.Read, authhooks.AllowAll))
		s := serve(t, withAuth(auth), uri)
		e := settle(t, s, alice)
		for path, body := range map[string]string{
			"/threads": `{"thread_id": "{thread}", "if_exists": "do_nothing"}`, "/assistants": `{"graph_id": "agent", "assistant_id": "{assistant}", "if_exists": "do_nothing"}`,
		} {
			e.reveals(t, s.must(409, bob, "POST", path, e.fill(body)))
		}
		s.must(200, bob, "GET", e.fill("/threads/{thread}"), "")
		s.must(404, bob, "POST", e.fill("/threads/{thread}/runs"), hello)
		s.must(404, bob, "DELETE", e.fill("/threads/{thread}"), "")
	})
}

// H-36 and H-51: the runs that a cancel by status reaches are those that both the search and the update reach.
func TestH36CancelOfAllCancelsOnes(t *testing.T) {
	t.Parallel()
	for _, action := range []authhooks.Action{authhooks.Search, authhooks.Update} {
		t.Run(string(action)+" is open", func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				s := serve(t, withAuth(asymmetric(authhooks.On(authhooks.Threads, action, authhooks.AllowAll))), uri)
				e := settle(t, s, alice)
				for _, status := range []string{"pending", "running", "all"} {
					if a := s.as(bob, "POST", "/runs/cancel", `{"status": "`+status+`"}`); a.Status != 204 && a.Status != 404 {
						t.Errorf("cancel of %s: status %d: %s", status, a.Status, a.Body)
					}
				}
				if got := e.must(200, "GET", "/threads/{busy}/runs/{pending}", "").field(t, "status"); got != "pending" {
					t.Errorf("Bob's cancel made Alice's run %s", got)
				}
			})
		})
	}
}

// H-12: whoever deletes a shared assistant deletes no thread of others.
func TestH12SharedAssistantsTakeNoThreadsOfOthers(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(asymmetric(authhooks.On(authhooks.Assistants, authhooks.Any, authhooks.AllowAll))), uri)
		shared := s.must(200, bob, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
		threads := map[string]string{}
		for _, who := range []string{alice, bob} {
			threads[who] = "/threads/" + s.must(200, who, "POST", "/threads", `{}`).field(t, "thread_id")
			s.must(200, who, "POST", threads[who]+"/runs/wait", strings.Replace(hello, "agent", shared, 1))
		}
		before := s.must(200, alice, "GET", threads[alice]+"/history", "")
		a := s.as(bob, "DELETE", "/assistants/"+shared+"?delete_threads=true", "")
		if a.Status != 204 {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
		if after := s.must(200, alice, "GET", threads[alice]+"/history", ""); string(after.Body) != string(before.Body) {
			t.Errorf("Bob's delete changed Alice's thread:\n%s\nwas\n%s", after.Body, before.Body)
		}
		if runs := s.must(200, alice, "GET", threads[alice]+"/runs", ""); string(runs.Body) == "[]" {
			t.Error("Bob's delete took Alice's runs")
		}
		s.must(404, bob, "GET", threads[bob], "")
	})
}

// a row after a change must still be one that the change may reach.
func TestR36NobodyPutsRowsOutOfReach(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		team := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Only(authhooks.Eq("team", c.User.Identity)), nil
		}
		s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, team))), uri)
		for path, id := range map[string]string{"/threads": "thread_id", "/assistants": "assistant_id"} {
			row := path + "/" + s.must(200, alice, "POST", path, `{"graph_id": "agent", "metadata": {"team": "user1"}}`).field(t, id)
			for _, metadata := range []string{`{"team": "user2"}`, `{"team": null}`, `{"team": ["user1"]}`} {
				s.must(403, alice, "PATCH", row, `{"metadata": `+metadata+`}`)
			}
			s.must(200, alice, "PATCH", row, `{"metadata": {"team": "user1", "note": "n"}}`)
			s.must(404, bob, "GET", row, "")
		}
	})
}

// a row that its own maker's handler would not let him reach is not made; H-21: nor is one for somebody else.
func TestR37RowsFitTheirFilter(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		muddled := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("owner", "user2")
			return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
		}
		auth := asymmetric(authhooks.On(authhooks.Threads, authhooks.Create, muddled), authhooks.On(authhooks.Assistants, authhooks.Create, muddled))
		s := serve(t, withAuth(auth), uri)
		s.must(500, alice, "POST", "/threads", `{}`)
		s.must(500, alice, "POST", "/assistants", `{"graph_id": "agent"}`)
		s.must(500, alice, "POST", "/runs", hello)
		for _, who := range []string{alice, bob} {
			if a := s.must(200, who, "POST", "/threads/search", `{}`); string(a.Body) != "[]" {
				t.Errorf("there is a thread: %s", a.Body)
			}
			if a := s.must(200, who, "POST", "/assistants/search", `{"metadata": {"owner": "user2"}}`); string(a.Body) != "[]" {
				t.Errorf("there is an assistant: %s", a.Body)
			}
		}
	})
}
