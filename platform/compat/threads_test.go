package compat

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
)

// state is what a thread's state is compared by.
type state struct {
	Values     map[string]any   `json:"values"`
	Next       []string         `json:"next"`
	Checkpoint map[string]any   `json:"checkpoint"`
	Tasks      []map[string]any `json:"tasks"`
}

func (s *server) state(t *testing.T, token, thread string) state {
	t.Helper()
	var out state
	s.must(200, token, "GET", "/threads/"+thread+"/state", "").into(t, &out)
	return out
}

// talked makes a thread with one run of the graph agent.
func (s *server) talked(t *testing.T, token, thread, word string) string {
	t.Helper()
	id := s.must(200, token, "POST", "/threads", thread).field(t, "thread_id")
	s.must(200, token, "POST", "/threads/"+id+"/runs/wait", said(word))
	return id
}

func said(word string) string {
	return fmt.Sprintf(`{"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": %q}]}}`, word)
}

func TestCopyOfAThread(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		source := s.talked(t, alice, `{"metadata": {"note": "x", "thread_id": "kept by mistake"}}`, "hello")
		before := s.state(t, alice, source)
		made := s.must(200, alice, "POST", "/threads/"+source+"/copy", "")
		id := made.field(t, "thread_id")
		var row struct {
			Metadata map[string]any `json:"metadata"`
			Status   string         `json:"status"`
			Values   map[string]any `json:"values"`
		}
		made.into(t, &row)
		want := map[string]any{"note": "x", "owner": "user1", "graph_id": "agent", "thread_id": id, "assistant_id": row.Metadata["assistant_id"]}
		if diff := cmp.Diff(want, row.Metadata); diff != "" || row.Status != "idle" {
			t.Errorf("status %s, metadata (-want +got):\n%s", row.Status, diff)
		}
		copied := s.state(t, alice, id)
		if copied.Checkpoint["thread_id"] != id {
			t.Errorf("the checkpoint is of thread %v", copied.Checkpoint["thread_id"])
		}
		copied.Checkpoint["thread_id"] = source
		if diff := cmp.Diff(before, copied); diff != "" {
			t.Errorf("state (-source +copy):\n%s", diff)
		}
		if diff := cmp.Diff(before.Values, row.Values); diff != "" {
			t.Errorf("values (-source +copy):\n%s", diff)
		}
		s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", said("again"))
		if diff := cmp.Diff(before, s.state(t, alice, source)); diff != "" {
			t.Errorf("the source has changed (-before +after):\n%s", diff)
		}
		if got := len(s.state(t, alice, id).Values["messages"].([]any)); got != 4 {
			t.Errorf("%d messages in the copy, want 4", got)
		}
		busy := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		s.must(200, alice, "POST", "/threads/"+busy+"/runs", strings.Replace(said("later"), "{", `{"after_seconds": 3600, `, 1))
		s.must(409, alice, "POST", "/threads/"+busy+"/copy", "")
	})
}

func TestAC36CopyNeedsReadAndCreate(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		var sources []string
		auth := authhooks.New(tutors(),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
			authhooks.On(authhooks.Threads, authhooks.Read, authhooks.AllowAll),
			authhooks.OnEvent(func(_ context.Context, c *authhooks.Call, v *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
				if v.SourceThreadID() != "" {
					sources = append(sources, v.SourceThreadID())
					if _, ok := v.Metadata["owner"]; ok {
						return authhooks.Deny("the source's owner has come along"), nil
					}
					if c.User.Identity == "user2" {
						return authhooks.Deny("no copies for readers"), nil
					}
				}
				c.Stamp("owner", c.User.Identity)
				return authhooks.Allow(), nil
			}),
		)
		s := serve(t, withAuth(auth), uri)
		source := s.talked(t, alice, `{"metadata": {"note": "x"}}`, "hello")
		count := func() string { return string(s.must(200, alice, "POST", "/threads/count", `{}`).Body) }
		before := count()
		denied := s.must(403, bob, "POST", "/threads/"+source+"/copy", "")
		if denied.field(t, "detail") != "no copies for readers" || count() != before {
			t.Errorf("a copy was made: %s", denied.Body)
		}
		s.must(200, alice, "POST", "/threads/"+source+"/copy", "")
		if diff := cmp.Diff([]string{source, source}, sources); diff != "" {
			t.Errorf("sources that the hook was asked about (-want +got):\n%s", diff)
		}
	})
}

