package prebuilt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
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

// result is what came of a call: a message, or an update that the tool wants, in which the message is, if it could be found.
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
		if r, err = toResult(call, value); err == nil && r.err == nil {
			return r.report(ctx, call, "finished")
		}
		if r.err != nil {
			return r
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

// Error says what went wrong, for people.
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
		return ownUpdate(call, update), nil
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
	complete(call, &m)
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
	if r.message.Type != "" {
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
