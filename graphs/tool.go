package graphs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// ErrToolInput is wrapped by the errors of a [Tool] whose arguments do not fit its schema: a model can correct them.
var ErrToolInput = errors.New("the arguments do not fit the tool's schema")

// Tool is something that a model may ask to be run. It is safe for concurrent use, and a langchaingo tools.Tool as well.
type Tool interface {
	Name() string
	Description() string
	// Schema is the JSON Schema of the arguments; its type is object.
	Schema() json.RawMessage
	// Invoke runs the tool. args is a JSON object, or empty for none. The result is what [ToolText] can tell a model,
	// or an [Update], which goes to the graph as it is.
	Invoke(ctx context.Context, args json.RawMessage) (any, error)
	// Call runs the tool as Invoke does. input is a JSON object, or plain text if there is one argument to take it.
	Call(ctx context.Context, input string) (string, error)
}

// NewTool makes a tool of a function. The schema is made of In (see [SchemaOf]); an In that is no JSON object is asked for as
// {"input": ...}. Arguments are checked against the schema, and its defaults are filled in. It panics if there is no schema of In.
func NewTool[In, Out any](name, description string, fn func(ctx context.Context, in In) (Out, error)) Tool {
	t := &funcTool{name: name, description: description}
	schema, err := schemaOf(reflect.TypeFor[In]())
	if err == nil && schema.Type != "object" {
		t.wrapped = true
		schema = &jsonschema.Schema{
			Type:       "object",
			Properties: map[string]*jsonschema.Schema{"input": schema},
			Required:   []string{"input"},
		}
	}
	if err == nil {
		t.only = onlyText(schema)
		t.schema, err = json.Marshal(schema)
	}
	if err == nil {
		t.resolved, err = schema.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	}
	if err != nil {
		panic(fmt.Sprintf("graphs: tool %q: %v", name, err))
	}
	t.run = func(ctx context.Context, args json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrToolInput, err)
		}
		return fn(ctx, in)
	}
	return t
}

type funcTool struct {
	name, description string
	schema            json.RawMessage
	resolved          *jsonschema.Resolved
	run               func(ctx context.Context, args json.RawMessage) (any, error)
	wrapped           bool
	only              string // the one argument, when it is a string
}

func (t *funcTool) Name() string            { return t.name }
func (t *funcTool) Description() string     { return t.description }
func (t *funcTool) Schema() json.RawMessage { return t.schema }

func (t *funcTool) Invoke(ctx context.Context, args json.RawMessage) (any, error) {
	args, err := t.check(args)
	if err != nil {
		return nil, err
	}
	return t.run(ctx, args)
}

func (t *funcTool) Call(ctx context.Context, input string) (string, error) {
	args := json.RawMessage(bytes.TrimSpace([]byte(input)))
	if t.only != "" && !json.Valid(args) {
		args = append(appendString(append(appendString([]byte("{"), t.only), ':'), input), '}')
	}
	result, err := t.Invoke(ctx, args)
	if err != nil {
		return "", err
	}
	return ToolText(result)
}

// check validates args, fills defaults in and unwraps an input that is no object.
func (t *funcTool) check(args json.RawMessage) (json.RawMessage, error) {
	if len(args) == 0 || string(args) == "null" {
		args = json.RawMessage("{}")
	}
	var instance map[string]any
	if err := json.Unmarshal(args, &instance); err != nil {
		return nil, fmt.Errorf("%w: want a JSON object: %w", ErrToolInput, err)
	}
	given := len(instance)
	if err := t.resolved.ApplyDefaults(&instance); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToolInput, err)
	}
	if err := t.resolved.Validate(instance); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToolInput, err)
	}
	if len(instance) > given { // only then: floats would lose the digits of great numbers
		var err error
		if args, err = json.Marshal(instance); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrToolInput, err)
		}
	}
	if !t.wrapped {
		return args, nil
	}
	var wrapper struct {
		Input json.RawMessage `json:"input"`
	}
	err := json.Unmarshal(args, &wrapper)
	return wrapper.Input, err
}

func onlyText(s *jsonschema.Schema) string {
	if len(s.Properties) != 1 {
		return ""
	}
	for name, property := range s.Properties {
		if property.Type == "string" {
			return name
		}
	}
	return ""
}

// ToolText returns what a model is told of a tool's result: a string as it is, a message's text, anything else as JSON.
func ToolText(result any) (string, error) {
	switch v := result.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case Message:
		return v.Text(), nil
	case Content:
		return v.String(), nil
	}
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result); err != nil {
		return "", fmt.Errorf("result of a tool: %w", err)
	}
	return string(bytes.TrimSpace(buf.Bytes())), nil
}

type toolCallKey struct{}

// WithToolCall tells a tool which call it answers. Who runs tools for a model sets it.
func WithToolCall(ctx context.Context, call ToolCall) context.Context {
	return context.WithValue(ctx, toolCallKey{}, call)
}

// ToolCallFrom returns the call that a tool answers; ok is false when it was not run for a model.
func ToolCallFrom(ctx context.Context) (call ToolCall, ok bool) {
	call, ok = ctx.Value(toolCallKey{}).(ToolCall)
	return call, ok
}

type turnKey struct{}

type partKey struct{}

// partOf returns which part of a node runs in ctx; 0 where there are none.
func partOf(ctx context.Context) int {
	part, _ := ctx.Value(partKey{}).(int)
	return part
}

// WithTurn is for who runs parts of a node side by side: the returned context is for part n, counted from 0. Every [Interrupt] in it
// waits until before is closed, so that answers find the interrupts that asked for them when the node runs again; and a [Call] in it
// finds the graph that it called before.
func WithTurn(ctx context.Context, n int, before <-chan struct{}) context.Context {
	return context.WithValue(context.WithValue(ctx, partKey{}, n), turnKey{}, before)
}

// awaitTurn returns when an Interrupt in ctx may be recorded.
func awaitTurn(ctx context.Context) error {
	before, ok := ctx.Value(turnKey{}).(<-chan struct{})
	if !ok {
		return nil
	}
	select {
	case <-before:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
