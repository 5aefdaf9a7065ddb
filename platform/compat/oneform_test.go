package compat

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/compat/graphs/desk/desk"
	"github.com/locutory/locutory/platform/store/storetest"
)

// heard is what hooks were told of the threads and runs that a request names.
type heard struct {
	mu  sync.Mutex
	ids []string
}

func (h *heard) rule(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v, ok := c.Value.(interface{ ThreadID() string }); ok {
		h.ids = append(h.ids, v.ThreadID())
	}
	if v, ok := c.Value.(interface{ RunID() string }); ok {
		h.ids = append(h.ids, v.RunID())
	}
	if v, ok := c.Value.(interface{ AssistantID() string }); ok {
		h.ids = append(h.ids, v.AssistantID())
	}
	for _, list := range []func() []string{idsOf(c.Value), runIDsOf(c.Value)} {
		h.ids = append(h.ids, list()...)
	}
	return authhooks.OwnerOnly("owner")(ctx, c)
}

func idsOf(value any) func() []string {
	if v, ok := value.(interface{ IDs() []string }); ok {
		return v.IDs
	}
	return func() []string { return nil }
}

func runIDsOf(value any) func() []string {
	if v, ok := value.(interface{ RunIDs() []string }); ok {
		return v.RunIDs
	}
	return func() []string { return nil }
}

// A hook that knows a thread by its id must not be led round by another way of writing that: whichever way a request comes, ids are told
// as rows have them, and what is no id is refused before anyone is asked.
func TestHooksAreToldIDsInOneForm(t *testing.T) {
	t.Parallel()
	told := &heard{}
	s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, told.rule)),
		platform.Graph{ID: "desk", Source: desk.Graph, Symbol: "./desk:Graph"}), storetest.SQLite(t).URI)
	thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	run := s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("desk", "hello", ""))
	id := runID(t, run)
	assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "desk"}`).field(t, "assistant_id")
	for _, form := range []struct {
		name, thread, run, assistant string
	}{
		{"upper case", strings.ToUpper(thread), strings.ToUpper(id), strings.ToUpper(assistant)},
		{"no id", "mine", "mine", "desk"},
		{"in braces", "{" + thread + "}", "{" + id + "}", "desk"},
		{"a URN", "urn:uuid:" + thread, "urn:uuid:" + id, "desk"},
	} {
		for _, test := range []struct{ method, path, body string }{
			{"POST", "/threads/search", `{"ids": ["` + form.thread + `"]}`},
			{"POST", "/threads", `{"thread_id": "` + form.thread + `", "if_exists": "do_nothing"}`},
			{"POST", "/threads/prune", `{"thread_ids": ["` + strings.Replace(form.thread, thread[:8], thread[:7]+"0", 1) + `"]}`},
			{"POST", "/runs/crons", `{"assistant_id": "` + form.assistant + `", "schedule": "0 0 1 1 *"}`},
			{"POST", "/threads/" + form.thread + "/runs/crons", `{"assistant_id": "` + form.assistant + `", "schedule": "0 0 1 1 *"}`},
			{"POST", "/runs/crons/search", `{"assistant_id": "` + form.assistant + `", "thread_id": "` + form.thread + `"}`},
			{"POST", "/runs/crons/count", `{"assistant_id": "` + form.assistant + `", "thread_id": "` + form.thread + `"}`},
			{"POST", "/runs/cancel", `{"thread_id": "` + form.thread + `", "run_ids": ["` + form.run + `"]}`},
			{"POST", "/runs/wait", saying(form.assistant, "hello", "")},
			{"POST", "/runs/batch", "[" + saying(form.assistant, "hello", "") + "]"},
			{"POST", "/a2a/" + form.assistant, agentSays("SendMessage", "")},
			{"GET", "/.well-known/agent-card.json?assistant_id=" + form.assistant, ""},
			{"POST", "/threads/" + form.thread + "/runs", saying(form.assistant, "hello", "")},
			{"POST", "/threads/" + form.thread + "/runs/stream", saying("desk", "hello", `, "on_disconnect": "cancel"`)},
			{"POST", "/threads/" + form.thread + "/runs/wait", saying("desk", "hello", `, "on_disconnect": "cancel"`)},
			{"GET", "/threads/" + form.thread + "/runs/" + form.run + "/feedback", ""},
			{"GET", "/threads/" + form.thread + "/runs/" + form.run + "/deliveries", ""},
			{"GET", "/threads/" + form.thread + "/runs/" + form.run + "/join?cancel_on_disconnect=1", ""},
			{"POST", "/a2a/desk", agentSays("SendMessage", `"contextId": "`+form.thread+`", `)},
			{"POST", "/a2a/desk", agentSays("SendMessage", `"taskId": "`+form.run+`", `)},
			{"POST", "/a2a/desk", agentSays("SendMessage", `"contextId": "`+form.thread+`", "taskId": "`+form.thread+":"+form.run+`", `)},
			{"POST", "/a2a/desk", agentSays("message/stream", `"contextId": "`+form.thread+`", `)},
			{"POST", "/a2a/desk", agentCall("GetTask", `"id": "`+form.run+`"`)},
			{"POST", "/a2a/desk", agentCall("CancelTask", `"id": "`+form.thread+":"+form.run+`"`)},
			{"POST", "/a2a/desk", agentCall("ListTasks", `"contextId": "`+form.thread+`"`)},
			{"POST", "/a2a/desk", agentCall("ListTasks", `"contextId": "`+form.thread+`", "includeArtifacts": true`)},
		} {
			told.mu.Lock()
			told.ids = nil
			told.mu.Unlock()
			a := s.as(alice, test.method, test.path, test.body)
			told.mu.Lock()
			for _, id := range told.ids {
				if parsed, err := uuid.Parse(id); id != "" && (err != nil || parsed.String() != id) {
					t.Errorf("%s: %s %s %s: a hook is told of %q; answered %d", form.name, test.method, test.path, test.body, id, a.Status)
				}
			}
			told.mu.Unlock()
		}
	}
}
