package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

var ownerOnly = authhooks.OwnerOnly("owner")

func namesOf(tools []*sdk.Tool) []string {
	var names []string
	for _, tool := range tools {
		names = append(names, tool.Name)
	}
	return names
}

var graphNames = []string{"ask", "boom", "broken", "fill", "say", "slow"}

func hello(text string) map[string]any {
	return map[string]any{"messages": []any{map[string]any{"role": "user", "content": text}}}
}

// said is the text of a result and its structured content, as JSON.
func said(t *testing.T, r *sdk.CallToolResult) (text, values string) {
	t.Helper()
	if len(r.Content) != 1 {
		t.Fatalf("%d contents, want 1", len(r.Content))
	}
	data, err := json.Marshal(r.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	return r.Content[0].(*sdk.TextContent).Text, string(data)
}

// Each user sees the graphs' own tools and his, whatever others have made, under names that theirs do not change.
func TestToolsAreTheCallers(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	description := "Knows Alice's secrets"
	s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "My bot", Description: &description})
	likeGraph := s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "say"})
	s.assistant("bob", store.AssistantNew{GraphID: "fill", Name: "My bot"})
	second := s.assistant("bob", store.AssistantNew{GraphID: "fill", Name: "My_bot"})

	alice, bob := s.list("alice"), s.list("bob")
	for name, y := range map[string]struct{ got, own []string }{
		"Alice": {namesOf(alice), []string{"My_bot", "say-" + strings.ReplaceAll(likeGraph.ID, "-", "")}},
		"Bob":   {namesOf(bob), []string{"My_bot", "My_bot-" + strings.ReplaceAll(second.ID, "-", "")}},
	} {
		slices.Sort(y.got[:len(graphNames)])
		if diff := cmp.Diff(append(slices.Clone(graphNames), y.own...), y.got); diff != "" {
			t.Errorf("%s's tools (-want +got):\n%s", name, diff)
		}
	}
	about := map[string]string{}
	for _, tool := range alice {
		about[tool.Name] = tool.Title + ": " + tool.Description
	}
	if about["My_bot"] != "My bot: Knows Alice's secrets" || about["say"] != "say: graph say" {
		t.Errorf("Alice's tools are described as %v", about)
	}
	for _, tool := range bob {
		if data, _ := json.Marshal(tool); strings.Contains(string(data), "Alice") || tool.Title == "My bot" && tool.Description != "graph fill" {
			t.Errorf("Bob is shown %s", data)
		}
	}
}

// A name means the caller's own assistant, and of another's it is told what is told of none.
func TestCallsReachTheCallersAssistants(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	alices := s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "bot"})
	s.assistant("bob", store.AssistantNew{GraphID: "fill", Name: "bot"})
	s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "hers alone"})
	exact := "bot-" + strings.ReplaceAll(alices.ID, "-", "")
	for _, name := range []string{"bot", exact} {
		r, err := s.call("alice", name, hello("a"))
		s.check(err)
		if text, values := said(t, r); text != "heard a" || !strings.Contains(values, `"seen":"alice/"`) || r.IsError {
			t.Errorf("%s: Alice gets %s, %s", name, text, values)
		}
	}
	r, err := s.call("bob", "bot", map[string]any{"context": "b"})
	s.check(err)
	if _, values := said(t, r); values != `{"context":"[b/]"}` {
		t.Errorf("Bob's bot returns %s", values)
	}
	for _, name := range []string{"hers_alone", exact} {
		_, err := s.call("bob", name, hello("b"))
		_, absent := s.call("bob", "nothing", hello("b"))
		if err == nil || absent == nil || err.Error() != strings.Replace(absent.Error(), "nothing", name, 1) {
			t.Errorf("%s: Bob gets %v, and of nothing %v", name, err, absent)
		}
	}
}

