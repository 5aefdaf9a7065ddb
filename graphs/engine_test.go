package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

// agentState is that of the fixture `agent`: what the golden recordings were made with.
type agentState struct {
	graphs.MessagesState
	Interrupt bool   `json:"interrupt"`
	KeyOne    string `json:"keyOne"`
	KeyTwo    string `json:"keyTwo"`
	Shared    string `json:"sharedStateFromStoreConfig"`
}

func newAgent(t testing.TB) graphs.Runnable {
	t.Helper()
	g, err := graphs.NewStateGraph[agentState]().
		AddNode("agent", func(ctx context.Context, s agentState) (graphs.Update, error) {
			if s.Interrupt {
				if _, err := graphs.Interrupt[any](ctx, "i want to interrupt"); err != nil {
					return nil, err
				}
			}
			text := "begin"
			if n := len(s.Messages); n > 0 && s.Messages[n-1].Type == graphs.TypeTool {
				text = "end"
			}
			return graphs.Set{"interrupt": false, "messages": graphs.AI(text)}, nil
		}).
		AddNode("tool", func(_ context.Context, s agentState) (graphs.Update, error) {
			last := s.Messages[len(s.Messages)-1].Text()
			return graphs.Set{"messages": graphs.ToolResult("tool_call_id", "tool_call__"+last), "sharedStateFromStoreConfig": "x"}, nil
		}).
		AddEdge(graphs.Start, "agent").
		AddConditionalEdges("agent", func(_ context.Context, s agentState) (string, error) {
			if s.Messages[0].Text() == "should_end" || s.Messages[len(s.Messages)-1].Text() == "end" {
				return graphs.End, nil
			}
			return "tool", nil
		}, "tool", graphs.End).
		AddEdge("tool", "agent").
		Compile()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

const hello = `{"messages":[{"role":"user","content":"hello","id":"in-1"}]}`

// line is a checkpoint as the golden recordings show it.
type line struct {
	Source string
	Step   string
	Next   string
	Values string
	Parent int // index of the parent in the list, -1 for none or further back
}

func history(t testing.TB, s graphs.Saver) []line {
	t.Helper()
	var shots []*graphs.Snapshot
	for shot, err := range graphs.ReadHistory(t.Context(), s, graphs.ListQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		shots = append(shots, shot)
	}
	var lines []line
	for _, shot := range shots {
		var values map[string]json.RawMessage
		if err := json.Unmarshal(shot.Values, &values); err != nil {
			t.Fatal(err)
		}
		keys := make([]string, 0, len(values))
		for key := range values {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		parent := slices.IndexFunc(shots, func(p *graphs.Snapshot) bool { return p.ID == shot.ParentID })
		lines = append(lines, line{
			strings.Trim(string(shot.Metadata["source"]), `"`), string(shot.Metadata["step"]),
			strings.Join(shot.Next, " "), strings.Join(keys, " "), parent,
		})
	}
	return lines
}

func texts(t testing.TB, value json.RawMessage) string {
	t.Helper()
	msgs, err := graphs.CoerceMessages(value)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range msgs {
		list = append(list, m.Text())
	}
	return strings.Join(list, " ")
}

func run(t testing.TB, g graphs.Runnable, in graphs.Input, cfg graphs.Config) graphtest.Result {
	t.Helper()
	res := graphtest.Run(t, g, in, cfg)
	if res.Err != nil {
		t.Fatalf("run: %v", res.Err)
	}
	return res
}

func value(text string) graphs.Input { return graphs.Input{Value: raw(text)} }

func resume(text string) graphs.Input {
	return graphs.Input{Command: &graphs.InputCommand{Resume: raw(text), HasResume: true}}
}

// Golden f01_state_history, c01_run_wait.
func TestCheckpointSequence(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	res := run(t, g, value(hello), graphs.Config{Saver: s})
	if got := texts(t, res.Values["messages"]); got != "hello begin tool_call__begin end" {
		t.Errorf("messages: %s", got)
	}
	want := []line{
		{"loop", "3", "", "interrupt messages sharedStateFromStoreConfig", 1},
		{"loop", "2", "agent", "interrupt messages sharedStateFromStoreConfig", 2},
		{"loop", "1", "tool", "interrupt messages", 3},
		{"loop", "0", "agent", "messages", 4},
		{"input", "-1", "__start__", "messages", -1},
	}
	if diff := cmp.Diff(want, history(t, s)); diff != "" {
		t.Error(diff)
	}
	run(t, g, value(`{"messages":"again"}`), graphs.Config{Saver: s})
	if got := history(t, s)[4]; got != (line{"input", "4", "__start__", "interrupt messages sharedStateFromStoreConfig", 5}) {
		t.Errorf("second input: %+v", got)
	}
}

// What the events fold to is what the saver has, and the results of tasks are in the history.
func TestEventsFoldToState(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	for _, in := range []string{hello, `{"messages":[{"type":"human","content":"more","id":"in-1"}]}`} {
		res := run(t, g, value(in), graphs.Config{Saver: s})
		shot, err := graphs.ReadState(t.Context(), s, "", "")
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]json.RawMessage
		if err := json.Unmarshal(shot.Values, &values); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values, res.Values); diff != "" {
			t.Error(diff)
		}
	}
	for shot, err := range graphs.ReadHistory(t.Context(), s, graphs.ListQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range shot.Tasks {
			if task.Result == nil || task.Error != nil {
				t.Errorf("task %s of %s has no result", task.Name, shot.Metadata["step"])
			}
		}
	}
}