func TestPrune(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		forbidden := ""
		s := serve(t, withAuth(authhooks.New(tutors(),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
			authhooks.OnEvent(func(_ context.Context, c *authhooks.Call, v *authhooks.ThreadsDelete) (authhooks.Verdict, error) {
				if v.ThreadID() == forbidden {
					return authhooks.Deny("this one stays"), nil
				}
				return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
			}),
		)), uri)
		first, second := s.talked(t, alice, `{}`, "one"), s.talked(t, alice, `{}`, "two")
		foreign := s.talked(t, bob, `{}`, "three")
		ids := func(ids ...string) string { return `"thread_ids": ["` + strings.Join(ids, `", "`) + `"]` }
		history := func(token, id string) int {
			t.Helper()
			var states []any
			s.must(200, token, "GET", "/threads/"+id+"/history?limit=100", "").into(t, &states)
			return len(states)
		}
		whole := history(alice, first)
		forbidden = second
		s.must(403, alice, "POST", "/threads/prune", `{`+ids(first, second)+`}`)
		s.must(403, alice, "POST", "/threads/prune", `{`+ids(first, second)+`, "strategy": "keep_latest"}`)
		if got := history(alice, first); got != whole {
			t.Fatalf("%d of %d states after a refusal", got, whole)
		}
		forbidden = ""
		before := s.state(t, alice, first)
		got := s.must(200, alice, "POST", "/threads/prune", `{`+ids(first, first, strings.ToUpper(first), foreign)+`, "strategy": "keep_latest"}`)
		if string(got.Body) != `{"pruned_count":1}` || history(alice, first) != 1 {
			t.Errorf("%s, %d states", got.Body, history(alice, first))
		}
		if diff := cmp.Diff(before, s.state(t, alice, first)); diff != "" {
			t.Errorf("state after prune (-before +after):\n%s", diff)
		}
		s.must(200, alice, "POST", "/threads/"+first+"/runs/wait", said("again"))
		if got := s.must(200, alice, "POST", "/threads/prune", `{`+ids(first, second, foreign)+`}`); string(got.Body) != `{"pruned_count":2}` {
			t.Errorf("%s", got.Body)
		}
		s.must(404, alice, "GET", "/threads/"+first, "")
		if got := history(bob, foreign); got != whole {
			t.Errorf("%d of %d states of bob's", got, whole)
		}
		s.must(422, alice, "POST", "/threads/prune", `{`+ids("x")+`}`)
	})
}

