package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/compat/graphs/desk/desk"
	"github.com/locutory/locutory/platform/config"
)

// calls are what hooks were asked.
type calls struct {
	mu     sync.Mutex
	events []string
	deny   string // an event that is denied
}

func (c *calls) rule(_ context.Context, call *authhooks.Call) (authhooks.Verdict, error) {
	if call.Origin == authhooks.OriginWorker {
		return authhooks.Allow(), nil
	}
	event := string(call.Resource) + ":" + string(call.Action)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, fmt.Sprintf("%s by %s, %s", event, call.Transport, call.Origin))
	if event == c.deny {
		return authhooks.Deny("not you"), nil
	}
	call.Stamp("owner", call.User.Identity)
	return authhooks.Only(authhooks.Eq("owner", call.User.Identity)), nil
}

// asked returns the events since the last time, without their common end.
func (c *calls) asked(t *testing.T) (out []string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, event := range c.events {
		name, ok := strings.CutSuffix(event, " by a2a, a2a")
		if !ok {
			t.Errorf("asked %s; want it by a2a", event)
		}
		out = append(out, name)
	}
	c.events = nil
	return out
}

func TestA2AAsksTheHooks(t *testing.T) {
	t.Parallel()
	seen := &calls{}
	s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, seen.rule)),
		platform.Graph{ID: "desk", Source: desk.Graph, Symbol: "./desk:Graph"}), t.TempDir()+"/test.db")
	own := s.must(200, alice, http.MethodPost, "/assistants", `{"graph_id": "desk"}`).field(t, "assistant_id")
	seen.mu.Lock()
	seen.events = nil
	seen.mu.Unlock()
	p := peer{dialects()[0], t, s, alice}

	task := p.sent(p.saying("", p.text("hello")))
	id, context := task.text(t, "id"), task.text(t, "contextId")
	steps := []struct {
		name string
		do   func()
		want []string
	}{
		{"a first message", nil, []string{"threads:read", "threads:create_run", "threads:create"}},
		{"another", func() { p.sent(p.saying(fmt.Sprintf(`"contextId": %q,`, context), p.text("more"))) }, []string{"threads:read", "threads:create_run"}},
		{"GetTask", func() { p.call("GetTask", fmt.Sprintf(`"id": %q`, id)) }, []string{"threads:read"}},
		{"CancelTask", func() { p.refused(-32002, "CancelTask", fmt.Sprintf(`"id": %q`, id)) }, []string{"threads:update", "threads:read"}},
		{"SubscribeToTask", func() { p.refused(-32004, "SubscribeToTask", fmt.Sprintf(`"id": %q`, id)) }, []string{"threads:read"}},
		{"ListTasks", func() { p.call("ListTasks", "") }, []string{"threads:search", "threads:read"}},
		{"ListTasks with artifacts", func() { p.call("ListTasks", `"includeArtifacts": true`) }, []string{"threads:search", "threads:read"}},
		{"GetExtendedAgentCard", func() { p.call("GetExtendedAgentCard", "") }, []string{"assistants:read"}},
		{"a card", func() { s.must(200, alice, http.MethodGet, "/a2a/desk/.well-known/agent-card.json", "") }, []string{"assistants:read"}},
		{"an assistant of one's own", func() {
			s.must(200, alice, http.MethodPost, "/a2a/"+own, agentSays("SendMessage", ""))
		}, []string{"assistants:read", "threads:read", "threads:create_run", "assistants:read", "threads:create"}},
		{"no shape", func() { p.refused(-32602, "SendMessage", "") }, nil},
	}
	for _, step := range steps {
		if step.do != nil {
			step.do()
		}
		if diff := cmp.Diff(step.want, seen.asked(t)); diff != "" {
			t.Errorf("%s asks (-want +got):\n%s", step.name, diff)
		}
	}

	for _, test := range []struct{ deny, method, params string }{
		{"threads:read", "GetTask", fmt.Sprintf(`"id": %q`, id)},
		{"threads:read", "SubscribeToTask", fmt.Sprintf(`"id": %q`, id)},
		{"threads:read", "SendMessage", p.saying("", p.text("hello"))},
		{"threads:create_run", "SendMessage", p.saying("", p.text("hello"))},
		{"threads:create_run", "SendStreamingMessage", p.saying("", p.text("hello"))},
		{"threads:create", "SendMessage", p.saying("", p.text("hello"))},
		{"threads:update", "CancelTask", fmt.Sprintf(`"id": %q`, id)},
		{"threads:update", "CancelTask", `"id": "01234567-89ab-7cde-8f01-23456789abcd"`}, // as one that is there
		{"threads:search", "ListTasks", ""},
		{"threads:read", "ListTasks", ""},
		{"assistants:read", "GetExtendedAgentCard", ""},
	} {
		before := s.must(200, alice, http.MethodPost, "/threads/count", `{}`).Body
		seen.mu.Lock()
		seen.deny = test.deny
		seen.mu.Unlock()
		if got := p.post(test.method, test.params); got.Status != http.StatusForbidden || string(got.Body) != `{"detail":"not you"}` {
			t.Errorf("%s without %s: status %d: %s", test.method, test.deny, got.Status, got.Body)
		}
		seen.mu.Lock()
		seen.deny = ""
		seen.mu.Unlock()
		if after := s.must(200, alice, http.MethodPost, "/threads/count", `{}`).Body; string(after) != string(before) {
			t.Errorf("%s without %s: %s threads, before %s", test.method, test.deny, after, before)
		}
	}
}

