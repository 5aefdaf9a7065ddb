package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/wire"
)

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func TestDecodeRunCreate(t *testing.T) {
	t.Parallel()
	yes := true
	tests := []struct {
		name, body string
		want       wire.RunCreate
	}{
		{"the smallest", `{"assistant_id":"echo"}`, wire.RunCreate{AssistantID: "echo"}},
		{
			"null is absent",
			`{"assistant_id":"a","command":null,"input":null,"webhook":null,"config":null,"context":null,"metadata":null,
			  "stream_mode":null,"interrupt_before":null,"feedback_keys":null,"multitask_strategy":null,"after_seconds":null,
			  "checkpoint":null,"checkpoint_during":null,"langsmith_tracer":null}`,
			wire.RunCreate{AssistantID: "a"},
		},
		{
			"input is carried byte for byte", `{"assistant_id":"a","input":{"messages":[{"role":"user","content":"hi"}],"n":12345678901234567890}}`,
			wire.RunCreate{AssistantID: "a", Input: raw(`{"messages":[{"role":"user","content":"hi"}],"n":12345678901234567890}`)},
		},
		{"a mode alone", `{"assistant_id":"a","stream_mode":"updates"}`, wire.RunCreate{AssistantID: "a", StreamMode: wire.StreamModes{wire.StreamUpdates}}},
		{
			"modes without repeats", `{"assistant_id":"a","stream_mode":["values","updates","values"]}`,
			wire.RunCreate{AssistantID: "a", StreamMode: wire.StreamModes{wire.StreamValues, wire.StreamUpdates}},
		},
		{"no modes are nil", `{"assistant_id":"a","stream_mode":[]}`, wire.RunCreate{AssistantID: "a"}},
		{"every node", `{"assistant_id":"a","interrupt_before":"*"}`, wire.RunCreate{AssistantID: "a", InterruptBefore: wire.Names{"*"}}},
		{"some nodes", `{"assistant_id":"a","interrupt_after":["x","y"]}`, wire.RunCreate{AssistantID: "a", InterruptAfter: wire.Names{"x", "y"}}},
		{"one feedback key", `{"assistant_id":"a","feedback_keys":"k"}`, wire.RunCreate{AssistantID: "a", FeedbackKeys: wire.FeedbackKeys{"k"}}},
		{
			"everything",
			`{"assistant_id":"a","command":{"resume":true},"metadata":{"m":1},"config":{"tags":["t"],"recursion_limit":4,"configurable":{"k":"v"},"run_name":"r"},
			  "context":{"c":2},"checkpoint":{"checkpoint_ns":"","checkpoint_id":"1ef"},"checkpoint_id":"1ee","stream_mode":"messages-tuple",
			  "stream_subgraphs":true,"stream_resumable":true,"feedback_keys":["k"],"interrupt_before":"*","interrupt_after":["n"],
			  "multitask_strategy":"rollback","if_not_exists":"create","on_disconnect":"cancel","on_completion":"keep","after_seconds":1.5,
			  "webhook":"/hook","durability":"sync","checkpoint_during":true,"langsmith_tracer":{"project_name":"p"}}`,
			wire.RunCreate{
				AssistantID: "a", Command: &wire.Command{Resume: wire.Some(raw("true"))},
				Metadata:   wire.Object{"m": 1.0},
				Config:     wire.Config{Tags: []string{"t"}, RecursionLimit: 4, Configurable: wire.Object{"k": "v"}, Extra: wire.Object{"run_name": "r"}},
				Context:    wire.Object{"c": 2.0},
				Checkpoint: &wire.CheckpointConfig{CheckpointID: "1ef"}, CheckpointID: "1ee",
				StreamMode: wire.StreamModes{wire.StreamMessagesTuple}, StreamSubgraphs: true, StreamResumable: true,
				FeedbackKeys: wire.FeedbackKeys{"k"}, InterruptBefore: wire.Names{"*"}, InterruptAfter: wire.Names{"n"},
				MultitaskStrategy: wire.MultitaskRollback, IfNotExists: wire.IfNotExistsCreate,
				OnDisconnect: wire.OnDisconnectCancel, OnCompletion: wire.OnCompletionKeep, AfterSeconds: 1.5,
				Webhook: "/hook", Durability: wire.DurabilitySync, CheckpointDuring: &yes,
				LangsmithTracer: &wire.LangsmithTracer{ProjectName: "p"},
			},
		},
		{"no NUL survives", `{"assistant_id":"a","input":"x\u0000\\u0000"}`, wire.RunCreate{AssistantID: "a", Input: raw(`"x\ufffd\\u0000"`)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got wire.RunCreate
			if err := wire.Decode([]byte(test.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			sent, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var again wire.RunCreate
			if err := wire.Decode(sent, &again); err != nil {
				t.Fatalf("%s: %v", sent, err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("read back, -want +got:\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		into      any
		body      string
		malformed bool
		detail    string
	}{
		{"half a body", &wire.RunCreate{}, `{"assistant_id":`, true, "malformed JSON"},
		{"no JSON", &wire.RunCreate{}, `hello`, true, "malformed JSON at byte 1"},
		{"an array", &wire.ThreadCreate{}, `[]`, false, "body: want object, got array"},
		{"no assistant", &wire.RunCreate{}, `{}`, false, "assistant_id is required"},
		{"no body, no assistant", &wire.RunCreate{}, ``, false, "assistant_id is required"},
		{"a number as id", &wire.RunCreate{}, `{"assistant_id":7}`, false, "assistant_id: want string, got number"},
		{"an unknown mode", &wire.RunCreate{}, `{"assistant_id":"a","stream_mode":["valuez"]}`, false, `stream_mode: "valuez" is not one of values, messages, messages-tuple`},
		{"an odd mode", &wire.RunCreate{}, `{"assistant_id":"a","stream_mode":7}`, false, "stream_mode: want a mode or a list of modes"},
		{"an empty node name", &wire.RunCreate{}, `{"assistant_id":"a","interrupt_before":[""]}`, false, "interrupt_before"},
		{"a bare node name", &wire.RunCreate{}, `{"assistant_id":"a","interrupt_before":"x"}`, false, "interrupt_before"},
		{"an empty webhook", &wire.RunCreate{}, `{"assistant_id":"a","webhook":""}`, false, "webhook: want 1 to 65536 characters"},
		{"an unknown strategy", &wire.RunCreate{}, `{"assistant_id":"a","multitask_strategy":"x"}`, false, `multitask_strategy: "x" is not one of reject, interrupt, rollback, enqueue`},
		{"an empty mode", &wire.RunCreate{}, `{"assistant_id":"a","stream_mode":["values",""]}`, false, "stream_mode"},
		{"an empty mode of a cron", &wire.CronPatch{}, `{"stream_mode":[null]}`, false, "stream_mode"},
		{"an end that is no time", &wire.CronPatch{}, `{"end_time":"soon"}`, false, "end_time: want a time"},
		{"a delay below 0", &wire.RunCreate{}, `{"assistant_id":"a","after_seconds":-1}`, false, "after_seconds"},
		{"no supersteps", &wire.RunCreate{}, `{"assistant_id":"a","config":{"recursion_limit":0}}`, false, "config.recursion_limit"},
		{"a list as metadata", &wire.ThreadCreate{}, `{"metadata":[]}`, false, "metadata: want object, got array"},
		{"an id that is none", &wire.ThreadCreate{}, `{"thread_id":"x"}`, false, `thread_id: "x" is not a UUID`},
		{"limit 0", &wire.ThreadSearch{}, `{"limit":0}`, false, "limit: want an integer from 1 to 1000, got 0"},
		{"limit 1001", &wire.ThreadSearch{}, `{"limit":1001}`, false, "limit: want"},
		{"limit as text", &wire.ThreadSearch{}, `{"limit":"5"}`, false, "limit: want"},
		{"offset -1", &wire.ThreadSearch{}, `{"offset":-1}`, false, "offset: want an integer not below 0, got -1"},
		{"an unknown column", &wire.ThreadSearch{}, `{"sort_by":"owner"}`, false, `sort_by: "owner" is not one of thread_id`},
		{"two mistakes", &wire.ThreadSearch{}, `{"status":"x","sort_order":"up"}`, false, `error; sort_order: "up"`},
		{"an unknown order", &wire.ThreadSearch{}, `{"sort_order":"up"}`, false, `sort_order: "up" is not one of asc, desc`},
		{"an unknown name", &wire.ThreadSearch{}, `{"select":["owned"]}`, false, `select: "owned" is not one of thread_id`},
		{"an unknown status", &wire.ThreadCount{}, `{"status":"x"}`, false, `status: "x" is not one of idle, busy, interrupted, error`},
		{"no graph", &wire.AssistantCreate{}, `{}`, false, "graph_id is required"},
		{"text as values", &wire.StateUpdate{}, `{"values":"x"}`, false, "values: want an object, a list or null"},
		{"a bad update", &wire.RunCreate{}, `{"assistant_id":"a","command":{"update":[["k"]]}}`, false, "command.update: want"},
		{"a bad goto", &wire.RunCreate{}, `{"assistant_id":"a","command":{"goto":[{"input":1}]}}`, false, "command.goto: want"},
		{"no field of a state", &wire.HistorySearch{}, `{"select":["next","owner"]}`, false, `select: "owner" is not one of values, next,`},
		{"no value of a state", &wire.StateAt{}, `{"select":["values."]}`, false, `select: "values." is not one of values, next,`},
		{"a bad before", &wire.HistorySearch{}, `{"before":7}`, false, "before: want"},
		{"a cancel of nothing", &wire.BulkCancel{}, `{}`, false, "want either status"},
		{"a cancel of both", &wire.BulkCancel{}, `{"status":"all","run_ids":["x"]}`, false, "want either status"},
		{"a bad ttl", &wire.ThreadPatch{}, `{"ttl":0}`, false, "ttl: want"},
		{"a ttl beyond time", &wire.ThreadCreate{}, `{"ttl":{"ttl":1e300}}`, false, "ttl: want"},
		{"an empty id", &wire.ThreadSearch{}, `{"ids":[""]}`, false, `ids: "" is not a UUID`},
		{"more ids than a statement holds", &wire.ThreadSearch{}, `{"ids":[` + strings.Repeat(`"",`, 10_000) + `""]}`, false, "ids: at most 10000"},
		{"an index with a sign", &wire.ThreadSearch{}, `{"extract":{"x":"values.a[+1]"}}`, false, `extract.x: "values.a[+1]": want .name`},
		{"a path from nowhere", &wire.ThreadSearch{}, `{"extract":{"x":"owned"}}`, false, `extract.x: "owned" does not begin with one of values, metadata`},
		{"too many paths", &wire.ThreadSearch{}, `{"extract":{"a":"values","b":"values","c":"values","d":"values","e":"values","f":"values","g":"values","h":"values","i":"values","j":"values","k":"values"}}`, false, "extract: at most 10"},
		{"no update in a superstep", &wire.ThreadCreate{}, `{"supersteps":[{"updates":[]}]}`, false, "supersteps.updates is required"},
		{"an update of no node", &wire.ThreadCreate{}, `{"supersteps":[{"updates":[{"values":{}}]}]}`, false, "as_node is required"},
		{"too many supersteps", &wire.ThreadCreate{}, `{"supersteps":[` + strings.Repeat(`{"updates":[{"as_node":"a"}]},`, 1000) + `{"updates":[{"as_node":"a"}]}]}`, false, "supersteps: at most 1000 updates in all"},
		{"too many updates in a superstep", &wire.ThreadCreate{}, `{"supersteps":[{"updates":[` + strings.Repeat(`{"as_node":"a"},`, 1000) + `{"as_node":"a"}]}]}`, false, "supersteps: at most 1000 updates in all"},
		{"nothing to prune", &wire.ThreadPrune{}, `{}`, false, "thread_ids is required"},
		{"no id to prune", &wire.ThreadPrune{}, `{"thread_ids":[""]}`, false, `thread_ids: "" is not a UUID`},
		{"another strategy", &wire.ThreadPrune{}, `{"thread_ids":[],"strategy":"x"}`, false, `strategy: "x" is not one of delete, keep_latest`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := wire.Decode([]byte(test.body), test.into)
			var body *wire.BodyError
			if !errors.As(err, &body) {
				t.Fatalf("got %v, want a *BodyError", err)
			}
			if body.Malformed != test.malformed || !strings.Contains(body.Detail, test.detail) {
				t.Errorf("got malformed %v, %q; want %v, %q", body.Malformed, body.Detail, test.malformed, test.detail)
			}
		})
	}
}

func TestDecodeCommand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       wire.Command
		empty      bool
	}{
		{"nothing", `{}`, wire.Command{}, true},
		{"nulls and an empty goto", `{"update":null,"goto":[]}`, wire.Command{}, true},
		{"a null resume is there but empty", `{"resume":null}`, wire.Command{Resume: wire.Some(raw("null"))}, true},
		{"false is an answer", `{"resume":false}`, wire.Command{Resume: wire.Some(raw("false"))}, false},
		{"an object keeps its order", `{"update":{"b":1,"a":{"x":[]}}}`, wire.Command{Update: wire.Writes{{"b", raw("1")}, {"a", raw(`{"x":[]}`)}}}, false},
		{"pairs may repeat", `{"update":[["a",1],["a",2]]}`, wire.Command{Update: wire.Writes{{"a", raw("1")}, {"a", raw("2")}}}, false},
		{"a node", `{"goto":"n","graph":null}`, wire.Command{Goto: wire.Goto{{Node: "n"}}}, false},
		{"a send", `{"goto":{"node":"n","input":7}}`, wire.Command{Goto: wire.Goto{{Send: &wire.Send{Node: "n", Input: raw("7")}}}}, false},
		{
			"a mix", `{"goto":["a",{"node":"n","input":null}]}`,
			wire.Command{Goto: wire.Goto{{Node: "a"}, {Send: &wire.Send{Node: "n", Input: raw("null")}}}},
			false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got wire.Command
			if err := json.Unmarshal([]byte(test.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.Empty() != test.empty {
				t.Errorf("Empty() = %v", got.Empty())
			}
			sent, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var again wire.Command
			if err := json.Unmarshal(sent, &again); err != nil || cmp.Diff(got, again) != "" {
				t.Errorf("%s reads back as %+v, %v", sent, again, err)
			}
		})
	}
}

func TestDecodeOthers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		got, want  any
	}{
		{"before: an id", `{"before":"1ef"}`, &wire.HistorySearch{}, &wire.HistorySearch{Before: "1ef"}},
		{"before: a checkpoint", `{"before":{"checkpoint_id":"1ef","checkpoint_ns":null}}`, &wire.HistorySearch{}, &wire.HistorySearch{Before: "1ef"}},
		{"before: a config", `{"before":{"configurable":{"checkpoint_id":"1ef"}}}`, &wire.HistorySearch{}, &wire.HistorySearch{Before: "1ef"}},
		{"before: null", `{"before":null,"limit":null}`, &wire.HistorySearch{}, &wire.HistorySearch{}},
		{"values absent", `{"as_node":"n"}`, &wire.StateUpdate{}, &wire.StateUpdate{AsNode: "n"}},
		{"values null", `{"values":null}`, &wire.StateUpdate{}, &wire.StateUpdate{Values: wire.Some(raw("null"))}},
		{
			"what a config knows in any case is nothing else in it", `{"config":{"Configurable":{"k":"v"},"TAGS":["t"],"x":1}}`, &wire.AssistantPatch{},
			&wire.AssistantPatch{Config: &wire.Config{Tags: []string{"t"}, Configurable: wire.Object{"k": "v"}, Extra: wire.Object{"x": 1.0}}},
		},
		{"an empty context is not an absent one", `{"context":{},"config":{}}`, &wire.AssistantPatch{}, &wire.AssistantPatch{Context: wire.Object{}, Config: &wire.Config{}}},
		{"ttl as minutes", `{"ttl":5}`, &wire.ThreadPatch{}, &wire.ThreadPatch{TTL: &wire.TTL{Minutes: 5, Strategy: wire.TTLDelete}}},
		{"ttl as object", `{"ttl":{"ttl":5,"strategy":"keep_latest"}}`, &wire.ThreadPatch{}, &wire.ThreadPatch{TTL: &wire.TTL{Minutes: 5, Strategy: wire.TTLKeepLatest}}},
		{"no body", ``, &wire.ThreadSearch{}, &wire.ThreadSearch{}},
		{"null", `null`, &wire.ThreadSearch{}, &wire.ThreadSearch{}},
		{
			"big integers stay exact", `{"metadata":{"id":9007199254740993,"n":[1,{"e":1e3}]}}`, &wire.ThreadPatch{},
			&wire.ThreadPatch{Metadata: wire.Object{"id": json.Number("9007199254740993"), "n": []any{1.0, map[string]any{"e": 1000.0}}}},
		},
		{
			"a checkpoint of a browser", `{"checkpoint":{"thread_id":"T","checkpoint_ns":null,"checkpoint_id":"1ef","checkpoint_map":null}}`, &wire.StateAt{},
			&wire.StateAt{Checkpoint: &wire.CheckpointConfig{ThreadID: "T", CheckpointID: "1ef"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := wire.Decode([]byte(test.body), test.got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestUnknownFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       []string
	}{
		{"none", `{"assistant_id":"a","input":{"x":1}}`, nil},
		{"camel case leftovers", `{"streamMode":"values","assistant_id":"a","assistantId":"a"}`, []string{"assistantId", "streamMode"}},
		{"another case is read", `{"INPUT":1}`, nil},
		{"no body", ``, nil},
		{"a body of blanks", " \n\t", nil},
		{"null", `null`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.UnknownFields[wire.RunCreate]([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if _, err := wire.UnknownFields[wire.RunCreate]([]byte(`[1]`)); err == nil {
		t.Error("an array has no fields, and no error was returned")
	}
}

// TestNoTracer: what says that there is none is taken for none.
func TestNoTracer(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"null", "false", "{}", `{"project_name":null,"example_id":""}`} {
		var in wire.RunCreate
		if err := wire.Decode([]byte(`{"assistant_id":"a","langsmith_tracer":`+none+`}`), &in); err != nil || in.LangsmithTracer != nil && *in.LangsmithTracer != (wire.LangsmithTracer{}) {
			t.Errorf("%s: %+v, %v", none, in.LangsmithTracer, err)
		}
	}
}