// Golden g01_interrupt_resume.
func TestInterruptAndResume(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	cfg := graphs.Config{Saver: s}
	res := run(t, g, value(`{"messages":"hello","interrupt":true}`), cfg)
	if len(res.Interrupts) != 1 || string(res.Interrupts[0].Value) != `"i want to interrupt"` || len(res.Interrupts[0].ID) != 32 {
		t.Fatalf("interrupts: %+v", res.Interrupts)
	}
	shot, err := graphs.ReadState(t.Context(), s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(res.Interrupts, shot.Interrupts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"agent"}, shot.Next); diff != "" {
		t.Error(diff)
	}
	again := run(t, g, graphs.Input{}, cfg)
	if diff := cmp.Diff(res.Interrupts, again.Interrupts); diff != "" {
		t.Errorf("asked again: %s", diff)
	}
	done := run(t, g, resume(`"go on"`), cfg)
	if got := texts(t, done.Values["messages"]); got != "hello begin tool_call__begin end" {
		t.Errorf("messages: %s", got)
	}
	if !done.Events[0].RunStart.Resume || done.Events[0].RunStart.Base != shot.ID {
		t.Errorf("run.start: %+v", done.Events[0].RunStart)
	}
	if n := len(history(t, s)); n != 5 {
		t.Errorf("%d checkpoints: a resume writes none of its own", n)
	}
}

func TestFreshInputDiscardsInterrupt(t *testing.T) {
	t.Parallel()
	g, cfg := newAgent(t), graphs.Config{Saver: memory.New()}
	run(t, g, value(`{"messages":"hello","interrupt":true}`), cfg)
	res := run(t, g, value(`{"messages":"new","interrupt":false}`), cfg)
	if got := texts(t, res.Values["messages"]); got != "hello new begin tool_call__begin end" {
		t.Errorf("messages: %s", got)
	}
}

// Golden g02_interrupt_static.
func TestBreakpoints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		cfg  graphs.Config
		next string
		step string
		want graphs.Paused
	}{
		{"before", graphs.Config{InterruptBefore: []string{"tool"}}, "tool", "1", graphs.Paused{Nodes: []string{"tool"}, When: "before"}},
		{"after", graphs.Config{InterruptAfter: []string{"agent"}}, "tool", "1", graphs.Paused{Nodes: []string{"agent"}, When: "after"}},
		{"all", graphs.Config{InterruptBefore: []string{"*"}}, "agent", "0", graphs.Paused{Nodes: []string{"agent"}, When: "before"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, s := newAgent(t), memory.New()
			tt.cfg.Saver = s
			res := run(t, g, value(hello), tt.cfg)
			if res.Paused == nil || !cmp.Equal(*res.Paused, tt.want) {
				t.Fatalf("paused: %+v", res.Paused)
			}
			if got := history(t, s)[0]; got.Next != tt.next || got.Step != tt.step {
				t.Errorf("head: %+v", got)
			}
			res = run(t, g, graphs.Input{}, graphs.Config{Saver: s})
			if got := texts(t, res.Values["messages"]); got != "hello begin tool_call__begin end" {
				t.Errorf("messages: %s", got)
			}
		})
	}
	t.Run("not again at once", func(t *testing.T) {
		t.Parallel()
		g := newAgent(t)
		cfg := graphs.Config{Saver: memory.New(), InterruptBefore: []string{"*"}}
		run(t, g, value(hello), cfg)
		for _, want := range []string{"tool", "agent"} {
			if res := run(t, g, graphs.Input{}, cfg); res.Paused == nil || res.Paused.Nodes[0] != want {
				t.Fatalf("paused: %+v, want %s", res.Paused, want)
			}
		}
		if res := run(t, g, resume(`"x"`), cfg); res.Paused != nil {
			t.Errorf("paused at the end: %+v", res.Paused)
		}
	})
}

