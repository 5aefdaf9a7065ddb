// Package subgraph has graphs with a graph as a node.
package subgraph

import (
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/more/agent"
	"github.com/locutory/locutory/platform/compat/graphs/more/model"
)

// Agent has a model that nobody hears, and then the agent.
var Agent = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("no_stream", model.Call(model.New("silent"), "", graphs.ModelRequest{Tags: []string{graphs.NoStream}})).
	AddSubgraph("subgraph_agent", agent.Graph).
	AddSequence(graphs.Start, "no_stream", "subgraph_agent", graphs.End)
