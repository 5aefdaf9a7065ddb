package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/store/storetest"
)

// forging is an app whose Configurable says all that only the server may say, beside what it may.
func forging() platform.App {
	return platform.App{Configurable: func(r *http.Request) map[string]any {
		user, ok := platform.UserFrom(r.Context())
		if !ok {
			user = &authhooks.User{}
		}
		return map[string]any{
			"tenant": "of " + user.Identity, "x-shared": "the app's", "number": 1,
			"user_id": "root", "langgraph_auth_user": map[string]any{"identity": "root"}, "langgraph_auth_user_id": "root",
			"langgraph_auth_permissions": []string{"*"}, "langgraph_request_id": "forged", "__secret": true, "principal": "root",
			"thread_id": "forged", "run_id": "forged", "graph_id": "forged", "assistant_id": "forged", "checkpoint_id": "forged", "checkpoint_ns": "forged",
		}
	}}
}

// TestConfigurableOfRequests: what the operator lets through reaches each run that a request makes, wins over what the client says, and
// says nothing that only the server may say.
func TestConfigurableOfRequests(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withApp(privateChat(whoami()), forging(), `"configurable_headers": {"includes": ["x-*"], "excludes": ["x-not"]}`), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		const body = `{"assistant_id": "whoami", "input": {"word": "go"}, "config": {"configurable": {"tenant": "the client's", "own": "kept", "x-shared": "the client's", "x-header": "the client's"}}}`
		send := func(path, body string) answer {
			r := s.request(alice, "POST", path, body)
			for name, value := range map[string]string{
				"X-Header": "a", "X-Shared": "the header's", "X-Not": "no", "Cookie": "session=1", "X-Api-Key": "key", "Thread_id": "x", "X-Tenant-Id": "t", "Other": "o",
			} {
				r.Header.Set(name, value)
			}
			r.Header.Add("X-Header", "b")
			return s.send(r)
		}
		want := map[string]any{"tenant": "of user1", "own": "kept", "x-shared": "the app's", "x-header": "a, b", "number": 1.0}
		check := func(what string, configurable map[string]json.RawMessage) {
			t.Helper()
			got := map[string]any{}
			for key, raw := range configurable {
				var v any
				if err := json.Unmarshal(raw, &v); err != nil {
					t.Fatal(err)
				}
				if text, _ := v.(string); text == "forged" || text == "root" || strings.HasPrefix(key, "__") || key == "principal" || key == "x-not" || key == "cookie" || key == "authorization" || key == "x-api-key" {
					t.Errorf("%s: %s is %s", what, key, raw)
				}
				if _, ok := want[key]; ok {
					got[key] = v
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		for _, path := range []string{"/threads/" + thread + "/runs/wait", "/runs/wait"} {
			var seen sighting
			send(path, body).into(t, &seen)
			if seen.Identity != "user1" {
				t.Errorf("%s: the graph takes its caller for %q", path, seen.Identity)
			}
			check(path, seen.Configurable)
		}
		for _, path := range []string{"/threads/" + thread + "/runs", "/runs", "/runs/batch"} {
			body := body
			if path == "/runs/batch" {
				body = "[" + body + "]"
			}
			raw := send(path, body).Body
			var run struct {
				Kwargs struct {
					Config struct{ Configurable map[string]json.RawMessage }
				}
			}
			if err := json.Unmarshal(bytes.Trim(raw, "[]"), &run); err != nil {
				t.Fatalf("%s: %v: %s", path, err, raw)
			}
			check(path, run.Kwargs.Config.Configurable)
		}
		// They are no settings of the client's: it may use context all the same, and its context is mirrored as ever.
		var seen sighting
		send("/runs/wait", `{"assistant_id": "whoami", "input": {"word": "go"}, "context": {"own": "kept"}}`).into(t, &seen)
		want["x-shared"], want["x-header"] = "the app's", "a, b"
		check("context", seen.Configurable)
		// Bob's run has what is of Bob.
		var bobs sighting
		s.must(200, bob, "POST", "/runs/wait", body).into(t, &bobs)
		if got := string(bobs.Configurable["tenant"]); got != `"of user2"` {
			t.Errorf("Bob's tenant is %s", got)
		}
	})
}

// Nothing is copied that the file does not name.
func TestHeadersAreNotCopiedByDefault(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(whoami()), storetest.SQLite(t).URI)
	r := s.request(alice, "POST", "/runs/wait", `{"assistant_id": "whoami", "input": {"word": "go"}}`)
	r.Header.Set("X-Header", "a")
	var seen sighting
	s.send(r).into(t, &seen)
	for key := range seen.Configurable {
		if strings.HasPrefix(key, "x-") || key == "user-agent" || key == "accept-encoding" {
			t.Errorf("%s was copied", key)
		}
	}
	if seen.Identity != "user1" {
		t.Errorf("the run did not run: %+v", seen)
	}
}