// Golden h03_recursion.
func TestRecursionLimit(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	res := graphtest.Run(t, g, value(hello), graphs.Config{Saver: s, RecursionLimit: 2})
	if !errors.Is(res.Err, graphs.ErrGraphRecursion) || graphs.FailureOf(res.Err).Class != "GraphRecursionError" {
		t.Fatalf("error: %v", res.Err)
	}
	if got := history(t, s)[0]; got.Step != "2" || got.Next != "agent" {
		t.Errorf("head: %+v", got)
	}
	res = run(t, g, graphs.Input{}, graphs.Config{Saver: s})
	if got := texts(t, res.Values["messages"]); got != "hello begin tool_call__begin end" {
		t.Errorf("messages: %s", got)
	}
	run(t, g, value(hello), graphs.Config{RecursionLimit: 3}) // as many steps as it takes
}

// Golden n02_command.
func TestInputCommands(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	cfg := graphs.Config{Saver: s}
	run(t, g, value(`{"messages":[{"role":"user","content":"should_end"}]}`), cfg)
	command := func(update string, to ...graphs.Target) graphtest.Result {
		t.Helper()
		return run(t, g, graphs.Input{Command: &graphs.InputCommand{Update: raw(update), Goto: to}}, cfg)
	}
	if res := command(`{"keyOne":"c1"}`); string(res.Values["keyOne"]) != `"c1"` || len(res.Of(graphs.KindTaskStart)) != 0 {
		t.Errorf("update only: %s", res.Values["keyOne"])
	}
	if res := command(`[["keyOne","p1"],["keyTwo","p2"],["unknown",1]]`); string(res.Values["keyTwo"]) != `"p2"` {
		t.Errorf("pairs: %s", res.Values["keyTwo"])
	}
	if res := command("", graphs.Target{Node: "tool"}); texts(t, res.Values["messages"]) != "should_end begin tool_call__begin end" {
		t.Errorf("goto: %s", res.Values["messages"])
	}
	command(`{"keyTwo":"c2"}`, graphs.Target{Node: "tool"})
	want := []line{
		{"loop", "9", "", "interrupt keyOne keyTwo messages sharedStateFromStoreConfig", 1},
		{"loop", "8", "agent", "interrupt keyOne keyTwo messages sharedStateFromStoreConfig", 2},
		{"input", "7", "tool", "interrupt keyOne keyTwo messages sharedStateFromStoreConfig", 3},
	}
	if diff := cmp.Diff(want, history(t, s)[:3]); diff != "" {
		t.Error(diff)
	}
	res := command("", graphs.Target{Node: "tool", Send: true, Input: raw(`{"messages":["sent"]}`)})
	if got := texts(t, res.Values["messages"]); !strings.Contains(got, "tool_call__sent") {
		t.Errorf("Send: %s", got)
	}
	command("", graphs.Target{Node: graphs.End})
}

func TestInputErrors(t *testing.T) {
	t.Parallel()
	g := newAgent(t)
	tests := []struct {
		name string
		in   graphs.Input
		want error
		text string
	}{
		{"wrong type", value(`{"keyOne":7}`), nil, `channel "keyOne" (string)`},
		{"no object", value(`[1]`), nil, "object"},
		{"bad message", value(`{"messages":[{"content":1}]}`), nil, `channel "messages"`},
		{"empty command", graphs.Input{Command: &graphs.InputCommand{}}, graphs.ErrEmptyCommand, "empty Command"},
		{"null resume", resume("null"), graphs.ErrEmptyCommand, "empty Command"},
		{"nothing", graphs.Input{}, graphs.ErrEmptyInput, "no input"},
		{"goto nowhere", graphs.Input{Command: &graphs.InputCommand{Goto: []graphs.Target{{Node: "nope"}}}}, graphs.ErrUnknownNode, `"nope"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := memory.New()
			res := graphtest.Run(t, g, tt.in, graphs.Config{Saver: s})
			var input *graphs.InputError
			if tt.want == nil && !errors.As(res.Err, &input) || tt.want != nil && !errors.Is(res.Err, tt.want) {
				t.Fatalf("error: %v", res.Err)
			}
			if !strings.Contains(res.Err.Error(), tt.text) {
				t.Errorf("error %q does not say %q", res.Err, tt.text)
			}
			if _, err := s.Get(t.Context(), "", ""); !errors.Is(err, graphs.ErrNoCheckpoint) {
				t.Errorf("a refused input left a checkpoint: %v", err)
			}
		})
	}
}
