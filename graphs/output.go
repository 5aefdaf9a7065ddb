package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// Output is JSON that a model has to answer with: Schema is its JSON Schema, whose type is object.
type Output struct {
	Name   string
	Schema json.RawMessage
}

// OutputError says that a model did not answer with what it was asked for, however often it was told what is wrong.
type OutputError struct {
	Attempts int
	// Err is what was wrong with the last answer.
	Err error
}

// Error says what went wrong, for people.
func (e *OutputError) Error() string {
	return fmt.Sprintf("the model gave no valid output in %d attempts: %v", e.Attempts, e.Err)
}

// Unwrap returns what was wrong with the last answer.
func (e *OutputError) Unwrap() error { return e.Err }

// Class returns the class that clients see.
func (e *OutputError) Class() string { return "StructuredOutputError" }

// CallModelFor asks the model for a T. The model gets the JSON Schema of T (see [SchemaOf]): as Output if it honours that, else as
// the arguments of a tool that it has to call. An answer that does not fit is shown to it with what is wrong, up to attempts calls
// in all; then an [*OutputError] is returned. Readers of the run do not see these calls. It panics if there is no schema of T.
func CallModelFor[T any](ctx context.Context, model ChatModel, req ModelRequest, attempts int) (T, error) {
	var value T
	form := formOf(reflect.TypeFor[T]())
	ask := form.request(model, req)
	for n := 1; ; n++ {
		answer, err := CallModel(ctx, model, ask)
		if err != nil {
			return value, err
		}
		raw, mistake := form.read(answer)
		if mistake == nil {
			value = *new(T) // nothing of an earlier attempt
			mistake = json.Unmarshal(raw, &value)
		}
		if mistake == nil {
			return value, nil
		}
		if n >= attempts {
			return *new(T), &OutputError{Attempts: n, Err: mistake}
		}
		ask.Messages = append(slices.Clip(ask.Messages), correction(answer, mistake)...)
	}
}

// form is the schema of an output. A type that is no object is asked for as {"value": ...}.
type form struct {
	Output
	wrapped  bool
	resolved *jsonschema.Resolved
}

func formOf(t reflect.Type) form {
	f := form{Output: Output{Name: "answer"}}
	if name := t.Name(); name != "" && !strings.ContainsAny(name, "[]·./ ") {
		f.Name = name
	}
	schema, err := schemaOf(t)
	if err == nil && schema.Type != "object" {
		f.wrapped = true
		schema = &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{"value": schema}, Required: []string{"value"}}
	}
	if err == nil {
		f.Schema, err = json.Marshal(schema)
	}
	if err == nil {
		f.resolved, err = schema.Resolve(nil)
	}
	if err != nil {
		panic(fmt.Sprintf("graphs: output %s: %v", t, err))
	}
	return f
}

func (f *form) request(model ChatModel, req ModelRequest) ModelRequest {
	req.Tags = append(slices.Clip(req.Tags), NoStream)
	if model.Info().Outputs {
		req.Output, req.Tools, req.ToolChoice = &f.Output, nil, ""
		return req
	}
	req.Tools, req.ToolChoice = []Tool{outputTool{f.Output}}, f.Name
	return req
}

// read returns the JSON of an answer, or what is wrong with it.
func (f *form) read(answer Message) (json.RawMessage, error) {
	raw := json.RawMessage(unfenced(answer.Text()))
	for _, bad := range answer.InvalidToolCalls {
		return nil, errors.New(bad.Error)
	}
	if len(answer.ToolCalls) > 1 {
		return nil, fmt.Errorf("want one call of %s, not %d calls", f.Name, len(answer.ToolCalls))
	}
	if len(answer.ToolCalls) == 1 {
		raw = answer.ToolCalls[0].Args
	}
	var instance map[string]any
	if err := json.Unmarshal(raw, &instance); err != nil {
		return nil, fmt.Errorf("want a JSON object that fits the schema %s: %w", f.Schema, err)
	}
	if err := f.resolved.Validate(instance); err != nil {
		return nil, err
	}
	if !f.wrapped {
		return raw, nil
	}
	var wrapper struct {
		Value json.RawMessage `json:"value"`
	}
	err := json.Unmarshal(raw, &wrapper)
	return wrapper.Value, err
}

// unfenced takes away the Markdown that models like to put around JSON.
func unfenced(text string) string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "```"); ok {
		inner = strings.TrimPrefix(inner, "json")
		text = strings.TrimSpace(strings.TrimSuffix(inner, "```"))
	}
	return text
}

// correction is the conversation that goes on from an answer that does not fit.
func correction(answer Message, mistake error) []Message {
	text := fmt.Sprintf("Error: this answer is not valid: %v. Answer again, with all of it.", mistake)
	said := []Message{answer}
	tell := func(id, name string) {
		m := ToolResult(id, text)
		m.Name, m.Status = name, StatusError
		said = append(said, m)
	}
	for _, call := range answer.ToolCalls {
		tell(call.ID, call.Name)
	}
	for _, call := range answer.InvalidToolCalls {
		tell(call.ID, call.Name)
	}
	if len(said) == 1 {
		said = append(said, Human(text))
	}
	return said
}

// outputTool is how a model is asked that knows no outputs: it is never run.
type outputTool struct{ output Output }

func (t outputTool) Name() string            { return t.output.Name }
func (t outputTool) Description() string     { return "Gives the answer. Always call it, once." }
func (t outputTool) Schema() json.RawMessage { return t.output.Schema }

func (t outputTool) Invoke(context.Context, json.RawMessage) (any, error) {
	return nil, fmt.Errorf("%s takes an answer; it is not to be run", t.output.Name)
}

func (t outputTool) Call(ctx context.Context, _ string) (string, error) {
	_, err := t.Invoke(ctx, nil)
	return "", err
}
