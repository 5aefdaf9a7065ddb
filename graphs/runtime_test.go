package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

type settings struct {
	Tone   string `json:"tone" default:"friendly"`
	Search bool   `json:"search"`
	Limit  int    `json:"limit" default:"3"`
}

func TestContextFrom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		cfg  graphs.Config
		want settings
	}{
		{"defaults", graphs.Config{}, settings{"friendly", false, 3}},
		{"context", graphs.Config{Context: raw(`{"tone":"formal","search":true}`)}, settings{"formal", true, 3}},
		{"configurable", graphs.Config{Configurable: map[string]json.RawMessage{"limit": raw("7")}}, settings{"friendly", false, 7}},
		{"context before configurable", graphs.Config{Context: raw(`{"tone":"x"}`), Configurable: map[string]json.RawMessage{"limit": raw("7")}}, settings{"x", false, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got settings
			g := compile(t, graphs.NewStateGraph[listState]().AddNode("a", func(ctx context.Context, _ listState) (graphs.Update, error) {
				var err error
				got, err = graphs.ContextFrom[settings](ctx)
				return nil, err
			}).AddEdge(graphs.Start, "a"))
			run(t, g, value(`{}`), tt.cfg)
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestFactory(t *testing.T) {
	t.Parallel()
	f := graphs.Factory[settings](func(_ context.Context, rt *graphs.ServerRuntime, s settings) (graphs.Runnable, error) {
		name := s.Tone + rt.User.Identity
		return graphs.NewStateGraph[listState]().AddNode(name, says(name)).AddEdge(graphs.Start, name).Compile()
	})
	var src graphs.Source = f
	g, err := src.Load(t.Context(), &graphs.ServerRuntime{User: &authhooks.User{Identity: "bob"}, Config: graphs.Config{Context: raw(`{"tone":"x"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := invoke[listState](t, g, listState{}, graphs.Config{}); !slices.Equal(got.Items, []string{"xbob"}) {
		t.Errorf("items: %v", got.Items)
	}
	if !strings.Contains(string(f.Settings()), `"tone"`) {
		t.Errorf("settings: %s", f.Settings())
	}
	_, err = src.Load(t.Context(), &graphs.ServerRuntime{Config: graphs.Config{Context: raw(`{"limit":"x"}`)}})
	var input *graphs.InputError
	if !errors.As(err, &input) {
		t.Errorf("bad context: %v", err)
	}
}

func TestSourceOf(t *testing.T) {
	t.Parallel()
	b := graphs.NewStateGraph[listState]().AddNode("a", says("a")).AddEdge(graphs.Start, "a")
	r := compile(t, b)
	for _, v := range []any{b, r, func() (graphs.Runnable, error) { return r, nil }} {
		src, err := graphs.SourceOf(v)
		if err != nil {
			t.Fatal(err)
		}
		first, err1 := src.Load(t.Context(), nil)
		second, err2 := src.Load(t.Context(), nil)
		if err1 != nil || err2 != nil || first != second {
			t.Errorf("%T: %v %v, same: %v", v, err1, err2, first == second)
		}
	}
	if _, err := graphs.SourceOf(7); err == nil {
		t.Error("a number is a graph")
	}
}

// Events of a node come in its order, between its start and its end; messages that were streamed are not told again.
func TestNodeEvents(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[agentState]().AddNode("a", func(ctx context.Context, _ agentState) (graphs.Update, error) {
		rt := graphs.RuntimeFrom(ctx)
		if rt.Remaining != 24 || rt.User.Identity != "bob" || rt.Attempt != 1 {
			return nil, fmt.Errorf("runtime: %+v", rt)
		}
		m := graphs.AI("hello")
		m.ID = "m1"
		for i := range 3 {
			if err := errors.Join(rt.Write(i), rt.Chunk(graphs.MessageChunk{ID: "m1"}, nil)); err != nil {
				return nil, err
			}
		}
		return graphs.Set{"messages": []graphs.Message{m, graphs.AI("by hand")}}, rt.WriteNamed("status", "x")
	}).AddEdge(graphs.Start, "a"))
	for _, messages := range []bool{true, false} {
		res := run(t, g, value(hello), graphs.Config{Messages: messages, User: &authhooks.User{Identity: "bob"}})
		var kinds []string
		for _, e := range res.Events {
			kind := string(e.Kind)
			if e.TaskStart != nil && e.TaskStart.Hidden || e.TaskEnd != nil && e.TaskEnd.Hidden {
				kind += " hidden"
			}
			kinds = append(kinds, kind)
		}
		want := "run.start, step, task.start hidden, task.end hidden, step, task.start, custom, chunk, custom, chunk, custom, chunk, custom, message, task.end, step"
		if !messages {
			want = strings.ReplaceAll(strings.ReplaceAll(want, "chunk, ", ""), "message, ", "")
		}
		if got := strings.Join(kinds, ", "); got != want {
			t.Errorf("messages=%v:\n%s\nwant\n%s", messages, got, want)
		}
	}
}

func TestCheckpointMetadata(t *testing.T) {
	t.Parallel()
	s := memory.New()
	cfg := graphs.Config{
		Saver: s, ThreadID: "T", RunID: "R", GraphID: "agent", AssistantID: "A",
		Metadata: map[string]json.RawMessage{"tag": raw(`{"deep":1}`)},
		Configurable: map[string]json.RawMessage{
			"model": raw(`"gpt"`), "thread_id": raw(`"x"`), "checkpoint_ns": raw(`"x"`), "__secret": raw("1"), "object": raw(`{"a":1}`),
		},
	}
	run(t, newAgent(t), value(hello), cfg)
	shot, err := graphs.ReadState(t.Context(), s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"source": `"loop"`, "step": "3", "parents": "{}", "tag": `{"deep":1}`, "model": `"gpt"`,
		"thread_id": `"T"`, "run_id": `"R"`, "graph_id": `"agent"`, "assistant_id": `"A"`, "run_attempt": "1",
	}
	got := map[string]string{}
	for key, value := range shot.Metadata {
		got[key] = string(value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheckpointIDs(t *testing.T) {
	t.Parallel()
	s := memory.New()
	ahead := func() time.Time { return time.Now().Add(time.Hour) }
	run(t, newAgent(t), value(hello), graphs.Config{Saver: s, Now: ahead})
	run(t, newAgent(t), value(hello), graphs.Config{Saver: s}) // by a machine whose clock is behind
	last := ""
	tails := []string{}
	for shot, err := range graphs.ReadHistory(t.Context(), s, graphs.ListQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if last != "" && (shot.ID >= last || shot.ID[14] != '6') {
			t.Errorf("%s is not before %s", shot.ID, last)
		}
		last = shot.ID
		tails = append(tails, shot.ID[19:23])
	}
	slices.Reverse(tails)
	if got := strings.Join(tails[:3], " "); got != "bfff 8000 8001" {
		t.Errorf("clock sequences: %s", got)
	}
}

type notFound struct{ error }

func (notFound) Class() string { return "NotFoundError" }

func TestFailureClass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want string
	}{
		{errors.New("x"), "Error"},
		{fmt.Errorf("a: %w", errors.New("x")), "Error"},
		{&customError{"x"}, "customError"},
		{fmt.Errorf("a: %w", &customError{"x"}), "customError"},
		{&fs.PathError{Op: "open", Path: "p", Err: errors.New("x")}, "PathError"},
		{errors.Join(&customError{"x"}, errors.New("y")), "customError"},
		{fmt.Errorf("a: %w", notFound{errors.New("x")}), "NotFoundError"},
		{&graphs.InputError{Err: &customError{"x"}}, "InputError"},
	}
	for _, tt := range tests {
		got := graphs.FailureOf(&graphs.NodeError{Node: "n", Err: tt.err})
		if got.Class != tt.want || got.Message != tt.err.Error() {
			t.Errorf("%T: %+v, want %s", tt.err, got, tt.want)
		}
	}
	if graphs.FailureOf(nil) != nil {
		t.Error("nil is a failure")
	}
}
