package prebuilt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
)

// ToolNode is a node that answers the tool calls of the last ai message, all at the same time. Each answer is a tool message
// with the call's id; errors, panics, unknown tools and arguments that cannot be read become messages of status error, for
// the model to correct. A tool that calls graphs.Interrupt pauses the node: when the run is resumed all its calls are made
// again, and answers go to interrupts in the order of the calls.
//
// It panics if two tools have the same name.
func ToolNode(tools ...graphs.Tool) func(context.Context, graphs.MessagesState) (graphs.Update, error) {
	set := newToolSet(tools)
	return func(ctx context.Context, state graphs.MessagesState) (graphs.Update, error) {
		asked, ok := lastAsked(state.Messages)
		if !ok {
			return nil, errors.New("tool node: there is no ai message with tool calls to answer")
		}
		return set.answer(ctx, openCalls(state.Messages, asked), openInvalid(state.Messages, asked))
	}
}

// lastAsked finds the ai message whose calls are to be answered: only tool messages may follow it.
func lastAsked(msgs []graphs.Message) (at int, ok bool) {
	for at := len(msgs) - 1; at >= 0; at-- {
		switch {
		case msgs[at].Type == graphs.TypeAI:
			return at, len(msgs[at].ToolCalls)+len(msgs[at].InvalidToolCalls) > 0
		case msgs[at].Type != graphs.TypeTool:
			return 0, false
		}
	}
	return 0, false
}

// openCalls leaves out what was answered already, by a person who refused it or by an update of the state.
func openCalls(msgs []graphs.Message, asked int) []graphs.ToolCall {
	var open []graphs.ToolCall
	for _, call := range msgs[asked].ToolCalls {
		if !isAnswered(msgs[asked+1:], call.ID) {
			open = append(open, call)
		}
	}
	return open
}

func openInvalid(msgs []graphs.Message, asked int) []graphs.InvalidToolCall {
	var open []graphs.InvalidToolCall
	for _, call := range msgs[asked].InvalidToolCalls {
		if !isAnswered(msgs[asked+1:], call.ID) {
			open = append(open, call)
		}
	}
	return open
}

func isAnswered(after []graphs.Message, id string) bool {
	return slices.ContainsFunc(after, func(m graphs.Message) bool { return m.ToolCallID == id })
}

type toolSet struct {
	byName map[string]graphs.Tool
	names  []string
}

func newToolSet(tools []graphs.Tool) *toolSet {
	s := &toolSet{byName: make(map[string]graphs.Tool, len(tools))}
	for _, t := range tools {
		if s.byName[t.Name()] != nil {
			panic(fmt.Sprintf("prebuilt: two tools are named %q", t.Name()))
		}
		s.byName[t.Name()] = t
		s.names = append(s.names, t.Name())
	}
	return s
}

// result is what came of a call: a message, or an update that the tool wants as it is.
type result struct {
	message graphs.Message
	update  graphs.Update
	err     error // ends the node
}

func (s *toolSet) answer(ctx context.Context, calls []graphs.ToolCall, invalid []graphs.InvalidToolCall) (graphs.Update, error) {
	results := make([]result, len(calls))
	before := make(chan struct{})
	close(before)
	var all sync.WaitGroup
	for i, call := range calls {
		mine, after := before, make(chan struct{})
		all.Go(func() {
			defer close(after)
			results[i] = s.run(graphs.WithTurn(ctx, i, mine), call)
			<-mine // the next one's turn comes after all of those before it
		})
		before = after
	}
	all.Wait()
	for _, call := range invalid {
		text := fmt.Sprintf("Error: the arguments of %s could not be read: %s. They were: %s", call.Name, call.Error, call.Args)
		results = append(results, result{message: failed(graphs.ToolCall{ID: call.ID, Name: call.Name}, text)})
	}
	return combine(results)
}