func TestA2ARefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, agentParts(), t.TempDir()+"/test.db")
	hello := agentSays("SendMessage", "")
	for name, test := range map[string]struct {
		path, body string
		header     [2]string
		status     int
		want       string // in the body
	}{
		"no Accept":              {"/a2a/desk", hello, [2]string{"Accept", ""}, 400, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Accept: want application/json"}}`},
		"Accept for a stream":    {"/a2a/desk", agentSays("message/stream", ""), [2]string{"Accept", "application/json"}, 400, `Accept: want text/event-stream`},
		"no JSON":                {"/a2a/desk", `{`, [2]string{}, 400, `"id":null,"error":{"code":-32700,`},
		"no request":             {"/a2a/desk", `{"id": 1}`, [2]string{}, 400, `"error":{"code":-32600,`},
		"no such method":         {"/a2a/desk", agentCall("tasks/send", ""), [2]string{}, 200, `"error":{"code":-32601,"message":"no such method: \"tasks/send\""}`},
		"another version":        {"/a2a/desk", hello, [2]string{"A2A-Version", "0.2"}, 200, `"error":{"code":-32009,`},
		"no such graph":          {"/a2a/none", hello, [2]string{}, 404, `{"detail":"Assistant not found"}`},
		"no such assistant":      {"/a2a/01234567-89ab-7cde-8f01-23456789abcd", hello, [2]string{}, 404, `{"detail":"Assistant not found"}`},
		"takes no messages":      {"/a2a/mute", hello, [2]string{}, 200, `"code":-32602,"message":"the assistant takes no messages: the input of its graph \"mute\" has no field messages"`},
		"push notifications":     {"/a2a/desk", strings.Replace(hello, `"message"`, `"configuration": {"taskPushNotificationConfig": {"url": "http://x"}}, "message"`, 1), [2]string{}, 200, `"code":-32003`},
		"a card without its id":  {"/.well-known/agent-card.json", "", [2]string{}, 422, `assistant_id is required`},
		"a card of nobody":       {"/.well-known/agent-card.json?assistant_id=none", "", [2]string{}, 404, `{"detail":"Assistant not found"}`},
		"credentials of nobody":  {"/a2a/desk", hello, [2]string{"Authorization", "Bearer none"}, 401, `{"detail":`},
		"a body that is too big": {"/a2a/desk", `{"jsonrpc": "2.0", "id": "` + strings.Repeat("x", 300) + `", "method": "GetTask"}`, [2]string{}, 400, `id: want at most 256 bytes`},
	} {
		method := http.MethodPost
		if test.body == "" {
			method = http.MethodGet
		}
		r := s.request(alice, method, test.path, test.body)
		if test.header[0] != "" {
			r.Header.Set(test.header[0], test.header[1])
		}
		if got := s.send(r); got.Status != test.status || !strings.Contains(string(got.Body), test.want) {
			t.Errorf("%s: status %d, want %d and %s: %s", name, got.Status, test.status, test.want, got.Body)
		}
	}
}

