package v1_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/wire"
)

// TestCheckpoints covers streaming.md §1.5.7 and §1.5.8: a graph with a graph inside of it.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	came := func(e graphs.Event, id, parent string, tasks ...graphs.TaskPlan) graphs.Event {
		e.At, e.Step.Checkpoint, e.Step.Parent, e.Step.Tasks = 1_700_000_000_000_001, id, parent, tasks
		return e
	}
	plan := graphs.TaskPlan{ID: "K1", Name: "child", Path: []any{"__pregel_pull", "child"}, Subgraph: true}
	list := []graphs.Event{
		start(1, "", false),
		came(step(-1, graphs.SourceInput, nil, "__start__"), "c0", ""),
		came(step(0, graphs.SourceLoop, patch{"list": add(0, "1"), "hidden": set("2"), "branch:to:child": set("null")}, "child"), "c1", "c0", plan),
		started("K1", "child", 1),
		within("child:K1", came(step(-1, graphs.SourceInput, nil, "__start__"), "d0", "")),
		within("child:K1", came(step(0, graphs.SourceLoop, patch{"deep": set("3")}), "d1", "d0")),
		ended("K1", "child", write("foo", "4")),
	}
	const (
		c0   = `{"thread_id":"T1","checkpoint_ns":"","checkpoint_id":"c0"`
		c1   = `{"thread_id":"T1","checkpoint_ns":"","checkpoint_id":"c1"`
		d0   = `{"thread_id":"T1","checkpoint_ns":"child:K1","checkpoint_id":"d0"`
		d1   = `{"thread_id":"T1","checkpoint_ns":"child:K1","checkpoint_id":"d1"`
		root = `,"checkpoint_map":null}`
		in0  = `,"checkpoint_map":{"":"c1","child:K1":"d0"}}`
		in1  = `,"checkpoint_map":{"":"c1","child:K1":"d1"}}`
	)
	input := `{"config":{"configurable":` + c0 + `}},"parent_config":null,"values":{},
		"metadata":{"source":"input","step":-1,"parents":{}},"next":["__start__"],"tasks":[],
		"checkpoint":` + c0 + root + `,"parent_checkpoint":null}`
	loop := `{"config":{"configurable":` + c1 + `}},"parent_config":{"configurable":` + c0 + `}},"values":{"list":[1],"hidden":2},
		"metadata":{"source":"loop","step":0,"parents":{}},"next":["child"],
		"tasks":[{"id":"K1","name":"child","path":["__pregel_pull","child"],"interrupts":[],
			"checkpoint":{"thread_id":"T1","checkpoint_ns":"child:K1","checkpoint_id":null,"checkpoint_map":null}}],
		"checkpoint":` + c1 + root + `,"parent_checkpoint":` + c0 + root + `}`
	inside := `{"config":{"configurable":` + d1 + in1 + `},"parent_config":{"configurable":` + d0 + in0 + `},"values":{"deep":3},
		"metadata":{"source":"loop","step":0,"parents":{"":"c1"}},"next":[],"tasks":[],
		"checkpoint":` + d1 + in1 + `,"parent_checkpoint":` + d0 + in0 + `}`

	got, _ := fold(t, v1.Options{Modes: []wire.StreamMode{wire.StreamCheckpoints}}, list)
	if diff := cmp.Diff(want(t, "checkpoints", input, "checkpoints", loop), got[1:]); diff != "" {
		t.Errorf("checkpoints of the root (-want +got):\n%s", diff)
	}
	got, _ = fold(t, v1.Options{Modes: []wire.StreamMode{wire.StreamCheckpoints}, Subgraphs: true}, list)
	if diff := cmp.Diff(want(t, "checkpoints|child:K1", inside), got[len(got)-1:]); diff != "" {
		t.Errorf("checkpoint inside (-want +got):\n%s", diff)
	}
	got, _ = fold(t, v1.Options{Modes: []wire.StreamMode{wire.StreamDebug}}, list)
	all := want(t,
		"debug", `{"step":-1,"timestamp":"2023-11-14T22:13:20.000001+00:00","type":"checkpoint","payload":`+input+`}`,
		"debug", `{"step":0,"timestamp":"2023-11-14T22:13:20.000001+00:00","type":"checkpoint","payload":`+loop+`}`,
		"debug", `{"step":1,"timestamp":"1970-01-01T00:00:00.000000+00:00","type":"task","payload":{"id":"K1","name":"child",
			"input":{"list":[1],"hidden":2},"triggers":["branch:to:child"],"metadata":{"created_by":"system"},"interrupts":[]}}`,
		"debug", `{"step":1,"timestamp":"1970-01-01T00:00:00.000000+00:00","type":"task_result","payload":{"id":"K1","name":"child",
			"error":null,"result":{"foo":4},"interrupts":[]}}`,
	)
	if diff := cmp.Diff(all, got[1:]); diff != "" {
		t.Errorf("debug (-want +got):\n%s", diff)
	}
}

// TestTraces: mode events is of the whole run, without namespaces (streaming.md §1.6).
func TestTraces(t *testing.T) {
	t.Parallel()
	trace := graphs.Event{Kind: graphs.KindTrace, Trace: raw(`{"event":"on_chain_start"}`)}
	list := []graphs.Event{start(1, "", false), trace, within("child:K1", trace)}
	got, _ := fold(t, v1.Options{Modes: []wire.StreamMode{wire.StreamEvents}}, list)
	both := want(t, "events", `{"event":"on_chain_start"}`, "events", `{"event":"on_chain_start"}`)
	if diff := cmp.Diff(both, got[1:]); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got, _ := fold(t, v1.Options{Modes: valuesUpdates}, list); len(got) != 1 {
		t.Errorf("frames of traces that nobody asked for: %v", got)
	}
}

// TestTracesOfStates: a log has no states; a trace gets the one that it is about where clients read it.
func TestTracesOfStates(t *testing.T) {
	t.Parallel()
	trace := func(raw json.RawMessage, state string) graphs.Event {
		return graphs.Event{Kind: graphs.KindTrace, Trace: raw, TraceState: state}
	}
	list := []graphs.Event{
		start(1, "", false),
		step(0, graphs.SourceLoop, patch{"list": add(0, "1"), "hidden": set("2"), "branch:to:a": set("null")}, "a"),
		trace(raw(`{"event":"on_chain_start","data":{}}`), "input"),
		trace(raw(`{"event":"on_chain_end","data":{"output":3}}`), "input"),
		within("a:K1", trace(raw(`{"event":"on_chain_start","data":{}}`), "input")),
		step(1, graphs.SourceLoop, patch{"list": add(1, "5")}),
		trace(raw(`{"event":"on_chain_end","data":{}}`), "output"),
	}
	got, _ := fold(t, v1.Options{Modes: []wire.StreamMode{wire.StreamEvents}}, list)
	told := want(t,
		"events", `{"event":"on_chain_start","data":{"input":{"list":[1],"hidden":2}}}`,
		"events", `{"event":"on_chain_end","data":{"output":3,"input":{"list":[1],"hidden":2}}}`,
		"events", `{"event":"on_chain_start","data":{}}`,
		"events", `{"event":"on_chain_end","data":{"output":{"list":[1,5]}}}`,
	)
	if diff := cmp.Diff(told, got[1:]); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
