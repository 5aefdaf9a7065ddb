package compat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/api"
)

// row says how two users meet on a route.
type row struct {
	// own is what the owner gets who sends body to the route with the ids of the estate.
	own  int
	body string
	// tries are what Bob does with the ids of Alice's estate; none means the route as the owner calls it, which must be hidden.
	tries []try
}

// try is one call by Bob. The ids are Alice's, but for {mine} and {myrun}: a thread of Bob's and its run. An empty path is the route's own.
type try struct {
	path, body string
	want       string
}

// What a try may get: anything else is the exact body of a 200.
const (
	hidden  = ""         // 404, and byte for byte what an id that nothing has gets
	missing = "missing"  // 404 that says nothing of the row, where an unknown id would be something else
	taken   = "taken"    // 409, as for an id that is taken by whomever
	without = "without"  // 200 without anything of Alice's
	public  = "everyone" // no credentials are needed
	anyone  = "anyone"   // 204 or 404: what is Bob's own, if there is any
)

const hello = `{"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "hello"}]}}`

// starts are the ways to start a run on what is Alice's.
func starts(path string) []try {
	foreign := strings.Replace(hello, "agent", "{assistant}", 1)
	if !strings.HasPrefix(path, "/threads") {
		return []try{{body: foreign}}
	}
	create := strings.Replace(hello, "{", `{"if_not_exists": "create", `, 1)
	interrupt := strings.Replace(hello, "{", `{"multitask_strategy": "rollback", `, 1)
	return []try{
		{body: hello},
		{body: foreign},
		{body: interrupt},
		{path: strings.Replace(path, "{thread}", "{busy}", 1), body: interrupt},
		{path: strings.Replace(path, "{thread}", "{mine}", 1), body: foreign},
		{path: strings.Replace(path, "{thread}", "{kept}", 1), body: hello},
		{body: create, want: missing},
	}
}

// follows are the ways to reach a run: under its thread, under Bob's, and of another thread (AC-45, H-55).
func follows(end string) []try {
	return []try{
		{path: "/threads/{thread}/runs/{run}" + end},
		{path: "/threads/{mine}/runs/{run}" + end},
		{path: "/threads/{thread}/runs/{myrun}" + end},
		{path: "/threads/{busy}/runs/{pending}" + end},
		{path: "/threads/{mine}/runs/{pending}" + end},
		{path: "/threads/{mine}/runs/{loose}" + end},
	}
}

// searches are the ways to look for Alice's threads.
func searches(none string) []try {
	return []try{
		{body: `{}`, want: without},
		{body: `{"metadata": {"note": "{marker}"}}`, want: none},
		{body: `{"metadata": {"owner": "user1"}}`, want: none},
		{body: `{"values": {"messages": [{"content": "{marker}"}]}}`, want: none},
		{body: `{"status": "busy"}`, want: without},
	}
}