func TestA2AIgnoresWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := serve(t, agentParts(), t.TempDir()+"/test.db")
	said := strings.Replace(agentSays("SendMessage", ""), `"params": {`, `"params": {"tenant": "x", "Zebra": 1, "metadata": {"note": "mine", "a2a_task_id": "no"}, `, 1)
	said = strings.Replace(said, `"m"`, `"", "kind": "message", "referenceTaskIds": ["x"]`, 1)
	said = strings.Replace(said, `{"text"`, `{"metadata": {"a": 1}, "kind": "text", "text"`, 1)
	said = strings.Replace(said, `"tenant"`, `"configuration": {"acceptedOutputModes": ["text/plain"], "historyLength": 1}, "tenant"`, 1)
	got := s.must(200, alice, http.MethodPost, "/a2a/desk", said)
	want := "Zebra, configuration.acceptedOutputModes, message.parts.metadata, message.referenceTaskIds, tenant"
	if fields := got.Header.Get("Locutory-Ignored-Fields"); fields != want {
		t.Errorf("ignored %q, want %q: %s", fields, want, said)
	}
	var sent struct {
		Result struct {
			Task struct{ ID, ContextID string }
		}
	}
	got.into(t, &sent)
	var run struct{ Metadata map[string]any }
	s.must(200, alice, http.MethodGet, "/threads/"+sent.Result.Task.ContextID+"/runs/"+sent.Result.Task.ID, "").into(t, &run)
	if run.Metadata["note"] != "mine" || run.Metadata["a2a_task_id"] != nil {
		t.Errorf("the run's metadata: %v", run.Metadata)
	}
}

func TestA2ACardsSayWhereTheServerIs(t *testing.T) {
	t.Parallel()
	parts := agentParts()
	parts.Platform = strings.Replace(parts.Platform, `"graphs"`, `"http": {"mount_prefix": "/v1"}, "graphs"`, 1)
	s := serve(t, parts, t.TempDir()+"/test.db")
	for forwarded, want := range map[string]string{"": "http", "https": "https", "gopher": "http"} {
		r := s.request(alice, http.MethodGet, "/v1/.well-known/agent-card.json?assistant_id=desk", "")
		r.Header.Set("X-Forwarded-Proto", forwarded)
		var card struct {
			URL                 string
			SupportedInterfaces []struct{ URL, ProtocolVersion string }
		}
		s.send(r).into(t, &card)
		if !strings.HasPrefix(card.URL, want+strings.TrimPrefix(s.URL, "http")+"/v1/a2a/") || len(card.SupportedInterfaces) != 2 || card.SupportedInterfaces[0].URL != card.URL {
			t.Errorf("behind %q: %+v", forwarded, card)
		}
		if got := s.must(200, alice, http.MethodPost, strings.TrimPrefix(card.URL, want+strings.TrimPrefix(s.URL, "http")), agentSays("SendMessage", "")); !json.Valid(got.Body) || !strings.Contains(string(got.Body), "You said: hello") {
			t.Errorf("at the card's URL: %s", got.Body)
		}
	}
}

// TestA2ACardsOfAPublicURL: where the operator says how the server is reached, no header of a request decides what a card says.
func TestA2ACardsOfAPublicURL(t *testing.T) {
	t.Parallel()
	s := serve(t, agentParts(), t.TempDir()+"/test.db", func(p *config.Process) { p.PublicURL = "https://agents.example.com/api/" })
	at := `"url":"https://agents.example.com/api/a2a/` + s.must(200, alice, http.MethodGet, "/assistants/desk", "").field(t, "assistant_id") + `"`
	for path, body := range map[string]string{
		"/.well-known/agent-card.json?assistant_id=desk": "",
		"/a2a/desk/.well-known/agent-card.json":          "",
		"/a2a/desk":                                      `{"jsonrpc": "2.0", "id": "a", "method": "GetExtendedAgentCard"}`,
	} {
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		r := s.request(alice, method, path, body)
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "http")
		got := s.send(r)
		if n := strings.Count(string(got.Body), at); n != 4 || strings.Contains(string(got.Body), "evil") {
			t.Errorf("%s: %d times %s in %s", path, n, at, got.Body)
		}
	}
}

func TestA2ADisabled(t *testing.T) {
	t.Parallel()
	parts := agentParts()
	parts.Platform = strings.Replace(parts.Platform, `"graphs"`, `"http": {"disable_a2a": true}, "graphs"`, 1)
	s := serve(t, parts, t.TempDir()+"/test.db")
	s.must(404, "", http.MethodPost, "/a2a/desk", agentSays("SendMessage", ""))
	s.must(404, "", http.MethodGet, "/.well-known/agent-card.json?assistant_id=desk", "")
	s.must(404, "", http.MethodGet, "/a2a/desk/.well-known/agent-card.json", "")
}