func TestCallsAskAsWaitDoes(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "bot"})
	client := s.client("alice")
	s.took()
	if got := s.post(t.Context(), "alice", `{"jsonrpc": "2.0", "id": 1, "method": "ping"}`); got != `{"jsonrpc":"2.0","id":1,"result":{}}` || len(s.took()) > 0 {
		t.Errorf("a ping asks hooks, or fails: %s", got)
	}
	_, err := client.ListTools(t.Context(), nil)
	s.check(err)
	if diff := cmp.Diff([]string{"assistants:search"}, s.took()); diff != "" {
		t.Errorf("list asks (-want +got):\n%s", diff)
	}
	for tool, read := range map[string][]string{"say": nil, "bot": {"assistants:read"}} {
		_, err = client.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: hello("x")})
		s.check(err)
		want := append([]string{"assistants:search", "threads:read", "threads:update", "threads:create_run"}, append(read, "threads:create")...)
		if diff := cmp.Diff(want, s.took()); diff != "" {
			t.Errorf("a call of %s asks (-want +got):\n%s", tool, diff)
		}
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	for name, y := range map[string]struct {
		tool      string
		arguments any
		wrong     bool
		text      string // a part
		values    string // a part
	}{
		"the model's last words":   {tool: "say", arguments: hello("x"), text: "heard x", values: `"seen":"alice/"`},
		"values":                   {tool: "fill", arguments: map[string]any{"context": "c"}, text: `{"context":"[c/]"}`, values: `{"context":"[c/]"}`},
		"no arguments":             {tool: "fill", text: `{"context":"[/]"}`, values: `{"context":"[/]"}`},
		"a failure":                {tool: "boom", arguments: map[string]any{"context": "c"}, wrong: true, text: "kaput", values: `"message":"kaput"`},
		"a question":               {tool: "ask", arguments: map[string]any{"context": "c"}, text: `{"question":"may I?"}`, values: `"__interrupt__":[{"`},
		"a graph that is broken":   {tool: "broken", wrong: true, text: `graph "broken" does not load`},
		"a wrong type":             {tool: "fill", arguments: map[string]any{"context": 1}, wrong: true, text: "context"},
		"no object":                {tool: "fill", arguments: []any{1}, wrong: true, text: "arguments: want an object"},
		"settings":                 {tool: "say", arguments: with(hello("x"), map[string]any{"tone": "rude"}), text: "heard x", values: `"seen":"alice/rude"`},
		"settings of the server's": {tool: "say", arguments: with(hello("x"), map[string]any{"user_id": "bob", "langgraph_auth_user": "bob"}), text: "heard x", values: `"seen":"alice/"`},
		"settings of a wrong type": {tool: "say", arguments: with(hello("x"), "rude"), wrong: true, text: "context: want an object"},
		"no settings":              {tool: "say", arguments: with(hello("x"), nil), text: "heard x", values: `"seen":"alice/"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := s.call("alice", y.tool, y.arguments)
			s.check(err)
			text, values := said(t, r)
			if r.IsError != y.wrong || !strings.Contains(text, y.text) || !strings.Contains(values, y.values) {
				t.Errorf("isError %v, %s, %s", r.IsError, text, values)
			}
		})
	}
}

func with(arguments map[string]any, context any) map[string]any {
	arguments["context"] = context
	return arguments
}

// A graph that has an input of the name context keeps it: settings then stand beside the arguments.
func TestSettingsBesideArguments(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	for params, want := range map[string]string{
		`{"name": "fill", "arguments": {"context": "c"}, "context": {"tone": "rude"}}`:                    `"structuredContent":{"context":"[c/rude]"}`,
		`{"name": "fill", "arguments": {"context": "c"}, "context": null}`:                                `"structuredContent":{"context":"[c/]"}`,
		`{"name": "fill", "arguments": null, "context": {}}`:                                              `"structuredContent":{"context":"[/]"}`,
		`{"name": "say", "arguments": {"messages": ["x"], "context": {"tone": "rude"}}, "context": null}`: `"seen":"alice/rude"`,
		`{"name": "fill", "context": 7}`:                                                                  `context: want an object`,
	} {
		if got := s.post(t.Context(), "alice", `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": `+params+`}`); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", params, got, want)
		}
	}
}

func TestManyToolsComeInPages(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	for i := range 230 {
		s.assistant("alice", store.AssistantNew{GraphID: "fill", Name: fmt.Sprintf("bot %d", i)})
		s.assistant("bob", store.AssistantNew{GraphID: "fill", Name: fmt.Sprintf("bot %d", i)})
	}
	tools := namesOf(s.list("alice"))
	if n := len(tools); n != 236 || len(slices.Compact(slices.Sorted(slices.Values(tools)))) != 236 {
		t.Errorf("%d tools, want 236, each once: %v", n, tools)
	}
	if first, err := s.client("alice").ListTools(t.Context(), nil); err != nil || len(first.Tools) != 100 || first.NextCursor == "" {
		t.Errorf("the first page has %d tools, cursor %q: %v", len(first.Tools), first.NextCursor, err)
	}
	if _, err := s.client("alice").ListTools(t.Context(), &sdk.ListToolsParams{Cursor: "-5"}); err == nil {
		t.Error("a cursor of nowhere is taken")
	}
}

