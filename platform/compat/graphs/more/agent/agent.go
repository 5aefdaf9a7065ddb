// Package agent has a ReAct agent, node by node.
package agent

import (
	"context"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/more/model"
)

// Graph searches if it has to.
var Graph = New("scripted", "", model.Search)

// New returns an agent whose model has a name, a prompt and tools, of which there may be none.
func New(name, prompt string, tools ...graphs.Tool) *graphs.StateGraph[graphs.MessagesState] {
	g := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("call_model", model.Call(model.New(name), prompt, graphs.ModelRequest{Tools: tools})).
		AddEdge(graphs.Start, "call_model")
	if len(tools) == 0 {
		return g.AddEdge("call_model", graphs.End)
	}
	return g.AddNode("tools", prebuilt.ToolNode(tools...)).
		AddConditionalEdges("call_model", next, "tools", graphs.End).
		AddEdge("tools", "call_model")
}

func next(_ context.Context, s graphs.MessagesState) (string, error) {
	if model.Asks(s) {
		return "tools", nil
	}
	return graphs.End, nil
}
