package graphs

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// traceRecord is a trace event as clients read it (streaming.md §1.5.9).
type traceRecord struct {
	Event    string                     `json:"event"`
	Name     string                     `json:"name"`
	RunID    string                     `json:"run_id"`
	Tags     []string                   `json:"tags"`
	Metadata map[string]json.RawMessage `json:"metadata"`
	Parents  []string                   `json:"parent_ids"`
	Data     map[string]any             `json:"data"`
}

// tracer tells a run as the calls that it is made of: the graph, its nodes, their models and tools. Calls of models and tools have
// the ids of their message or tool call.
type tracer struct {
	cfg   Config
	begun bool
	tasks map[string]*tracedTask
}

type tracedTask struct {
	name    string
	parents []string
	about   map[string]json.RawMessage
	models  []*tracedModel // that are speaking
	tools   map[string]string
}

type tracedModel struct {
	id, name string
	answer   Accumulator
}

var _ Transformer = (*tracer)(nil)

func newTracer(cfg Config) *tracer { return &tracer{cfg: cfg, tasks: map[string]*tracedTask{}} }

// See implements [Transformer].
func (t *tracer) See(e Event) []Event {
	switch {
	case e.Kind == KindRunStart && !t.begun:
		t.begun = true
		return t.graph("on_chain_start", nil)
	case e.TaskStart != nil && !e.TaskStart.Hidden:
		return t.start(&e)
	}
	task := t.tasks[e.Task]
	if task == nil {
		return nil
	}
	switch {
	case e.Chunk != nil:
		return t.chunk(&e, task)
	case e.Message != nil && e.Message.Call != nil:
		return t.message(&e, task)
	case e.Tool != nil:
		return t.tool(&e, task)
	case e.TaskEnd != nil:
		delete(t.tasks, e.Task)
		return t.end(&e, task)
	}
	return nil
}

// End implements [Transformer].
func (t *tracer) End(failure error) []Event {
	if failure != nil {
		return t.graph("on_chain_error", map[string]any{"error": FailureOf(failure)})
	}
	return t.graph("on_chain_end", nil)
}

func (t *tracer) record(e *Event, r traceRecord) Event {
	if r.Tags = t.cfg.Tags; r.Tags == nil {
		r.Tags = []string{}
	}
	if r.Metadata == nil {
		r.Metadata = map[string]json.RawMessage{}
	}
	if r.Data == nil {
		r.Data = map[string]any{}
	}
	if r.Parents == nil {
		r.Parents = []string{}
	}
	raw, err := json.Marshal(r)
	if err != nil { // a message with fields that are no JSON
		r.Data, r.Metadata = map[string]any{}, map[string]json.RawMessage{}
		raw = mustJSON(r)
	}
	return Event{Kind: KindTrace, NS: e.NS, Task: e.Task, Trace: raw}
}

func (t *tracer) graph(event string, data map[string]any) []Event {
	name := t.cfg.GraphID
	if name == "" {
		name = "LangGraph"
	}
	return []Event{t.record(&Event{}, traceRecord{Event: event, Name: name, RunID: t.cfg.RunID, Data: data, Metadata: t.cfg.Metadata})}
}

// start is about a node; the graph and the nodes around it are its parents.
func (t *tracer) start(e *Event) []Event {
	s := e.TaskStart
	about := maps.Clone(s.Metadata)
	if about == nil {
		about = map[string]json.RawMessage{}
	}
	about["langgraph_node"], about["langgraph_step"] = quote(s.Name), mustJSON(s.Step)
	parents := []string{t.cfg.RunID}
	for segment := range strings.SplitSeq(e.NS, "|") {
		if _, id, ok := strings.Cut(segment, ":"); ok {
			parents = append(parents, id)
		}
	}
	task := &tracedTask{name: s.Name, parents: parents, about: about, tools: map[string]string{}}
	t.tasks[e.Task] = task
	var data map[string]any
	if s.Input != nil {
		data = map[string]any{"input": s.Input}
	}
	return []Event{t.node(e, task, "on_chain_start", data)}
}

func (t *tracer) node(e *Event, task *tracedTask, event string, data map[string]any) Event {
	return t.record(e, traceRecord{Event: event, Name: task.name, RunID: e.Task, Parents: task.parents, Metadata: task.about, Data: data})
}

// inside is about a call that a node makes.
func (t *tracer) inside(e *Event, task *tracedTask, event, name, id string, data map[string]any) Event {
	parents := slices.Concat(task.parents, []string{e.Task})
	return t.record(e, traceRecord{Event: event, Name: name, RunID: id, Parents: parents, Metadata: task.about, Data: data})
}

func (t *tracer) chunk(e *Event, task *tracedTask) []Event {
	delta := e.Chunk.Delta
	var out []Event
	var model *tracedModel
	for _, m := range task.models {
		if m.id == delta.ID {
			model = m
		}
	}
	if model == nil {
		model = &tracedModel{id: delta.ID, name: modelName(e.Chunk.Call)}
		task.models = append(task.models, model)
		out = append(out, t.inside(e, task, "on_chat_model_start", model.name, model.id, nil))
	}
	model.answer.Add(delta)
	return append(out, t.inside(e, task, "on_chat_model_stream", model.name, model.id, map[string]any{"chunk": delta}))
}

// message is a model's answer that was not streamed.
func (t *tracer) message(e *Event, task *tracedTask) []Event {
	m, name := e.Message.Message, modelName(e.Message.Call)
	return []Event{
		t.inside(e, task, "on_chat_model_start", name, m.ID, nil),
		t.inside(e, task, "on_chat_model_end", name, m.ID, map[string]any{"output": m}),
	}
}

func modelName(call map[string]json.RawMessage) string {
	var name string
	if json.Unmarshal(call["ls_model_name"], &name) != nil || name == "" {
		return "model"
	}
	return name
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
	return []Event{t.inside(e, task, event, name, report.CallID, map[string]any{field: report.Data})}
}

func (t *tracer) end(e *Event, task *tracedTask) []Event {
	var out []Event
	for _, m := range task.models {
		out = append(out, t.inside(e, task, "on_chat_model_end", m.name, m.id, map[string]any{"output": m.answer.Message()}))
	}
	if failed := e.TaskEnd.Error; failed != nil {
		return append(out, t.node(e, task, "on_chain_error", map[string]any{"error": failed}))
	}
	result := map[string][]json.RawMessage{}
	for _, w := range e.TaskEnd.Writes {
		result[w.Channel] = append(result[w.Channel], w.Value)
	}
	written := resultOf(result)
	return append(out,
		t.node(e, task, "on_chain_stream", map[string]any{"chunk": written}),
		t.node(e, task, "on_chain_end", map[string]any{"output": written}))
}
