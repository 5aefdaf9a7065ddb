package graphs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

func TestChannelKinds(t *testing.T) {
	t.Parallel()
	var seen []string
	s := memory.New()
	g := compile(t, graphs.NewStateGraph[listState](graphs.Default("last", "none")).
		AddNode("a", func(_ context.Context, s listState) (graphs.Update, error) {
			seen = append(seen, s.Last+s.Secret)
			return graphs.Set{"once": "1", "secret": "s", "local": "l", "items": []string{"x"}}, nil
		}).
		AddNode("b", func(_ context.Context, s listState) (graphs.Update, error) {
			seen = append(seen, s.Once+s.Secret+s.Local)
			return graphs.Set{"items": graphs.Overwrite([]string{"only"}), "last": ""}, nil
		}).
		AddNode("c", func(_ context.Context, s listState) (graphs.Update, error) {
			seen = append(seen, s.Once+s.Secret+s.Local)
			return nil, nil
		}).
		AddEdge(graphs.Start, "a").AddEdge("a", "b").AddEdge("b", "c"))
	res := run(t, g, value(`{"secret":"from outside","unknown":1}`), graphs.Config{Saver: s})
	if diff := cmp.Diff([]string{"none", "1sl", "sl"}, seen); diff != "" {
		t.Error(diff)
	}
	if got := string(res.Values["items"]) + string(res.Values["last"]); got != `["only"]""` {
		t.Errorf("values: %s", got)
	}
	shot, err := graphs.ReadState(t.Context(), s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(shot.Values); got != `{"by_name":{},"count":0,"items":["only"],"last":"","secret":"s"}` {
		t.Errorf("state: %s", got)
	}
	if diff := cmp.Diff([]string{"items", "count", "by_name", "last", "topics", "once"}, res.Events[0].RunStart.Output); diff != "" {
		t.Error(diff)
	}
}

func TestTwoWritersNeedAReducer(t *testing.T) {
	t.Parallel()
	write := func(context.Context, listState) (graphs.Update, error) { return graphs.Set{"last": "x"}, nil }
	g := compile(t, graphs.NewStateGraph[listState]().AddNode("a", write).AddNode("b", write).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b"))
	res := graphtest.Run(t, g, value(`{}`), graphs.Config{})
	if f := graphs.FailureOf(res.Err); f == nil || f.Class != "InvalidUpdateError" || !strings.Contains(f.Message, `"last"`) {
		t.Errorf("error: %v", res.Err)
	}
	if _, err := graphs.Invoke[listState](t.Context(), g, value(`{}`), graphs.Config{Saver: memory.New()}); !errors.Is(err, graphs.ErrInvalidUpdate) {
		t.Errorf("error: %v", err)
	}
}

// TestOverwriteInAStep: what was seen of LangGraph 1.2. An overwrite wins over what else is written in its step, before and after it, and
// there is one at most; routers see the same.
func TestOverwriteInAStep(t *testing.T) {
	t.Parallel()
	over := func(items ...string) func(context.Context, listState) (graphs.Update, error) {
		return func(context.Context, listState) (graphs.Update, error) {
			return graphs.Set{"items": graphs.Overwrite(items)}, nil
		}
	}
	for _, s := range []graphs.Saver{nil, memory.New()} {
		g := graphs.NewStateGraph[listState]().AddNode("p", says("p")).AddNode("q", over("only")).AddNode("r", says("r"))
		g.AddEdge(graphs.Start, "p").AddEdge(graphs.Start, "q").AddEdge(graphs.Start, "r")
		if got := run(t, compile(t, g), value(`{"items":["in"]}`), graphs.Config{Saver: s}); string(got.Values["items"]) != `["only"]` {
			t.Errorf("items: %s", got.Values["items"])
		}
	}
	two := compile(t, graphs.NewStateGraph[listState]().AddNode("p", over("1")).AddNode("q", over("2")).AddEdge(graphs.Start, "p").AddEdge(graphs.Start, "q"))
	f := graphs.FailureOf(graphtest.Run(t, two, value(`{}`), graphs.Config{}).Err)
	want := `channel "items" got 2 overwrites in one step: let one node overwrite it; it was written by "p", "q"`
	if f == nil || f.Class != "InvalidUpdateError" || f.Message != want {
		t.Errorf("two overwrites: %+v", f)
	}
	var routed []string
	one := compile(t, graphs.NewStateGraph[listState]().
		AddNode("n", func(context.Context, listState) (graphs.Update, error) {
			return graphs.Updates{graphs.Set{"items": []string{"a"}}, graphs.Set{"items": graphs.Overwrite([]string{"b"})}, graphs.Set{"items": []string{"c"}}}, nil
		}).
		AddEdge(graphs.Start, "n").
		AddConditionalEdges("n", func(_ context.Context, s listState) (string, error) {
			routed = s.Items
			return graphs.End, nil
		}, graphs.End))
	res := run(t, one, value(`{"items":["in"]}`), graphs.Config{})
	if got := string(res.Values["items"]); got != `["b"]` || !cmp.Equal(routed, []string{"b"}) {
		t.Errorf("items %s, the router saw %v", got, routed)
	}
}
