// Package nested is a graph in a graph in a graph.
package nested

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// Grandparent, Parent and Child are the states of the three: they share the messages.
type (
	Grandparent struct {
		Messages []string `json:"messages" reduce:"append"`
	}
	Parent struct {
		Parent   string   `json:"parent" jsonschema:"one of: parent_one, parent_two"`
		Messages []string `json:"messages" reduce:"append"`
	}
	Child struct {
		Child    string   `json:"child" jsonschema:"one of: child_one, child_two"`
		Messages []string `json:"messages" reduce:"append"`
	}
)

// Graph is the grandparent.
var Graph = graphs.NewStateGraph[Grandparent]().
	AddNode("gp_one", entered[Grandparent]("gp_one")).
	AddSubgraph("gp_two", parent).
	AddEdge(graphs.Start, "gp_one").AddEdge("gp_one", "gp_two").AddEdge("gp_two", graphs.End)

var parent = graphs.NewStateGraph[Parent]().
	AddNode("p_one", entered[Parent]("p_one")).
	AddSubgraph("p_two", child).
	AddEdge(graphs.Start, "p_one").AddEdge("p_one", "p_two").AddEdge("p_two", graphs.End)

var child = graphs.NewStateGraph[Child]().
	AddNode("c_one", entered[Child]("c_one")).
	AddNode("c_two", entered[Child]("c_two")).
	AddEdge(graphs.Start, "c_one").AddEdge("c_one", "c_two").AddEdge("c_two", graphs.End)

func entered[S any](node string) func(context.Context, S) (graphs.Update, error) {
	return func(context.Context, S) (graphs.Update, error) {
		return graphs.Set{"messages": []string{"Entered " + node + " node"}}, nil
	}
}
