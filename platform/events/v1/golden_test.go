package v1_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/wire"
)

var info = v1.RunInfo{RunID: "R1", ThreadID: "T1", GraphID: "agent", AssistantID: "A-agent"}

// The texts of a reference recording of graph agent: human, begin, tool_call__begin, end.
const (
	human = `{"type":"human","id":"in-1","content":"hello","additional_kwargs":{},"response_metadata":{}}`
	begin = `{"type":"ai","id":"M1","content":"begin","tool_calls":[],"invalid_tool_calls":[],"additional_kwargs":{},"response_metadata":{}}`
	tool  = `{"type":"tool","id":"M2","content":"tool_call__begin","tool_call_id":"tool_call_id","additional_kwargs":{},"response_metadata":{}}`
	end   = `{"type":"ai","id":"M3","content":"end","tool_calls":[],"invalid_tool_calls":[],"additional_kwargs":{},"response_metadata":{}}`
)

func raw(format string, args ...any) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(format, args...))
}

func add(keep int, items ...string) graphs.ChannelPatch {
	p := graphs.ChannelPatch{List: true, Keep: keep}
	for _, item := range items {
		p.Add = append(p.Add, json.RawMessage(item))
	}
	return p
}

func set(value string) graphs.ChannelPatch { return graphs.ChannelPatch{Set: json.RawMessage(value)} }

type patch = map[string]graphs.ChannelPatch

func started(id, name string, step int) graphs.Event {
	return graphs.Event{Kind: graphs.KindTaskStart, Task: id, TaskStart: &graphs.TaskStarted{
		ID: id, Name: name, Step: step, Path: []any{"__pregel_pull", name}, Triggers: []string{"branch:to:" + name},
		Metadata: map[string]json.RawMessage{"created_by": raw(`"system"`)},
	}}
}

func ended(id, name string, writes ...graphs.Write) graphs.Event {
	return graphs.Event{Kind: graphs.KindTaskEnd, Task: id, TaskEnd: &graphs.TaskEnded{ID: id, Name: name, Writes: writes}}
}

func write(channel, value string) graphs.Write {
	return graphs.Write{Channel: channel, Value: json.RawMessage(value)}
}

func step(n int, source graphs.CheckpointSource, p patch, next ...string) graphs.Event {
	return graphs.Event{Kind: graphs.KindStep, Step: &graphs.StepTaken{
		Checkpoint: fmt.Sprintf("c%d", n), Step: n, Source: source, Next: next, Patch: p,
	}}
}

func chunk(task, id, text string) graphs.Event {
	return graphs.Event{Kind: graphs.KindChunk, Task: task, Chunk: &graphs.ChunkSent{
		Delta: graphs.MessageChunk{ID: id, Content: graphs.Content{Text: text}},
		Call:  map[string]json.RawMessage{"ls_provider": raw(`"FakeListChatModel"`), "ls_model_type": raw(`"chat"`)},
	}}
}

func custom(i int) graphs.Event {
	return graphs.Event{Kind: graphs.KindCustom, Task: "K1", Custom: &graphs.CustomSent{Value: raw(`{"type":"sleep","step":%d}`, i)}}
}

func sent(t *testing.T, task, message string) graphs.Event {
	t.Helper()
	var m graphs.Message
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		t.Fatal(err)
	}
	return graphs.Event{Kind: graphs.KindMessage, Task: task, Message: &graphs.MessageSent{Message: m}}
}

var output = []string{"messages", "interrupt", "sharedStateFromStoreConfig"}

