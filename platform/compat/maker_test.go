package compat

import (
	"context"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// Whoever may start runs on a thread that he may not read is not shown what they say, not even by the answer to the start.
func TestMakersOfRunsReadWhatTheyMay(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(asymmetric(authhooks.On(authhooks.Threads, authhooks.CreateRun, authhooks.AllowAll))), uri)
		body := strings.Replace(hello, "{", `{"stream_mode": ["values", "updates", "messages", "debug"], `, 1)
		for _, end := range []string{"/runs/wait", "/runs/stream"} {
			thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			for range 2 { // without a state, and with one
				if a := s.as(bob, "POST", thread+end, body); strings.Contains(string(a.Body), "hello") {
					t.Errorf("%s: status %d: Bob, who may not read the thread, is told %s", end, a.Status, a.Body)
				}
			}
			for range 2 {
				if a := s.as(alice, "POST", thread+end, body); !strings.Contains(string(a.Body), "echo: hello") {
					t.Errorf("%s: status %d: Alice is told %s", end, a.Status, a.Body)
				}
			}
		}
	})
}

// a run that would put its thread out of its maker's reach is refused, and changes nothing.
func TestR36RunsKeepTheirThreadWithinReach(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		only := func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Only(authhooks.Eq("graph_id", "agent")), nil
		}
		s := serve(t, withAuth(asymmetric(authhooks.On(authhooks.Threads, authhooks.CreateRun, only)), whoami()), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "agent"}}`).field(t, "thread_id")
		s.must(200, alice, "POST", thread+"/runs/wait", hello)
		before := s.must(200, alice, "GET", thread, "")
		for _, end := range []string{"/runs", "/runs/wait", "/runs/stream"} {
			s.must(403, alice, "POST", thread+end, `{"assistant_id": "whoami", "input": {"word": "x"}}`)
		}
		if after := s.must(200, alice, "GET", thread, ""); string(after.Body) != string(before.Body) {
			t.Errorf("the thread was %s, is %s", before.Body, after.Body)
		}
		s.must(200, alice, "POST", thread+"/runs/wait", hello)
	})
}
