package graphs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

// A Send's node sees the state that it was not given; a graph that is called sees its own.
func TestStateFrom(t *testing.T) {
	t.Parallel()
	type part struct {
		Topics []string `json:"topics"`
	}
	look := func(ctx context.Context, topic string) (graphs.Update, error) {
		whole, err := graphs.StateFrom[callerState](ctx)
		if err != nil {
			return nil, err
		}
		some, err := graphs.StateFrom[part](ctx)
		if err != nil {
			return nil, err
		}
		return graphs.Patch(callerState{Texts: []string{topic + "/" + strings.Join(append(whole.Topics, some.Topics...), "")}}), nil
	}
	blind := graphs.NewStateGraph[calledState]().
		AddNode("n", func(ctx context.Context, _ calledState) (graphs.Update, error) {
			if _, err := graphs.StateFrom[callerState](graphs.WithState(ctx, callerState{})); err != nil {
				return nil, err
			}
			_, err := graphs.StateFrom[calledState](ctx)
			if err == nil {
				return nil, errors.New("saw a state")
			}
			return nil, nil
		}).AddEdge(graphs.Start, "n")
	graph := compile(t, graphs.NewStateGraph[callerState]().
		AddNodeOf("look", graphs.In(look), graphs.SeeState()).
		AddNode("call", func(ctx context.Context, s callerState) (graphs.Update, error) {
			_, err := graphs.Call[calledState](graphs.WithState(ctx, s), blind, calledState{})
			return nil, err
		}, graphs.SeeState()).
		AddRouter(graphs.Start, func(_ context.Context, s callerState) (graphs.Command, error) {
			c := graphs.Command{Goto: []string{"call", graphs.End}}
			for _, topic := range s.Topics {
				c.Send = append(c.Send, graphs.Send{Node: "look", Arg: topic})
			}
			return c, nil
		}, "look", "call"))
	res := run(t, graph, graphs.Input{Value: callerState{Topics: []string{"a", "b"}}}, graphs.Config{Saver: memory.New()})
	if got := string(res.Values["texts"]); res.Err != nil || got != `["a/abab","b/abab"]` {
		t.Errorf("%s, %v", got, res.Err)
	}
	if _, err := graphs.StateFrom[callerState](t.Context()); err == nil {
		t.Error("a state out of nothing")
	}
}

func TestRouterMistakes(t *testing.T) {
	t.Parallel()
	none := func(context.Context, callerState) (graphs.Update, error) { return nil, nil }
	for _, tc := range []struct {
		name    string
		command graphs.Command
		want    string
	}{
		{"update", graphs.Command{Update: graphs.Set{}}, "more than Goto and Send"},
		{"parent", graphs.Command{Graph: graphs.Parent}, "more than Goto and Send"},
		{"goto elsewhere", graphs.Command{Goto: []string{"other"}}, "not among its targets"},
		{"send elsewhere", graphs.Command{Send: []graphs.Send{{Node: "other"}}}, "not among its targets"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			graph := compile(t, graphs.NewStateGraph[callerState]().
				AddNode("n", none).AddNode("other", none).AddEdge(graphs.Start, "n").AddEdge("n", "other").
				AddRouter("n", func(context.Context, callerState) (graphs.Command, error) { return tc.command, nil }, "n"))
			if res := graphtest.Run(t, graph, graphs.Input{Value: callerState{}}, graphs.Config{}); res.Err == nil || !strings.Contains(res.Err.Error(), tc.want) {
				t.Errorf("got %v, want %q", res.Err, tc.want)
			}
		})
	}
}
