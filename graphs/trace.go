package graphs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
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

// tracer tells a run as the calls that it is made of: the graph, its nodes, their routers, models and tools. The graph's call has the
// run's id; the ids of the others are made of what they are about, so that a second attempt's are others.
type tracer struct {
	cfg   Config
	input any
	about map[string]json.RawMessage
	begun bool
	tasks map[string]*tracedTask
}

type tracedTask struct {
	id, name string
	step     int
	input    json.RawMessage // of a Send
	parents  []string
	about    map[string]json.RawMessage
	models   []*tracedModel // that are speaking
	tools    map[string]string
	routers  int // so far
}

type tracedModel struct {
	id, name string
	tags     []string
	about    map[string]json.RawMessage
	answer   Accumulator
}

var _ Transformer = (*tracer)(nil)

func newTracer(cfg Config, in Input) *tracer {
	return &tracer{cfg: cfg, input: in.Value, about: runMetadata(cfg), tasks: map[string]*tracedTask{}}
}

// See implements [Transformer].
func (t *tracer) See(e Event) []Event {
	switch {
	case e.Kind == KindRunStart && !t.begun:
		t.begun = true
		data := map[string]any{}
		if raw, err := encodeValue(t.input); err == nil && t.input != nil {
			data["input"] = raw
		}
		return []Event{t.graph("on_chain_start", data)}
	case e.TaskStart != nil && !e.TaskStart.Hidden && !e.TaskStart.Cached:
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
	case e.routed != nil:
		return t.router(&e, task)
	case e.TaskEnd != nil:
		delete(t.tasks, e.Task)
		return t.end(&e, task)
	}
	return nil
}

// End implements [Transformer].
func (t *tracer) End(failure error) []Event {
	if failure != nil {
		return []Event{t.graph("on_chain_error", map[string]any{"error": FailureOf(failure)})}
	}
	end := t.graph("on_chain_end", nil)
	end.TraceState = "output"
	return []Event{end}
}

// record makes an event; tags come after those of the run.
func (t *tracer) record(e *Event, r traceRecord) Event {
	r.Tags = append(append(make([]string, 0, len(t.cfg.Tags)+len(r.Tags)), t.cfg.Tags...), r.Tags...)
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

func (t *tracer) graph(event string, data map[string]any) Event {
	return t.record(&Event{}, traceRecord{Event: event, Name: "LangGraph", RunID: t.cfg.RunID, Data: data, Metadata: t.about})
}

// id is that of a call inside of the run.
func (t *tracer) id(of ...string) string {
	return hashUUID(xxh3.HashString128(t.cfg.RunID + "\x00" + strconv.Itoa(max(t.cfg.Attempt, 1)) + "\x00" + strings.Join(of, "\x00")))
}

// start is about a node; the graph and the nodes around it are its parents.
func (t *tracer) start(e *Event) []Event {
	s := e.TaskStart
	about := maps.Clone(s.Metadata)
	if about == nil {
		about = map[string]json.RawMessage{}
	}
	ns := quote(joinNS(e.NS, s.Name, s.ID))
	about["langgraph_node"], about["langgraph_step"], about["langgraph_triggers"] = quote(s.Name), mustJSON(s.Step), mustJSON(s.Triggers)
	about["langgraph_path"], about["langgraph_checkpoint_ns"], about["checkpoint_ns"] = mustJSON(s.Path), ns, ns
	parents := []string{t.cfg.RunID}
	for segment := range strings.SplitSeq(e.NS, "|") {
		if _, id, ok := strings.Cut(segment, ":"); ok {
			parents = append(parents, t.id(id))
		}
	}
	task := &tracedTask{id: t.id(s.ID), name: s.Name, step: s.Step, input: s.Input, parents: parents, about: about, tools: map[string]string{}}
	t.tasks[e.Task] = task
	return []Event{t.node(e, task, "on_chain_start", map[string]any{})}
}

// node is about a node, whose input is the state unless a Send brought it.
func (t *tracer) node(e *Event, task *tracedTask, event string, data map[string]any) Event {
	if task.input != nil {
		data["input"] = task.input
	}
	made := t.record(e, traceRecord{
		Event: event, Name: task.name, RunID: task.id, Parents: task.parents, Metadata: task.about, Data: data,
		Tags: []string{"graph:step:" + strconv.Itoa(task.step)},
	})
	if task.input == nil {
		made.TraceState = "input"
	}
	return made
}

// inside is about a call that a node makes.
func (t *tracer) inside(e *Event, task *tracedTask, r traceRecord) Event {
	r.Parents = slices.Concat(task.parents, []string{task.id})
	if r.Metadata == nil {
		r.Metadata = task.about
	}
	return t.record(e, r)
}

// end is about a node that has ended, and the models that it left speaking.
func (t *tracer) end(e *Event, task *tracedTask) []Event {
	var out []Event
	for _, m := range task.models {
		out = append(out, t.spoken(e, task, m))
	}
	if failed := e.TaskEnd.Error; failed != nil {
		return append(out, t.node(e, task, "on_chain_error", map[string]any{"error": failed}))
	}
	result := map[string][]json.RawMessage{}
	for _, w := range e.TaskEnd.Writes {
		result[w.Channel] = append(result[w.Channel], w.Value)
	}
	return append(out, t.node(e, task, "on_chain_end", map[string]any{"output": resultOf(result)}))
}
