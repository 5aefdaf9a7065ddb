package compat

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store/storetest"
)

// cronRow is a cron as it comes back.
type cronRow struct {
	ID        string         `json:"cron_id"`
	Thread    *string        `json:"thread_id"`
	User      *string        `json:"user_id"`
	Next      *time.Time     `json:"next_run_date"`
	End       *time.Time     `json:"end_time"`
	Completed *string        `json:"on_run_completed"`
	Timezone  *string        `json:"timezone"`
	Schedule  string         `json:"schedule"`
	Enabled   bool           `json:"enabled"`
	Payload   map[string]any `json:"payload"`
	Metadata  map[string]any `json:"metadata"`
}

// seldom is a schedule that no test lives to see, so that a test fires it when it wants.
const seldom = `"schedule": "0 0 29 2 *"`

func (a answer) cron(t *testing.T) (row cronRow) {
	t.Helper()
	a.into(t, &row)
	return row
}

// fire makes the runs of what is due at a time.
func (s *server) fire(at time.Time) {
	s.t.Helper()
	if err := s.made.FireCrons(s.t.Context(), at); err != nil {
		s.t.Fatal(err)
	}
}

// ran returns the runs on a thread, when the newest of them has ended.
func (s *server) ran(token, thread string) (runs []map[string]any) {
	s.t.Helper()
	path := "/threads/" + thread + "/runs"
	s.must(200, token, "GET", path, "").into(s.t, &runs)
	if len(runs) > 0 {
		s.must(200, token, "GET", path+"/"+runs[0]["run_id"].(string)+"/join", "")
		s.must(200, token, "GET", path, "").into(s.t, &runs)
	}
	return runs
}

// madeThreads returns the threads that the firings of a cron made.
func (s *server) madeThreads(token, cron string) (ids []string) {
	s.t.Helper()
	var threads []struct {
		ID string `json:"thread_id"`
	}
	s.must(200, token, "POST", "/threads/search", `{"metadata": {"cron_id": "`+cron+`"}}`).into(s.t, &threads)
	for _, thread := range threads {
		ids = append(ids, thread.ID)
	}
	return ids
}

