package prebuilt

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/locutory/locutory/graphs"
)

// tooFewSteps is said instead of a tool call whose answer the run could not use any more.
const tooFewSteps = "Sorry, need more steps to process this request."

// think is one turn of the model: msgs is what it has to go on, before the prompt.
func (a *agent) think(ctx context.Context, state any, msgs []graphs.Message) (graphs.Update, error) {
	model, msgs, err := a.prepare(ctx, state, msgs)
	if err != nil {
		return nil, err
	}
	answer, err := graphs.CallModel(ctx, model, graphs.ModelRequest{Messages: msgs, Tools: a.tools, Tags: a.tags})
	if err != nil {
		return nil, err
	}
	rt := graphs.RuntimeFrom(ctx)
	if asks := len(answer.ToolCalls)+len(answer.InvalidToolCalls) > 0; asks && rt != nil && rt.Remaining < a.stepsOfTools() {
		id := answer.ID
		answer = graphs.AI(tooFewSteps)
		answer.ID, answer.Name = id, a.name // it takes the place of what was streamed
	}
	return graphs.Set{"messages": []graphs.Message{answer}}, nil
}

// prepare returns the model for a turn, and what to tell it.
func (a *agent) prepare(ctx context.Context, state any, msgs []graphs.Message) (graphs.ChatModel, []graphs.Message, error) {
	model := a.model
	var err error
	if a.choose != nil {
		if model, err = a.choose(ctx, state); err != nil {
			return nil, nil, err
		}
	}
	if model == nil {
		return nil, nil, errors.New("prebuilt: the agent has no model; give it one, or ModelFunc")
	}
	if a.name != "" {
		model = named{model, a.name}
	}
	msgs = answered(msgs)
	if a.prompt == nil {
		return model, msgs, nil
	}
	msgs, err = a.prompt(ctx, state, msgs)
	return model, answered(msgs), err
}

// stepsOfTools counts the steps that a call takes until the model has its answer and has said something.
func (a *agent) stepsOfTools() int {
	needed := 2                                                                                 // the tools, and the model again
	for _, more := range []bool{a.before != nil, a.after != nil, a.after != nil, a.gathers()} { // after each turn of the model
		if more {
			needed++
		}
	}
	return needed
}

// named is a model whose messages carry an agent's name.
type named struct {
	graphs.ChatModel
	name string
}

func (m named) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		first := true
		for c, err := range m.ChatModel.Stream(ctx, req) {
			if first {
				c.Name, first = m.name, false
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// afterModel says where the agent goes when the model has spoken.
func (a *agent) afterModel(ctx context.Context, state any, msgs []graphs.Message) (graphs.Command, error) {
	at, ok := lastAsked(msgs)
	if ok && a.enough != nil {
		enough, err := a.enough(ctx, state)
		if err != nil {
			return graphs.Command{}, err
		}
		ok = !enough
	}
	switch {
	case !ok || len(a.tools) == 0:
		return a.done(), nil
	case len(openCalls(msgs, at))+len(openInvalid(msgs, at)) == 0:
		return goTo(a.entry()), nil // a hook has answered them
	case a.gathers() && slices.ContainsFunc(openCalls(msgs, at), func(c graphs.ToolCall) bool { return a.mustAsk(c.Name) }):
		return goTo(nodeApprove), nil
	}
	return a.toTools(msgs), nil
}

func (a *agent) toTools(msgs []graphs.Message) graphs.Command {
	if a.each {
		return graphs.Command{Send: SendCalls(nodeTools, msgs)}
	}
	return goTo(nodeTools)
}

func (a *agent) afterApproval(msgs []graphs.Message) graphs.Command {
	at, ok := lastAsked(msgs)
	if ok && len(openCalls(msgs, at))+len(openInvalid(msgs, at)) > 0 {
		return goTo(nodeTools)
	}
	return goTo(a.entry())
}

// afterTools ends the work if the answers are for the user as they are.
func (a *agent) afterTools(ctx context.Context, state any, msgs []graphs.Message) (graphs.Command, error) {
	if a.enough != nil {
		enough, err := a.enough(ctx, state)
		if err != nil {
			return graphs.Command{}, err
		}
		if enough {
			return a.done(), nil
		}
	}
	at, ok := lastAsked(msgs)
	if !ok {
		return goTo(a.entry()), nil
	}
	for _, call := range msgs[at].ToolCalls {
		wrong := func(m graphs.Message) bool { return m.ToolCallID == call.ID && m.Status == graphs.StatusError }
		if slices.Contains(a.direct, call.Name) && !slices.ContainsFunc(msgs[at+1:], wrong) {
			return a.done(), nil
		}
	}
	return goTo(a.entry()), nil
}

func (a *agent) done() graphs.Command {
	if a.respond != nil {
		return goTo(nodeRespond)
	}
	return goTo(graphs.End)
}

func goTo(node string) graphs.Command { return graphs.Command{Goto: []string{node}} }
