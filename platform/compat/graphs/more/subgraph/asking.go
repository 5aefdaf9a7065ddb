package subgraph

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// Foo is the state of Asking, and of the graph in it.
type Foo struct {
	Foo string `json:"foo"`
}

// Asking has a graph that asks in its middle.
var Asking = graphs.NewStateGraph[Foo]().
	AddSubgraph("node_1", asking).
	AddSequence(graphs.Start, "node_1", graphs.End)

var asking = graphs.NewStateGraph[Foo]().
	AddNode("subgraph_node_1", func(context.Context, Foo) (graphs.Update, error) {
		return graphs.Set{"foo": "Initial subgraph value."}, nil
	}).
	AddNode("subgraph_node_2", func(ctx context.Context, s Foo) (graphs.Update, error) {
		value, err := graphs.Interrupt[string](ctx, "Provide value:")
		if err != nil {
			return nil, err
		}
		return graphs.Set{"foo": s.Foo + value}, nil
	}).
	AddSequence(graphs.Start, "subgraph_node_1", "subgraph_node_2", graphs.End)