// A handler of threads:create_run sees these settings and has the last word.
func TestHandlersMayChangeWhatHeadersSay(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
		authhooks.OnEvent(func(_ context.Context, c *authhooks.Call, v *authhooks.RunsCreate) (authhooks.Verdict, error) {
			settings, _ := v.Config["configurable"].(map[string]any)
			if settings["x-role"] == "admin" {
				return authhooks.Deny("nobody is admin by a header"), nil
			}
			settings["x-role"] = "checked"
			delete(settings, "x-gone")
			return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
		}))
	parts := withAuth(auth, whoami())
	parts.Platform = strings.TrimSuffix(parts.Platform, "}") + `, "http": {"configurable_headers": {"includes": ["x-*"]}}}`
	s := serve(t, parts, storetest.SQLite(t).URI)
	run := func(role string) answer {
		r := s.request(alice, "POST", "/runs/wait", `{"assistant_id": "whoami", "input": {"word": "go"}}`)
		r.Header.Set("X-Role", role)
		r.Header.Set("X-Gone", "yes")
		return s.send(r)
	}
	if a := run("admin"); a.Status != http.StatusForbidden {
		t.Errorf("admin by a header: %d %s", a.Status, a.Body)
	}
	var seen sighting
	run("user").into(t, &seen)
	if got := string(seen.Configurable["x-role"]); got != `"checked"` {
		t.Errorf("x-role is %s", got)
	}
	if got, ok := seen.Configurable["x-gone"]; ok {
		t.Errorf("x-gone is %s", got)
	}
}

// logged is a log that a test reads while the server writes to it.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestLoggedHeaders: the headers that the file names are in the line of their request at level debug, and credentials in no line.
func TestLoggedHeaders(t *testing.T) {
	t.Parallel()
	for level, want := range map[slog.Level]bool{slog.LevelDebug: true, slog.LevelInfo: false} {
		log := &logged{}
		parts := withApp(privateChat(), platform.App{}, `"logging_headers": {"includes": ["*"], "excludes": ["x-not"]}`)
		s := serveLogging(t, parts, storetest.SQLite(t).URI, slog.NewTextHandler(log, &slog.HandlerOptions{Level: level}))
		r := s.request(alice, "POST", "/threads/search?token=in-the-query", `{}`)
		for name, value := range map[string]string{"X-Trace": "trace-1", "X-Not": "not-1", "Cookie": "cookie-1", "X-Api-Key": "key-1", "Proxy-Authorization": "proxy-1"} {
			r.Header.Set(name, value)
		}
		s.send(r)
		text := log.String()
		if got := strings.Contains(text, "headers.x-trace=trace-1"); got != want {
			t.Errorf("%s: logged: %t, want %t:\n%s", level, got, want, text)
		}
		for _, secret := range []string{alice, "not-1", "cookie-1", "key-1", "proxy-1", "in-the-query"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %s is in the log:\n%s", level, secret, text)
			}
		}
	}
}

// TestConfigurableByEveryProtocol: whatever way a run is asked for, what the operator lets through reaches it.
func TestConfigurableByEveryProtocol(t *testing.T) {
	t.Parallel()
	teller := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("tell", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
			settings := graphs.RuntimeFrom(ctx).Config.Configurable
			said := string(settings["tenant"]) + " " + string(settings["x-header"]) + " " + string(settings["user_id"])
			return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI(strings.ReplaceAll(said, `"`, ""))}}), nil
		}).
		AddEdge(graphs.Start, "tell").AddEdge("tell", graphs.End)
	parts := withApp(privateChat(platform.Graph{ID: "teller", Source: teller, Symbol: "./teller:Graph"}), forging(), `"configurable_headers": {"includes": ["x-header"]}`)
	s := serve(t, parts, storetest.SQLite(t).URI)
	const input = `"messages": [{"role": "user", "content": "tell"}]`
	for path, body := range map[string]string{
		"/runs/wait":   `{"assistant_id": "teller", "input": {` + input + `}}`,
		"/runs/stream": `{"assistant_id": "teller", "input": {` + input + `}}`,
		"/mcp":         `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "teller", "arguments": {` + input + `}}}`,
		"/a2a/teller":  `{"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": {"kind": "message", "role": "user", "messageId": "m1", "parts": [{"kind": "text", "text": "tell"}]}, "configuration": {"blocking": true}}}`,
	} {
		r := s.request(alice, "POST", path, body)
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("X-Header", "passed")
		if a := s.send(r); a.Status != http.StatusOK || !strings.Contains(string(a.Body), "of user1 passed user1") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}
