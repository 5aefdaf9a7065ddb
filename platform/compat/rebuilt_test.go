package compat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
)

// TestWhatIsLeftGoesOn covers rest.md §4.4 and §4.5: a thread that waits inside of a graph's graph goes on where it stood when its history
// is pruned, and when it is copied; and neither changes what the other has.
func TestWhatIsLeftGoesOn(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("halting", graphs.InterruptAfter("draft"))), uri)
		wait := func(thread, input string) answer {
			t.Helper()
			return s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", `{"assistant_id": "halting", "input": `+input+`}`)
		}
		source := s.must(200, alice, "POST", "/threads", `{"metadata": {"n": 1}, "ttl": {"ttl": 60, "strategy": "keep_latest"}}`).field(t, "thread_id")
		wait(source, `{}`)
		wait(source, `null`)
		wait(source, `{}`)
		before := s.must(200, alice, "GET", "/threads/"+source+"/state?subgraphs=true", "")
		made := s.must(200, alice, "POST", "/threads/"+source+"/copy", "")
		copied := made.field(t, "thread_id")
		if got := s.must(200, alice, "POST", "/threads/prune", `{"thread_ids": ["`+source+`"], "strategy": "keep_latest"}`); string(got.Body) != `{"pruned_count":1}` {
			t.Fatalf("%s", got.Body)
		}
		var left []any
		if s.must(200, alice, "POST", "/threads/"+source+"/history", `{"limit": 100}`).into(t, &left); len(left) != 1 {
			t.Errorf("%d states are left, want the newest", len(left))
		}
		for what, thread := range map[string]string{"pruned": source, "copied": copied} {
			now := s.must(200, alice, "GET", "/threads/"+thread+"/state?subgraphs=true", "")
			if diff := cmp.Diff(parentless(t, before.Body), parentless(t, []byte(strings.ReplaceAll(string(now.Body), copied, source)))); diff != "" {
				t.Errorf("%s (-before +after):\n%s", what, diff)
			}
			if got := s.must(200, alice, "GET", "/threads/"+thread+"?include=ttl", "").Body; !strings.Contains(string(got), `"ttl":{"strategy":"keep_latest","ttl_minutes":60,`) {
				t.Errorf("%s: %s", what, got)
			}
		}
		stream := func(thread string) string {
			return string(s.must(200, alice, "POST", "/threads/"+thread+"/runs/stream",
				`{"assistant_id": "halting", "input": null, "stream_mode": "updates", "stream_subgraphs": true}`).Body)
		}
		for what, thread := range map[string]string{"pruned": source, "copied": copied} {
			if got := stream(thread); !strings.Contains(got, `{"print":`) || strings.Contains(got, `{"draft":`) || strings.Contains(got, `{"plan":`) {
				t.Errorf("%s goes on with:\n%s", what, got)
			}
		}
	})
}

// parentless is a state without what it says of the one before it, which pruning takes away.
func parentless(t *testing.T, state []byte) any {
	t.Helper()
	var doc any
	answer{Body: state}.into(t, &doc)
	var drop func(v any)
	drop = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "parent_checkpoint")
			delete(v, "parent_checkpoint_id")
			for _, inner := range v {
				drop(inner)
			}
		case []any:
			for _, inner := range v {
				drop(inner)
			}
		}
	}
	drop(doc)
	return doc
}

// TestExistingThreadIsGivenBack covers rest.md §4.1 and gotcha 15: do_nothing changes nothing, whatever else the request says.
func TestExistingThreadIsGivenBack(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.talked(t, alice, `{"metadata": {"n": 1}, "ttl": 60}`, "hello")
		get := func() string { return string(s.must(200, alice, "GET", "/threads/"+id+"?include=ttl", "").Body) }
		before, state := get(), s.state(t, alice, id)
		const more = `, "if_exists": "do_nothing", "metadata": {"n": 2, "graph_id": "agent"}, "ttl": 5, "supersteps": [{"updates": [{"values": {"messages": []}, "as_node": "echo"}]}]}`
		for _, name := range []string{id, strings.ToUpper(id)} {
			again := s.must(200, alice, "POST", "/threads", `{"thread_id": "`+name+`"`+more)
			if again.field(t, "thread_id") != id || !strings.Contains(string(again.Body), "echo: hello") || strings.Contains(string(again.Body), `"n":2`) {
				t.Errorf("given back: %s", again.Body)
			}
			s.must(409, alice, "POST", "/threads", strings.Replace(`{"thread_id": "`+name+`"`+more, "do_nothing", "raise", 1))
		}
		if diff := cmp.Diff(before, get()); diff != "" {
			t.Errorf("the thread (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(state, s.state(t, alice, id)); diff != "" {
			t.Errorf("its state (-before +after):\n%s", diff)
		}
		assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "name": "one", "metadata": {"n": 1}}`)
		same := s.must(200, alice, "POST", "/assistants", `{"assistant_id": "`+strings.ToUpper(assistant.field(t, "assistant_id"))+`", "graph_id": "agent", "name": "two", "metadata": {"n": 2}, "if_exists": "do_nothing"}`)
		if diff := cmp.Diff(string(assistant.Body), string(same.Body)); diff != "" {
			t.Errorf("the assistant (-before +after):\n%s", diff)
		}
	})
}

// TestTimesOfAThread covers rest.md §4.2, §4.3 and §4.10: any change is an update, only a change of the state is one of the state, and the
// thread that changed last comes first.
func TestTimesOfAThread(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.must(200, alice, "POST", "/threads", `{"metadata": {"a": {"x": 1}, "b": 1}}`).field(t, "thread_id")
		s.must(200, alice, "POST", "/threads", `{}`)
		type times struct {
			Created string         `json:"created_at"`
			Updated string         `json:"updated_at"`
			State   string         `json:"state_updated_at"`
			Status  string         `json:"status"`
			Meta    map[string]any `json:"metadata"`
		}
		last := func() (row times) {
			t.Helper()
			var found []times
			s.must(200, alice, "POST", "/threads/search", `{"limit": 1}`).into(t, &found)
			s.must(200, alice, "GET", "/threads/"+id, "").into(t, &row)
			if found[0].Created != row.Created {
				t.Errorf("the thread that changed last is not the first: %+v", found)
			}
			return row
		}
		var made times
		s.must(200, alice, "GET", "/threads/"+id, "").into(t, &made)
		for _, body := range []string{`{"metadata": {"a": {"y": 2}}}`, `{"metadata": {"b": null}}`, `{}`, ``, `{"metadata": null}`} {
			s.must(200, alice, "PATCH", "/threads/"+id, body)
			now := last()
			if now.Updated <= made.Updated || now.State != made.State || now.Created != made.Created || now.Status != "idle" {
				t.Errorf("after %s: %+v, was %+v", body, now, made)
			}
			made.Updated, made.Meta = now.Updated, now.Meta
		}
		if diff := cmp.Diff(map[string]any{"a": map[string]any{"y": 2.0}, "b": nil, "owner": "user1"}, made.Meta); diff != "" {
			t.Errorf("metadata is merged by its first keys alone (-want +got):\n%s", diff)
		}
		s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", said("x"))
		ran := last()
		if ran.Updated <= made.Updated || ran.State <= made.State {
			t.Errorf("after a run: %+v, was %+v", ran, made)
		}
		s.must(200, alice, "POST", "/threads/"+id+"/state", `{"values": {"messages": []}, "as_node": "echo"}`)
		if wrote := last(); wrote.Updated <= ran.Updated || wrote.State <= ran.State {
			t.Errorf("after an update of the state: %+v, was %+v", wrote, ran)
		}
	})
}
