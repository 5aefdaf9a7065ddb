package compat

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
)

// held is a graph that says that it runs, and that it was stopped.
func held(running, stopped chan<- struct{}) platform.Graph {
	graph := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("hold", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
			running <- struct{}{}
			<-ctx.Done()
			stopped <- struct{}{}
			return nil, ctx.Err()
		}).
		AddEdge(graphs.Start, "hold").AddEdge("hold", graphs.End)
	return platform.Graph{ID: "held", Source: graph, Symbol: "./held:Graph"}
}

func awaitSignal(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("waited in vain")
	}
}

func callTool(name string) string {
	return rpc("tools/call", `{"name": "`+name+`", "arguments": {"messages": [{"role": "user", "content": "hello"}]}}`)
}

// Authenticators and handlers are told by which way a request came.
func TestMCPHooksAreToldTheWay(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	note := func(words ...string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, strings.Join(words, " "))
	}
	auth := authhooks.New(
		func(_ context.Context, r *authhooks.Request) (*authhooks.User, error) {
			note("authenticate", string(r.Transport), r.Method, r.Path)
			return &authhooks.User{Identity: "user1"}, nil
		},
		authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			note(string(c.Resource)+":"+string(c.Action), string(c.Origin), string(c.Transport), c.Route)
			return authhooks.OwnerOnly("owner")(ctx, c)
		}),
	)
	s := serve(t, withAuth(auth), storetest.SQLite(t).URI)
	s.must(200, alice, "POST", "/mcp", callTool("agent"))
	want := []string{"authenticate mcp POST /mcp"}
	for _, event := range []string{"assistants:search", "threads:read", "threads:update", "threads:create_run", "threads:create"} {
		want = append(want, event+" mcp mcp POST /mcp")
	}
	if diff := gocmp.Diff(want, told); diff != "" {
		t.Errorf("hooks are told (-want +got):\n%s", diff)
	}
}

func TestMCPCanBeDisabled(t *testing.T) {
	t.Parallel()
	var info struct{ Flags map[string]bool }
	on := serve(t, privateChat(), storetest.SQLite(t).URI)
	if on.must(200, "", "GET", "/info", "").into(t, &info); !info.Flags["mcp"] {
		t.Errorf("the flags are %v", info.Flags)
	}
	parts := privateChat()
	parts.Platform = `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}, "http": {"disable_mcp": true}}`
	s := serve(t, parts, storetest.SQLite(t).URI)
	for _, method := range []string{"POST", "GET", "DELETE"} {
		for _, path := range []string{"/mcp", "/mcp/"} {
			for _, token := range []string{"", alice} {
				if a := s.must(404, token, method, path, callTool("agent")); string(a.Body) != `{"detail":"Not Found"}` {
					t.Errorf("%s %s: %s", method, path, a.Body)
				}
			}
		}
	}
	if s.must(200, "", "GET", "/info", "").into(t, &info); info.Flags["mcp"] {
		t.Errorf("the flags are %v", info.Flags)
	}
}

// What is a user's is not to be kept for others by what stands between: without a word it would be.
func TestMCPAnswersArePrivate(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	all := toolUsers("/mcp")
	for _, body := range []string{
		rpc("tools/list", `{}`),
		strings.Replace(all["POST /mcp server/discover"].body, "server/discover", "tools/list", 1),
		all["POST /mcp server/discover"].body,
	} {
		if a := s.must(200, alice, "POST", "/mcp", body); !strings.Contains(string(a.Body), `"cacheScope":"private"`) || strings.Contains(string(a.Body), `"public"`) {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
}

func TestMCPBodiesAreLimited(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI, func(p *config.Process) { p.MaxBodyBytes = 1000 })
	s.must(200, alice, "POST", "/mcp", callTool("agent"))
	a := s.must(413, alice, "POST", "/mcp", strings.Replace(callTool("agent"), "hello", strings.Repeat("x", 1000), 1))
	if a.field(t, "detail") == "" {
		t.Errorf("413 with %s", a.Body)
	}
}

// The head of the answer comes while the run goes on, so that nobody on the way gives up on it; a client that goes then takes the run
// with it.
func TestMCPLeavingCancels(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		running, stopped := make(chan struct{}, 1), make(chan struct{}, 1)
		s := serve(t, privateChat(held(running, stopped)), uri)
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		response, err := http.DefaultClient.Do(s.request(alice, "POST", "/mcp", callTool("held")).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		awaitSignal(t, running)
		if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "application/json" {
			t.Errorf("status %d, Content-Type %q", response.StatusCode, kind)
		}
		leave()
		awaitSignal(t, stopped)
	})
}

// what a credential began does not outlive it, and here nobody could come back for it: the run ends, too.
func TestR40ToolsEndWithTheirCredential(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) {
			return &authhooks.User{Identity: "alice", Expires: time.Now().Add(2 * time.Second)}, nil // in which the run has to begin
		}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
		running, stopped := make(chan struct{}, 1), make(chan struct{}, 1)
		s := serve(t, withAuth(auth, held(running, stopped)), uri)
		response, err := http.DefaultClient.Do(s.request("any", "POST", "/mcp", callTool("held")))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if rest, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the answer ends as if the run had: %v: %s", err, rest)
		}
		awaitSignal(t, stopped)
	})
}

