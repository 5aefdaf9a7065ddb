package graphs_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

// started names the tasks that a run has begun.
func started(res graphtest.Result) []string {
	var names []string
	for _, e := range res.Of(graphs.KindTaskStart) {
		if !e.TaskStart.Hidden {
			names = append(names, e.TaskStart.Name)
		}
	}
	return names
}

// innermost returns the namespace of c_one and c_two, and its checkpoint that has next.
func innermost(t testing.TB, s graphs.Saver, res graphtest.Result, next string) *graphs.Snapshot {
	t.Helper()
	ns := ""
	for _, e := range res.Events {
		if strings.Count(e.NS, "|") == 1 {
			ns = e.NS
		}
	}
	for shot, err := range graphs.ReadHistory(t.Context(), s, graphs.ListQuery{NS: ns}) {
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(shot.Next, []string{next}) {
			return shot
		}
	}
	t.Fatalf("no checkpoint of %q before %s", ns, next)
	return nil
}

// A run from a checkpoint three levels down does again what came after it, and nothing else.
func TestReplayInside(t *testing.T) {
	t.Parallel()
	for _, durability := range []graphs.Durability{graphs.DurabilityAsync, graphs.DurabilitySync} {
		for _, mapped := range []bool{true, false} {
			t.Run(string(durability), func(t *testing.T) {
				t.Parallel()
				g := threeLevels(t, enter("c_two"))
				cfg := graphs.Config{Saver: memory.New(), Durability: durability}
				first := run(t, g, value(`{}`), cfg)
				shot := innermost(t, cfg.Saver, first, "c_two")
				from := cfg
				from.CheckpointNS, from.CheckpointID = shot.NS, shot.ID
				if mapped {
					from.CheckpointMap = shot.CheckpointMap
				}
				again := run(t, g, graphs.Input{}, from)
				if diff := cmp.Diff([]string{"gp_two", "p_two", "c_two"}, started(again)); diff != "" {
					t.Errorf("ran (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(string(first.Values["items"]), string(again.Values["items"])); diff != "" {
					t.Errorf("items (-want +got):\n%s", diff)
				}
				state, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
				if err != nil || len(state.Next) != 0 || !strings.Contains(string(state.Values), `"c_two"`) {
					t.Errorf("state %s, next %v, %v", state.Values, state.Next, err)
				}
				fork := innermost(t, cfg.Saver, again, "c_two")
				if string(fork.Values) != string(shot.Values) || string(fork.Metadata["source"]) != `"fork"` || fork.NS == shot.NS {
					t.Errorf("the fork inside: %s %s in %s, want the values %s", fork.Metadata["source"], fork.Values, fork.NS, shot.Values)
				}
			})
		}
	}
}

// An edit of an inner checkpoint, and a run from what the edit made.
func TestForkInside(t *testing.T) {
	t.Parallel()
	g := threeLevels(t, func(_ context.Context, s innerState) (graphs.Update, error) {
		return graphs.Patch(innerState{Items: []string{"saw " + s.Step}}), nil
	})
	cfg := graphs.Config{Saver: memory.New()}
	shot := innermost(t, cfg.Saver, run(t, g, value(`{}`), cfg), "c_two")
	at := cfg
	at.CheckpointNS, at.CheckpointID, at.CheckpointMap = shot.NS, shot.ID, shot.CheckpointMap
	edit := graphs.NodeUpdate{Values: raw(`{"step":"the edit"}`), AsNode: "c_one"}
	made, err := g.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{edit}}}, at)
	if err != nil {
		t.Fatal(err)
	}
	at.CheckpointID = made.ID
	done := run(t, g, graphs.Input{}, at)
	if got := string(done.Values["items"]); !strings.HasSuffix(got, `"saw the edit"]`) {
		t.Errorf("items %s", got)
	}
	if diff := cmp.Diff([]string{"gp_two", "p_two", "c_two"}, started(done)); diff != "" {
		t.Errorf("ran (-want +got):\n%s", diff)
	}
}

// A question inside that was answered is answered anew from the checkpoint at which it was asked.
func TestAnswerAgainInside(t *testing.T) {
	t.Parallel()
	g := threeLevels(t, func(ctx context.Context, _ innerState) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, "which?")
		if err != nil {
			return nil, err
		}
		return graphs.Patch(innerState{Items: []string{answer}}), nil
	})
	cfg := graphs.Config{Saver: memory.New()}
	run(t, g, value(`{}`), cfg)
	asked, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	run(t, g, resume(`"first"`), cfg)
	at := cfg
	at.CheckpointID = asked.ID
	done := run(t, g, resume(`"second"`), at)
	if got := string(done.Values["items"]); !strings.HasSuffix(got, `"c_one","second"]`) || strings.Contains(got, "first") {
		t.Errorf("items %s", got)
	}
	if slices.Contains(started(done), "c_one") {
		t.Error("c_one ran again")
	}
}

