package compat

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform"
)

// The second tutorial, second half: a general rule, and special ones beside it. The most specific rule runs, alone.

// tutorial is that set of hooks, which notes who was asked for what.
type tutorial struct {
	mu    sync.Mutex
	asked []string
}

// take returns what was asked since the last take.
func (h *tutorial) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = nil
	return asked
}

func (h *tutorial) note(name string, c *authhooks.Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, name+" "+string(c.Resource)+":"+string(c.Action))
}

// parts is the server's parts; without the general rule, nothing answers for what the special ones do not name.
func (h *tutorial) parts(general bool, more ...platform.Graph) platform.Parts {
	rules := []authhooks.Rule{
		authhooks.OnEvent(h.onThreadsCreate),
		authhooks.On(authhooks.Threads, authhooks.Read, h.onThreadsRead),
		authhooks.On(authhooks.Assistants, authhooks.Any, h.onAssistants),
	}
	if general {
		rules = append(rules, authhooks.On(authhooks.Any, authhooks.Any, h.addOwner))
	}
	return withAuth(authhooks.New(tutors(), rules...), more...)
}

func (h *tutorial) addOwner(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	h.note("addOwner", c)
	c.Stamp("owner", c.User.Identity)
	return mine(c), nil
}

func (h *tutorial) onThreadsCreate(_ context.Context, c *authhooks.Call, v *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
	h.note("onThreadsCreate", c)
	v.Metadata["created_by"] = c.User.DisplayName
	c.Stamp("owner", c.User.Identity)
	return mine(c), nil
}

func (h *tutorial) onThreadsRead(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	h.note("onThreadsRead", c)
	return mine(c), nil
}

func (h *tutorial) onAssistants(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	h.note("onAssistants", c)
	return authhooks.Deny("User lacks the required permissions."), nil
}

func mine(c *authhooks.Call) authhooks.Verdict {
	return authhooks.Only(authhooks.Eq("owner", c.User.Identity))
}

func TestAC24OneRuleAnswersEachEvent(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		hooks := &tutorial{}
		s := serve(t, hooks.parts(true), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		run := thread + "/runs/" + s.must(200, alice, "POST", thread+"/runs", hello).field(t, "run_id")
		s.must(200, alice, "GET", run+"/join", "")
		doomed := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		hooks.take()
		for _, y := range []struct {
			method, path, body string
			status             int
			want               []string
		}{
			{"POST", "/threads", `{}`, 200, []string{"onThreadsCreate threads:create"}},
			{"GET", thread, "", 200, []string{"onThreadsRead threads:read"}},
			{"GET", thread + "/state", "", 200, []string{"onThreadsRead threads:read"}},
			{"GET", thread + "/history", "", 200, []string{"onThreadsRead threads:read"}},
			{"POST", thread + "/history", `{}`, 200, []string{"onThreadsRead threads:read"}},
			{"GET", thread + "/runs", "", 200, []string{"onThreadsRead threads:read"}},
			{"GET", run, "", 200, []string{"onThreadsRead threads:read"}},
			{"GET", run + "/join", "", 200, []string{"onThreadsRead threads:read"}},
			{"GET", run + "/stream", "", 200, []string{"onThreadsRead threads:read"}},
			{"POST", "/threads/search", `{}`, 200, []string{"addOwner threads:search"}},
			{"POST", "/threads/count", `{}`, 200, []string{"addOwner threads:search"}},
			{"PATCH", thread, `{"metadata": {"a": 1}}`, 200, []string{"addOwner threads:update"}},
			{"POST", thread + "/state", `{"values": {"messages": []}, "as_node": "echo"}`, 200, []string{"addOwner threads:update"}},
			{"POST", run + "/cancel", "", 202, []string{"addOwner threads:update"}},
			{"DELETE", run, "", 204, []string{"addOwner threads:delete"}},
			{"DELETE", doomed, "", 204, []string{"addOwner threads:delete"}},
			{"POST", thread + "/runs", hello, 200, []string{"addOwner threads:create_run"}},
			{"POST", "/runs", hello, 200, []string{"addOwner threads:create_run", "onThreadsCreate threads:create"}},
			{"POST", "/assistants", `{"graph_id": "agent"}`, 403, []string{"onAssistants assistants:create"}},
			{"POST", "/assistants/search", `{}`, 403, []string{"onAssistants assistants:search"}},
			{"GET", "/assistants/agent", "", 403, []string{"onAssistants assistants:read"}},
			{"PATCH", "/assistants/agent", `{}`, 403, []string{"onAssistants assistants:update"}},
			{"DELETE", "/assistants/agent", "", 403, []string{"onAssistants assistants:delete"}},
		} {
			s.must(y.status, alice, y.method, y.path, y.body)
			got := hooks.take()
			slices.Sort(got)
			if diff := cmp.Diff(y.want, got); diff != "" {
				t.Errorf("%s %s asked (-want +got):\n%s", y.method, y.path, diff)
			}
		}
	})
}

