package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/wire"
)

// day is the instant of the contract's examples.
var day = wire.At(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC))

const dayText = `"2026-09-01T08:00:00.000000+00:00"`

func TestResponses(t *testing.T) {
	t.Parallel()
	reason := "kaput"
	tests := []struct {
		name string
		v    any
		want string
	}{
		{
			"assistant (rest.md 2.1)",
			wire.Assistant{
				AssistantID: "fe096781-5601-53d2-b2f6-0d3403f7e9ca", GraphID: "agent", Name: "agent",
				Metadata: wire.Object{"created_by": "system"}, Version: 1, CreatedAt: day, UpdatedAt: day,
			},
			`{"assistant_id":"fe096781-5601-53d2-b2f6-0d3403f7e9ca","graph_id":"agent","name":"agent","description":null,
			  "config":{},"context":{},"metadata":{"created_by":"system"},"version":1,"created_at":` + dayText + `,"updated_at":` + dayText + `}`,
		},
		{
			"a new thread (rest.md 17.1)",
			wire.Thread{
				ThreadID: "T", CreatedAt: day, UpdatedAt: day, StateUpdatedAt: day,
				Metadata: wire.Object{"user": "u1"}, Status: wire.ThreadIdle,
			},
			`{"thread_id":"T","created_at":` + dayText + `,"updated_at":` + dayText + `,"state_updated_at":` + dayText + `,
			  "metadata":{"user":"u1"},"status":"idle","config":{},"values":null,"interrupts":{}}`,
		},
		{
			"a paused thread (rest.md 17.2)",
			wire.Thread{
				ThreadID: "T", CreatedAt: day, UpdatedAt: day, StateUpdatedAt: day, Status: wire.ThreadInterrupted,
				Values:     raw(`{"q":"x"}`),
				Interrupts: wire.Interrupts{"task": {{Value: raw(`{"approve?":"x"}`), ID: "3fd5"}}, "other": nil},
				TTL:        &wire.ThreadTTL{Strategy: wire.TTLDelete, TTLMinutes: 5},
			},
			`{"thread_id":"T","created_at":` + dayText + `,"updated_at":` + dayText + `,"state_updated_at":` + dayText + `,
			  "metadata":{},"status":"interrupted","config":{},"values":{"q":"x"},
			  "interrupts":{"task":[{"value":{"approve?":"x"},"id":"3fd5"}],"other":[]},
			  "ttl":{"strategy":"delete","ttl_minutes":5,"expires_at":null}}`,
		},
		{
			"the state of a thread that never ran (rest.md 4.6)",
			wire.ThreadState{Checkpoint: wire.CheckpointConfig{ThreadID: "T"}},
			`{"values":{},"next":[],"tasks":[],"checkpoint":{"thread_id":"T","checkpoint_ns":"","checkpoint_id":null,"checkpoint_map":null},
			  "metadata":{},"created_at":null,"parent_checkpoint":null,"interrupts":[],"checkpoint_id":null,"parent_checkpoint_id":null}`,
		},
		{
			"a paused state (streaming.md 3.1)",
			wire.ThreadState{
				Values: raw(`{"list":["in"]}`), Next: []string{"ask"},
				Tasks: []wire.Task{{
					ID: "734c", Name: "ask", Path: []any{"__pregel_pull", "ask"},
					Interrupts: []wire.Interrupt{{Value: raw(`{"q":"ok?"}`), ID: "8ef2"}},
				}},
				Checkpoint: wire.CheckpointConfig{ThreadID: "T", CheckpointID: "1f1"}, Metadata: wire.Object{"source": "loop"}, CreatedAt: &day,
				ParentCheckpoint: &wire.CheckpointConfig{ThreadID: "T", CheckpointID: "1f0"},
				Interrupts:       []wire.Interrupt{{Value: raw(`{"q":"ok?"}`), ID: "8ef2"}},
			},
			`{"values":{"list":["in"]},"next":["ask"],
			  "tasks":[{"id":"734c","name":"ask","path":["__pregel_pull","ask"],"error":null,"interrupts":[{"value":{"q":"ok?"},"id":"8ef2"}],
			            "checkpoint":null,"state":null,"result":null}],
			  "metadata":{"source":"loop"},"created_at":` + dayText + `,
			  "checkpoint":{"thread_id":"T","checkpoint_ns":"","checkpoint_id":"1f1","checkpoint_map":null},
			  "parent_checkpoint":{"thread_id":"T","checkpoint_ns":"","checkpoint_id":"1f0","checkpoint_map":null},
			  "interrupts":[{"value":{"q":"ok?"},"id":"8ef2"}],"checkpoint_id":"1f1","parent_checkpoint_id":"1f0"}`,
		},
		{
			"a failed task",
			wire.Task{ID: "t", Name: "n", Error: &reason},
			`{"id":"t","name":"n","path":[],"error":"kaput","interrupts":[],"checkpoint":null,"state":null,"result":null}`,
		},
		{
			"a pending run",
			wire.Run{
				RunID: "R", ThreadID: "T", AssistantID: "A", Status: wire.RunPending, CreatedAt: day, UpdatedAt: day,
				MultitaskStrategy: wire.MultitaskEnqueue,
			},
			`{"run_id":"R","thread_id":"T","assistant_id":"A","created_at":` + dayText + `,"updated_at":` + dayText + `,
			  "status":"pending","metadata":{},"kwargs":{},"multitask_strategy":"enqueue"}`,
		},
		{
			"kwargs (rest.md 2.6)",
			wire.RunKwargs{StreamMode: wire.StreamModes{wire.StreamValues}, InterruptBefore: wire.Names{"*"}},
			`{"input":null,"command":null,"config":{},"context":{},"interrupt_before":"*","stream_mode":["values"],
			  "subgraphs":false,"temporary":false,"resumable":false,"feedback_keys":null}`,
		},
		{"an error", wire.ErrorBody{Detail: "Run not found"}, `{"detail":"Run not found"}`},
		{
			"a failed wait (rest.md 17.3)",
			wire.RunFailed{Error: wire.RunError{Error: "ValueError", Message: "boom"}},
			`{"__error__":{"error":"ValueError","message":"boom"}}`,
		},
		{
			"a drawing (streaming.md 4.1)",
			wire.Drawing{
				Nodes: []wire.DrawnNode{{ID: "__start__", Type: "schema", Data: raw(`"__start__"`)}},
				Edges: []wire.DrawnEdge{{Source: "__start__", Target: "agent"}, {Source: "agent", Target: "__end__", Conditional: true, Data: "finish"}},
			},
			`{"nodes":[{"id":"__start__","type":"schema","data":"__start__"}],
			  "edges":[{"source":"__start__","target":"agent"},{"source":"agent","target":"__end__","conditional":true,"data":"finish"}]}`,
		},
		{"an empty drawing", wire.Drawing{}, `{"nodes":[],"edges":[]}`},
		{
			"schemas",
			wire.GraphSchemas{GraphID: "g", State: raw(`{"type":"object"}`)},
			`{"graph_id":"g","input_schema":null,"output_schema":null,"state_schema":{"type":"object"},"config_schema":null,"context_schema":null}`,
		},
		{
			"info (rest.md 8.1)",
			wire.Info{Version: "0.1.0", LanggraphVersion: "1.2.11", Flags: map[string]bool{"assistants": true}, Host: wire.Host{Kind: "self-hosted"}},
			`{"version":"0.1.0","langgraph_py_version":"1.2.11","flags":{"assistants":true},
			  "host":{"kind":"self-hosted","project_id":null,"revision_id":null,"tenant_id":null},"metadata":{}}`,
		},
		{"stream metadata", wire.StreamMetadata{RunID: "R", Attempt: 1}, `{"run_id":"R","attempt":1}`},
		{"a request leaves out what is absent", wire.ThreadSearch{}, `{}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(test.v)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parsed(t, test.want), parsed(t, string(got))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func parsed(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

func TestTime(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"milliseconds and Z", `"2026-09-01T08:00:00.125Z"`, `"2026-09-01T08:00:00.125000+00:00"`},
		{"no fraction", `"2026-09-01T08:00:00Z"`, dayText},
		{"another zone", `"2026-09-01T10:00:00+02:00"`, dayText},
		{"nanoseconds are cut", `"2026-09-01T08:00:00.123456789Z"`, `"2026-09-01T08:00:00.123456+00:00"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var at wire.Time
			if err := json.Unmarshal([]byte(test.text), &at); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(at)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
	for _, text := range []string{`"yesterday"`, `7`, `"2026-09-01"`} {
		if err := json.Unmarshal([]byte(text), new(wire.Time)); err == nil {
			t.Errorf("%s was read as a time", text)
		}
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	thread := wire.Thread{ThreadID: "T", Status: wire.ThreadIdle, Metadata: wire.Object{"owner": "user1"}}
	got, err := wire.Project(thread, []string{"status", "values", "context"})
	if err != nil || string(got) != `{"status":"idle","values":null}` {
		t.Errorf("got %s, %v", got, err)
	}
	whole, err := wire.Project(thread, nil)
	if err != nil || !json.Valid(whole) || len(parsed(t, string(whole)).(map[string]any)) != 9 {
		t.Errorf("without names: got %s, %v", whole, err)
	}
	page, err := wire.ProjectAll([]wire.Thread(nil), []string{"status"})
	if err != nil || page == nil {
		t.Errorf("an empty page: got %v, %v; want []", page, err)
	}
}

func TestEnums(t *testing.T) {
	t.Parallel()
	for status, ended := range map[wire.RunStatus]bool{
		wire.RunPending: false, wire.RunRunning: false, wire.RunSuccess: true,
		wire.RunErrored: true, wire.RunTimeout: true, wire.RunInterrupted: true,
	} {
		if !status.Valid() || status.Ended() != ended {
			t.Errorf("%s: valid %v, ended %v", status, status.Valid(), status.Ended())
		}
	}
	if wire.RunStatus("").Valid() || wire.ThreadStatus("x").Valid() || wire.StreamMode("").Valid() {
		t.Error("an unknown value is valid")
	}
}
