package compat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/store/storetest"
)

// asked notes by request what hooks are asked, and lets the tutorial's rule answer.
type asked struct {
	mu sync.Mutex
	by map[string][]*authhooks.Call
}

func (a *asked) rule(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	if c.Origin != authhooks.OriginWorker {
		a.mu.Lock()
		a.by[c.RequestID] = append(a.by[c.RequestID], c)
		a.mu.Unlock()
	}
	return authhooks.OwnerOnly("owner")(ctx, c)
}

func (a *asked) of(id string) []*authhooks.Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.by[id]
}

// and H-50: every route asks what the table of routes says (auth.md §2.8), in that order, and each question names the rows that
// the path does (§2.7), whether they are there for who asks or not.
func TestR7R23R26RoutesAskWhatTheyDeclare(t *testing.T) {
	t.Parallel()
	seen := &asked{by: map[string][]*authhooks.Call{}}
	s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, seen.rule))), storetest.SQLite(t).URI)
	bobs, n := settle(t, s, bob), 0
	for _, route := range new(api.Server).Routes() {
		if route.Public() || route.Operator() {
			continue
		}
		for _, key := range rows(route) {
			row, e := twoUsers()[key], settle(t, s, alice)
			e.ids["mine"], e.ids["myrun"] = bobs.ids["thread"], bobs.ids["run"]
			ask := func(who string, y try) {
				n++
				r := s.request(who, route.Method, e.fill(cmp.Or(y.path, template(route.Path))), e.fill(y.body))
				r.Header.Set("X-Request-Id", fmt.Sprint("request-", n))
				a := s.send(r)
				calls := seen.of(fmt.Sprint("request-", n))
				about := fmt.Sprintf("%s by %s, %s %s: status %d", key, who, y.path, y.body, a.Status)
				declares(t, about, route, calls)
				names(t, about, route, r.URL.Path, calls)
				if who == alice && a.Status < 300 {
					asksAll(t, about, route, calls)
				}
			}
			for _, y := range row.attempts() {
				ask(bob, y)
			}
			ask(alice, try{path: row.path, body: row.body})
		}
	}
}

func event(c *authhooks.Call) string { return string(c.Resource) + ":" + string(c.Action) }

// declares holds what was asked against what a route says.
func declares(t *testing.T, about string, route api.Route, calls []*authhooks.Call) {
	t.Helper()
	ordered := len(rows(route)) == 1 && route.Path != "/runs/batch" // where each of several has an order of its own
	last := 0
	for _, c := range calls {
		place := slices.IndexFunc(route.Events, func(e string) bool { return strings.Trim(e, "()") == event(c) })
		if place < 0 || ordered && place < last {
			t.Errorf("%s: %s is asked then; declared is %v", about, event(c), route.Events)
		}
		last = max(last, place)
		if want := route.Method + " " + route.Path; c.Route != want {
			t.Errorf("%s: %s is of the route %q", about, event(c), c.Route)
		}
	}
}

// asksAll wants each event that a route asks in any case.
func asksAll(t *testing.T, about string, route api.Route, calls []*authhooks.Call) {
	t.Helper()
	for _, e := range route.Events {
		if !strings.HasPrefix(e, "(") && !slices.ContainsFunc(calls, func(c *authhooks.Call) bool { return event(c) == e }) {
			t.Errorf("%s: %s was not asked", about, e)
		}
	}
}

// names wants the ids of the path in what was asked about their resources.
func names(t *testing.T, about string, route api.Route, path string, calls []*authhooks.Call) {
	t.Helper()
	in := map[string]string{}
	for i, part := range strings.Split(route.Path, "/") {
		if strings.HasPrefix(part, ":") {
			in[part] = strings.Split(path, "/")[i]
		}
	}
	for _, c := range calls {
		got := map[string]string{}
		switch v := c.Value.(type) {
		case *authhooks.ThreadsRead:
			got[":thread_id"], got[":run_id"] = v.ThreadID(), v.RunID()
			if strings.HasPrefix(route.Path, "/threads/:thread_id/state/:") {
				got[":checkpoint_id"] = v.CheckpointID()
			}
		case *authhooks.ThreadsUpdate:
			got[":thread_id"], got[":run_id"] = v.ThreadID(), strings.Join(v.RunIDs(), " ")
		case *authhooks.ThreadsDelete:
			got[":thread_id"], got[":run_id"] = v.ThreadID(), v.RunID()
		case *authhooks.RunsCreate:
			got[":thread_id"] = v.ThreadID()
			if v.AssistantID() == "" || v.RunID() == "" {
				t.Errorf("%s: threads:create_run names no run, or no assistant", about)
			}
		case *authhooks.AssistantsRead:
			got[":assistant_id"] = v.AssistantID()
		case *authhooks.AssistantsUpdate:
			got[":assistant_id"] = v.AssistantID()
		case *authhooks.AssistantsDelete:
			got[":assistant_id"] = v.AssistantID()
		case *authhooks.CronsRead:
			got[":cron_id"] = v.CronID()
		case *authhooks.CronsUpdate:
			got[":cron_id"] = v.CronID()
		case *authhooks.CronsDelete:
			got[":cron_id"] = v.CronID()
		}
		for name, want := range in {
			if id, ok := got[name]; ok && id != want {
				t.Errorf("%s: %s is asked about %s %q", about, event(c), name, id)
			}
		}
	}
}
