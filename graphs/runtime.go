package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/locutory/locutory/authhooks"
)

// ErrTaskOver is returned to a node that goes on writing after it has returned.
var ErrTaskOver = errors.New("the task is over")

// Runtime is what a node knows of the run that it is part of. It is safe for concurrent use.
type Runtime struct {
	// User is who started the run; nil outside a server.
	User   *authhooks.User
	Config Config
	// Store keeps what outlives the thread: on a server it is what the User reaches under the server's hooks. It is nil where
	// the Config of the run has none.
	Store Store
	// ThreadID and RunID are those of Config.
	ThreadID, RunID string
	// Attempt counts the executions of the run from 1.
	Attempt int
	// Remaining is how many more steps the run may take after this one.
	Remaining int

	task *task
	run  *run
}

type runtimeKey struct{}

// RuntimeFrom returns the runtime of the node that was called with ctx, nil outside of one.
func RuntimeFrom(ctx context.Context) *Runtime {
	rt, _ := ctx.Value(runtimeKey{}).(*Runtime)
	return rt
}

// Write sends v, as JSON, to readers of the stream mode custom.
func (rt *Runtime) Write(v any) error { return rt.WriteNamed("", v) }

// WriteNamed is Write to the named extension channel custom:name.
func (rt *Runtime) WriteNamed(name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("custom value: %w", err)
	}
	return rt.send(Event{Kind: KindCustom, Custom: &CustomSent{Name: name, Value: raw}})
}

// Streaming reports whether someone wants messages while they are made.
func (rt *Runtime) Streaming() bool { return rt.Config.Messages && rt.run.yield != nil }

// Chunk shows a delta of a message. All deltas of a message carry the id that it will have in the state. call is the model
// call's metadata, on the first delta only. Without readers it does nothing.
func (rt *Runtime) Chunk(delta MessageChunk, call map[string]json.RawMessage) error {
	if !rt.Streaming() {
		return nil
	}
	return rt.send(Event{Kind: KindChunk, Chunk: &ChunkSent{Delta: delta, Call: call}})
}

// Message shows a whole message before the node returns. Without readers it does nothing.
func (rt *Runtime) Message(m Message, call map[string]json.RawMessage) error {
	if !rt.Streaming() {
		return nil
	}
	return rt.send(Event{Kind: KindMessage, Message: &MessageSent{Message: m, Call: call}})
}

// Tool reports on a tool call.
func (rt *Runtime) Tool(report ToolReported) error {
	return rt.send(Event{Kind: KindTool, Tool: &report})
}

// send hands an event to the run's coordinator and returns when it has been taken. Without a reader it is nothing.
func (rt *Runtime) send(e Event) error {
	if rt.task.context.Err() != nil {
		return rt.task.context.ended()
	}
	if rt.run.yield == nil {
		return nil
	}
	e.NS, e.Task = rt.run.ns, rt.task.plan.ID
	select {
	case rt.run.inbox <- signal{event: e}:
		return nil
	case <-rt.task.context.Done():
		return rt.task.context.ended()
	}
}

// ContextFrom returns the run's settings: [Config].Context read into C, or Config.Configurable if there is none. Fields that
// are not set have the value of their tag `default`.
func ContextFrom[C any](ctx context.Context) (C, error) {
	var c C
	rt := RuntimeFrom(ctx)
	if rt == nil {
		return c, errors.New("no run in this context: call ContextFrom in a node, with its ctx")
	}
	err := readContext(rt.Config, &c)
	return c, err
}

// readContext fills c, a pointer, from the settings of a run.
func readContext(cfg Config, c any) error {
	if err := setDefaults(reflect.ValueOf(c).Elem()); err != nil {
		return err
	}
	raw := cfg.Context
	if len(raw) == 0 || string(raw) == "null" || string(raw) == "{}" {
		if len(cfg.Configurable) == 0 {
			return nil
		}
		all, err := json.Marshal(cfg.Configurable)
		if err != nil {
			return fmt.Errorf("configurable: %w", err)
		}
		raw = all
	}
	if err := json.Unmarshal(raw, c); err != nil {
		return &InputError{Channel: "context", Type: reflect.TypeOf(c).Elem().String(), Err: err}
	}
	return nil
}

// setDefaults applies the tags `default` of a struct: JSON, or bare text for strings.
func setDefaults(v reflect.Value) error {
	if v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		text, ok := f.Tag.Lookup("default")
		if !ok {
			if err := setDefaults(v.Field(i)); err != nil {
				return err
			}
			continue
		}
		if f.Type.Kind() == reflect.String {
			v.Field(i).SetString(text)
			continue
		}
		if err := json.Unmarshal([]byte(text), v.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("%s.%s: default:%q: %w", v.Type(), f.Name, text, err)
		}
	}
	return nil
}
