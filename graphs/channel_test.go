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