func TestTTL(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		parts := privateChat()
		parts.Platform = strings.Replace(parts.Platform, "{", `{"checkpointer": {"ttl": {"strategy": "keep_latest", "default_ttl": 60}}, `, 1)
		s := serve(t, parts, uri)
		ttl := func(id string) map[string]any {
			t.Helper()
			var row map[string]any
			s.must(200, alice, "GET", "/threads/"+id+"?include=ttl", "").into(t, &row)
			got, _ := row["ttl"].(map[string]any)
			return got
		}
		want := func(what, id, strategy string, minutes float64) {
			t.Helper()
			got := ttl(id)
			at, _ := got["expires_at"].(string)
			end, err := time.Parse(time.RFC3339, at)
			left := time.Until(end).Minutes()
			if got["strategy"] != strategy || got["ttl_minutes"] != minutes || err != nil || left > minutes || left < minutes-1 {
				t.Errorf("%s: ttl %v", what, got)
			}
		}
		made := func(body string) string { return s.must(200, alice, "POST", "/threads", body).field(t, "thread_id") }
		want("a number", made(`{"ttl": 5}`), "delete", 5)
		want("an object", made(`{"ttl": {"ttl": 7.5, "strategy": "keep_latest"}}`), "keep_latest", 7.5)
		plain := made(`{}`)
		want("the default", plain, "keep_latest", 60)
		if body := s.must(200, alice, "GET", "/threads/"+plain, "").Body; strings.Contains(string(body), "ttl") {
			t.Errorf("ttl without include: %s", body)
		}
		s.must(200, alice, "PATCH", "/threads/"+plain, `{"metadata": null, "ttl": {"ttl": 30}}`)
		want("patched", plain, "delete", 30)
		s.must(404, bob, "PATCH", "/threads/"+plain, `{"ttl": 0.0001}`)
		implicit := s.must(200, alice, "POST", "/runs", strings.Replace(said("x"), "{", `{"on_completion": "keep", `, 1)).field(t, "thread_id")
		want("made by a run", implicit, "keep_latest", 60)

		short := s.talked(t, alice, `{"metadata": {"note": "short"}, "ttl": 0.02}`, "soon gone")
		deadline := time.Now().Add(20 * time.Second)
		for s.as(alice, "GET", "/threads/"+short, "").Status == 200 && time.Now().Before(deadline) {
			<-time.After(20 * time.Millisecond)
		}
		for _, path := range []string{"", "/state", "/history", "/runs", "/storage"} {
			s.must(404, alice, "GET", "/threads/"+short+path, "")
		}
		if got := s.must(200, alice, "POST", "/threads/count", `{"metadata": {"note": "short"}}`); string(got.Body) != "0" {
			t.Errorf("counted %s", got.Body)
		}
		for _, bad := range []string{`{"ttl": 0}`, `{"ttl": -1}`, `{"ttl": "1h"}`, `{"ttl": {"ttl": 1, "strategy": "archive"}}`} {
			s.must(422, alice, "POST", "/threads", bad)
		}
	})
}

func TestSupersteps(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		const steps = `"supersteps": [
			{"updates": [{"values": {"messages": [{"role": "user", "id": "q", "content": "hi"}]}, "as_node": "__input__"}]},
			{"updates": [{"values": {"messages": [{"role": "user", "id": "q", "content": "hi"}]}, "as_node": "__start__"}]},
			{"updates": [{"values": {"messages": [{"role": "assistant", "content": "echo: hi"}]}, "as_node": "echo"}]}]`
		made := s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "agent"}, `+steps+`}`)
		id := made.field(t, "thread_id")
		got := s.state(t, alice, id)
		if n := len(got.Values["messages"].([]any)); n != 2 || len(got.Next) != 0 {
			t.Errorf("%d messages, next %v", n, got.Next)
		}
		var states []any
		s.must(200, alice, "GET", "/threads/"+id+"/history", "").into(t, &states)
		if len(states) != 3 {
			t.Errorf("%d states, want one for each superstep", len(states))
		}
		var row struct{ Values map[string]any }
		made.into(t, &row)
		if diff := cmp.Diff(got.Values, row.Values); diff != "" {
			t.Errorf("values of the answer (-state +answer):\n%s", diff)
		}
		s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", said("more"))
		if n := len(s.state(t, alice, id).Values["messages"].([]any)); n != 4 {
			t.Errorf("%d messages after a run, want 4", n)
		}
		s.must(409, alice, "POST", "/threads", `{"thread_id": "`+id+`", "metadata": {"graph_id": "agent"}, `+steps+`}`)

		const gone = "0198f0d4-0000-7000-8000-00000000000a"
		for body, status := range map[string]int{
			`{"thread_id": "` + gone + `", ` + steps + `}`:                                                                                                               400,
			`{"thread_id": "` + gone + `", "metadata": {"graph_id": "nope"}, ` + steps + `}`:                                                                             404,
			`{"thread_id": "` + gone + `", "metadata": {"graph_id": "agent"}, "supersteps": [{"updates": [{"values": {}, "as_node": "nobody"}]}]}`:                       422,
			`{"thread_id": "` + gone + `", "metadata": {"graph_id": "agent"}, "supersteps": [{"updates": [{"values": {"messages": 7}, "as_node": "echo"}]}]}`:            422,
			`{"thread_id": "` + gone + `", "metadata": {"graph_id": "agent"}, "supersteps": [{"updates": [{"values": {}}]}]}`:                                            422,
			`{"thread_id": "` + gone + `", "metadata": {"graph_id": "agent"}, "supersteps": [{"updates": [{"as_node": "echo"}]}, {"updates": [{"as_node": "nobody"}]}]}`: 422,
		} {
			if a := s.must(status, alice, "POST", "/threads", body); status == 400 && a.field(t, "detail") != "Thread "+gone+" has no graph ID" {
				t.Errorf("%s", a.Body)
			}
			s.must(404, alice, "GET", "/threads/"+gone, "")
		}
	})
}

func TestSuperstepsNeedUpdate(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(authhooks.New(tutors(),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
			authhooks.On(authhooks.Threads, authhooks.Update, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
				return authhooks.Deny("nothing is changed"), nil
			}),
		)), uri)
		s.must(403, alice, "POST", "/threads", `{"metadata": {"graph_id": "agent"}, "supersteps": [{"updates": [{"as_node": "echo"}]}]}`)
		if got := s.must(200, alice, "POST", "/threads/count", `{}`); string(got.Body) != "0" {
			t.Errorf("%s threads", got.Body)
		}
		s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "agent"}}`)
	})
}