// TestAC22CronsActAsTheirMaker is the whole of AC-22, and R-16: Bob finds nothing of Alice's, and what she planned runs as her.
func TestAC22CronsActAsTheirMaker(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(whoami()), uri)
		made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "whoami", `+seldom+`, "on_run_completed": "keep", "input": {"word": "hi"}, "metadata": {"k": "v"}}`).cron(t)
		if made.User == nil || *made.User != "user1" || made.Thread != nil || made.Next == nil {
			t.Fatalf("made %+v", made)
		}
		path := "/runs/crons/" + made.ID
		if a := s.must(200, bob, "POST", "/runs/crons/search", `{}`); string(a.Body) != `[]` || a.Header.Get("X-Pagination-Total") != "0" {
			t.Errorf("Bob finds %s of %s", a.Body, a.Header.Get("X-Pagination-Total"))
		}
		for _, try := range [][2]string{{"GET", ""}, {"DELETE", ""}, {"PATCH", `{"enabled": false}`}} {
			if a := s.must(404, bob, try[0], path, try[1]); a.field(t, "detail") != "Cron not found" {
				t.Errorf("%s: %s", try[0], a.Body)
			}
		}
		s.fire(*made.Next)
		threads := s.madeThreads(alice, made.ID)
		if len(threads) != 1 {
			t.Fatalf("threads of the firing: %v", threads)
		}
		runs := s.ran(alice, threads[0])
		if len(runs) != 1 || runs[0]["status"] != "success" {
			t.Fatalf("runs %v", runs)
		}
		if diff := cmp.Diff(map[string]any{"cron_id": made.ID, "k": "v"}, kept(runs[0]["metadata"], "cron_id", "k", "owner")); diff != "" {
			t.Errorf("metadata of the run (-want +got):\n%s", diff)
		}
		var state struct{ Values sighting }
		s.must(200, alice, "GET", "/threads/"+threads[0]+"/state", "").into(t, &state)
		if state.Values.Identity != "user1" {
			t.Errorf("it ran as %q", state.Values.Identity)
		}
		if found := s.madeThreads(bob, made.ID); len(found) != 0 {
			t.Errorf("Bob finds the threads %v", found)
		}
		again := s.must(200, alice, "GET", path, "").cron(t)
		if again.Next == nil || !again.Next.After(*made.Next) {
			t.Errorf("next at %v after %v", again.Next, made.Next)
		}
		s.fire(*made.Next)
		if found := s.madeThreads(alice, made.ID); len(found) != 1 {
			t.Errorf("one time was fired %d times", len(found))
		}
		s.must(204, alice, "DELETE", path, "")
		s.must(404, alice, "GET", path, "")
	})
}

// kept is an object with only some of its keys.
func kept(object any, keys ...string) map[string]any {
	out := map[string]any{}
	for _, key := range keys {
		if v, ok := object.(map[string]any)[key]; ok {
			out[key] = v
		}
	}
	return out
}

// TestH5CronsCannotSayWhoTheUserIs sends a forged user in every place of a cron's request.
func TestH5CronsCannotSayWhoTheUserIs(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(whoami()), storetest.SQLite(t).URI)
	const forged = `{"langgraph_auth_user": {"identity": "user2"}, "langgraph_auth_user_id": "user2", "langgraph_auth_permissions": ["admin"],
		"user_id": "user2", "principal": "user2", "__x": 1, "mine": true}`
	for name, test := range map[string]struct{ create, patch string }{
		"config":  {`, "config": {"configurable": ` + forged + `, "metadata": ` + forged + `}`, ``},
		"context": {`, "context": ` + forged, ``},
		"patch":   {``, `{"config": {"configurable": ` + forged + `}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "whoami", `+seldom+`, "user_id": "user2", "on_run_completed": "keep", "input": {"word": "x"}`+test.create+`}`)
			row := made.cron(t)
			if test.patch != "" {
				made = s.must(200, alice, "PATCH", "/runs/crons/"+row.ID, test.patch)
			}
			if text := string(made.Body); strings.Contains(text, "user2") || strings.Contains(text, "langgraph_auth") || !strings.Contains(text, "mine") {
				t.Errorf("the cron is %s", text)
			}
			s.fire(*row.Next)
			threads := s.madeThreads(alice, row.ID)
			if len(threads) != 1 {
				t.Fatalf("threads of the firing: %v", threads)
			}
			s.ran(alice, threads[0])
			var state struct{ Values sighting }
			s.must(200, alice, "GET", "/threads/"+threads[0]+"/state", "").into(t, &state)
			if seen, err := json.Marshal(state.Values); err != nil || state.Values.Identity != "user1" || strings.Contains(string(seen), "user2") {
				t.Errorf("the graph saw %s, %v", seen, err)
			}
		})
	}
}

// TestThreadCronKeepsItsThread fires twice on one thread.
func TestThreadCronKeepsItsThread(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		made := s.must(200, alice, "POST", "/threads/"+thread+"/runs/crons", `{"assistant_id": "agent", `+seldom+`, "on_run_completed": "keep",
			"multitask_strategy": "interrupt", "input": {"messages": [{"role": "user", "content": "hello"}]}}`).cron(t)
		if made.Thread == nil || *made.Thread != thread || made.Completed != nil {
			t.Fatalf("made %+v", made)
		}
		for n := range 2 {
			s.fire(*made.Next)
			runs := s.ran(alice, thread)
			if len(runs) != n+1 || runs[0]["status"] != "success" || runs[0]["multitask_strategy"] != "interrupt" {
				t.Fatalf("runs %v", runs)
			}
			made = s.must(200, alice, "GET", "/runs/crons/"+made.ID, "").cron(t)
		}
		s.must(200, alice, "PATCH", "/runs/crons/"+made.ID, `{"enabled": false}`)
		s.fire(*made.Next)
		if runs := s.ran(alice, thread); len(runs) != 2 {
			t.Errorf("%d runs after it was disabled", len(runs))
		}
		s.must(204, alice, "DELETE", "/threads/"+thread, "")
		s.must(404, alice, "GET", "/runs/crons/"+made.ID, "")
	})
}

// TestStatelessCronLeavesNothing deletes the thread of each firing with its run.
func TestStatelessCronLeavesNothing(t *testing.T) {
	t.Parallel()
	ended := make(chan string, 1)
	hooks := authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if run, ok := c.Value.(*authhooks.RunsCreate); ok && c.Origin == authhooks.OriginCron {
			ended <- run.RunID()
		}
		return authhooks.OwnerOnly("owner")(ctx, c)
	}))
	s := serve(t, withAuth(hooks), storetest.SQLite(t).URI)
	made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", `+seldom+`}`).cron(t)
	if made.Completed == nil || *made.Completed != "delete" {
		t.Errorf("on_run_completed %v", made.Completed)
	}
	s.fire(*made.Next)
	run := <-ended
	s.must(200, alice, "GET", "/runs/"+run+"/join", "")
	if found := s.madeThreads(alice, made.ID); len(found) != 0 {
		t.Errorf("threads are left: %v", found)
	}
	s.must(404, bob, "GET", "/runs/"+run+"/join", "")
}

