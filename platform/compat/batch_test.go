package compat

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		batch := func(status int, bodies ...string) answer {
			return s.must(status, alice, "POST", "/runs/batch", "["+strings.Join(bodies, ",")+"]")
		}
		keep := `, "on_completion": "keep"`
		var made []struct {
			Run    string         `json:"run_id"`
			Thread string         `json:"thread_id"`
			Meta   map[string]any `json:"metadata"`
		}
		// Leftovers of another spelling, as one of the clients sends them, are ignored and told.
		all := batch(200, saying("agent", "a", keep+`, "metadata": {"n": 0}, "streamMode": "x", "assistantId": "x"`), saying("agent", "b", keep+`, "metadata": {"n": 1}, "assistantId": "x"`))
		if all.into(t, &made); all.Header.Get("Locutory-Ignored-Fields") != "assistantId, streamMode" {
			t.Errorf("ignored: %q", all.Header.Get("Locutory-Ignored-Fields"))
		}
		if len(made) != 2 {
			t.Fatalf("%d runs, want 2", len(made))
		}
		for i, run := range made {
			if run.Meta["n"] != float64(i) {
				t.Errorf("run %d has metadata %v", i, run.Meta)
			}
			want := []string{"a, echo: a", "b, echo: b"}[i]
			if got := words(t, s.must(200, alice, "GET", "/threads/"+run.Thread+"/runs/"+run.Run+"/join", "").Body); got != want {
				t.Errorf("run %d: %s, want %s", i, got, want)
			}
			s.must(404, bob, "GET", "/threads/"+run.Thread, "")
		}
		before := string(s.must(200, alice, "POST", "/threads/count", `{}`).Body)
		for _, bad := range []struct {
			status int
			bodies []string
			detail string
		}{
			{422, nil, "1 to 1000"},
			{422, []string{saying("agent", "a", ""), `{}`}, "[1] assistant_id is required"},
			{422, []string{saying("agent", "a", ""), `null`}, "[1] assistant_id is required"},
			{404, []string{saying("agent", "a", ""), saying(uuid.NewString(), "a", "")}, "No assistant found for"},
			{400, []string{saying("agent", "a", ""), saying("agent", "a", `, "context": {"x": 1}, "config": {"configurable": {"y": 1}}`)}, "Cannot specify both"},
			{422, []string{saying("agent", "a", ""), saying("agent", "a", `, "feedback_keys": ["k"]`)}, "feedback_keys"},
			{404, []string{saying("agent", "a", keep), saying("agent", "b", keep), saying(uuid.NewString(), "c", keep), saying("agent", "d", keep), saying("agent", "e", keep)}, "[2] No assistant found for"},
			{422, []string{saying("agent", "a", keep), saying("agent", "b", keep), saying("agent", "c", `, "webhook": "/hook"`), saying("agent", "d", keep), saying("agent", "e", keep)}, "[2] webhook"},
		} {
			if a := batch(bad.status, bad.bodies...); !strings.Contains(a.field(t, "detail"), bad.detail) {
				t.Errorf("%v: %s, want %s", bad.bodies, a.Body, bad.detail)
			}
		}
		for _, body := range []string{``, `{}`, `"x"`, `null`} {
			s.must(422, alice, "POST", "/runs/batch", body)
		}
		s.must(400, alice, "POST", "/runs/batch", `[{`)
		if after := string(s.must(200, alice, "POST", "/threads/count", `{}`).Body); after != before {
			t.Errorf("%s threads after what was refused, %s before", after, before)
		}
	})
}

// delayed makes a thread with two runs that will not start soon.
func delayed(t *testing.T, s *server, token string) (thread string, runs [2]string) {
	t.Helper()
	thread = s.must(200, token, "POST", "/threads", `{}`).field(t, "thread_id")
	for i := range runs {
		runs[i] = s.must(200, token, "POST", "/threads/"+thread+"/runs", saying("agent", "later", `, "after_seconds": 3600`)).field(t, "run_id")
	}
	return thread, runs
}

