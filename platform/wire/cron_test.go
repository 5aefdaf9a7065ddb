package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/wire"
)

func TestCronOnTheWire(t *testing.T) {
	t.Parallel()
	zone, user, thread, keep := "Europe/Berlin", "user1", "T", wire.OnRunCompletedKeep
	for _, test := range []struct {
		name string
		cron wire.Cron
		want string
	}{
		{
			"rest.md 17.8",
			wire.Cron{
				CronID: "C", AssistantID: "A", Schedule: "0 8 * * *", Timezone: &zone, NextRunDate: &day, Enabled: true, OnRunCompleted: &keep,
				Payload: raw(`{"assistant_id":"echo","input":{"messages":[]}}`), CreatedAt: day, UpdatedAt: day,
			},
			`{"cron_id":"C","assistant_id":"A","thread_id":null,"schedule":"0 8 * * *","timezone":"Europe/Berlin","next_run_date":` + dayText + `,
			  "end_time":null,"enabled":true,"on_run_completed":"keep","user_id":null,"metadata":{},
			  "payload":{"assistant_id":"echo","input":{"messages":[]}},"created_at":` + dayText + `,"updated_at":` + dayText + `}`,
		},
		{
			"one of a thread that has finished",
			wire.Cron{CronID: "C", AssistantID: "A", ThreadID: &thread, Schedule: "* * * * *", EndTime: &day, UserID: &user, CreatedAt: day, UpdatedAt: day},
			`{"cron_id":"C","assistant_id":"A","thread_id":"T","schedule":"* * * * *","timezone":null,"next_run_date":null,
			  "end_time":` + dayText + `,"enabled":false,"on_run_completed":null,"user_id":"user1","metadata":{},"payload":{},
			  "created_at":` + dayText + `,"updated_at":` + dayText + `}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(test.cron)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parsed(t, test.want), parsed(t, string(got))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for key := range parsed(t, string(got)).(map[string]any) {
				if err := (&wire.CronSearch{Select: []string{key}}).Validate(); err != nil {
					t.Errorf("%s cannot be selected: %v", key, err)
				}
			}
		})
	}
}

func TestDecodeCronCreate(t *testing.T) {
	t.Parallel()
	var got wire.CronCreate
	err := wire.Decode([]byte(`{"assistant_id":"echo","schedule":"0 8 * * *","timezone":"Europe/Berlin","end_time":"2026-09-01T08:00:00","enabled":false,
		"on_run_completed":"keep","multitask_strategy":"reject","metadata":{"m":1},"input":null,"config":{"tags":["t"]},"context":{},
		"webhook":"https://x.example","interrupt_before":"*","interrupt_after":["n"],"stream_mode":"updates","stream_subgraphs":true,
		"stream_resumable":true,"durability":"sync","checkpoint_during":null}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	want := wire.CronCreate{
		AssistantID: "echo", Schedule: "0 8 * * *", Timezone: "Europe/Berlin", EndTime: &day, Enabled: &no,
		OnRunCompleted: wire.OnRunCompletedKeep, MultitaskStrategy: wire.MultitaskReject, Metadata: wire.Object{"m": 1.0}, Input: raw("null"),
		Config: wire.Config{Tags: []string{"t"}}, Context: wire.Object{}, Webhook: "https://x.example", InterruptBefore: wire.Names{"*"},
		InterruptAfter: wire.Names{"n"}, StreamMode: wire.StreamModes{wire.StreamUpdates}, StreamSubgraphs: true, StreamResumable: true,
		Durability: wire.DurabilitySync,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	run := wire.RunCreate{
		AssistantID: "echo", MultitaskStrategy: wire.MultitaskReject, Config: want.Config, Context: wire.Object{}, Webhook: want.Webhook,
		InterruptBefore: want.InterruptBefore, InterruptAfter: want.InterruptAfter, StreamMode: want.StreamMode, StreamSubgraphs: true,
		StreamResumable: true, Durability: wire.DurabilitySync,
	}
	if diff := cmp.Diff(run, got.Run()); diff != "" {
		t.Errorf("run, -want +got:\n%s", diff)
	}
}

func TestDecodeCronPatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		end        wire.Optional[*wire.Time]
		payload    wire.Object
	}{
		{"nothing", `{}`, wire.Optional[*wire.Time]{}, wire.Object{}},
		{"a null end clears", `{"end_time":null}`, wire.Some[*wire.Time](nil), wire.Object{}},
		{"an end", `{"end_time":"2026-09-01T08:00:00Z"}`, wire.Some(&day), wire.Object{}},
		{
			"other nulls are absent",
			`{"schedule":null,"timezone":null,"enabled":null,"input":null,"config":null,"context":null,"metadata":null,"stream_mode":null,"webhook":null}`,
			wire.Optional[*wire.Time]{},
			wire.Object{},
		},
		{
			"what is not of the payload", `{"schedule":"* * * * *","timezone":"UTC","enabled":true,"metadata":{"m":1},"on_run_completed":"keep"}`,
			wire.Optional[*wire.Time]{},
			wire.Object{},
		},
		{
			"the payload", `{"input":{"a":1},"config":{},"context":{},"stream_subgraphs":false,"interrupt_before":"*","durability":"exit","stream_mode":["debug"]}`,
			wire.Optional[*wire.Time]{},
			wire.Object{
				"input": map[string]any{"a": 1.0}, "config": map[string]any{}, "context": map[string]any{}, "stream_subgraphs": false,
				"interrupt_before": "*", "durability": "exit", "stream_mode": []any{"debug"},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var patch wire.CronPatch
			if err := wire.Decode([]byte(test.body), &patch); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.end, patch.EndTime); diff != "" {
				t.Errorf("end, -want +got:\n%s", diff)
			}
			payload, err := patch.Payload()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.payload, payload); diff != "" {
				t.Errorf("payload, -want +got:\n%s", diff)
			}
		})
	}
}

func TestDecodeCronRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		into       any
		detail     string
	}{
		{"no schedule", `{"assistant_id":"a"}`, &wire.CronCreate{}, "schedule is required"},
		{"no assistant", `{"schedule":"* * * * *"}`, &wire.CronCreate{}, "assistant_id is required"},
		{"an unknown end", `{"assistant_id":"a","schedule":"* * * * *","on_run_completed":"x"}`, &wire.CronCreate{}, `on_run_completed: "x" is not one of delete, keep`},
		{"a day as end", `{"assistant_id":"a","schedule":"* * * * *","end_time":"2026-09-01"}`, &wire.CronCreate{}, "want a time"},
		{"an unknown mode", `{"assistant_id":"a","schedule":"* * * * *","stream_mode":"x"}`, &wire.CronCreate{}, `stream_mode: "x"`},
		{"an empty schedule", `{"schedule":""}`, &wire.CronPatch{}, "schedule"},
		{"an unknown mode in a patch", `{"stream_mode":"x"}`, &wire.CronPatch{}, `stream_mode: "x"`},
		{"an unknown column", `{"sort_by":"user_id"}`, &wire.CronSearch{}, `sort_by: "user_id" is not one of cron_id`},
		{"an unknown name", `{"select":["principal"]}`, &wire.CronSearch{}, `select: "principal"`},
		{"a thread that is none", `{"thread_id":"x"}`, &wire.CronSearch{}, `thread_id: "x" is not a UUID`},
		{"and in a count", `{"thread_id":"x"}`, &wire.CronCount{}, `thread_id: "x" is not a UUID`},
	} {
		if err := wire.Decode([]byte(test.body), test.into); err == nil || !strings.Contains(err.Error(), test.detail) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.detail)
		}
	}
	for _, name := range []string{"now", "next_run_date"} {
		if err := wire.Decode([]byte(`{"select":["`+name+`"],"sort_by":"next_run_date"}`), &wire.CronSearch{}); err != nil {
			t.Errorf("select %s: %v", name, err)
		}
	}
}