// twoUsers has a row for every route.
func twoUsers() map[string]row {
	const (
		checkpoint = `{"checkpoint": {"checkpoint_id": "{checkpoint}"}}`
		written    = `{"values": {"messages": []}, "as_node": "echo", "checkpoint_id": "{checkpoint}"}`
		values     = `{"values": {"messages": [{"role": "user", "content": "more"}]}}`
	)
	return map[string]row{
		"GET /ok":   {own: 200, tries: []try{{want: public}}},
		"GET /info": {own: 200, tries: []try{{want: public}}},

		"POST /assistants": {own: 200, body: `{"graph_id": "agent"}`, tries: []try{
			{body: `{"graph_id": "agent", "assistant_id": "{assistant}"}`, want: taken},
			{body: `{"graph_id": "agent", "assistant_id": "{assistant}", "if_exists": "do_nothing"}`, want: taken},
		}},
		"POST /assistants/search": {own: 200, body: `{}`, tries: []try{
			{body: `{}`, want: without},
			{body: `{"metadata": {"note": "{marker}"}}`, want: `[]`},
			{body: `{"name": "{marker}"}`, want: `[]`},
			{body: `{"metadata": {"owner": "user1"}}`, want: `[]`},
		}},
		"POST /assistants/count": {own: 200, body: `{}`, tries: []try{
			{body: `{"metadata": {"note": "{marker}"}}`, want: `0`},
			{body: `{"name": "{marker}"}`, want: `0`},
			{body: `{"metadata": {"owner": "user1"}}`, want: `0`},
		}},
		"GET /assistants/:assistant_id":         {own: 200},
		"PATCH /assistants/:assistant_id":       {own: 200, body: `{"metadata": {"note": "changed"}, "name": "changed"}`},
		"DELETE /assistants/:assistant_id":      {own: 204, tries: []try{{}, {path: "/assistants/{assistant}?delete_threads=true"}}},
		"GET /assistants/:assistant_id/graph":   {own: 200},
		"GET /assistants/:assistant_id/schemas": {own: 200},

		"GET /assistants/:assistant_id/subgraphs": {own: 200, tries: []try{
			{path: "/assistants/{assistant}/subgraphs"}, {path: "/assistants/{assistant}/subgraphs?recurse=true"},
		}},
		"GET /assistants/:assistant_id/subgraphs/:namespace": {own: 200, tries: []try{{path: "/assistants/{assistant}/subgraphs/a%7Cb"}}},
		"POST /assistants/:assistant_id/versions": {own: 200, body: `{}`, tries: []try{
			{body: `{}`}, {body: `{"metadata": {"note": "{marker}"}}`},
		}},
		"POST /assistants/:assistant_id/latest": {own: 200, body: `{"version": 1}`, tries: []try{{body: `{"version": 1}`}, {body: `{"version": 99}`}}},

		"POST /threads": {own: 200, body: `{}`, tries: []try{
			{body: `{"thread_id": "{thread}"}`, want: taken},
			{body: `{"thread_id": "{thread}", "if_exists": "do_nothing"}`, want: taken},
			{body: `{"thread_id": "{kept}", "if_exists": "do_nothing"}`, want: taken},
		}},
		"POST /threads/search": {own: 200, body: `{}`, tries: append(searches(`[]`), try{body: `{"ids": ["{thread}", "{busy}"]}`, want: `[]`})},
		"POST /threads/count":  {own: 200, body: `{}`, tries: searches(`0`)},

		"GET /threads/:thread_id":       {own: 200},
		"PATCH /threads/:thread_id":     {own: 200, body: `{"metadata": {"note": "changed"}}`},
		"DELETE /threads/:thread_id":    {own: 204, tries: []try{{path: "/threads/{thread}"}, {path: "/threads/{busy}"}, {path: "/threads/{kept}"}}},
		"GET /threads/:thread_id/state": {own: 200, tries: []try{{path: "/threads/{thread}/state"}, {path: "/threads/{thread}/state?subgraphs=true"}}},
		"POST /threads/:thread_id/state": {own: 200, body: values, tries: []try{
			{body: values}, {body: written}, {path: "/threads/{mine}/state", body: written},
		}},
		"GET /threads/:thread_id/state/:checkpoint_id": {own: 200, tries: []try{
			{path: "/threads/{thread}/state/{checkpoint}"}, {path: "/threads/{mine}/state/{checkpoint}"},
		}},
		"POST /threads/:thread_id/state/checkpoint": {own: 200, body: checkpoint, tries: []try{
			{body: checkpoint}, {path: "/threads/{mine}/state/checkpoint", body: checkpoint},
		}},
		"GET /threads/:thread_id/history": {own: 200, tries: []try{
			{path: "/threads/{thread}/history"}, {path: "/threads/{mine}/history?before={checkpoint}", want: without},
		}},
		"POST /threads/:thread_id/history": {own: 200, body: `{}`, tries: []try{
			{body: `{}`}, {path: "/threads/{mine}/history", body: checkpoint, want: without},
		}},

		"POST /threads/:thread_id/runs":                {own: 200, body: hello, tries: starts("/threads/{thread}/runs")},
		"POST /threads/:thread_id/runs/stream":         {own: 200, body: hello, tries: starts("/threads/{thread}/runs/stream")},
		"POST /threads/:thread_id/runs/wait":           {own: 200, body: hello, tries: starts("/threads/{thread}/runs/wait")},
		"GET /threads/:thread_id/runs":                 {own: 200, tries: []try{{path: "/threads/{thread}/runs"}, {path: "/threads/{busy}/runs?status=pending"}}},
		"GET /threads/:thread_id/runs/:run_id":         {own: 200, tries: follows("")},
		"DELETE /threads/:thread_id/runs/:run_id":      {own: 204, tries: follows("")},
		"GET /threads/:thread_id/runs/:run_id/join":    {own: 200, tries: append(follows("/join"), follows("/join?cancel_on_disconnect=true")...)},
		"GET /threads/:thread_id/runs/:run_id/stream":  {own: 200, tries: append(follows("/stream"), follows("/stream?cancel_on_disconnect=1")...)},
		"POST /threads/:thread_id/runs/:run_id/cancel": {own: 202, tries: append(follows("/cancel"), follows("/cancel?wait=1&action=rollback")...)},

		"POST /runs":        {own: 200, body: hello, tries: starts("/runs")},
		"POST /runs/stream": {own: 200, body: hello, tries: starts("/runs/stream")},
		"POST /runs/wait":   {own: 200, body: hello, tries: starts("/runs/wait")},
		"POST /runs/batch": {own: 200, body: `[` + hello + `, ` + hello + `]`, tries: []try{
			{body: `[` + strings.Replace(hello, "agent", "{assistant}", 1) + `]`},
			{body: `[` + hello + `, ` + strings.Replace(hello, "agent", "{assistant}", 1) + `]`},
		}},
		"POST /runs/cancel": {own: 204, body: `{"thread_id": "{busy}", "run_ids": ["{pending}"]}`, tries: []try{
			{body: `{"thread_id": "{busy}", "run_ids": ["{pending}"]}`},
			{body: `{"thread_id": "{mine}", "run_ids": ["{pending}"]}`},
			{body: `{"thread_id": "{mine}", "run_ids": ["{myrun}", "{pending}"]}`},
			{path: "/runs/cancel?action=rollback", body: `{"status": "all"}`, want: anyone},
		}},
		"GET /runs/:run_id/stream": {own: 200, tries: []try{
			{path: "/runs/{run}/stream"}, {path: "/runs/{pending}/stream"}, {path: "/runs/{loose}/stream"},
		}},
		"GET /runs/:run_id/join": {own: 200, tries: []try{{path: "/runs/{run}/join"}, {path: "/runs/{pending}/join"}, {path: "/runs/{loose}/join"}}},
	}
}