// agentRun is what the engine yields for graph agent and the input "hello".
func agentRun(t *testing.T) []graphs.Event {
	return []graphs.Event{
		{Kind: graphs.KindRunStart, RunStart: &graphs.RunStarted{RunID: "R1", Attempt: 1, Output: output}},
		step(-1, graphs.SourceInput, patch{"messages": add(0)}, "__start__"),
		step(0, graphs.SourceLoop, patch{"messages": add(0, human)}, "agent"),
		started("K1", "agent", 1),
		custom(0), custom(1), custom(2), custom(3),
		chunk("K1", "M1", "beg"), chunk("K1", "M1", "in"),
		sent(t, "K1", begin),
		ended("K1", "agent", write("interrupt", "false"), write("messages", "["+begin+"]"), write("branch:to:tool", "null")),
		step(1, graphs.SourceLoop, patch{"messages": add(1, begin), "interrupt": set("false")}, "tool"),
		started("K2", "tool", 2),
		sent(t, "K2", tool),
		ended("K2", "tool", write("messages", "["+tool+"]"), write("sharedStateFromStoreConfig", "{}")),
		step(2, graphs.SourceLoop, patch{"messages": add(2, tool), "sharedStateFromStoreConfig": set("{}")}, "agent"),
		started("K3", "agent", 3),
		chunk("K3", "M3", "end"),
		ended("K3", "agent", write("interrupt", "false"), write("messages", "["+end+"]")),
		step(3, graphs.SourceLoop, patch{"messages": add(3, end)}),
		{Kind: graphs.KindRunEnd, RunEnd: &graphs.RunEnded{Status: "success"}},
	}
}

// told is a frame as a test compares it.
type told struct {
	Event string
	Data  any
}

func fold(t *testing.T, o v1.Options, list []graphs.Event) ([]told, *v1.Fold) {
	t.Helper()
	f := v1.NewFold(o, info, noBase)
	var out []told
	last := int64(-1)
	for i, event := range list {
		frames, err := f.Apply(events.Record{Seq: int64(i), Event: event})
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range frames {
			if frame.ID <= last {
				t.Errorf("frame %s has id %d after %d", frame.Event, frame.ID, last)
			}
			last = frame.ID
			out = append(out, told{frame.Event, value(t, string(frame.Data))})
		}
	}
	return out, f
}

func noBase(_, id string) (map[string]json.RawMessage, error) {
	return nil, fmt.Errorf("no checkpoint %q was expected", id)
}

func value(t *testing.T, data string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func want(t *testing.T, pairs ...string) []told {
	t.Helper()
	var out []told
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, told{pairs[i], value(t, pairs[i+1])})
	}
	return out
}

func list(items ...string) string {
	out := "["
	for i, item := range items {
		if i > 0 {
			out += ","
		}
		out += item
	}
	return out + "]"
}

