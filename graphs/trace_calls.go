package graphs

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// routed tells the tracer that a router begins, or has ended with an answer.
type routed struct {
	name   string
	answer any // nil at the beginning
}

// routing tells a trace that a router begins.
func (r *run) routing(ctx context.Context, b *branch) {
	if r.cfg.Trace {
		r.routes(ctx, b, nil)
	}
}

// routes tells a trace of a router, with its answer when it has ended. It is asked for only if somebody traces: most do not.
func (r *run) routes(ctx context.Context, b *branch, answer any) {
	if rt := RuntimeFrom(ctx); rt != nil && rt.run == r {
		_ = rt.send(Event{Kind: KindTrace, routed: &routed{b.name, answer}}) // who does not listen learns nothing
	}
}

var closureName = regexp.MustCompile(`^(func)?\d+$|^gowrap\d+$`)

// functionName is a function's name in its package; one that has none is a RunnableLambda, as LangChain calls it.
func functionName(f any) string {
	at := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
	if at == nil {
		return "RunnableLambda"
	}
	name := strings.TrimSuffix(at.Name(), "-fm")
	name = name[strings.LastIndexAny(name, "./")+1:]
	if closureName.MatchString(name) {
		return "RunnableLambda"
	}
	return name
}

func (t *tracer) router(e *Event, task *tracedTask) []Event {
	r := traceRecord{Event: "on_chain_start", Name: e.routed.name, RunID: t.id(e.Task, "router", strconv.Itoa(task.routers))}
	if e.routed.answer != nil {
		r.Event, r.Data = "on_chain_end", map[string]any{"output": e.routed.answer}
		task.routers++
	}
	return []Event{t.inside(e, task, r)}
}

func (t *tracer) chunk(e *Event, task *tracedTask) []Event {
	delta := e.Chunk.Delta
	var out []Event
	at := slices.IndexFunc(task.models, func(m *tracedModel) bool { return m.id == delta.ID })
	if at < 0 {
		at = len(task.models)
		model := traced(task, delta.ID, e.Chunk.Call)
		task.models = append(task.models, model)
		out = append(out, t.inside(e, task, t.model("on_chat_model_start", model, nil)))
	}
	model := task.models[at]
	model.answer.Add(delta)
	if !delta.isEmpty() {
		out = append(out, t.inside(e, task, t.model("on_chat_model_stream", model, map[string]any{"chunk": json.RawMessage(delta.AppendWire(nil))})))
	}
	if delta.Last {
		task.models = slices.Delete(task.models, at, at+1)
		out = append(out, t.spoken(e, task, model))
	}
	return out
}

// isEmpty reports whether a chunk says no more than that it is the last.
func (c *MessageChunk) isEmpty() bool {
	return c.Last && c.Content.Text == "" && len(c.Content.Blocks) == 0 && len(c.ToolCallChunks) == 0 && c.UsageMetadata == nil &&
		len(c.ResponseMetadata) == 0 && len(c.AdditionalKwargs) == 0
}

func (t *tracer) spoken(e *Event, task *tracedTask, m *tracedModel) Event {
	return t.inside(e, task, t.model("on_chat_model_end", m, map[string]any{"output": m.answer.Message()}))
}

// message is a model's answer that was not streamed.
func (t *tracer) message(e *Event, task *tracedTask) []Event {
	m := traced(task, e.Message.Message.ID, e.Message.Call)
	return []Event{
		t.inside(e, task, t.model("on_chat_model_start", m, nil)),
		t.inside(e, task, t.model("on_chat_model_end", m, map[string]any{"output": e.Message.Message})),
	}
}

func (t *tracer) model(event string, m *tracedModel, data map[string]any) traceRecord {
	tags := m.tags
	if n := len(t.cfg.Tags); len(tags) >= n && slices.Equal(tags[:n], t.cfg.Tags) {
		tags = tags[n:] // every record has those of the run
	}
	return traceRecord{Event: event, Name: m.name, RunID: t.id("model", m.id), Tags: tags, Metadata: m.about, Data: data}
}

// traced makes a model's call of the metadata that came with it: what it says of the model is about the call, its tags are the call's.
func traced(task *tracedTask, id string, call map[string]json.RawMessage) *tracedModel {
	m := &tracedModel{id: id, about: maps.Clone(task.about)}
	for key, value := range call {
		if key != "tags" {
			m.about[key] = value
			continue
		}
		_ = json.Unmarshal(value, &m.tags) // tags that are no list are none
	}
	if json.Unmarshal(call["ls_model_name"], &m.name) != nil || m.name == "" {
		m.name = "model"
	}
	return m
}

func (t *tracer) tool(e *Event, task *tracedTask) []Event {
	report := e.Tool
	if report.Phase == "started" {
		task.tools[report.CallID] = report.Name
	}
	name := report.Name
	if name == "" {
		name = task.tools[report.CallID]
	}
	var event, field string
	switch report.Phase {
	case "started":
		event, field = "on_tool_start", "input"
	case "delta":
		event, field = "on_tool_stream", "chunk"
	case "finished":
		event, field = "on_tool_end", "output"
	case "error":
		event, field = "on_tool_error", "error"
	default:
		return nil
	}
	return []Event{t.inside(e, task, traceRecord{
		Event: event, Name: name, RunID: t.id(e.Task, "tool", report.CallID), Data: map[string]any{field: report.Data},
	})}
}
