package compat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/compat/graphs/desk/desk"
)

// agentParts is the private chat with the desk.
func agentParts() platform.Parts {
	return privateChat(platform.Graph{ID: "desk", Source: desk.Graph, Symbol: "./desk:Graph"}, platform.Graph{ID: "mute", Source: desk.Mute, Symbol: "./desk:Mute"})
}

// dialect says how a version of the protocol writes what the tests say and see.
type dialect struct {
	name                               string
	send, stream, get, cancel, follow  string
	submitted, working, asks, done     string
	failed, canceled                   string
	now                                string // a configuration that does not wait
	text                               func(string) string
	data                               func(string) string
	task, statusUpdate, artifactUpdate func(result) json.RawMessage
}

// result is that of a call, or of a message in a stream.
type result map[string]json.RawMessage

func (r result) text(t *testing.T, path ...string) string {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range path {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	text, ok := v.(string)
	if !ok && v != nil {
		return fmt.Sprint(v)
	}
	return text
}

func kindOf(kind string) func(result) json.RawMessage {
	return func(r result) json.RawMessage {
		if string(r["kind"]) != `"`+kind+`"` {
			return nil
		}
		whole, _ := json.Marshal(r)
		return whole
	}
}

func fieldOf(name string) func(result) json.RawMessage {
	return func(r result) json.RawMessage { return r[name] }
}

func dialects() []dialect {
	return []dialect{
		{
			name: "1.0", send: "SendMessage", stream: "SendStreamingMessage", get: "GetTask", cancel: "CancelTask", follow: "SubscribeToTask",
			submitted: "TASK_STATE_SUBMITTED", working: "TASK_STATE_WORKING", asks: "TASK_STATE_INPUT_REQUIRED", done: "TASK_STATE_COMPLETED",
			failed: "TASK_STATE_FAILED", canceled: "TASK_STATE_CANCELED",
			now:  `{"returnImmediately": true}`,
			text: func(s string) string { return fmt.Sprintf(`{"text": %q}`, s) },
			data: func(s string) string { return fmt.Sprintf(`{"data": %s}`, s) },
			task: fieldOf("task"), statusUpdate: fieldOf("statusUpdate"), artifactUpdate: fieldOf("artifactUpdate"),
		},
		{
			name: "0.3", send: "message/send", stream: "message/stream", get: "tasks/get", cancel: "tasks/cancel", follow: "tasks/resubscribe",
			submitted: "submitted", working: "working", asks: "input-required", done: "completed",
			failed: "failed", canceled: "canceled",
			now:  `{"blocking": false}`,
			text: func(s string) string { return fmt.Sprintf(`{"kind": "text", "text": %q}`, s) },
			data: func(s string) string { return fmt.Sprintf(`{"kind": "data", "data": %s}`, s) },
			task: kindOf("task"), statusUpdate: kindOf("status-update"), artifactUpdate: kindOf("artifact-update"),
		},
	}
}

// peer is another agent that speaks to the desk as a user.
type peer struct {
	dialect
	t     *testing.T
	s     *server
	token string
}

func peers(t *testing.T, test func(t *testing.T, p peer)) {
	t.Helper()
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, agentParts(), uri)
		for _, d := range dialects() {
			t.Run(d.name, func(t *testing.T) { test(t, peer{d, t, s, alice}) })
		}
	})
}

// post sends a request and returns its answer as it is.
func (p peer) post(method, params string) answer {
	p.t.Helper()
	return p.s.as(p.token, http.MethodPost, "/a2a/desk", fmt.Sprintf(`{"jsonrpc": "2.0", "id": "a", "method": %q, "params": {%s}}`, method, params))
}

// call returns the result.
func (p peer) call(method, params string) result {
	p.t.Helper()
	var got struct {
		Result result
		Error  json.RawMessage
	}
	a := p.post(method, params)
	a.into(p.t, &got)
	if a.Status != http.StatusOK || got.Result == nil {
		p.t.Fatalf("%s {%s}: status %d: %s", method, params, a.Status, a.Body)
	}
	return got.Result
}

// refused wants an error with a code and returns its text.
func (p peer) refused(code int, method, params string) string {
	p.t.Helper()
	var got struct {
		Error struct {
			Code    int
			Message string
		}
	}
	a := p.post(method, params)
	kind := "application/json"
	if p.name == "0.3" && (method == p.stream || method == p.follow) { // which clients from before 1.0 read as events only
		kind = "text/event-stream"
		a.Body = bytes.TrimPrefix(a.Body, []byte("data: "))
	}
	if got := a.Header.Get("Content-Type"); got != kind {
		p.t.Errorf("%s {%s}: Content-Type %q, want %q", method, params, got, kind)
	}
	a.into(p.t, &got)
	if got.Error.Code != code {
		p.t.Errorf("%s {%s}: status %d, want the error %d: %s", method, params, a.Status, code, a.Body)
	}
	return got.Error.Message
}

func (p peer) saying(where string, parts ...string) string {
	return fmt.Sprintf(`"message": {"messageId": %q, "role": "user", %s "parts": [%s]}`, uuid.NewString(), where, strings.Join(parts, ", "))
}

