package prebuilt

import (
	"context"
	"reflect"
	"slices"

	"github.com/locutory/locutory/graphs"
)

// The nodes of a ReAct agent, as far as its options ask for them.
const (
	nodeBefore  = "pre_model_hook"
	nodeAgent   = "agent"
	nodeAfter   = "post_model_hook"
	nodeApprove = "approve"
	nodeTools   = "tools"
	nodeRespond = "generate_structured_response"
)

type agent struct {
	model      graphs.ChatModel
	choose     func(ctx context.Context, state any) (graphs.ChatModel, error)
	prompt     func(ctx context.Context, state any, msgs []graphs.Message) ([]graphs.Message, error)
	name       string
	tools      []graphs.Tool
	errors     ErrorPolicy
	direct     []string
	each       bool
	tags       []string
	before     any // func(context.Context, S) (graphs.Update, error), as after
	after      any
	enough     func(ctx context.Context, state any) (bool, error)
	respond    func(ctx context.Context, state any, msgs []graphs.Message) (graphs.Update, error)
	response   graphs.Option // the channel of what respond returns, for states that have none
	approve    []string
	approveAll bool
	reviews    map[string]review
	graph      []graphs.Option
	wants      []want
	team       team
}

// NewReactAgent returns a graph in which a model answers, asking for tools as often as it needs to: node "agent" calls the
// model, node "tools" is a [ToolNode]. It panics if two tools have the same name, or if an option names a tool that there is not. model may be
// nil with [ModelFunc].
func NewReactAgent(model graphs.ChatModel, opts ...Option) *graphs.StateGraph[graphs.MessagesState] {
	return NewReactAgentOf[graphs.MessagesState](model, opts...)
}

// NewReactAgentOf is NewReactAgent with a state of one's own, a struct that embeds graphs.MessagesState.
func NewReactAgentOf[S any](model graphs.ChatModel, opts ...Option) *graphs.StateGraph[S] {
	a := &agent{model: model}
	for _, opt := range opts {
		opt(a)
	}
	return build[S](a)
}

// build makes the graph: a hook, the model, a hook, then whatever afterModel says.
func build[S any](a *agent) *graphs.StateGraph[S] {
	a.check(reflect.TypeFor[S]())
	messages := conversation[S]()
	if a.response != nil && !hasKey(reflect.TypeFor[S](), "structured_response") {
		a.graph = append(a.graph, a.response)
	}
	if a.before != nil && !hasKey(reflect.TypeFor[S](), "llm_input_messages") {
		a.graph = append(a.graph, graphs.Field[[]graphs.Message]("llm_input_messages", `channel:"ephemeral,private"`))
	}
	g := graphs.NewStateGraph[S](a.graph...)
	addModel(g, a, messages)
	targets := []string{graphs.End}
	if a.respond != nil {
		targets[0] = nodeRespond
		g.AddNode(nodeRespond, func(ctx context.Context, s S) (graphs.Update, error) { return a.respond(ctx, s, messages(s)) }).
			AddEdge(nodeRespond, graphs.End)
	}
	if len(a.tools) > 0 {
		addTools(g, a, messages, targets[0])
		targets = append(targets, nodeTools)
	}
	if a.gathers() {
		targets = append(targets, nodeApprove)
	}
	from := nodeAgent
	if hook, ok := a.after.(func(context.Context, S) (graphs.Update, error)); ok {
		from = nodeAfter
		targets = append(targets, a.entry()) // it may have answered all calls itself
		g.AddNode(nodeAfter, hook).AddEdge(nodeAgent, nodeAfter)
	}
	if len(targets) == 1 {
		return g.AddEdge(from, targets[0])
	}
	return g.AddRouter(from, func(ctx context.Context, s S) (graphs.Command, error) { return a.afterModel(ctx, s, messages(s)) }, targets...)
}

func addModel[S any](g *graphs.StateGraph[S], a *agent, messages func(S) []graphs.Message) {
	var meta []graphs.NodeOption
	if a.model != nil {
		meta = append(meta, graphs.Metadata("model", a.model.Info().Name))
	}
	g.AddEdge(graphs.Start, a.entry())
	hook, ok := a.before.(func(context.Context, S) (graphs.Update, error))
	if !ok {
		g.AddNode(nodeAgent, func(ctx context.Context, s S) (graphs.Update, error) { return a.think(ctx, s, messages(s)) }, meta...)
		return
	}
	think := func(ctx context.Context, instead told) (graphs.Update, error) {
		s, err := graphs.StateFrom[S](ctx)
		if err != nil {
			return nil, err
		}
		if instead.Messages != nil {
			return a.think(ctx, s, instead.Messages)
		}
		return a.think(ctx, s, messages(s))
	}
	g.AddNode(nodeBefore, hook).AddEdge(nodeBefore, nodeAgent).AddNodeOf(nodeAgent, graphs.In(think), append(meta, graphs.SeeState())...)
}

// told is what a hook before the model wants it to be told.
type told struct {
	Messages []graphs.Message `json:"llm_input_messages"`
}

func addTools[S any](g *graphs.StateGraph[S], a *agent, messages func(S) []graphs.Message, done string) {
	set := newToolSet(a.errors, a.tools)
	if a.each {
		g.AddNodeOf(nodeTools, set.tasks(a.approval()), graphs.SeeState())
	} else {
		g.AddNode(nodeTools, ToolNodeOf[S](a.errors, a.tools...))
	}
	if len(a.direct) == 0 && a.enough == nil {
		g.AddEdge(nodeTools, a.entry())
	} else {
		g.AddRouter(nodeTools, func(ctx context.Context, s S) (graphs.Command, error) { return a.afterTools(ctx, s, messages(s)) }, a.entry(), done)
	}
	if a.gathers() {
		g.AddNode(nodeApprove, func(ctx context.Context, s S) (graphs.Update, error) { return a.decide(ctx, messages(s)) }).
			AddRouter(nodeApprove, func(_ context.Context, s S) (graphs.Command, error) { return a.afterApproval(messages(s)), nil }, nodeTools, a.entry())
	}
}

// entry is where a turn begins.
func (a *agent) entry() string {
	if a.before != nil {
		return nodeBefore
	}
	return nodeAgent
}

// gathers reports whether one node asks for approval of all calls of a turn.
func (a *agent) gathers() bool { return len(a.tools) > 0 && a.asks() && !a.each }

func (a *agent) asks() bool { return a.approveAll || len(a.approve) > 0 }

func (a *agent) mustAsk(name string) bool { return a.approveAll || slices.Contains(a.approve, name) }