func TestSearchOfThreads(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		var ids []string
		for i := range 5 {
			body := fmt.Sprintf(`{"thread_id": "0198f0d4-0000-7000-8000-%012d", "metadata": {"n": %d, "tags": ["a", {"b": %d}]}}`, i, i, i)
			ids = append(ids, s.must(200, alice, "POST", "/threads", body).field(t, "thread_id"))
		}
		s.must(200, alice, "POST", "/threads/"+ids[2]+"/runs/wait", said("find me"))
		s.talked(t, bob, `{"metadata": {"n": 2}}`, "find me")

		type found struct {
			ID        string         `json:"thread_id"`
			Extracted map[string]any `json:"extracted"`
		}
		search := func(body string) ([]found, http.Header) {
			t.Helper()
			a := s.must(200, alice, "POST", "/threads/search", body)
			var rows []found
			a.into(t, &rows)
			return rows, a.Header
		}
		rows, _ := search(`{"sort_by": "thread_id", "sort_order": "asc", "extract": {
			"n": "metadata.n", "b": "metadata.tags[-1].b", "last": "values.messages[-1].content", "none": "values.nothing.here", "asked": "interrupts"}}`)
		for i, row := range rows {
			want := map[string]any{"n": float64(i), "b": float64(i), "last": nil, "none": nil, "asked": map[string]any{}}
			if i == 2 {
				want["last"] = "echo: find me"
			}
			if diff := cmp.Diff(want, row.Extracted); diff != "" {
				t.Errorf("thread %d, extracted (-want +got):\n%s", i, diff)
			}
		}
		a := s.must(200, alice, "POST", "/threads/search", `{"ids": ["`+ids[2]+`"], "select": ["thread_id"], "extract": {"last": "values.messages[-1].content"}}`)
		if want := `[{"extracted":{"last":"echo: find me"},"thread_id":"` + ids[2] + `"}]`; string(a.Body) != want {
			t.Errorf("select and extract: %s, want %s", a.Body, want)
		}
		if rows, _ := search(`{"values": {"messages": [{"content": "echo: find me"}]}}`); len(rows) != 1 || rows[0].ID != ids[2] {
			t.Errorf("by values: %v", rows)
		}
		for _, bad := range []string{`{"extract": {"x": "owned"}}`, `{"extract": {"x": "values["}}`, `{"sort_by": "owner"}`, `{"select": ["owned"]}`, `{"limit": 1001}`} {
			s.must(422, alice, "POST", "/threads/search", bad)
		}
		for _, by := range []string{"thread_id", "status", "created_at", "updated_at", "state_updated_at"} {
			for _, order := range []string{"asc", "desc"} {
				if rows, _ := search(`{"sort_by": "` + by + `", "sort_order": "` + order + `"}`); len(rows) != 5 {
					t.Errorf("sort by %s %s: %d rows", by, order, len(rows))
				}
			}
		}
		for page, want := range map[string][2]string{
			`{"limit": 2}`: {"5", "2"}, `{"limit": 2, "offset": 2}`: {"5", "4"}, `{"limit": 2, "offset": 4}`: {"5", ""},
			`{"limit": 5}`: {"5", ""}, `{"offset": 50}`: {"5", ""}, `{"status": "error"}`: {"0", ""},
		} {
			_, header := search(page)
			got := [2]string{header.Get("X-Pagination-Total"), header.Get("X-Pagination-Next")}
			if got != want {
				t.Errorf("%s: total and next %v, want %v", page, got, want)
			}
		}
	})
}