// sent is the task that a message begins or goes on with.
func (p peer) sent(params string) result {
	p.t.Helper()
	return p.taskOf(p.call(p.send, params))
}

func (p peer) taskOf(r result) result {
	p.t.Helper()
	var t result
	if err := json.Unmarshal(p.task(r), &t); err != nil {
		p.t.Fatalf("no task: %v in %s", err, r)
	}
	return t
}

// streamed returns the results of a stream that ends well.
func (p peer) streamed(method, params string) (out []result) {
	p.t.Helper()
	a := p.post(method, params)
	if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("%s {%s}: status %d: %s", method, params, a.Status, a.Body)
	}
	for line := range strings.Lines(string(a.Body)) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok {
			continue
		}
		out = append(out, p.resultOf(data))
	}
	return out
}

func (p peer) resultOf(data string) result {
	p.t.Helper()
	var got struct{ Result result }
	if err := json.Unmarshal([]byte(data), &got); err != nil || got.Result == nil {
		p.t.Fatalf("no result: %v in %s", err, data)
	}
	return got.Result
}

// open begins a stream, to be read line by line.
func (p peer) open(method, params string) *bufio.Scanner {
	p.t.Helper()
	r := p.s.request(p.token, http.MethodPost, "/a2a/desk", fmt.Sprintf(`{"jsonrpc": "2.0", "id": "a", "method": %q, "params": {%s}}`, method, params))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = response.Body.Close() })
	return bufio.NewScanner(response.Body)
}

// told is what a stream has told: states, and the text of its artifacts.
func (p peer) told(stream []result) (states []string, text string) {
	p.t.Helper()
	for i, r := range stream {
		var in result
		switch {
		case p.task(r) != nil:
			_ = json.Unmarshal(p.task(r), &in)
			states = append(states, in.text(p.t, "status", "state"))
		case p.statusUpdate(r) != nil:
			_ = json.Unmarshal(p.statusUpdate(r), &in)
			states = append(states, in.text(p.t, "status", "state"))
			if final := in.text(p.t, "final"); p.name == "0.3" && (final == "true") != (in.text(p.t, "status", "state") != p.working) {
				p.t.Errorf("final is %q in message %d of %d: %s", final, i, len(stream), in["status"])
			}
		case p.artifactUpdate(r) != nil:
			_ = json.Unmarshal(p.artifactUpdate(r), &in)
			text += in.text(p.t, "artifact", "parts", "0", "text")
			if in.text(p.t, "lastChunk") == "true" {
				text += "|"
			}
		default:
			p.t.Errorf("message %d is nothing known: %s", i, r)
		}
	}
	return states, text
}

func TestA2ATaskIsARun(t *testing.T) {
	peers(t, func(t *testing.T, p peer) {
		first := p.sent(p.saying("", p.text("hello")))
		if got := []string{first.text(t, "status", "state"), first.text(t, "artifacts", "0", "parts", "0", "text")}; !cmp.Equal(got, []string{p.done, "You said: hello"}) {
			t.Errorf("got %q", got)
		}
		id, context := first.text(t, "id"), first.text(t, "contextId")
		p.s.must(200, alice, http.MethodGet, "/threads/"+context+"/runs/"+id, "")
		for _, name := range []string{id, context + ":" + id} {
			again := p.call(p.get, fmt.Sprintf(`"id": %q`, name))
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("the task as %s (-sent +got):\n%s", name, diff)
			}
		}
		short := p.call(p.get, fmt.Sprintf(`"id": %q, "historyLength": 1`, id))
		if got := short.text(t, "history", "0", "parts", "0", "text"); got != "You said: hello" || short.text(t, "history", "1") != "" {
			t.Errorf("history of one: %s", short["history"])
		}
		if none := p.call(p.get, fmt.Sprintf(`"id": %q, "historyLength": 0`, id)); none["history"] != nil {
			t.Errorf("history of none: %s", none["history"])
		}
		second := p.sent(p.saying(fmt.Sprintf(`"contextId": %q,`, context), p.text("again"), p.data(`{"n": 1}`)))
		if second.text(t, "contextId") != context || second.text(t, "id") == id {
			t.Errorf("the second task: %s", second)
		}
		if got := second.text(t, "history", "2", "parts", "1", "text"); got != `{"n":1}` {
			t.Errorf("the data came as %q: %s", got, second["history"])
		}
		p.refused(-32004, p.send, p.saying(fmt.Sprintf(`"taskId": %q,`, id), p.text("more")))
		p.refused(-32004, p.follow, fmt.Sprintf(`"id": %q`, id))
		p.refused(-32002, p.cancel, fmt.Sprintf(`"id": %q`, id))
		p.refused(-32602, p.send, p.saying(fmt.Sprintf(`"contextId": %q,`, uuid.NewString()), p.text("hello")))
		p.refused(-32001, p.get, fmt.Sprintf(`"id": %q`, uuid.NewString()))
		p.refused(-32001, p.get, `"id": "none"`)
	})
}

