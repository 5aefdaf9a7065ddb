package prebuilt

import (
	"context"
	"errors"

	"github.com/locutory/locutory/graphs"
)

// ToolNode is a node that answers the tool calls of the last ai message, all at the same time. Each answer is a tool message
// with the call's id; errors, panics, unknown tools and arguments that cannot be read become messages of status error, for
// the model to correct. A tool that calls graphs.Interrupt pauses the node: when the run is resumed all its calls are made
// again, and answers go to interrupts in the order of the calls.
//
// A tool reads by its ctx what the model neither sees nor sets: the graph's state by graphs.StateFrom, the call by
// graphs.ToolCallFrom, and the store, the user and the run by graphs.RuntimeFrom. It may return a graphs.Command or another Update
// instead of a result; then it adds the tool message itself, else the node fails. The updates of one turn are joined.
//
// It panics if two tools have the same name.
func ToolNode(tools ...graphs.Tool) func(context.Context, graphs.MessagesState) (graphs.Update, error) {
	return ToolNodeOf[graphs.MessagesState](nil, tools...)
}

// ToolNodeOf is ToolNode for any state that has messages, with a policy for the tools' errors; nil is [TellErrors].
func ToolNodeOf[S any](policy ErrorPolicy, tools ...graphs.Tool) func(context.Context, S) (graphs.Update, error) {
	set, messages := newToolSet(policy, tools), conversation[S]()
	return func(ctx context.Context, state S) (graphs.Update, error) {
		msgs := messages(state)
		asked, ok := lastAsked(msgs)
		if !ok {
			return nil, errors.New("tool node: there is no ai message with tool calls to answer")
		}
		return set.answer(graphs.WithState(ctx, state), openCalls(msgs, asked), openInvalid(msgs, asked))
	}
}

// ToolTask is what a Send gives to a node of [ToolTasks]: one call, which is a task of its own. It is saved when it has ended, so
// that a crash repeats only calls that were not answered; several may wait for people at the same time, each for its own answer.
type ToolTask struct {
	Call    graphs.ToolCall         `json:"tool_call"`
	Invalid *graphs.InvalidToolCall `json:"invalid_tool_call,omitempty"`
}

// ToolTasks is a node that answers one call, of a [ToolTask]. Add it with the option graphs.SeeState, lest tools cannot read the
// state:
//
//	g.AddNodeOf("tools", prebuilt.ToolTasks(nil, weather), graphs.SeeState()).
//		AddRouter("agent", func(ctx context.Context, s graphs.MessagesState) (graphs.Command, error) {
//			return graphs.Command{Send: prebuilt.SendCalls("tools", s.Messages)}, nil
//		}, "tools")
func ToolTasks(policy ErrorPolicy, tools ...graphs.Tool) graphs.Handler {
	return newToolSet(policy, tools).tasks(nil)
}

// SendCalls starts node once for each open call of the last ai message; there is none if nothing has been asked.
func SendCalls(node string, msgs []graphs.Message) []graphs.Send {
	at, ok := lastAsked(msgs)
	if !ok {
		return nil
	}
	var sends []graphs.Send
	for _, call := range openCalls(msgs, at) {
		sends = append(sends, graphs.Send{Node: node, Arg: ToolTask{Call: call}})
	}
	for _, call := range openInvalid(msgs, at) {
		sends = append(sends, graphs.Send{Node: node, Arg: ToolTask{Invalid: &call}})
	}
	return sends
}

// tasks answers single calls; approve, if there is one, has a person decide first.
func (s *toolSet) tasks(approve func(context.Context, graphs.ToolCall) (graphs.ToolCall, *graphs.Message, error)) graphs.Handler {
	return graphs.In(func(ctx context.Context, task ToolTask) (graphs.Update, error) {
		if task.Invalid != nil {
			return graphs.Set{"messages": []graphs.Message{unreadable(*task.Invalid)}}, nil
		}
		call := task.Call
		if approve != nil {
			approved, refusal, err := approve(ctx, call)
			if err != nil {
				return nil, err
			}
			if refusal != nil {
				return graphs.Set{"messages": []graphs.Message{*refusal}}, nil
			}
			call = approved
		}
		return combine([]result{s.run(ctx, call)})
	})
}