func TestStorage(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.talked(t, alice, `{}`, "hello")
		type rows struct{ Count, Bytes, Versions int64 }
		var got struct {
			Thread        string `json:"thread_id"`
			Total         int64  `json:"total_bytes"`
			Checkpoints   rows   `json:"checkpoints"`
			ChannelValues struct {
				rows
				ByChannel map[string]rows `json:"by_channel"`
			} `json:"channel_values"`
			PendingWrites rows `json:"pending_writes"`
		}
		s.must(200, alice, "GET", "/threads/"+id+"/storage", "").into(t, &got)
		messages := got.ChannelValues.ByChannel["messages"]
		if got.Thread != id || got.Checkpoints.Count < 2 || messages.Versions < 2 || messages.Bytes < 20 ||
			got.Total != got.Checkpoints.Bytes+got.ChannelValues.Bytes+got.PendingWrites.Bytes {
			t.Errorf("storage %+v", got)
		}
	})
}

func TestNoPatchOfTheState(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.talked(t, alice, `{}`, "hello")
		s.must(405, alice, "PATCH", "/threads/"+id+"/state", `{"metadata": {}}`)
	})
}

func TestStreamOfAThread(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.talked(t, alice, `{}`, "one")
		s.must(200, alice, "POST", "/threads/"+id+"/state", `{"values": {"messages": [{"role": "user", "content": "written"}]}, "as_node": "echo"}`)
		s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", said("two"))
		stream := func(query, after string) ([]string, string) {
			t.Helper()
			r := s.request(alice, "GET", "/threads/"+id+"/stream"+query, "")
			if after != "" {
				r.Header.Set("Last-Event-ID", after)
			}
			a := s.send(r)
			if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream") {
				t.Fatalf("status %d, %s: %s", a.Status, a.Header.Get("Content-Type"), a.Body)
			}
			frames, last := framesOf(a.Body)
			return frames, last
		}
		events := func(frames []string) string {
			var names []string
			for _, frame := range frames {
				name, _, _ := strings.Cut(frame, " ")
				names = append(names, name)
			}
			return strings.Join(names, " ")
		}
		for query, want := range map[string]string{
			"":                          "metadata values values run_done metadata values values run_done",
			"?stream_mode=run_modes":    "metadata values values run_done metadata values values run_done",
			"?stream_modes=lifecycle":   "metadata run_done metadata run_done",
			"?stream_mode=state_update": "state_update",
			`?stream_mode=["lifecycle","state_update"]`:       "metadata run_done state_update metadata run_done",
			"?stream_mode=lifecycle&stream_mode=state_update": "metadata run_done state_update metadata run_done",
		} {
			frames, _ := stream(query, "-")
			if got := events(frames); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		whole, last := stream("", "-")
		if rest, _ := stream("", last); len(rest) != 0 {
			t.Errorf("after the last event: %q", rest)
		}
		if now, _ := stream("", ""); len(now) != 0 {
			t.Errorf("from now, when nothing happens: %q", now)
		}
		if !strings.Contains(strings.Join(whole, ""), "echo: two") {
			t.Errorf("the second run's values are missing: %q", whole)
		}
		s.must(422, alice, "GET", "/threads/"+id+"/stream?stream_mode=values", "")
		s.must(404, bob, "GET", "/threads/"+id+"/stream", "")
		bad := s.request(alice, "GET", "/threads/"+id+"/stream", "")
		bad.Header.Set("Last-Event-ID", "soon")
		if a := s.send(bad); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a foreign id: status %d", a.Status)
		}
	})
}
