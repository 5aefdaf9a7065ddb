package compat

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// record is a log that many write to.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (r *record) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// TestAC48TokensAppearNowhere: neither the secrets of a user, nor what else his authenticator tells of him, nor the tokens are in anything
// that anybody reads: not in a stream of any mode, a state, a run, a webhook, nor in the log (H-4).
func TestAC48TokensAppearNowhere(t *testing.T) {
	t.Parallel()
	const secret, extra, modes = "downstream-secret", "extra-of-the-user",
		`["values", "updates", "messages", "messages-tuple", "custom", "debug", "events", "tasks", "checkpoints"]`
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t)
		user := func(name string) authhooks.User {
			return authhooks.User{Identity: name, Extra: map[string]any{"team": extra}, Secret: map[string]any{"downstream": secret}}
		}
		shared := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("team", "red")
			return authhooks.Only(authhooks.Eq("team", "red")), nil
		}
		log := &record{}
		s := serveLogging(t, hooked(withAuth(authhooks.New(people(map[string]authhooks.User{alice: user("user1"), bob: user("user2")}),
			authhooks.On(authhooks.Any, authhooks.Any, shared)), failing())), uri,
			slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}), signed)
		var everything strings.Builder
		for _, graph := range []string{"agent", "failing"} {
			thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			stream := s.must(200, alice, "POST", thread+"/runs/stream",
				saying(graph, "hello", `, "webhook": "`+url+`", "stream_mode": `+modes+`, "stream_subgraphs": true, "stream_resumable": true`))
			everything.Write(stream.Body)
			everything.Write(next(t, got).raw)
			id := runID(t, stream)
			for _, token := range []string{alice, bob} {
				for _, path := range []string{"", "/state?subgraphs=true", "/history", "/runs", "/runs/" + id, "/runs/" + id + "/join", "/runs/" + id + "/stream"} {
					everything.Write(s.must(200, token, "GET", thread+path, "").Body)
				}
				everything.Write(s.must(200, token, "POST", "/threads/search", `{}`).Body)
				everything.Write(s.as(token, "GET", "/metrics", "").Body)
			}
		}
		s.must(401, "nobody-token", "GET", "/threads/x", "")
		for name, text := range map[string]string{"an answer": everything.String(), "the log": log.String()} {
			for _, word := range []string{secret, extra, alice, bob, "nobody-token", "langgraph_auth"} {
				if i := strings.Index(text, word); i >= 0 {
					t.Errorf("%q is in %s: %s", word, name, text[max(0, i-200):min(len(text), i+100)])
				}
			}
		}
		for _, text := range []string{"event: debug", "event: events", "event: checkpoints", "echo: hello", "deadline"} {
			if !strings.Contains(everything.String(), text) {
				t.Errorf("%q was not read", text)
			}
		}
		if log.String() == "" {
			t.Error("the log is empty")
		}
	})
}

// AC-48 for tools, agents, routes of the operator's, feedback and deliveries: nothing of what only the authenticator told is in an answer, a
// header, a webhook or the log, and neither are links in the log.
func TestAC48TokensAppearNowhereElse(t *testing.T) {
	t.Parallel()
	const secret, extra = "downstream-secret", "extra-of-the-user"
	url, got := receiver(t)
	auth := authhooks.New(people(map[string]authhooks.User{
		alice: {Identity: "user1", Extra: map[string]any{"team": extra}, Secret: map[string]any{"downstream": secret}},
	}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	log, h := &record{}, newHost()
	s := serveLogging(t, withApp(hooked(withAuth(auth)), h.app(), ""), t.TempDir()+"/test.db",
		slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}), signed)
	var everything strings.Builder
	for _, request := range [][3]string{
		{"POST", "/mcp", callTool("agent")},
		{"POST", "/mcp", rpc("tools/list", "{}")},
		{"GET", "/mine", ""},
		{"GET", "/whoami", ""},
		{"POST", "/a2a/agent", agentSays("SendMessage", "")},
		{"POST", "/a2a/agent", agentSays("SendStreamingMessage", "")},
		{"POST", "/a2a/agent", agentCall("ListTasks", `"includeArtifacts": true`)},
		{"GET", "/a2a/agent/.well-known/agent-card.json", ""},
	} {
		a := s.must(200, alice, request[0], request[1], request[2])
		everything.Write(a.Body)
		for name, values := range a.Header {
			everything.WriteString(name + strings.Join(values, ""))
		}
	}
	thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	run := s.must(200, alice, "POST", thread+"/runs/wait", saying("agent", "hello", `, "feedback_keys": ["liked"], "webhook": "`+url+`"`))
	link := run.links(t)["liked"]
	for _, method := range []string{"POST", "GET"} {
		everything.Write(s.follow(method, link+"?comment=told", "").Body)
	}
	everything.Write(s.follow("POST", link, "{").Body)
	everything.Write(next(t, got).raw)
	for _, path := range []string{"/feedback", "/deliveries"} {
		everything.Write(s.must(200, alice, "GET", thread+"/runs/"+runID(t, run)+path, "").Body)
	}
	for name, text := range map[string]string{"an answer": everything.String(), "the log": log.String()} {
		for _, word := range []string{secret, extra, alice, "langgraph_auth", link[len(link)-43:]} {
			if i := strings.Index(text, word); i >= 0 {
				t.Errorf("%q is in %s: %s", word, name, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
	for _, text := range []string{"echo: hello", `"totalSize":2`, `"comment":"told"`, `"attempts":`} {
		if !strings.Contains(everything.String(), text) {
			t.Errorf("%q was not read", text)
		}
	}
}
