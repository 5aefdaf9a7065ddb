package compat

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// estate is what a user owns on a server, with a marker in every text of it that no answer to anyone else may contain.
type estate struct {
	s      *server
	token  string
	marker string
	// ids by the name of their placeholder: {assistant}, {thread} with the finished {run} and its {checkpoint}, {busy} with the
	// {pending} run, and {loose}, the run of a stateless route, whose thread {kept} stays; {cron}, and {plan}, which is {thread}'s. {tool} is the
	// name of {assistant} as a tool, {hex} its id without dashes.
	ids map[string]string
}

// settle makes an estate through the API. Its streams stay: whoever looks after ten minutes must see no change.
func settle(t *testing.T, s *server, token string) estate {
	t.Helper()
	e := estate{s: s, token: token, marker: "mark-" + rand.Text(), ids: map[string]string{}}
	marked := `"metadata": {"note": "{marker}"}`
	said := `"input": {"messages": [{"role": "user", "content": "{marker}"}]}`

	e.ids["assistant"] = e.must(200, "POST", "/assistants", `{"graph_id": "agent", "name": "{marker}", "description": "{marker}",
		"config": {"configurable": {"note": "{marker}"}}, `+marked+`}`).field(t, "assistant_id")
	e.ids["tool"], e.ids["hex"] = e.marker, strings.ReplaceAll(e.ids["assistant"], "-", "")

	e.ids["thread"] = e.must(200, "POST", "/threads", `{`+marked+`}`).field(t, "thread_id")
	done := e.must(200, "POST", "/threads/{thread}/runs/wait", `{"assistant_id": "{assistant}", "stream_resumable": true, `+said+`, `+marked+`}`)
	e.ids["run"] = runID(t, done)
	var state struct {
		Checkpoint struct {
			ID string `json:"checkpoint_id"`
		} `json:"checkpoint"`
	}
	e.must(200, "GET", "/threads/{thread}/state", "").into(t, &state)
	e.ids["checkpoint"] = state.Checkpoint.ID

	e.must(204, "PUT", "/store/items", `{"namespace": ["{marker}"], "key": "{marker}", "value": {"note": "{marker}"}}`)
	e.must(204, "PUT", "/store/items", `{"namespace": ["{marker}", "deep"], "key": "note", "value": {"note": "{marker}"}, "ttl": 1000}`)

	e.ids["busy"] = e.must(200, "POST", "/threads", `{`+marked+`}`).field(t, "thread_id")
	e.ids["pending"] = e.must(200, "POST", "/threads/{busy}/runs", `{"assistant_id": "agent", "after_seconds": 3600, `+said+`, `+marked+`}`).
		field(t, "run_id")

	loose := e.must(200, "POST", "/runs", `{"assistant_id": "agent", "on_completion": "keep", "stream_resumable": true, `+said+`, `+marked+`}`)
	e.ids["loose"], e.ids["kept"] = loose.field(t, "run_id"), loose.field(t, "thread_id")
	e.must(200, "GET", "/runs/{loose}/join", "")

	seldom := `{"assistant_id": "{assistant}", "schedule": "0 0 29 2 *", ` + said + `, ` + marked + `}`
	e.ids["cron"] = e.must(200, "POST", "/runs/crons", seldom).field(t, "cron_id")
	e.ids["plan"] = e.must(200, "POST", "/threads/{thread}/runs/crons", seldom).field(t, "cron_id")
	for name, id := range e.ids {
		if id == "" {
			t.Fatalf("no id of {%s}", name)
		}
	}
	return e
}

// runID returns the id of the run that a wait or a stream has made.
func runID(t *testing.T, a answer) string {
	t.Helper()
	_, id, ok := strings.Cut(a.Header.Get("Content-Location"), "/runs/")
	if !ok {
		t.Fatalf("status %d: no Content-Location of a run in %v", a.Status, a.Header)
	}
	return id
}

