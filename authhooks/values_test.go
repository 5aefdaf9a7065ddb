package authhooks_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// Every method of a value returns the fact of its name. The facts are all different, so that none can stand for another.
func TestFactsAreReadThroughMethods(t *testing.T) {
	t.Parallel()
	week, on, off := 7*24*time.Hour, true, false
	facts := authhooks.Facts{
		ThreadID: "thread", RunID: "run", AssistantID: "assistant", CronID: "cron", CheckpointID: "checkpoint", SourceThreadID: "source",
		IDs: []string{"id"}, RunIDs: []string{"run id"}, GraphID: "graph", Name: "name", Description: "description", Version: 3,
		DeleteThreads: true, IfExists: "if exists", TTL: &week, Cancel: "cancel", StateValues: json.RawMessage(`{"s":1}`), AsNode: "as node",
		Status: "status", Limit: 10, Offset: 20, IfNotExists: "if not exists", MultitaskStrategy: "strategy", AfterSeconds: 1.5,
		PreventInsertIfInflight: true, Input: json.RawMessage(`{"i":1}`), Command: json.RawMessage(`{"c":1}`), StreamMode: []string{"mode"},
		StreamSubgraphs: true, StreamResumable: true, InterruptBefore: []string{"before"}, InterruptAfter: []string{"after"},
		FeedbackKeys: []string{"feedback"}, Webhook: "webhook", Temporary: true, Schedule: "schedule", Timezone: "zone",
		EndTime: time.Unix(1, 0), Enabled: &on, OnRunCompleted: "completed", UserID: "user", Query: "query", Index: []string{"index"},
		RefreshTTL: &off, MaxDepth: 4,
	}
	asked := 0
	for _, v := range authhooks.Values() {
		authhooks.SetFacts(v, facts)
		rv := reflect.ValueOf(v)
		for i := range rv.NumMethod() {
			name := rv.Type().Method(i).Name
			got := rv.Method(i).Call(nil)[0].Interface()
			want := reflect.ValueOf(facts).FieldByName(name)
			if !want.IsValid() {
				t.Errorf("%T.%s is of no fact", v, name)
				continue
			}
			if !reflect.DeepEqual(got, want.Interface()) {
				t.Errorf("%T.%s() = %v, want %v", v, name, got, want)
			}
			asked++
		}
	}
	if asked < 60 {
		t.Errorf("only %d methods", asked)
	}
}

func TestIndexFalse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		facts  authhooks.Facts
		fields int
		set    bool
	}{
		"as configured":  {authhooks.Facts{}, 0, false},
		"some fields":    {authhooks.Facts{Index: []string{"a"}}, 1, true},
		`"index": false`: {authhooks.Facts{NoIndex: true}, 0, true},
	} {
		v := &authhooks.StorePut{}
		authhooks.SetFacts(v, tt.facts)
		if fields, set := v.Index(); len(fields) != tt.fields || set != tt.set {
			t.Errorf("%s: %v, %v", name, fields, set)
		}
	}
}

// A handler sees the facts, and what it does to the value leaves them as they are.
func TestFactsSurviveTheHandler(t *testing.T) {
	t.Parallel()
	v := &authhooks.ThreadsUpdate{}
	authhooks.SetFacts(v, authhooks.Facts{ThreadID: "t1"})
	_, err := decide(t, authhooks.OwnerOnly("owner"), v)
	if err != nil || v.ThreadID() != "t1" {
		t.Errorf("got %q, %v", v.ThreadID(), err)
	}
}

func TestNewValue(t *testing.T) {
	t.Parallel()
	for _, want := range authhooks.Values() {
		got := authhooks.NewValue(authhooks.Event(want))
		if reflect.TypeOf(got) != reflect.TypeOf(want) {
			t.Errorf("got %T, want %T", got, want)
		}
	}
	if v := authhooks.NewValue(authhooks.Threads, authhooks.CreateRun).(*authhooks.RunsCreate); v.Metadata == nil || v.Config == nil || v.Context == nil {
		t.Error("maps are nil")
	}
	for _, none := range [][2]string{{"store", "create"}, {"runs", "create"}, {"*", "*"}, {"", ""}} {
		if v := authhooks.NewValue(authhooks.Resource(none[0]), authhooks.Action(none[1])); v != nil {
			t.Errorf("%v is a %T", none, v)
		}
	}
}