// Denials reach the client as such, and start nothing.
func TestDenials(t *testing.T) {
	t.Parallel()
	for event, y := range map[string]struct{ lists, calls bool }{
		"assistants:search":  {false, false},
		"threads:read":       {true, false},
		"threads:create_run": {true, false},
		"threads:create":     {true, false},
		"threads:update":     {true, true}, // who may not cancel may run all the same
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			s := setup(t, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
				if string(c.Resource)+":"+string(c.Action) == event {
					return authhooks.Deny("not this"), nil
				}
				return ownerOnly(ctx, c)
			})
			_, err := s.client("alice").ListTools(t.Context(), nil)
			if (err == nil) != y.lists || err != nil && !strings.Contains(err.Error(), "not this") {
				t.Errorf("list: %v", err)
			}
			_, err = s.call("alice", "say", hello("x"))
			if (err == nil) != y.calls || err != nil && !strings.Contains(err.Error(), "not this") {
				t.Errorf("call: %v", err)
			}
			s.note(func() {
				if (s.begun > 0) != y.calls {
					t.Errorf("%d runs began", s.begun)
				}
			})
		})
	}
}

// An assistant that may be found and not read cannot be run: it is as if it were not there.
func TestFoundAndNotReadable(t *testing.T) {
	t.Parallel()
	s := setup(t, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if c.Action == authhooks.Search {
			return authhooks.Allow(), nil
		}
		return ownerOnly(ctx, c)
	})
	s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "bot"})
	if !slices.Contains(namesOf(s.list("bob")), "bot") {
		t.Error("the rule lets Bob find it")
	}
	if _, err := s.call("bob", "bot", hello("x")); err == nil || !strings.Contains(err.Error(), `unknown tool "bot"`) {
		t.Errorf("Bob runs it: %v", err)
	}
	if _, err := s.call("alice", "bot", hello("x")); err != nil {
		t.Errorf("Alice does not: %v", err)
	}
}

// When the client goes, its run is cancelled.
func TestClientsThatGoCancel(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	client := s.client("alice")
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := client.CallTool(ctx, &sdk.CallToolParams{Name: "slow", Arguments: map[string]any{"context": "c"}})
		done <- err
	}()
	await(t, s.gate.running)
	leave()
	if err := <-done; err == nil {
		t.Error("the call came to an end")
	}
	await(t, s.gate.stopped)
}

func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("waited in vain")
	}
}

// What a handler adds to a search holds for tools as it does for assistants.
func TestHandlersNarrowTheSearch(t *testing.T) {
	t.Parallel()
	s := setup(t, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if v, ok := c.Value.(*authhooks.AssistantsSearch); ok {
			v.Metadata["stage"] = "released"
		}
		return ownerOnly(ctx, c)
	})
	s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "draft"})
	s.assistant("alice", store.AssistantNew{GraphID: "say", Name: "ready", Metadata: map[string]any{"stage": "released"}})
	if diff := cmp.Diff([]string{"ready"}, namesOf(s.list("alice"))); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	for name, found := range map[string]bool{"ready": true, "draft": false, "say": false} {
		if _, err := s.call("alice", name, hello("x")); (err == nil) != found {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A run that somebody stops is no success.
func TestCancelledRunsAreWrong(t *testing.T) {
	t.Parallel()
	s := setup(t, ownerOnly)
	client, done := s.client("alice"), make(chan *sdk.CallToolResult, 1)
	go func() {
		r, _ := client.CallTool(t.Context(), &sdk.CallToolParams{Name: "slow", Arguments: map[string]any{"context": "c"}})
		done <- r
	}()
	await(t, s.gate.running)
	ctx := as(t.Context(), "alice")
	update, err := s.guard.Threads(ctx, &authhooks.ThreadsUpdate{})
	s.check(err)
	search, err := s.guard.Threads(ctx, &authhooks.ThreadsSearch{})
	s.check(err)
	_, err = s.runs.CancelAll(ctx, update, search, store.Cancels{Status: store.RunRunning, Action: store.CancelInterrupt})
	s.check(err)
	r := <-done
	if r == nil || !r.IsError {
		t.Fatalf("the call came to %+v", r)
	}
	if text, _ := said(t, r); !strings.Contains(text, "cancelled") {
		t.Errorf("it says %s", text)
	}
}