// run makes one call. ctx may belong to a run that is being cancelled: then there is no answer.
func (s *toolSet) run(ctx context.Context, call graphs.ToolCall) result {
	tool := s.byName[call.Name]
	if tool == nil {
		return result{message: failed(call, fmt.Sprintf("Error: %s is not a valid tool, try one of [%s].", call.Name, strings.Join(s.names, ", ")))}
	}
	ctx = graphs.WithToolCall(ctx, call)
	if err := report(ctx, graphs.ToolReported{CallID: call.ID, Name: call.Name, Phase: "started", Data: call.Args}); err != nil {
		return result{err: err}
	}
	value, err := invoke(ctx, tool, call.Args)
	if err == nil {
		var r result
		if r, err = toResult(call, value); err == nil {
			return r.report(ctx, call, "finished")
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return result{err: cause}
	}
	if errors.Is(err, graphs.ErrInterrupted) {
		return result{err: err}
	}
	return result{message: failed(call, "Error: "+err.Error())}.report(ctx, call, "error")
}

// ToolPanic is the error of a tool that panicked. Its text does not hold the stack: a model would read it.
type ToolPanic struct {
	Value any
	Stack []byte
}

func (p *ToolPanic) Error() string { return fmt.Sprintf("the tool panicked: %v", p.Value) }

func invoke(ctx context.Context, tool graphs.Tool, args json.RawMessage) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &ToolPanic{Value: p, Stack: debug.Stack()}
		}
	}()
	return tool.Invoke(ctx, args)
}

func toResult(call graphs.ToolCall, value any) (result, error) {
	if update, ok := value.(graphs.Update); ok {
		return result{update: update}, nil
	}
	m, own := value.(graphs.Message)
	if !own {
		text, err := graphs.ToolText(value)
		if err != nil {
			return result{}, err
		}
		m = graphs.ToolResult(call.ID, text)
	}
	m.Type, m.ToolCallID = graphs.TypeTool, call.ID
	if m.Name == "" {
		m.Name = call.Name
	}
	if m.Status == "" {
		m.Status = graphs.StatusSuccess
	}
	if m.ID == "" {
		m.ID = uuid.NewString() // now, so that what is reported has the id that the state will have
	}
	return result{message: m}, nil
}

func failed(call graphs.ToolCall, text string) graphs.Message {
	m := graphs.ToolResult(call.ID, text)
	m.ID, m.Name, m.Status = uuid.NewString(), call.Name, graphs.StatusError
	return m
}

func (r result) report(ctx context.Context, call graphs.ToolCall, phase string) result {
	data := json.RawMessage("null")
	if r.update == nil {
		data = r.message.AppendJSON(nil)
	}
	if phase == "error" {
		text, err := json.Marshal(r.message.Text())
		if err != nil {
			return result{err: err}
		}
		data = text
	}
	if err := report(ctx, graphs.ToolReported{CallID: call.ID, Name: call.Name, Phase: phase, Data: data}); err != nil {
		return result{err: err}
	}
	return r
}

func report(ctx context.Context, r graphs.ToolReported) error {
	if rt := graphs.RuntimeFrom(ctx); rt != nil {
		return rt.Tool(r)
	}
	return nil
}

// combine makes one update of all results. An interrupt beats other errors: the run is to wait, not to fail.
func combine(results []result) (graphs.Update, error) {
	var messages []graphs.Message
	var updates []graphs.Update
	var failure error
	for _, r := range results {
		switch {
		case errors.Is(r.err, graphs.ErrInterrupted):
			return nil, r.err
		case r.err != nil:
			failure = r.err
		case r.update != nil:
			updates = append(updates, r.update)
		default:
			messages = append(messages, r.message)
		}
	}
	if failure != nil {
		return nil, failure
	}
	if len(updates) == 0 {
		return graphs.Set{"messages": messages}, nil
	}
	if len(updates) == 1 && len(messages) == 0 {
		return updates[0], nil
	}
	return mergeUpdates(messages, updates)
}

// mergeUpdates joins the updates of several tools; of those, only Sets can be looked into.
func mergeUpdates(messages []graphs.Message, updates []graphs.Update) (graphs.Update, error) {
	var all graphs.Command
	joined := graphs.Set{}
	for _, u := range updates {
		if c, ok := u.(graphs.Command); ok {
			all.Goto, all.Send, u = append(all.Goto, c.Goto...), append(all.Send, c.Send...), c.Update
			if c.Graph != "" {
				all.Graph = c.Graph
			}
		}
		set, ok := u.(graphs.Set)
		if !ok && u != nil {
			return nil, fmt.Errorf("tool node: a tool that is called beside others has to update the state by a Set, not a %T", u)
		}
		for key, value := range set {
			own, isMessages := value.([]graphs.Message)
			if key == "messages" && isMessages {
				messages = append(messages, own...)
				continue
			}
			if _, twice := joined[key]; twice {
				return nil, fmt.Errorf("tool node: two tools update %q in one turn", key)
			}
			joined[key] = value
		}
	}
	joined["messages"] = messages
	all.Update = joined
	return all, nil
}
