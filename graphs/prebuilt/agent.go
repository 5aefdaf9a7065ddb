package prebuilt

import (
	"context"
	"slices"

	"github.com/locutory/locutory/graphs"
)

// The nodes of a ReAct agent. There is a nodeApprove only with [ApproveTools].
const (
	nodeAgent   = "agent"
	nodeApprove = "approve"
	nodeTools   = "tools"
)

// Option changes what NewReactAgent makes.
type Option func(*agent)

// Prompt is what the model is told before every conversation; the state does not hold it.
func Prompt(text string) Option { return func(a *agent) { a.prompt = text } }

// Tools are what the model may ask for. It can be given several times.
func Tools(tools ...graphs.Tool) Option {
	return func(a *agent) { a.tools = append(a.tools, tools...) }
}

// ModelTags go with every call of the model: graphs.NoStream keeps its tokens from readers.
func ModelTags(tags ...string) Option {
	return func(a *agent) { a.tags = append(a.tags, tags...) }
}

// ApproveTools lets a person decide before these tools run; without names, before any tool does. See [Approval].
func ApproveTools(names ...string) Option {
	return func(a *agent) {
		a.approve = append(a.approve, names...)
		a.approveAll = a.approveAll || len(names) == 0
	}
}

type agent struct {
	model      graphs.ChatModel
	prompt     string
	tools      []graphs.Tool
	tags       []string
	approve    []string
	approveAll bool
}

// NewReactAgent returns a graph in which a model answers, asking for tools as often as it needs to: node "agent" calls the
// model, node "tools" is a [ToolNode]. It panics if two tools have the same name.
func NewReactAgent(model graphs.ChatModel, opts ...Option) *graphs.StateGraph[graphs.MessagesState] {
	a := &agent{model: model}
	for _, opt := range opts {
		opt(a)
	}
	g := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode(nodeAgent, a.think, graphs.Metadata("model", model.Info().Name)).
		AddEdge(graphs.Start, nodeAgent)
	if len(a.tools) == 0 {
		return g.AddEdge(nodeAgent, graphs.End)
	}
	g.AddNode(nodeTools, ToolNode(a.tools...)).AddEdge(nodeTools, nodeAgent)
	if !a.asks() {
		return g.AddConditionalEdges(nodeAgent, a.afterModel, nodeTools, graphs.End)
	}
	return g.AddNode(nodeApprove, a.decide).
		AddConditionalEdges(nodeAgent, a.afterModel, nodeApprove, nodeTools, graphs.End).
		AddConditionalEdges(nodeApprove, a.afterApproval, nodeTools, nodeAgent)
}

func (a *agent) asks() bool { return a.approveAll || len(a.approve) > 0 }

func (a *agent) mustAsk(name string) bool { return a.approveAll || slices.Contains(a.approve, name) }

// tooFewSteps is said instead of a tool call whose answer the run could not use any more.
const tooFewSteps = "Sorry, need more steps to process this request."

func (a *agent) think(ctx context.Context, state graphs.MessagesState) (graphs.Update, error) {
	msgs := answered(state.Messages)
	if a.prompt != "" {
		msgs = append([]graphs.Message{graphs.System(a.prompt)}, msgs...)
	}
	answer, err := graphs.CallModel(ctx, a.model, graphs.ModelRequest{Messages: msgs, Tools: a.tools, Tags: a.tags})
	if err != nil {
		return nil, err
	}
	needed := 2 // the tools, and the model again
	if a.asks() {
		needed++
	}
	if rt := graphs.RuntimeFrom(ctx); len(answer.ToolCalls) > 0 && rt != nil && rt.Remaining < needed {
		id := answer.ID
		answer = graphs.AI(tooFewSteps)
		answer.ID = id // it takes the place of what was streamed
	}
	return graphs.Set{"messages": []graphs.Message{answer}}, nil
}

func (a *agent) afterModel(_ context.Context, state graphs.MessagesState) (string, error) {
	at, ok := lastAsked(state.Messages)
	if !ok {
		return graphs.End, nil
	}
	for _, call := range openCalls(state.Messages, at) {
		if a.mustAsk(call.Name) {
			return nodeApprove, nil
		}
	}
	return nodeTools, nil
}

// answered adds, for the model only, answers to calls that will never have one since a run was cancelled: providers refuse a
// conversation with open calls.
func answered(msgs []graphs.Message) []graphs.Message {
	done := make(map[string]bool)
	for _, m := range msgs {
		if m.Type == graphs.TypeTool {
			done[m.ToolCallID] = true
		}
	}
	var out []graphs.Message
	for i, m := range msgs {
		if out != nil {
			out = append(out, m)
		}
		for _, call := range allCalls(m) {
			if done[call.ID] {
				continue
			}
			if out == nil {
				out = slices.Clone(msgs[:i+1])
			}
			out = append(out, failed(call, "Error: the call was cancelled."))
		}
	}
	if out == nil {
		return msgs
	}
	return out
}

func allCalls(m graphs.Message) []graphs.ToolCall {
	calls := slices.Clip(m.ToolCalls)
	for _, bad := range m.InvalidToolCalls {
		calls = append(calls, graphs.ToolCall{ID: bad.ID, Name: bad.Name})
	}
	return calls
}