// A server that stops breaks its answers off, at once.
func TestMCPStopsWithTheServer(t *testing.T) {
	t.Parallel()
	p := start(t, binary(t, "graphs/durable/platform.json"))
	s := &server{URL: p.URL, t: t}
	response, err := http.DefaultClient.Do(s.request(alice, "POST", "/mcp",
		rpc("tools/call", `{"name": "agent", "arguments": {"messages": []}, "context": {"delay_ms": 2000}}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	begun := time.Now()
	p.stop(syscall.SIGTERM)
	if rest, err := bufio.NewReader(response.Body).ReadString('}'); err == nil {
		t.Errorf("the answer has an end: %s", rest)
	}
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("the server took %v to stop", took)
	}
}

// Whoever may reach everyone's rows, by a rule of the operator's, calls what he sees, and a name means the oldest of that name.
func TestMCPSharedAssistants(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		ids := map[string]string{}
		for _, token := range []string{alice, bob} {
			ids[token] = s.must(200, token, "POST", "/assistants", `{"graph_id": "agent", "name": "Shared bot"}`).field(t, "assistant_id")
		}
		want := []string{"agent", "Shared_bot", "Shared_bot-" + strings.ReplaceAll(ids[bob], "-", "")}
		for _, token := range []string{alice, bob} {
			if diff := gocmp.Diff(want, s.toolNames(token)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", token, diff)
			}
			for _, name := range want {
				if got := s.tool(token, name, `{"messages": [{"role": "user", "content": "x"}]}`); got.Content[0].Text != "echo: x" {
					t.Errorf("%s: %+v", name, got)
				}
			}
		}
	})
}

// A run of a tool belongs to whoever called it, like one of POST /runs/wait, and nothing that he sent says who he is.
func TestMCPRunsAreTheCallers(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		var runs atomic.Int32
		auth := authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			if v, ok := c.Value.(*authhooks.RunsCreate); ok {
				runs.Add(1)
				if !v.Temporary() || v.ThreadID() != "" {
					t.Errorf("the run is of thread %q", v.ThreadID())
				}
			}
			return authhooks.OwnerOnly("owner")(ctx, c)
		}))
		s := serve(t, withAuth(auth, whoami()), uri)
		a := s.must(200, alice, "POST", "/mcp", rpc("tools/call", `{"name": "whoami", "arguments": {"word": "w"}, "context": {
			"user_id": "user2", "langgraph_auth_user": {"identity": "user2"}, "langgraph_auth_user_id": "user2", "__x": "user2", "thread_id": "user2"}}`))
		if text := string(a.Body); !strings.Contains(text, `"identity":"user1"`) || strings.Contains(text, `"langgraph_auth_user_id":"user2"`) ||
			strings.Contains(text, `"__x"`) || strings.Contains(text, `"user_id":"user2"`) || strings.Contains(text, `"thread_id":"user2"`) {
			t.Errorf("the run takes its caller for another: %s", text)
		}
		if runs.Load() != 1 {
			t.Errorf("%d runs were asked for", runs.Load())
		}
		for _, token := range []string{alice, bob} {
			s.must(200, token, "POST", "/threads/count", `{}`)
			if a := s.must(200, token, "POST", "/threads/search", `{}`); string(a.Body) != "[]" {
				t.Errorf("a thread is left: %s", a.Body)
			}
		}
	})
}

// What databases do not take is never the server's failure.
func TestMCPHostileBodies(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "name": "nul \u0000 and \ud800"}`)
		for name, y := range map[string]struct {
			body   string
			status int
		}{
			"U+0000 for a tool":      {callTool(`\u0000`), 200},
			"U+0000 in a tool":       {callTool(`agent\u0000`), 200},
			"U+0000 in a text":       {strings.Replace(callTool("agent"), "hello", `a\u0000b`, 1), 200},
			"half a surrogate":       {strings.Replace(callTool("agent"), "hello", `\ud800`, 1), 200},
			"bytes that are no text": {strings.Replace(callTool("ag\xffent"), "hello", "\xff\xfe", 1), 200},
			"a tool that is SQL":     {callTool(`' OR 1=1 --`), 200},
			"a tool that is a part":  {callTool(`%`), 200},
			"a long tool":            {callTool(strings.Repeat("x", 100_000)), 200},
			"deep arguments":         {rpc("tools/call", `{"name": "agent", "arguments": {"messages": `+strings.Repeat("[", 600)+strings.Repeat("]", 600)+`}}`), 422},
			"deeper arguments":       {rpc("tools/call", `{"name": "agent", "arguments": `+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`}`), 400},
			"a number without end":   {rpc("tools/call", `{"name": "agent", "arguments": {"n": 1e999}}`), 422},
			"a huge cursor":          {rpc("tools/list", `{"cursor": "99999999999999999999"}`), 200},
			"many unknown fields":    {rpc("tools/list", `{"a": {}, "_meta": {"progressToken": {}}}`), 200},
		} {
			a := s.as(alice, "POST", "/mcp", y.body)
			if a.Status != y.status || !strings.HasPrefix(string(a.Body), "{") {
				t.Errorf("%s: status %d, want %d: %.300s", name, a.Status, y.status, a.Body)
			}
		}
		if names := s.toolNames(alice); len(names) != 2 {
			t.Errorf("tools: %v", names)
		}
	})
}
