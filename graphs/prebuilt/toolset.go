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

// toolSet runs tools by name.
type toolSet struct {
	byName map[string]graphs.Tool
	names  []string
	errors ErrorPolicy
}

func newToolSet(policy ErrorPolicy, tools []graphs.Tool) *toolSet {
	if policy == nil {
		policy = TellErrors
	}
	s := &toolSet{byName: make(map[string]graphs.Tool, len(tools)), errors: policy}
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
		results = append(results, result{message: unreadable(call)})
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
	text, err := s.errors(ctx, call, err)
	if err != nil {
		return result{err: fmt.Errorf("tool %s: %w", call.Name, err)}
	}
	return result{message: failed(call, text)}.report(ctx, call, "error")
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

func unreadable(call graphs.InvalidToolCall) graphs.Message {
	text := fmt.Sprintf("Error: the arguments of %s could not be read: %s. They were: %s", call.Name, call.Error, call.Args)
	return failed(graphs.ToolCall{ID: call.ID, Name: call.Name}, text)
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
	var failure error
	for _, r := range results {
		switch {
		case errors.Is(r.err, graphs.ErrInterrupted):
			return nil, r.err
		case r.err != nil:
			failure = r.err
		case r.update == nil:
			messages = append(messages, r.message)
		}
	}
	switch {
	case failure != nil:
		return nil, failure
	case len(messages) == len(results):
		return graphs.Set{"messages": messages}, nil
	case len(results) == 1:
		return results[0].update, nil
	}
	return mergeUpdates(results), nil
}

// mergeUpdates joins what several tools want of the graph, in the order of their calls. A Command to the parent leaves the graph:
// what the others want of its state goes with it as far as it is messages.
func mergeUpdates(results []result) graphs.Update {
	var all graphs.Command
	var messages []graphs.Message
	var rest graphs.Updates
	joined := graphs.Set{}
	add := func(key string, value any) {
		own, isMessages := value.([]graphs.Message)
		_, twice := joined[key]
		switch {
		case key == "messages" && isMessages:
			messages = append(messages, own...)
		case twice:
			rest = append(rest, graphs.Set{key: value})
		default:
			joined[key] = value
		}
	}
	leaves := slices.ContainsFunc(results, func(r result) bool { return isToParent(r.update) })
	if leaves { // what leads out brings the conversation which the others answer
		results = slices.Clone(results)
		slices.SortStableFunc(results, func(a, b result) int { return place(a.update) - place(b.update) })
	}
	for _, r := range results {
		if r.update == nil {
			messages = append(messages, r.message)
			continue
		}
		u := r.update
		up := isToParent(u)
		if c, ok := u.(graphs.Command); ok {
			if u = c.Update; up == leaves {
				all.Goto, all.Send = append(all.Goto, c.Goto...), append(all.Send, c.Send...)
			}
		}
		switch u := u.(type) {
		case nil:
		case graphs.Set:
			for key, value := range u {
				if up == leaves || key == "messages" {
					add(key, value)
				}
			}
		default:
			if up == leaves {
				rest = append(rest, u)
			}
		}
	}
	if len(messages) > 0 {
		joined["messages"] = lastOfEach(messages)
	}
	all.Update = joined
	if len(rest) > 0 {
		all.Update = append(graphs.Updates{joined}, rest...)
	}
	if leaves {
		all.Graph = graphs.Parent
	}
	return all
}

func place(u graphs.Update) int {
	if isToParent(u) {
		return 0
	}
	return 1
}

func isToParent(u graphs.Update) bool {
	c, ok := u.(graphs.Command)
	return ok && c.Graph == graphs.Parent
}

// lastOfEach drops messages that a later one with the same id replaces: two tools may both bring the conversation so far.
func lastOfEach(messages []graphs.Message) []graphs.Message {
	at := make(map[string]int, len(messages))
	out := make([]graphs.Message, 0, len(messages))
	for _, m := range messages {
		if i, ok := at[m.ID]; ok && m.ID != "" {
			out[i] = m
			continue
		}
		at[m.ID] = len(out)
		out = append(out, m)
	}
	return out
}