func TestA2AStreams(t *testing.T) {
	peers(t, func(t *testing.T, p peer) {
		stream := p.streamed(p.stream, p.saying("", p.text("stream")))
		states, text := p.told(stream)
		if diff := cmp.Diff([]string{p.submitted, p.working, p.done}, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if text != "Good day|" && text != "Again?|" {
			t.Errorf("text %q", text)
		}
		if n := len(stream); n < len("Again?")+3 {
			t.Errorf("only %d messages: not piece by piece", n)
		}
		states, text = p.told(p.streamed(p.stream, p.saying("", p.text("whole"))))
		if diff := cmp.Diff([]string{p.submitted, p.working, p.done}, states); diff != "" || text != "You said: whole|" {
			t.Errorf("%q, states (-want +got):\n%s", text, diff)
		}
	})
}

func TestA2AInputRequired(t *testing.T) {
	peers(t, func(t *testing.T, p peer) {
		asked := p.sent(p.saying("", p.text("ask")))
		id, context := asked.text(t, "id"), asked.text(t, "contextId")
		if got := []string{asked.text(t, "status", "state"), asked.text(t, "status", "message", "parts", "0", "text")}; !cmp.Equal(got, []string{p.asks, "Which city?"}) {
			t.Fatalf("got %q: %s", got, asked)
		}
		if states, _ := p.told(p.streamed(p.follow, fmt.Sprintf(`"id": %q`, id))); !cmp.Equal(states, []string{p.asks, p.asks}) {
			t.Errorf("a task that asks streams %q", states)
		}
		if said := p.refused(-32002, p.cancel, fmt.Sprintf(`"id": %q`, id)); !strings.Contains(said, "answer it") {
			t.Errorf("the refusal does not say what to do: %s", said)
		}
		p.refused(-32602, p.send, p.saying(fmt.Sprintf(`"taskId": %q, "contextId": %q,`, id, uuid.NewString()), p.text("Rome")))
		done := p.sent(p.saying(fmt.Sprintf(`"taskId": %q, "contextId": %q,`, id, context), p.text("Rome")))
		want := []string{id, context, p.done, "You said: Rome"}
		if got := []string{done.text(t, "id"), done.text(t, "contextId"), done.text(t, "status", "state"), done.text(t, "artifacts", "0", "parts", "0", "text")}; !cmp.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if diff := cmp.Diff(done, p.call(p.get, fmt.Sprintf(`"id": %q`, id))); diff != "" {
			t.Errorf("the task (-sent +got):\n%s", diff)
		}

		form := p.sent(p.saying("", p.text("form")))
		if got := form.text(t, "status", "state"); got != p.asks {
			t.Fatalf("state %q", got)
		}
		states, text := p.told(p.streamed(p.stream, p.saying(fmt.Sprintf(`"contextId": %q,`, form.text(t, "contextId")), p.data(`{"to": "Oslo"}`))))
		if !cmp.Equal(states, []string{p.submitted, p.working, p.done}) || text != "You said: Oslo|" {
			t.Errorf("by its context: %q %q", states, text)
		}
		if got := p.call(p.get, fmt.Sprintf(`"id": %q`, form.text(t, "id"))).text(t, "status", "state"); got != p.done {
			t.Errorf("the form is %q", got)
		}
	})
}

func TestA2AFailedAndCanceled(t *testing.T) {
	peers(t, func(t *testing.T, p peer) {
		failed := p.sent(p.saying("", p.text("fail")))
		if got := []string{failed.text(t, "status", "state"), failed.text(t, "status", "message", "parts", "0", "text")}; !cmp.Equal(got, []string{p.failed, "the desk is closed"}) {
			t.Errorf("got %q: %s", got, failed)
		}
		if states, _ := p.told(p.streamed(p.stream, p.saying("", p.text("fail")))); !cmp.Equal(states, []string{p.submitted, p.working, p.failed}) {
			t.Errorf("a failed one streams %q", states)
		}
		begun := p.sent(p.saying("", p.text("wait")) + `, "configuration": ` + p.now)
		if got := begun.text(t, "status", "state"); got != p.submitted {
			t.Errorf("state %q", got)
		}
		id := begun.text(t, "id")
		told := p.open(p.follow, fmt.Sprintf(`"id": %q`, id))
		var states []string
		for told.Scan() {
			data, ok := strings.CutPrefix(told.Text(), "data: ")
			if !ok {
				continue
			}
			some, _ := p.told([]result{p.resultOf(data)})
			states = append(states, some...)
			if states[len(states)-1] != p.working {
				continue
			}
			if got := p.call(p.get, fmt.Sprintf(`"id": %q`, id)).text(t, "status", "state"); got != p.working {
				t.Errorf("state %q", got)
			}
			p.refused(-32004, p.send, p.saying(fmt.Sprintf(`"taskId": %q,`, id), p.text("more")))
			gone := p.call(p.cancel, fmt.Sprintf(`"id": %q`, id))
			if got := gone.text(t, "status", "state"); got != p.canceled {
				t.Errorf("state %q", got)
			}
		}
		if err := told.Err(); err != nil || states[len(states)-1] != p.canceled {
			t.Errorf("the stream told %q and ended with %v", states, err)
		}
	})
}