// TestAgentRun holds the fold to the reference recordings of graph agent, mode by mode (streaming.md §1.5).
func TestAgentRun(t *testing.T) {
	t.Parallel()
	meta := func(task, node string, step int, call string) string {
		return fmt.Sprintf(`{"tags":[],"created_by":"system","run_id":"R1","thread_id":"T1","graph_id":"agent","assistant_id":"A-agent",
			"run_attempt":1,"langgraph_node":%[1]q,"langgraph_step":%[2]d,"langgraph_triggers":["branch:to:%[1]s"],
			"langgraph_path":["__pregel_pull",%[1]q],"langgraph_checkpoint_ns":"%[1]s:%[3]s","checkpoint_ns":"%[1]s:%[3]s"%[4]s}`, node, step, task, call)
	}
	const model = `,"ls_provider":"FakeListChatModel","ls_model_type":"chat"`
	spoken := func(id, text string) string {
		return fmt.Sprintf(`{"type":"AIMessageChunk","id":%q,"content":%q,"tool_calls":[],"invalid_tool_calls":[],"tool_call_chunks":[],
			"additional_kwargs":{},"response_metadata":{}}`, id, text)
	}
	partial := func(id, text string) string {
		return fmt.Sprintf(`[{"type":"ai","id":%q,"content":%q,"tool_calls":[],"invalid_tool_calls":[],"tool_call_chunks":[],
			"additional_kwargs":{},"response_metadata":{}}]`, id, text)
	}
	metadata := []string{"metadata", `{"run_id":"R1","attempt":1,"thread_id":"T1"}`}
	values := []string{
		"values", `{"messages":` + list(human) + `}`,
		"values", `{"messages":` + list(human, begin) + `,"interrupt":false}`,
		"values", `{"messages":` + list(human, begin, tool) + `,"interrupt":false,"sharedStateFromStoreConfig":{}}`,
		"values", `{"messages":` + list(human, begin, tool, end) + `,"interrupt":false,"sharedStateFromStoreConfig":{}}`,
	}
	updates := []string{
		"updates", `{"agent":{"interrupt":false,"messages":` + list(begin) + `}}`,
		"updates", `{"tool":{"messages":` + list(tool) + `,"sharedStateFromStoreConfig":{}}}`,
		"updates", `{"agent":{"interrupt":false,"messages":` + list(end) + `}}`,
	}
	tuples := []string{
		"messages", list(spoken("M1", "beg"), meta("K1", "agent", 1, model)),
		"messages", list(spoken("M1", "in"), meta("K1", "agent", 1, model)),
		"messages", list(tool, meta("K2", "tool", 2, "")),
		"messages", list(spoken("M3", "end"), meta("K3", "agent", 3, model)),
	}
	at := func(in []string, i int) []string { return in[2*i : 2*i+2] }
	join := func(parts ...[]string) (out []string) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	tests := []struct {
		name  string
		modes []wire.StreamMode
		want  []string
	}{
		{"default", nil, join(metadata, values)},
		{"values", []wire.StreamMode{wire.StreamValues}, join(metadata, values)},
		{"updates", []wire.StreamMode{wire.StreamUpdates}, join(metadata, updates)},
		{"custom", []wire.StreamMode{wire.StreamCustom}, join(metadata, []string{
			"custom", `{"type":"sleep","step":0}`, "custom", `{"type":"sleep","step":1}`,
			"custom", `{"type":"sleep","step":2}`, "custom", `{"type":"sleep","step":3}`,
		})},
		{"messages-tuple", []wire.StreamMode{wire.StreamMessagesTuple}, join(metadata, tuples)},
		{
			"values messages-tuple updates",
			[]wire.StreamMode{wire.StreamValues, wire.StreamMessagesTuple, wire.StreamUpdates},
			join(metadata, at(values, 0), at(tuples, 0), at(tuples, 1), at(updates, 0), at(values, 1),
				at(tuples, 2), at(updates, 1), at(values, 2), at(tuples, 3), at(updates, 2), at(values, 3)),
		},
		{"messages", []wire.StreamMode{wire.StreamMessages}, join(metadata, []string{
			"messages/complete", list(human),
			"messages/metadata", `{"M1":{"metadata":` + meta("K1", "agent", 1, model) + `}}`,
			"messages/partial", partial("M1", "beg"), "messages/partial", partial("M1", "begin"),
			"messages/complete", list(begin), "messages/complete", list(tool),
			"messages/metadata", `{"M3":{"metadata":` + meta("K3", "agent", 3, model) + `}}`,
			"messages/partial", partial("M3", "end"), "messages/complete", list(end),
		})},
		{"tasks", []wire.StreamMode{wire.StreamTasks}, join(metadata, []string{
			"tasks", `{"id":"K1","name":"agent","input":{"messages":` + list(human) + `},"triggers":["branch:to:agent"],"metadata":{"created_by":"system"},"interrupts":[]}`,
			"tasks", `{"id":"K1","name":"agent","error":null,"result":{"interrupt":false,"messages":` + list(begin) + `},"interrupts":[]}`,
			"tasks", `{"id":"K2","name":"tool","input":{"messages":` + list(human, begin) + `,"interrupt":false},"triggers":["branch:to:tool"],"metadata":{"created_by":"system"},"interrupts":[]}`,
			"tasks", `{"id":"K2","name":"tool","error":null,"result":{"messages":` + list(tool) + `,"sharedStateFromStoreConfig":{}},"interrupts":[]}`,
			"tasks", `{"id":"K3","name":"agent","input":{"messages":` + list(human, begin, tool) + `,"interrupt":false,"sharedStateFromStoreConfig":{}},"triggers":["branch:to:agent"],"metadata":{"created_by":"system"},"interrupts":[]}`,
			"tasks", `{"id":"K3","name":"agent","error":null,"result":{"interrupt":false,"messages":` + list(end) + `},"interrupts":[]}`,
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, f := fold(t, v1.Options{Modes: tt.modes}, agentRun(t))
			if diff := cmp.Diff(want(t, tt.want...), got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(value(t, values[len(values)-1]), value(t, string(f.Values()))); diff != "" {
				t.Errorf("final values (-want +got):\n%s", diff)
			}
			if f.Ended() == nil || f.Ended().Status != "success" {
				t.Errorf("ended: %+v", f.Ended())
			}
		})
	}
}