// fill puts ids and marker in the place of their names, and a fresh id in that of {new}.
func (e estate) fill(text string) string {
	pairs := []string{"{marker}", e.marker, "{new}", uuid.NewString()}
	for name, id := range e.ids {
		pairs = append(pairs, "{"+name+"}", id)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// must sends as the owner.
func (e estate) must(status int, method, path, body string) answer {
	e.s.t.Helper()
	return e.s.must(status, e.token, method, e.fill(path), e.fill(body))
}

// strangers is the estate with every id replaced by one that nothing has.
func (e estate) strangers() estate {
	unknown := estate{s: e.s, token: e.token, marker: e.marker, ids: map[string]string{}}
	for name := range e.ids {
		unknown.ids[name] = uuid.NewString()
	}
	unknown.ids["tool"] = "mark-" + rand.Text()
	unknown.ids["hex"] = strings.ReplaceAll(uuid.NewString(), "-", "")
	return unknown
}

// unfill is the inverse of fill for ids, so that answers about different rows can be compared.
func (e estate) unfill(text []byte) string {
	for name, id := range e.ids {
		text = bytes.ReplaceAll(text, []byte(id), []byte("{"+name+"}"))
	}
	return string(text)
}

// snapshot is all of the estate that its owner can see, byte by byte.
func (e estate) snapshot() map[string]string {
	e.s.t.Helper()
	all := map[string]string{"items": string(e.must(200, "POST", "/store/items/search", `{"filter": {"note": "{marker}"}}`).Body)}
	for _, path := range []string{"/store/items?namespace={marker}&key={marker}", "/store/items?namespace={marker}.deep&key=note"} {
		all[path] = string(e.must(200, "GET", path, "").Body)
	}
	for _, path := range []string{
		"/assistants/{assistant}", "/threads/{thread}", "/threads/{thread}/state", "/threads/{thread}/history?limit=1000",
		"/threads/{thread}/runs", "/threads/{thread}/runs/{run}", "/threads/{thread}/runs/{run}/stream", "/threads/{thread}/runs/{run}/join",
		"/threads/{busy}", "/threads/{busy}/state", "/threads/{busy}/runs", "/threads/{busy}/runs/{pending}",
		"/threads/{kept}", "/threads/{kept}/history", "/runs/{loose}/stream", "/runs/crons/{cron}", "/runs/crons/{plan}",
	} {
		all[path] = string(e.must(200, "GET", path, "").Body)
	}
	for _, path := range []string{
		"/threads/search", "/threads/count", "/assistants/search", "/assistants/count", "/runs/crons/search", "/runs/crons/count",
	} {
		all[path] = string(e.must(200, "POST", path, `{"metadata": {"note": "{marker}"}}`).Body)
	}
	return all
}

// unchanged fails the test if the estate is not as it was.
func (e estate) unchanged(t *testing.T, before map[string]string) {
	t.Helper()
	if diff := cmp.Diff(before, e.snapshot()); diff != "" {
		t.Errorf("somebody else changed the estate (-before +after):\n%s", diff)
	}
}

// reveals fails the test if an answer has the marker or an id of the estate in it.
func (e estate) reveals(t *testing.T, a answer) {
	t.Helper()
	var all bytes.Buffer
	if err := a.Header.Write(&all); err != nil {
		t.Fatal(err)
	}
	all.Write(a.Body)
	if bytes.Contains(all.Bytes(), []byte(e.marker)) {
		t.Errorf("the answer has the owner's marker in it:\n%s", all.Bytes())
	}
	for name, id := range e.ids {
		if bytes.Contains(all.Bytes(), []byte(id)) {
			t.Errorf("the answer has the owner's {%s} in it:\n%s", name, all.Bytes())
		}
	}
}

var params = regexp.MustCompile(`:(\w+)_id`)

// template is a route's path with placeholders for its parameters: /threads/{thread}/runs/{run}.
func template(path string) string { return params.ReplaceAllString(path, "{$1}") }

// comparable is an answer without what differs from request to request.
func (a answer) comparable(e estate) map[string]any {
	header := http.Header{}
	for name, values := range a.Header {
		if name != "Date" && name != "X-Request-Id" {
			for _, value := range values {
				header.Add(name, e.unfill([]byte(value)))
			}
		}
	}
	return map[string]any{"status": a.Status, "header": header, "body": e.unfill(a.Body)}
}