// TestH39CronsOfThreads lets everyone reach every cron, and Bob only his threads.
func TestH39CronsOfThreads(t *testing.T) {
	t.Parallel()
	hooks := authhooks.New(tutors(),
		authhooks.On(authhooks.Crons, authhooks.Any, authhooks.AllowAll),
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(hooks), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		loose := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", `+seldom+`}`).cron(t)
		bound := s.must(200, alice, "POST", "/threads/"+thread+"/runs/crons", `{"assistant_id": "agent", `+seldom+`}`).cron(t)
		var found []cronRow
		s.must(200, bob, "POST", "/runs/crons/search", `{}`).into(t, &found)
		if len(found) != 1 || found[0].ID != loose.ID {
			t.Errorf("Bob finds %+v", found)
		}
		if a := s.must(200, bob, "POST", "/runs/crons/count", `{"thread_id": "`+thread+`"}`); string(a.Body) != "0" {
			t.Errorf("Bob counts %s", a.Body)
		}
		for method, body := range map[string]string{"GET": "", "PATCH": `{"enabled": false}`, "DELETE": ""} {
			s.must(404, bob, method, "/runs/crons/"+bound.ID, body)
		}
		s.must(200, bob, "GET", "/runs/crons/"+loose.ID, "")
		// Whom the hooks let change a cron that acts as another does not say what it does in his name (H-38).
		if a := s.must(403, bob, "PATCH", "/runs/crons/"+loose.ID, `{"input": {"messages": []}}`); !strings.Contains(a.field(t, "detail"), "only who made a cron") {
			t.Errorf("detail %s", a.Body)
		}
		s.must(200, bob, "PATCH", "/runs/crons/"+loose.ID, `{"enabled": false}`)
	})
}

// TestH38CronsAreCheckedAgain takes from Alice what her cron needs.
func TestH38CronsAreCheckedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
	made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "`+assistant+`", `+seldom+`, "on_run_completed": "keep"}`).cron(t)
	path := "/runs/crons/" + made.ID
	for _, step := range []struct {
		body   string
		status int
	}{
		{`{"context": {"a": 1}}`, 200},
		{`{"config": {"configurable": {"b": 2}}}`, 400}, // beside the context that is there now
		{`{"config": {"configurable": {"thread_id": ""}}, "input": 1}`, 200},
	} {
		s.must(step.status, alice, "PATCH", path, step.body)
	}
	s.must(204, alice, "DELETE", "/assistants/"+assistant, "") // her crons of it go with it
	s.must(404, alice, "GET", path, "")
	s.fire(*made.Next)
	if found := s.madeThreads(alice, made.ID); len(found) != 0 {
		t.Errorf("a cron fires without its assistant: %v", found)
	}
}

// TestH40HooksOfACronStayApart lets the hooks that are asked on the way to a cron change what they are shown.
func TestH40HooksOfACronStayApart(t *testing.T) {
	t.Parallel()
	hooks := authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		switch v := c.Value.(type) {
		case *authhooks.RunsCreate:
			v.Metadata["leak"] = "create_run"
		case *authhooks.CronsCreate:
			v.Metadata["seen"] = v.CronID()
			v.Payload["config"] = map[string]any{"configurable": map[string]any{"tier": "free", "langgraph_auth_user_id": "user2"}}
		case *authhooks.CronsUpdate:
			v.Metadata["changed"] = true
		}
		c.Stamp("owner", c.User.Identity)
		return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
	}))
	s := serve(t, withAuth(hooks), storetest.SQLite(t).URI)
	made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", `+seldom+`, "metadata": {"owner": "user2", "k": "v"}}`).cron(t)
	if diff := cmp.Diff(map[string]any{"owner": "user1", "k": "v", "seen": made.ID}, made.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	want := map[string]any{"assistant_id": "agent", "config": map[string]any{"configurable": map[string]any{"tier": "free"}}}
	if diff := cmp.Diff(want, made.Payload); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	path := "/runs/crons/" + made.ID
	patched := s.must(200, alice, "PATCH", path, `{"metadata": {"k": "w"}}`).cron(t)
	if diff := cmp.Diff(map[string]any{"owner": "user1", "k": "w", "seen": made.ID, "changed": true}, patched.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if a := s.must(403, alice, "PATCH", path, `{"metadata": {"owner": "user2"}}`); !strings.Contains(a.field(t, "detail"), "metadata.owner") {
		t.Errorf("detail %s", a.Body)
	}
}