func TestEveryRouteHasTwoUsers(t *testing.T) {
	t.Parallel()
	rows, routes := twoUsers(), map[string]bool{}
	for _, route := range new(api.Server).Routes() {
		key := route.Method + " " + route.Path
		routes[key] = true
		row, ok := rows[key]
		if !ok {
			t.Errorf("%s: no row says what Bob gets of Alice's; add one", key)
		}
		if isPublic := len(row.tries) > 0 && row.tries[0].want == public; ok && isPublic != route.Public() {
			t.Errorf("%s: the row and the route do not agree whether it is public", key)
		}
	}
	for key := range rows {
		if !routes[key] {
			t.Errorf("%s: there is no such route any more", key)
		}
	}
}

func TestAC17AC45ThreadsOfOthersAreMissing(t *testing.T)    { t.Parallel(); meet(t, "/threads") }
func TestAC18AC19AssistantsOfOthersAreMissing(t *testing.T) { t.Parallel(); meet(t, "/assistants") }
func TestAC45RunsOfOthersAreMissing(t *testing.T)           { t.Parallel(); meet(t, "/runs") }

// meet lets Bob try everything on Alice's rows by the routes under a path, and Alice use them herself.
func meet(t *testing.T, under string) {
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		bobs := settle(t, s, bob)
		for key, row := range twoUsers() {
			method, path, _ := strings.Cut(key, " ")
			if !strings.HasPrefix(path, under) {
				continue
			}
			t.Run(key, func(t *testing.T) {
				e := settle(t, s, alice)
				e.ids["mine"], e.ids["myrun"] = bobs.ids["thread"], bobs.ids["run"]
				before := e.snapshot()
				for _, try := range row.attempts() {
					try.check(t, e, method, path)
				}
				e.unchanged(t, before)
				e.must(row.own, method, template(path), row.body)
			})
		}
	})
}

func (r row) attempts() []try {
	if len(r.tries) == 0 {
		return []try{{body: r.body}}
	}
	return r.tries
}

// check makes the try as Bob and holds the answer against what is wanted.
func (y try) check(t *testing.T, e estate, method, path string) {
	t.Helper()
	if y.path == "" {
		y.path = template(path)
	}
	got := e.s.as(bob, method, e.fill(y.path), e.fill(y.body))
	about := method + " " + y.path + " " + y.body
	switch y.want {
	case hidden:
		unknown := e.strangers()
		unknown.ids["mine"], unknown.ids["myrun"] = e.ids["mine"], e.ids["myrun"]
		other := e.s.as(bob, method, unknown.fill(y.path), unknown.fill(y.body))
		if got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404: %s", about, got.Status, got.Body)
		}
		if diff := cmp.Diff(other.comparable(unknown), got.comparable(e)); diff != "" {
			t.Errorf("%s: not the answer of a row that is not there (-absent +foreign):\n%s", about, diff)
		}
	case missing:
		if got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404: %s", about, got.Status, got.Body)
		}
	case anyone:
		if got.Status != http.StatusNoContent && got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 204 or 404: %s", about, got.Status, got.Body)
		}
	case taken:
		if want := `{"detail":"` + resource(path) + ` already exists"}`; got.Status != http.StatusConflict || string(got.Body) != want {
			t.Errorf("%s: status %d, want 409 %s: %s", about, got.Status, want, got.Body)
		}
	default:
		if got.Status != http.StatusOK || y.want != without && string(got.Body) != y.want {
			t.Errorf("%s: status %d, want 200 %s: %s", about, got.Status, y.want, got.Body)
		}
		own := e.ids
		e.ids = map[string]string{"thread": own["thread"], "run": own["run"], "assistant": own["assistant"], "busy": own["busy"], "pending": own["pending"]}
		e.reveals(t, got)
	}
}

func resource(path string) string {
	if strings.HasPrefix(path, "/assistants") {
		return "Assistant"
	}
	return "Thread"
}

func TestAC1NoCredentialsOnAnyRoute(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		before := e.snapshot()
		for _, route := range new(api.Server).Routes() {
			key := route.Method + " " + route.Path
			a := s.as("", route.Method, e.fill(template(route.Path)), e.fill(twoUsers()[key].body))
			if route.Public() {
				if a.Status != http.StatusOK {
					t.Errorf("%s: status %d, want 200", key, a.Status)
				}
				continue
			}
			if a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" || a.field(t, "detail") == "" {
				t.Errorf("%s: status %d, WWW-Authenticate %q: %s", key, a.Status, a.Header.Get("WWW-Authenticate"), a.Body)
			}
			e.reveals(t, a)
		}
		e.unchanged(t, before)
	})
}