// TestH27CancelById: all of the runs, or none.
func TestH27CancelById(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		thread, runs := delayed(t, s, alice)
		other, others := delayed(t, s, alice)
		foreign, foreigners := delayed(t, s, bob)
		body := func(thread string, ids ...string) string {
			return `{"thread_id": "` + thread + `", "run_ids": ["` + strings.Join(ids, `", "`) + `"]}`
		}
		for _, bad := range []string{
			body(thread, runs[0], uuid.NewString()), body(thread, runs[0], others[0]), body(thread, runs[0], foreigners[0]), body(foreign, foreigners[0]),
		} {
			if a := s.must(404, alice, "POST", "/runs/cancel", bad); a.field(t, "detail") != "Run not found" {
				t.Errorf("%s: %s", bad, a.Body)
			}
		}
		for _, bad := range []string{
			`{}`, ``, `{"status": "all", "thread_id": "` + thread + `", "run_ids": ["` + runs[0] + `"]}`, `{"thread_id": "` + thread + `"}`,
			`{"run_ids": ["` + runs[0] + `"]}`, `{"status": "done"}`, body(thread, "x"),
		} {
			s.must(422, alice, "POST", "/runs/cancel", bad)
		}
		s.must(422, alice, "POST", "/runs/cancel?action=stop", body(thread, runs[0]))
		for _, run := range runs {
			s.until(t, alice, thread, run, "pending")
		}
		if a := s.must(204, alice, "POST", "/runs/cancel", body(thread, runs[0], runs[1])); len(a.Body) != 0 {
			t.Errorf("a body with 204: %s", a.Body)
		}
		for _, run := range runs {
			s.until(t, alice, thread, run, "interrupted")
		}
		s.must(204, alice, "POST", "/runs/cancel?action=rollback", body(other, others[0]))
		s.until(t, alice, other, others[0], "")
		s.until(t, alice, other, others[1], "pending")
		s.until(t, bob, foreign, foreigners[0], "pending")
	})
}

// TestH36CancelByStatus: a cancel of runs that nobody named reaches the caller's own, whatever the handler of threads:update thinks of.
func TestH36CancelByStatus(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		// This handler looks at the thread that is named, and lets an update of none pass.
		rules := []authhooks.Rule{
			authhooks.On(authhooks.Threads, authhooks.Update, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return authhooks.Allow(), nil }),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
		}
		for name, s := range map[string]*server{
			"careless handler": serve(t, withAuth(authhooks.New(tutors(), rules...)), uri), "owners": serve(t, privateChat(), uri),
		} {
			thread, runs := delayed(t, s, alice)
			foreign, foreigners := delayed(t, s, bob)
			s.must(404, alice, "POST", "/runs/cancel", `{"status": "running"}`)
			s.until(t, alice, thread, runs[0], "pending")
			s.must(204, alice, "POST", "/runs/cancel", `{"status": "pending"}`)
			for i := range runs {
				s.until(t, alice, thread, runs[i], "interrupted")
				s.until(t, bob, foreign, foreigners[i], "pending")
			}
			s.must(404, alice, "POST", "/runs/cancel", `{"status": "all"}`)
			s.must(204, bob, "POST", "/runs/cancel?action=rollback", `{"status": "all"}`)
			s.until(t, bob, foreign, foreigners[1], "")
			if t.Failed() {
				t.Fatal(name)
			}
		}
		// Without a handler there is nobody who could have thought of it.
		s := serve(t, lenient(withAuth(authhooks.New(tutors()))), uri)
		thread, runs := delayed(t, s, bob)
		if a := s.must(403, alice, "POST", "/runs/cancel", `{"status": "all"}`); !strings.Contains(a.field(t, "detail"), "no handler for threads:update") {
			t.Errorf("without a handler: %s", a.Body)
		}
		s.until(t, bob, thread, runs[0], "pending")
	})
}

// TestCancelOfWhatRuns: a cancel by status stops what runs and leaves what waits behind it, or the other way round.
func TestCancelOfWhatRuns(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{}))), uri)
		for _, tt := range []struct{ status, action, running, waiting string }{
			{"running", "interrupt", "interrupted", "success"},
			{"running", "rollback", "", "success"},
			{"pending", "interrupt", "running", "interrupted"},
			{"pending", "rollback", "running", ""},
			{"all", "interrupt", "interrupted", "interrupted"},
			{"all", "rollback", "", ""},
		} {
			thread, running, waiting := busyThread(t, s)
			// An empty list is none.
			s.must(204, alice, "POST", "/runs/cancel?action="+tt.action, `{"status": "`+tt.status+`", "thread_id": null, "run_ids": []}`)
			s.until(t, alice, thread, running, tt.running)
			s.until(t, alice, thread, waiting, tt.waiting)
			s.must(204, alice, "DELETE", "/threads/"+thread, "")
		}
	})
}
