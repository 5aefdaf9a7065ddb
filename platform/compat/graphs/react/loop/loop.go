// Package loop has agents that ask for tools, each call in a task of its own.
package loop

import (
	"context"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// New returns an agent whose nodes have the names that clients of the set know.
func New(model graphs.ChatModel, tools ...graphs.Tool) *graphs.StateGraph[graphs.MessagesState] {
	next := func(_ context.Context, s graphs.MessagesState) (graphs.Command, error) {
		if sends := prebuilt.SendCalls("tools", s.Messages); len(sends) > 0 {
			return graphs.Command{Send: sends}, nil
		}
		return graphs.Command{Goto: []string{graphs.End}}, nil
	}
	return graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("model_request", scripted.Node(model)).
		AddNodeOf("tools", prebuilt.ToolTasks(nil, tools...), graphs.SeeState()).
		AddEdge(graphs.Start, "model_request").
		AddRouter("model_request", next, "tools", graphs.End).
		AddEdge("tools", "model_request")
}
