package prebuilt

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
)

const handoffPrefix = "transfer_to_"

// Handoff is a tool, transfer_to_<agent>, by which an agent that is a node of a graph gives the conversation to another node of that
// graph. What the agent has said since the user spoke goes with it. Several handoffs of one turn start several agents, unless the agent has
// the option EachCall: then the first one wins. [NewSupervisor] makes such tools itself.
func Handoff(agent, description string) graphs.Tool {
	return handoff(agent, description, nil)
}

// SwarmHandoff is Handoff between the agents of a [NewSwarm], which remembers who has the conversation.
func SwarmHandoff(agent, description string) graphs.Tool {
	return handoff(agent, description, graphs.Set{"active_agent": agent})
}

func handoff(agent, description string, more graphs.Set) graphs.Tool {
	if description == "" {
		description = "Ask agent '" + agent + "' for help"
	}
	return graphs.NewTool(handoffPrefix+toolName(agent), description, func(ctx context.Context, _ struct{}) (graphs.Command, error) {
		said, err := sinceUser(ctx)
		if err != nil {
			return graphs.Command{}, err
		}
		own, _ := graphs.ToolCallFrom(ctx)
		told := graphs.ToolResult(own.ID, "Successfully transferred to "+agent)
		told.ID, told.Name = uuid.NewString(), own.Name
		update := graphs.Set{"messages": append(said, told)}
		for key, value := range more {
			update[key] = value
		}
		return graphs.Command{Graph: graphs.Parent, Goto: []string{agent}, Update: update}, nil
	})
}

// sinceUser returns what an agent has to hand over: its graph's state is not kept when a Command leads out of it. Those of its messages
// that the graph around it has already are replaced by themselves.
func sinceUser(ctx context.Context) ([]graphs.Message, error) {
	state, err := graphs.StateFrom[graphs.MessagesState](ctx)
	if err != nil {
		return nil, err
	}
	at := len(state.Messages)
	for at > 0 && state.Messages[at-1].Type != graphs.TypeHuman {
		at--
	}
	return append([]graphs.Message{}, state.Messages[at:]...), nil
}

// toolName is a name as models may write it.
func toolName(agent string) string {
	return strings.Join(strings.Fields(strings.ToLower(agent)), "_")
}
