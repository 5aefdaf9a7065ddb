package graphs_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
)

type badState struct {
	A string   `json:"a" reduce:"concat"`
	B string   `json:"b" reduce:"append"`
	C []string `json:"c" reduce:"messages"`
	D string   `json:"d" reduce:"merge"`
	E string   `json:"e" reduce:"add"`
	F string   `json:"f" channel:"hidden"`
	G string   `json:"__g"`
	H string   `json:"h"`
	twice
}

type twice struct {
	I map[string]any `json:"h"`
}

func TestCompileTellsAllMistakes(t *testing.T) {
	t.Parallel()
	ok := says("x")
	tests := []struct {
		name string
		err  func() error
		want []string
	}{
		{"tags", func() error {
			_, err := graphs.NewStateGraph[badState](
				graphs.Reduce("nope", func(a, _ string) string { return a }), graphs.Reduce("h", func(a, _ int) int { return a }),
				graphs.Default("h", 1), graphs.Default("none", 1)).Compile()
			return err
		}, []string{
			`channel "a": unknown tag reduce:"concat"; there are append, messages, merge, add`,
			`channel "b": reduce:"append" needs a slice, not string`,
			`channel "c": reduce:"messages" needs []graphs.Message, not []string`,
			`channel "d": reduce:"merge" needs a map, not string`,
			`channel "e": reduce:"add" needs a number, not string`,
			`channel "f": unknown tag channel:"hidden"; there are ephemeral, untracked, private`,
			`channel "__g": names with ':' or a leading '__' are the engine's`,
			`channel "h" is declared twice`,
			`Reduce("nope"): the state has no such channel`,
			`Reduce("h") is for int, the channel holds string`,
			`Default("h") is int, the channel holds string`,
			`Default("none"): the state has no such channel`,
			"the graph has no beginning",
		}},
		{"names", func() error {
			_, err := graphs.NewStateGraph[listState]().AddNode("a", ok).AddNode("a", ok).AddNode("x:y", ok).AddNode("nil", nil).
				AddEdge("b", "a").AddEdge("a", "c").AddEdge(graphs.End, "a").AddEdge("a", graphs.Start).
				AddConditionalEdges("a", nil, "d").AddJoin(nil, "a").Compile()
			return err
		}, []string{
			`node "a" is added twice`, `node "x:y": choose a name`, `node "nil" has no function`,
			`AddEdge("b", "a"): there is no node "b"; there are a, __start__, __end__`,
			`AddEdge from "a": there is no node "c"`, "nothing follows __end__", "__start__ cannot be a target",
			`conditional edges of "a" have no function`, `there is no node "d"`, `AddJoin to "a" names no nodes`,
		}},
		{"unreachable", func() error {
			_, err := graphs.NewStateGraph[listState]().AddNode("a", ok).AddNode("b", ok).AddNode("c", ok).
				AddEdge(graphs.Start, "a").AddEdge("b", "c").AddEdge("c", "b").Compile()
			return err
		}, []string{`node "b" is never reached; add an edge to it, or the option graphs.Goes("b")`, `node "c" is never reached`}},
		{"no struct", func() error {
			_, err := graphs.NewStateGraph[string]().Compile()
			return err
		}, []string{"state: string is no struct"}},
		{"options", func() error {
			_, err := graphs.NewStateGraph[listState](graphs.Field[string](""), graphs.Field[int]("items"), graphs.Field[string]("x", `reduce:"add"`)).
				AddNode("a", ok, graphs.Timeout(-1), graphs.Cache(-1, "nothing")).
				AddSubgraph("sub", graphs.NewStateGraph[listState]().AddNode("n", ok).AddEdge(graphs.Start, "n"), graphs.Cache(0)).
				AddEdge(graphs.Start, "a").AddEdge("a", "sub").Compile()
			return err
		}, []string{
			`channel "": a channel needs a name`, `channel "items" is declared twice`, `channel "x": reduce:"add" needs a number, not string`,
			`node "a": Timeout(-1ns): the time is negative`, `node "a": Cache(-1ns): the time is negative`,
			`node "a": Cache names the key "nothing", which neither the state nor the node's input has`,
			`node "sub": Cache: a subgraph is not cached; give the option to its nodes`,
		}},
		{"input of a Send", func() error {
			_, err := graphs.NewStateGraph[listState]().
				AddNodeOf("a", graphs.In(func(context.Context, string) (graphs.Update, error) { return nil, nil })).
				AddNodeOf("b", graphs.In(func(context.Context, struct{ Topic string }) (graphs.Update, error) { return nil, nil })).
				AddEdge(graphs.Start, "a").AddEdge("a", "b").Compile()
			return err
		}, []string{
			`node "a" takes string, which has no key of the state, but edges lead to it; name keys of the state in it, or reach it by a Send`,
			`node "b" takes struct { Topic string }, which has no key of the state`,
		}},
		{"no keys", func() error {
			_, err := graphs.NewStateGraph[graphs.Values]().Compile()
			return err
		}, []string{`a graph over graphs.Values has no keys; add options like graphs.Field[string]("topic")`}},
		{"schemas", func() error {
			_, err := graphs.NewStateGraph[listState](graphs.InputSchema[badState]()).AddNode("a", ok).AddEdge(graphs.Start, "a").Compile()
			return err
		}, []string{`InputSchema: graphs_test.badState has the field "a", the state has no such channel`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.err()
			if err == nil {
				t.Fatal("compiled")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	route := func(context.Context, listState) (string, error) { return "b", nil }
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("a", says("a"), graphs.Goes("d"), graphs.Metadata("note", "x")).AddNode("b", says("b")).AddNode("c", says("c")).AddNode("d", says("d")).
		AddEdge(graphs.Start, "a").AddConditionalEdges("a", route, "b", graphs.End).AddEdge("b", "c").AddJoin([]string{"b", "c"}, "d"))
	d := g.Draw(0)
	var nodes, edges []string
	for _, n := range d.Nodes {
		nodes = append(nodes, n.ID)
	}
	for _, e := range d.Edges {
		arrow := " -> "
		if e.Conditional {
			arrow = " ~> "
		}
		edges = append(edges, e.Source+arrow+e.Target)
	}
	if diff := cmp.Diff([]string{"__start__", "a", "b", "c", "d", "__end__"}, nodes); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"__start__ -> a", "b -> c", "b -> d", "c -> d", "a ~> b", "a ~> __end__", "a ~> d", "d -> __end__",
	}
	if diff := cmp.Diff(want, edges); diff != "" {
		t.Error(diff)
	}
	if d.Nodes[1].Metadata["note"] != "x" {
		t.Errorf("metadata: %v", d.Nodes[1].Metadata)
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	type in struct {
		Topics []string `json:"topics"`
	}
	type settings struct {
		Tone string `json:"tone" default:"friendly"`
	}
	g := compile(t, graphs.NewStateGraph[listState](graphs.InputSchema[in](), graphs.ContextSchema[settings]()).
		AddNode("a", says("a")).AddEdge(graphs.Start, "a"))
	s := g.Schemas()
	keys := func(raw json.RawMessage) []string {
		var schema struct{ Properties map[string]any }
		if err := json.Unmarshal(raw, &schema); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		names := []string{}
		for _, name := range []string{"items", "count", "topics", "secret", "local", "tone"} {
			if _, ok := schema.Properties[name]; ok {
				names = append(names, name)
			}
		}
		return names
	}
	for name, want := range map[string]struct {
		raw  json.RawMessage
		keys []string
	}{
		"input":   {s.Input, []string{"topics"}},
		"output":  {s.Output, []string{"items", "count", "topics"}},
		"state":   {s.State, []string{"items", "count", "topics", "secret", "local"}},
		"context": {s.Context, []string{"tone"}},
	} {
		if diff := cmp.Diff(want.keys, keys(want.raw)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	res := run(t, g, value(`{"topics":["t"],"items":["not input"]}`), graphs.Config{})
	if got := string(res.Values["items"]); got != `["a"]` {
		t.Errorf("items: %s", got)
	}
}