func TestAC25AC26TheReasonOfADenial(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, new(tutorial).parts(true), uri)
		for _, path := range []string{"/assistants", "/assistants/search", "/assistants/count"} {
			a := s.must(403, alice, "POST", path, `{"graph_id": "agent"}`)
			if got := a.field(t, "detail"); got != "User lacks the required permissions." {
				t.Errorf("%s: detail is %q", path, got)
			}
		}
		// A denial comes before any lookup: no row, her own, and a foreign one are the same.
		unknown := s.must(403, alice, "GET", "/assistants/0190a0a0-0000-7000-8000-00000000000b", "")
		if known := s.must(403, alice, "GET", "/assistants/agent", ""); string(known.Body) != string(unknown.Body) {
			t.Errorf("%s is not %s", known.Body, unknown.Body)
		}
	})
}

func TestAC27AC28AC29AC30AC32SpecialRules(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		hooks := &tutorial{}
		s := serve(t, hooks.parts(true), uri)
		made := s.must(200, alice, "POST", "/threads", `{"metadata": {"owner": "user2"}}`)
		if got := made.owner(t); got != "user1" {
			t.Errorf("AC-27: the owner is %v", got)
		}
		if !strings.Contains(string(made.Body), `"created_by":"Alice"`) {
			t.Errorf("AC-27: the handler's metadata is not in %s", made.Body)
		}
		thread := "/threads/" + made.field(t, "thread_id")
		hooks.take()
		run := thread + "/runs/" + s.must(200, alice, "POST", thread+"/runs", hello).field(t, "run_id")
		s.must(200, alice, "GET", run+"/join", "")
		s.must(200, alice, "POST", "/runs/wait", hello)
		for _, asked := range hooks.take() {
			if strings.Contains(asked, "assistants:") {
				t.Errorf("AC-28: the run of a system assistant asked %s", asked)
			}
		}
		s.must(404, bob, "GET", thread, "")                                         // AC-29
		s.must(200, bob, "POST", "/threads", `{}`)                                  // AC-30
		for token, owner := range map[string]string{alice: "user1", bob: "user2"} { // each finds the own one
			a := s.must(200, token, "POST", "/threads/search", `{}`)
			var found []struct{ Metadata map[string]any }
			if a.into(t, &found); len(found) != 1 || found[0].Metadata["owner"] != owner {
				t.Errorf("AC-30: %s finds %s", token, a.Body)
			}
		}
		for _, path := range []string{run, run + "/join", run + "/stream", thread + "/history", thread + "/state", thread + "/runs"} {
			s.must(404, bob, "GET", path, "") // AC-32
		}
	})
}

func TestAC31WithoutAGeneralRule(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		parts := new(tutorial).parts(false)
		strict := serve(t, parts, uri)
		thread := strict.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		strict.must(200, bob, "POST", "/threads", `{}`)
		for _, path := range []string{"/threads/search", "/threads/count", "/threads/" + thread + "/runs"} {
			a := strict.must(403, alice, "POST", path, hello)
			if got := a.field(t, "detail"); !strings.HasPrefix(got, "no handler for threads:") {
				t.Errorf("%s: detail is %q", path, got)
			}
		}
		strict.must(404, bob, "GET", "/threads/"+thread, "")

		// With "unhandled": "allow" the trap of other servers is what the operator has asked for: an event that no rule matches
		// reaches everything, while the rules that there are still hold.
		compat := serve(t, lenient(parts), uri)
		for _, token := range []string{alice, bob} {
			if got := compat.must(200, token, "POST", "/threads/count", `{}`); string(got.Body) != "2" {
				t.Errorf("%s counts %s threads, want all 2", token, got.Body)
			}
		}
		compat.must(404, bob, "GET", "/threads/"+thread, "")
	})
}
