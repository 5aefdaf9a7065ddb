package graphs_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

// deferring has two branches, of one and of three nodes, that both lead to last; ask is the middle of the long one.
func deferring(t testing.TB, ask func(context.Context, listState) (graphs.Update, error)) graphs.Runnable {
	return compile(t, graphs.NewStateGraph[listState]().
		AddNode("a", says("a")).AddNode("b1", says("b1")).AddNode("b2", ask).AddNode("b3", says("b3")).
		AddNode("last", says("last"), graphs.Defer()).AddNode("end", says("end")).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b1").AddEdge("b1", "b2").AddEdge("b2", "b3").
		AddEdge("a", "last").AddEdge("b3", "last").AddEdge("last", "end"))
}

func TestDeferredNodeWaits(t *testing.T) {
	t.Parallel()
	const want = `["a","b1","b2","b3","last","end"]`
	for _, durability := range []graphs.Durability{graphs.DurabilityAsync, graphs.DurabilityExit} {
		t.Run("through a pause, "+string(durability), func(t *testing.T) {
			t.Parallel()
			g := deferring(t, func(ctx context.Context, _ listState) (graphs.Update, error) {
				if _, err := graphs.Interrupt[string](ctx, "?"); err != nil {
					return nil, err
				}
				return graphs.Patch(listState{Items: []string{"b2"}}), nil
			})
			cfg := graphs.Config{Saver: memory.New(), Durability: durability}
			first := run(t, g, value(`{}`), cfg)
			if slices.Contains(started(first), "last") {
				t.Fatal("last ran too early")
			}
			if got := string(run(t, g, resume(`"go"`), cfg).Values["items"]); got != want {
				t.Errorf("items %s, want %s", got, want)
			}
			shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
			if err != nil || strings.Contains(string(shot.Values), "wait") {
				t.Errorf("values %s, %v", shot.Values, err)
			}
		})
	}
	t.Run("without a saver", func(t *testing.T) {
		t.Parallel()
		end := invoke[listState](t, deferring(t, says("b2")), listState{}, graphs.Config{})
		if got := strings.Join(end.Items, " "); got != "a b1 b2 b3 last end" {
			t.Errorf("items %s", got)
		}
	})
	t.Run("after an update", func(t *testing.T) {
		t.Parallel()
		g, cfg := deferring(t, says("b2")), graphs.Config{Saver: memory.New()}
		steps := []graphs.Superstep{
			{Updates: []graphs.NodeUpdate{{Values: raw(`{}`), AsNode: "__input__"}}},
			{Updates: []graphs.NodeUpdate{{Values: raw(`{}`), AsNode: graphs.Start}}},
			{Updates: []graphs.NodeUpdate{{Values: raw(`{"items":["A"]}`), AsNode: "a"}, {Values: raw(`{"items":["B1"]}`), AsNode: "b1"}}},
		}
		if _, err := g.Write(t.Context(), steps, cfg); err != nil {
			t.Fatal(err)
		}
		done := run(t, g, graphs.Input{}, cfg)
		if diff := cmp.Diff([]string{"b2", "b3", "last", "end"}, started(done)); diff != "" {
			t.Errorf("ran (-want +got):\n%s", diff)
		}
	})
}

// What is fanned out to is over before a deferred node begins; all deferred nodes begin together.
func TestDeferredNodesRunTogether(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("plan", func(context.Context, listState) (graphs.Update, error) {
			return graphs.Command{Send: []graphs.Send{{Node: "work", Arg: "1"}, {Node: "work", Arg: "2"}}}, nil
		}, graphs.Goes("work")).
		AddNodeOf("work", graphs.In(func(_ context.Context, n string) (graphs.Update, error) {
			return graphs.Command{Update: graphs.Patch(listState{Items: []string{n}}), Goto: []string{"sum", "count"}}, nil
		}), graphs.Goes("sum", "count")).
		AddNode("sum", says("sum"), graphs.Defer()).AddNode("count", says("count"), graphs.Defer()).
		AddEdge(graphs.Start, "plan").AddEdge(graphs.Start, "sum"))
	res := graphtest.Run(t, g, value(`{}`), graphs.Config{})
	if got := string(res.Values["items"]); got != `["1","2","count","sum"]` {
		t.Errorf("items %s", got)
	}
	last := res.Of(graphs.KindStep)
	if got := last[len(last)-2].Step.Next; !slices.Equal(got, []string{"count", "sum"}) {
		t.Errorf("last step was %v", got)
	}
	if d := g.Draw(0); d.Nodes[3].ID != "sum" || d.Nodes[3].Metadata["defer"] != true {
		t.Errorf("drawn %+v", d.Nodes[3])
	}
}

// TestEndClearsWaitingNodes: who ends what is pending (streaming.md §3.5) ends what waits for it, too: it does not turn up in a later run.
func TestEndClearsWaitingNodes(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("b", says("b")).AddNode("c", says("c")).AddNode("d", says("d"), graphs.Defer()).AddNode("last", says("last")).
		AddConditionalEdges(graphs.Start, func(_ context.Context, s listState) (string, error) {
			if len(s.Items) > 0 {
				return "last", nil
			}
			return "b", nil
		}, "b", "last").
		AddEdge(graphs.Start, "last").AddEdge("b", "d").AddEdge("b", "c"))
	s := memory.New()
	run(t, g, value(`{}`), graphs.Config{Saver: s, InterruptBefore: []string{"c"}})
	end := []graphs.Superstep{{Updates: []graphs.NodeUpdate{{AsNode: graphs.End}}}}
	if _, err := g.Write(t.Context(), end, graphs.Config{Saver: s}); err != nil {
		t.Fatal(err)
	}
	res := run(t, g, value(`{}`), graphs.Config{Saver: s})
	if got := string(res.Values["items"]); got != `["b","last","last"]` {
		t.Errorf("items: %s", got)
	}
}
