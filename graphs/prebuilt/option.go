package prebuilt

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/locutory/locutory/graphs"
)

// Option changes what NewReactAgent makes.
type Option func(*agent)

// Prompt is what the model is told before every conversation; the state does not hold it.
func Prompt(text string) Option { return PromptMessage(graphs.System(text)) }

// PromptMessage is Prompt with a message of any kind, one with content blocks for example.
func PromptMessage(m graphs.Message) Option {
	return func(a *agent) {
		a.prompt = func(_ context.Context, _ any, msgs []graphs.Message) ([]graphs.Message, error) {
			return append([]graphs.Message{m}, msgs...), nil
		}
	}
}

// PromptFunc makes all that the model is told from the state, the conversation included, at each of its turns. S is the state of
// the agent. The run's settings are graphs.ContextFrom(ctx).
func PromptFunc[S any](prompt func(ctx context.Context, s S) ([]graphs.Message, error)) Option {
	return func(a *agent) {
		own[S](a, "PromptFunc")
		a.prompt = func(ctx context.Context, s any, _ []graphs.Message) ([]graphs.Message, error) {
			return prompt(ctx, s.(S))
		}
	}
}

// Tools are what the model may ask for. It can be given several times.
func Tools(tools ...graphs.Tool) Option {
	return func(a *agent) {
		a.tools = append(a.tools, tools...)
		for _, tool := range tools {
			_, runsAgent := tool.(agentTool)
			a.each = a.each || runsAgent
		}
	}
}

// ToolErrors says what becomes of the errors of tools; without it, they are told to the model. See [TellErrors].
func ToolErrors(policy ErrorPolicy) Option { return func(a *agent) { a.errors = policy } }

// ReturnDirect ends the agent's work after the answers of these tools: the model is not asked again, unless they fail.
func ReturnDirect(names ...string) Option {
	return func(a *agent) { a.direct = append(a.direct, names...) }
}

// EachCall makes every tool call a task of its own: see [ToolTask].
func EachCall() Option { return func(a *agent) { a.each = true } }

// ModelTags go with every call of the model: graphs.NoStream keeps its tokens from readers.
func ModelTags(tags ...string) Option {
	return func(a *agent) { a.tags = append(a.tags, tags...) }
}

// ModelFunc chooses the model for each of its turns, by the state or by the run's settings (graphs.ContextFrom). S is the state of
// the agent.
func ModelFunc[S any](choose func(ctx context.Context, s S, rt *graphs.Runtime) (graphs.ChatModel, error)) Option {
	return func(a *agent) {
		own[S](a, "ModelFunc")
		a.choose = func(ctx context.Context, s any) (graphs.ChatModel, error) {
			return choose(ctx, s.(S), graphs.RuntimeFrom(ctx))
		}
	}
}

// Name is the agent's name: its messages carry it, so that other agents and readers know whose they are.
func Name(name string) Option { return func(a *agent) { a.name = name } }

// PreModelHook is a node before each turn of the model, "pre_model_hook". What it returns updates the state. Messages under the key
// llm_input_messages are what the model is told instead of the conversation, which stays as it is: so history can be cut for the
// model only. S is the state of the agent.
func PreModelHook[S any](hook func(ctx context.Context, s S) (graphs.Update, error)) Option {
	return func(a *agent) {
		own[S](a, "PreModelHook")
		a.before = hook
	}
}

// PostModelHook is a node after each turn of the model, "post_model_hook", before its tools run. It may answer calls itself, by tool
// messages: those are then not made. S is the state of the agent.
func PostModelHook[S any](hook func(ctx context.Context, s S) (graphs.Update, error)) Option {
	return func(a *agent) {
		own[S](a, "PostModelHook")
		a.after = hook
	}
}

// StopWhen ends the agent's work when enough says so; it is asked after each turn of the model and after its tools. S is the state
// of the agent.
func StopWhen[S any](enough func(ctx context.Context, s S) (bool, error)) Option {
	return func(a *agent) {
		own[S](a, "StopWhen")
		a.enough = func(ctx context.Context, s any) (bool, error) { return enough(ctx, s.(S)) }
	}
}

// ApproveTools lets a person decide before these tools run; without names, before any tool does. See [Approval]. With EachCall each
// call asks for itself.
func ApproveTools(names ...string) Option {
	return func(a *agent) {
		a.approve = append(a.approve, names...)
		a.approveAll = a.approveAll || len(names) == 0
	}
}

// ApproveTool is ApproveTools for one tool: description is told to the person, and decisions are what may be decided, of approve, edit
// and reject; without any, all three.
func ApproveTool(name, description string, decisions ...string) Option {
	return func(a *agent) {
		a.approve = append(a.approve, name)
		if a.reviews == nil {
			a.reviews = make(map[string]review)
		}
		a.reviews[name] = review{description, decisions}
	}
}

// With passes options to the graph: graphs.ContextSchema, graphs.InterruptBefore("tools") and so on.
func With(opts ...graphs.Option) Option { return func(a *agent) { a.graph = append(a.graph, opts...) } }

// own notes that an option is made for agents with the state S.
func own[S any](a *agent, option string) {
	a.wants = append(a.wants, want{option, reflect.TypeFor[S]()})
}

type want struct {
	option string
	state  reflect.Type
}

// check panics if an option is made for another state, or names what there is not: an approval of a misspelt tool would never be asked.
func (a *agent) check(state reflect.Type) {
	for _, w := range a.wants {
		if w.state != state {
			panic(fmt.Sprintf("prebuilt: %s is for the state %s, but the agent's is %s; make the agent by NewReactAgentOf[%[2]s]", w.option, w.state, state))
		}
	}
	for option, names := range map[string][]string{"ApproveTools": a.approve, "ReturnDirect": a.direct} {
		for _, name := range names {
			if !slices.ContainsFunc(a.tools, func(t graphs.Tool) bool { return t.Name() == name }) {
				panic(fmt.Sprintf("prebuilt: %s names %q, which is no tool of the agent", option, name))
			}
		}
	}
	for name, r := range a.reviews {
		for _, decision := range r.decisions {
			if all := (review{}).allowed(); !slices.Contains(all, decision) {
				panic(fmt.Sprintf("prebuilt: ApproveTool of %q allows %q; want %s", name, decision, strings.Join(all, ", ")))
			}
		}
	}
}
