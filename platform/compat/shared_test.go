package compat

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// sharing are hooks under which a thread is its owner's and of those whom he lets take part.
func sharing() *authhooks.Auth {
	return authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		c.Stamp("owner", c.User.Identity)
		me := c.User.Identity
		return authhooks.Only(authhooks.Or(authhooks.Eq("owner", me), authhooks.Contains("participants", me))), nil
	}))
}

const (
	withBob    = `{"metadata": {"participants": ["user2"]}}`
	withoutBob = `{"metadata": {"participants": []}}`
)

// AC-43, H-45 and H-46: those who share a thread both see it, a participant cannot take it over, and who is removed sees nothing any more.
func TestAC43SharedThreads(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(sharing()), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", withBob).field(t, "thread_id")
		s.must(200, bob, "POST", thread+"/runs/wait", hello)
		for _, who := range []string{alice, bob} {
			if a := s.must(200, who, "POST", "/threads/count", `{}`); string(a.Body) != "1" {
				t.Errorf("%s counts %s threads, want the shared one", who, a.Body)
			}
			if a := s.must(200, who, "GET", thread+"/state", ""); !strings.Contains(string(a.Body), "echo: hello") {
				t.Errorf("%s reads %s", who, a.Body)
			}
		}
		s.must(403, bob, "PATCH", thread, `{"metadata": {"owner": "user2"}}`)
		s.must(403, bob, "PATCH", thread, `{"metadata": {"owner": null, "participants": ["user2"]}}`)
		s.must(403, bob, "PATCH", thread, withoutBob) // nor can he put it out of his own reach
		s.must(200, alice, "PATCH", thread, withoutBob)
		for _, path := range []string{"", "/state", "/history", "/runs"} {
			s.must(404, bob, "GET", thread+path, "")
		}
		s.must(404, bob, "POST", thread+"/runs", hello)
		if a := s.must(200, bob, "POST", "/threads/count", `{}`); string(a.Body) != "0" {
			t.Errorf("Bob still counts %s", a.Body)
		}
	})
}

// AC-43, R-40: whoever is removed from a thread sees nothing of the run that he was following when it happened.
func TestAC43RemovalEndsOpenStreams(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		gate := make(chan struct{})
		s := serve(t, withAuth(sharing(), gated(gate)), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", withBob).field(t, "thread_id")
		another := "/threads/" + s.must(200, alice, "POST", "/threads", withBob).field(t, "thread_id")
		const body = `{"assistant_id": "gated", "input": {"messages": []}, "stream_mode": ["custom", "messages-tuple", "values"]}`
		run := thread + "/runs/" + s.must(200, alice, "POST", thread+"/runs", body).field(t, "run_id")
		task := run[strings.LastIndex(run, "/")+1:]

		open := map[string]*bufio.Reader{}
		for name, r := range map[string]*http.Request{
			"the run's stream":    s.request(bob, "GET", run+"/stream", ""),
			"his own new stream":  s.request(bob, "POST", another+"/runs/stream", body),
			"by the run alone":    s.request(bob, "GET", "/runs/"+task+"/stream", ""),
			"the thread's stream": s.request(bob, "GET", thread+"/stream", ""),
			"join":                s.request(bob, "GET", run+"/join", ""),
			"an agent's task":     s.request(bob, "POST", "/a2a/gated", agentCall("SubscribeToTask", `"id": "`+task+`"`)),
			"Alice's":             s.request(alice, "GET", run+"/stream", ""),
		} {
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = response.Body.Close() })
			body := bufio.NewReader(response.Body)
			for line := ""; response.StatusCode != http.StatusOK || strings.HasSuffix(name, "stream") && !strings.Contains(line, "before"); {
				if line, err = body.ReadString('\n'); err != nil {
					t.Fatalf("%s: status %d: %v", name, response.StatusCode, err)
				}
			}
			open[name] = body
		}
		s.must(200, alice, "PATCH", thread, withoutBob)
		s.must(200, alice, "PATCH", another, withoutBob)
		close(gate)
		for name, body := range open {
			rest, err := io.ReadAll(body)
			seen := strings.Contains(string(rest), "after") || strings.Contains(string(rest), "passed")
			switch {
			case name == "Alice's" && (err != nil || !seen):
				t.Errorf("Alice's stream ended with %v: %s", err, rest)
			case name != "Alice's" && seen:
				t.Errorf("%s: Bob read on: %s", name, rest)
			}
		}
		s.must(404, bob, "GET", run+"/stream", "")
	})
}

// what somebody left in a queue does nothing to a thread, and by an assistant, that is not his any more.
func TestR38RemovalEndsQueuedRuns(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		gate := make(chan struct{})
		s := serve(t, withAuth(sharing(), gated(gate)), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", withBob).field(t, "thread_id")
		own := "/threads/" + s.must(200, bob, "POST", "/threads", `{}`).field(t, "thread_id")
		assistant := s.must(200, alice, "POST", "/assistants", strings.Replace(withBob, "{", `{"graph_id": "agent", `, 1)).field(t, "assistant_id")
		wait := `{"assistant_id": "gated", "input": {"messages": []}}`
		first := map[string]string{
			alice: thread + "/runs/" + s.must(200, alice, "POST", thread+"/runs", wait).field(t, "run_id"),
			bob:   own + "/runs/" + s.must(200, bob, "POST", own+"/runs", wait).field(t, "run_id"),
		}
		queued := func(who, thread, assistant string) string {
			body := strings.NewReplacer("agent", assistant, "hello", "by "+who).Replace(hello)
			return thread + "/runs/" + s.must(200, who, "POST", thread+"/runs", body).field(t, "run_id")
		}
		ends := []struct{ about, run, want string }{
			{"Bob's on Alice's thread", queued(bob, thread, "agent"), "error"},
			{"Alice's on hers", queued(alice, thread, assistant), "success"},
			{"Bob's of Alice's assistant", queued(bob, own, assistant), "error"},
			{"Bob's on his", queued(bob, own, "agent"), "success"},
		}
		s.must(200, alice, "PATCH", thread, withoutBob)
		s.must(200, alice, "PATCH", "/assistants/"+assistant, withoutBob)
		close(gate)
		for who, run := range first {
			s.must(200, who, "GET", run+"/join", "")
		}
		for _, end := range ends {
			owner := map[bool]string{true: alice, false: bob}[strings.HasPrefix(end.run, thread)]
			s.must(200, owner, "GET", end.run+"/join", "")
			if got := s.must(200, owner, "GET", end.run, "").field(t, "status"); got != end.want {
				t.Errorf("%s ended as %s, want %s", end.about, got, end.want)
			}
		}
		if state := s.must(200, alice, "GET", thread+"/state", ""); strings.Contains(string(state.Body), "by "+bob) {
			t.Errorf("Bob wrote to a thread that is not his any more: %s", state.Body)
		}
	})
}
