package prebuilt

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/locutory/locutory/graphs"
)

// Agent is a graph that another one gives work to; its state has messages, as that of NewReactAgent. Name is how a model and the
// readers of a stream know it, Description says to a model what it is good for.
type Agent struct {
	Name, Description string
	Graph             graphs.Source
}

// AgentTool makes a tool of an agent: it gets a request, works on it in a conversation of its own, and what it says last is the
// answer. Its run is a child of the run of who called it: readers see it under the namespace of the call, and a question of it
// pauses the caller. An agent that has such a tool makes each call a task of its own, as with [EachCall]: then that namespace is the
// one by which clients know subagents, tools:<task id>.
func AgentTool(a Agent) graphs.Tool {
	type request struct {
		Request string `json:"request" jsonschema:"what to do, with everything that has to be known for it"`
	}
	tool := graphs.NewTool(a.Name, a.Description, func(ctx context.Context, in request) (string, error) { return a.work(ctx, in.Request) })
	return agentTool{tool, tool.Schema()}
}

// TaskTool is one tool, "task", for several agents: the model says which one, and what to do. Otherwise it is as [AgentTool].
func TaskTool(agents ...Agent) graphs.Tool {
	byName := make(map[string]Agent, len(agents))
	names := make([]string, len(agents))
	description := "Gives a task to an agent that works on it by itself and reports once. It knows nothing but the task's description. There are:"
	for i, a := range agents {
		byName[a.Name], names[i] = a, a.Name
		description += "\n- " + a.Name + ": " + a.Description
	}
	type task struct {
		Description string `json:"description" jsonschema:"what to do, with everything that has to be known for it"`
		Type        string `json:"subagent_type" jsonschema:"the agent's name"`
	}
	tool := graphs.NewTool("task", description, func(ctx context.Context, in task) (string, error) {
		a, ok := byName[in.Type]
		if !ok {
			return "", fmt.Errorf("%w: there is no agent %q, but %s", graphs.ErrToolInput, in.Type, strings.Join(names, ", "))
		}
		return a.work(ctx, in.Description)
	})
	return agentTool{tool, withNames(tool.Schema(), "subagent_type", names)}
}

// work runs an agent on a request and returns what it says last.
func (a Agent) work(ctx context.Context, request string) (string, error) {
	in := graphs.MessagesState{Messages: []graphs.Message{graphs.Human(request)}}
	end, err := graphs.Call[graphs.MessagesState](ctx, a.Graph, in)
	if err != nil {
		return "", err
	}
	if len(end.Messages) == 0 {
		return "", fmt.Errorf("agent %s said nothing", a.Name)
	}
	return end.Messages[len(end.Messages)-1].Text(), nil
}

// agentTool is a tool that runs an agent.
type agentTool struct {
	graphs.Tool
	schema json.RawMessage
}

func (t agentTool) Schema() json.RawMessage { return t.schema }

func withNames(schema json.RawMessage, argument string, names []string) json.RawMessage {
	var whole map[string]json.RawMessage
	var properties map[string]map[string]any
	if json.Unmarshal(schema, &whole) != nil || json.Unmarshal(whole["properties"], &properties) != nil {
		return schema // of a NewTool: it can be read
	}
	properties[argument]["enum"] = names
	changed, err := json.Marshal(properties)
	if err != nil {
		return schema
	}
	whole["properties"] = changed
	if changed, err = json.Marshal(whole); err != nil {
		return schema
	}
	return changed
}

// NewDeepAgent returns a ReAct agent that gives work to others by the tool [TaskTool], to several at the same time, and goes on with
// their reports. What an agent has reported is kept if another one fails.
func NewDeepAgent(model graphs.ChatModel, agents []Agent, opts ...Option) *graphs.StateGraph[graphs.MessagesState] {
	return NewReactAgent(model, append([]Option{Tools(TaskTool(agents...))}, opts...)...)
}
