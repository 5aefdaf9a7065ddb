package prebuilt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
)

// team is what the options of a supervisor say.
type team struct {
	full, forward, silent bool
}

// FullHistory lets agents bring everything that they have said into the conversation, calls of their tools included; without it, only
// what they say last. For [NewSupervisor].
func FullHistory() Option { return func(a *agent) { a.team.full = true } }

// ForwardMessage gives the supervisor a tool, forward_message, that ends the work with what an agent has said, word by word. For
// [NewSupervisor].
func ForwardMessage() Option { return func(a *agent) { a.team.forward = true } }

// NoHandBack leaves out the two messages that say that an agent has given the conversation back. For [NewSupervisor].
func NoHandBack() Option { return func(a *agent) { a.team.silent = true } }

// NewSupervisor returns a graph in which a model leads a team: it gives the conversation to agents by tools, transfer_to_<agent>, gets it
// back, and decides again until it answers itself. The supervisor is a ReAct agent with the options opts, in the node that is its
// [Name], or "supervisor"; each agent is a node with its own. All run as graphs under the namespaces of their nodes.
//
// It panics if two agents, or an agent and the supervisor, have the same name.
func NewSupervisor(model graphs.ChatModel, agents []Agent, opts ...Option) *graphs.StateGraph[graphs.MessagesState] {
	a := &agent{model: model, name: "supervisor"}
	for _, opt := range opts {
		opt(a)
	}
	names := []string{a.name}
	for _, member := range agents {
		if slices.Contains(names, member.Name) {
			panic(fmt.Sprintf("prebuilt: two agents are named %q", member.Name))
		}
		names = append(names, member.Name)
		a.tools = append(a.tools, Handoff(member.Name, member.Description))
	}
	if a.team.forward {
		a.tools = append(a.tools, forwardMessage(a.name))
	}
	g := graphs.NewStateGraph[graphs.MessagesState]().
		AddSubgraph(a.name, build[graphs.MessagesState](a), graphs.Goes(names[1:]...), graphs.Goes(graphs.End)).
		AddEdge(graphs.Start, a.name)
	for _, member := range agents {
		g.AddNode(member.Name, a.member(member), graphs.Calls(member.Graph), graphs.Goes(names[1:]...)).
			AddConditionalEdges(member.Name, a.afterMember, a.name, graphs.End)
	}
	return g
}

// afterMember leads back to the supervisor, unless the member has handed the conversation to another one.
func (a *agent) afterMember(_ context.Context, s graphs.MessagesState) (string, error) {
	if n := len(s.Messages); n > 0 && s.Messages[n-1].Type == graphs.TypeTool && strings.HasPrefix(s.Messages[n-1].Name, handoffPrefix) {
		return graphs.End, nil
	}
	return a.name, nil
}

// member is the node of an agent.
func (a *agent) member(m Agent) func(context.Context, graphs.MessagesState) (graphs.Update, error) {
	boss, own := a.name, a.team
	return func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
		end, err := graphs.Call[graphs.MessagesState](ctx, m.Graph, s)
		var left *graphs.LeftError
		if errors.As(err, &left) {
			return left.Command, nil // handed over to another member
		}
		if err != nil {
			return nil, err
		}
		said := news(s.Messages, end.Messages)
		if len(said) > 1 && !own.full {
			said = said[len(said)-1:]
		}
		for i := range said {
			if said[i].Type == graphs.TypeAI && said[i].Name == "" {
				said[i].Name = m.Name
			}
		}
		if !own.silent || len(said) == 0 {
			said = append(said, handBack(m.Name, boss)...)
		}
		return graphs.Set{"messages": said}, nil
	}
}

// news returns copies of the messages whose ids are not known.
func news(known, all []graphs.Message) []graphs.Message {
	ids := make(map[string]bool, len(known))
	for _, m := range known {
		ids[m.ID] = true
	}
	var fresh []graphs.Message
	for _, m := range all {
		if !ids[m.ID] {
			fresh = append(fresh, m)
		}
	}
	return fresh
}

// handBack is how the conversation tells that an agent has done its part. It is marked, so that it can be told from what was said.
func handBack(agent, boss string) []graphs.Message {
	call := graphs.ToolCall{ID: uuid.NewString(), Name: "transfer_back_to_" + toolName(boss), Args: json.RawMessage("{}")}
	leave := graphs.AI("Transferring back to "+boss, call)
	leave.Name, leave.ResponseMetadata = agent, handBackMark()
	back := graphs.ToolResult(call.ID, "Successfully transferred back to "+boss)
	back.Name, back.ResponseMetadata = call.Name, handBackMark()
	return []graphs.Message{leave, back}
}
