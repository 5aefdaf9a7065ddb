package prebuilt

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// SwarmState is the state of a [NewSwarm]: ActiveAgent has the conversation.
type SwarmState struct {
	graphs.MessagesState
	ActiveAgent string `json:"active_agent"`
}

// NewSwarm returns a graph of agents that give the conversation to each other by the tools that [SwarmHandoff] makes, without anybody
// above them. Who had it last has it when the user speaks again; at first it is the agent named first.
func NewSwarm(first string, agents ...Agent) *graphs.StateGraph[SwarmState] {
	names := make([]string, len(agents))
	for i, a := range agents {
		names[i] = a.Name
	}
	g := graphs.NewStateGraph[SwarmState]()
	for _, a := range agents {
		g.AddSubgraph(a.Name, a.Graph, graphs.Goes(names...))
	}
	return g.AddConditionalEdges(graphs.Start, func(_ context.Context, s SwarmState) (string, error) {
		if s.ActiveAgent == "" {
			return first, nil
		}
		return s.ActiveAgent, nil
	}, names...)
}