func TestReplayInsideMistakes(t *testing.T) {
	t.Parallel()
	g := threeLevels(t, enter("c_two"))
	cfg := graphs.Config{Saver: memory.New()}
	run(t, g, value(`{}`), cfg)
	for name, at := range map[string]graphs.Config{
		"no such node":       {Saver: cfg.Saver, CheckpointNS: "nowhere:1"},
		"no subgraph":        {Saver: cfg.Saver, CheckpointNS: "gp_one:1"},
		"no such checkpoint": {Saver: cfg.Saver, CheckpointNS: "gp_two:1", CheckpointID: "none"},
		"no saver":           {CheckpointNS: "gp_two:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for e, err := range g.Stream(t.Context(), graphs.Input{}, at) {
				if err == nil {
					t.Fatalf("began with %s", e.Kind)
				}
			}
		})
	}
}

// Two graphs ask at the same time; answers come by id, one after the other and both at once.
func TestAnswersByIDAcrossSubgraphs(t *testing.T) {
	t.Parallel()
	asks := func(name string) *graphs.StateGraph[listState] {
		return graphs.NewStateGraph[listState]().AddNode("ask", func(ctx context.Context, _ listState) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, name)
			if err != nil {
				return nil, err
			}
			return graphs.Patch(listState{Items: []string{name + "=" + answer}}), nil
		}).AddEdge(graphs.Start, "ask")
	}
	deep := graphs.NewStateGraph[listState]().AddSubgraph("in", asks("b")).AddEdge(graphs.Start, "in")
	g := compile(t, graphs.NewStateGraph[listState]().
		AddSubgraph("left", asks("a")).AddSubgraph("right", deep).AddNode("own", func(ctx context.Context, _ listState) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, "c")
		if err != nil {
			return nil, err
		}
		return graphs.Patch(listState{Items: []string{"c=" + answer}}), nil
	}).AddEdge(graphs.Start, "left").AddEdge(graphs.Start, "right").AddEdge(graphs.Start, "own"))
	begin := func(t *testing.T) (graphs.Config, map[string]string) {
		cfg := graphs.Config{Saver: memory.New()}
		run(t, g, value(`{}`), cfg)
		shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]string{}
		for _, q := range shot.Interrupts {
			ids[strings.Trim(string(q.Value), `"`)] = q.ID
		}
		if len(ids) != 3 {
			t.Fatalf("questions: %+v", shot.Interrupts)
		}
		return cfg, ids
	}
	const want = `["a=1","c=3","b=2"]`
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		cfg, ids := begin(t)
		done := run(t, g, resume(`{"`+ids["a"]+`":"1","`+ids["b"]+`":"2","`+ids["c"]+`":"3"}`), cfg)
		if got := string(done.Values["items"]); got != want {
			t.Errorf("items %s, want %s", got, want)
		}
	})
	t.Run("one after the other", func(t *testing.T) {
		t.Parallel()
		cfg, ids := begin(t)
		var done graphtest.Result
		for _, answer := range []string{ids["b"] + `":"2"`, ids["c"] + `":"3"`, ids["a"] + `":"1"`} {
			done = run(t, g, resume(`{"`+answer+`}`), cfg)
		}
		if got := string(done.Values["items"]); got != want {
			t.Errorf("items %s, want %s", got, want)
		}
	})
}

// The nodes of a graph inside stop at breakpoints of their own graph, before and after, with a sibling that goes on.
func TestBreakpointsInsideOfParallelGraphs(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	ran := map[string]int{}
	count := func(name string) func(context.Context, listState) (graphs.Update, error) {
		return func(context.Context, listState) (graphs.Update, error) {
			mu.Lock()
			defer mu.Unlock()
			ran[name]++
			return graphs.Patch(listState{Items: []string{name}}), nil
		}
	}
	inner := func(opt graphs.Option, name string) *graphs.StateGraph[listState] {
		return graphs.NewStateGraph[listState](opt).AddNode(name+"1", count(name+"1")).AddNode(name+"2", count(name+"2")).
			AddEdge(graphs.Start, name+"1").AddEdge(name+"1", name+"2")
	}
	g := compile(t, graphs.NewStateGraph[listState]().
		AddSubgraph("x", inner(graphs.InterruptBefore("x2"), "x")).
		AddSubgraph("y", inner(graphs.InterruptAfter("y1"), "y")).
		AddNode("z", count("z")).
		AddEdge(graphs.Start, "x").AddEdge(graphs.Start, "y").AddEdge(graphs.Start, "z"))
	cfg := graphs.Config{Saver: memory.New()}
	first := run(t, g, value(`{}`), cfg)
	if first.Paused == nil || !slices.Equal(first.Paused.Nodes, []string{"x", "y"}) {
		t.Fatalf("paused: %+v", first.Paused)
	}
	done := run(t, g, graphs.Input{}, cfg)
	if got := string(done.Values["items"]); done.Paused != nil || got != `["x1","x2","y1","y2","z"]` {
		t.Errorf("items %s, paused %+v", got, done.Paused)
	}
	for name, n := range ran {
		if n != 1 {
			t.Errorf("%s ran %d times", name, n)
		}
	}
}
