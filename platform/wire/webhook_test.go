package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/wire"
)

func TestRunBatch(t *testing.T) {
	t.Parallel()
	var batch wire.RunBatch
	if err := wire.Decode([]byte(`[{"assistant_id": "a", "input": null}, {"assistantId": "b"}]`), &batch); err != nil {
		t.Fatal(err)
	}
	if len(batch) != 2 || batch[0].AssistantID != "a" || batch[0].Input != nil {
		t.Errorf("batch %+v", batch)
	}
	for _, bad := range []string{``, `[]`, `null`, `{}`, `[1]`, `[` + strings.Repeat(`{},`, 1000) + `{}]`} {
		var batch wire.RunBatch
		if err := wire.Decode([]byte(bad), &batch); err == nil {
			t.Errorf("%.20s was taken", bad)
		}
	}
}

func TestRunEnded(t *testing.T) {
	t.Parallel()
	at := wire.At(time.Date(2026, 9, 18, 7, 0, 0, 0, time.UTC))
	data, err := json.Marshal(wire.RunEnded{
		RunID: "R", ThreadID: "T", AssistantID: "A", Status: wire.RunErrored, MultitaskStrategy: wire.MultitaskEnqueue, Kwargs: json.RawMessage(`{}`),
		CreatedAt: at, UpdatedAt: at, EndedAt: &at, SentAt: at, Error: &wire.RunError{Error: "ValueError", Message: "boom"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const when = `"2026-09-18T07:00:00.000000+00:00"`
	want := `{"run_id":"R","thread_id":"T","assistant_id":"A","status":"error","metadata":{},"kwargs":{},"multitask_strategy":"enqueue",` +
		`"created_at":` + when + `,"updated_at":` + when + `,"run_started_at":null,"run_ended_at":` + when + `,"webhook_sent_at":` + when +
		`,"error":{"error":"ValueError","message":"boom"}}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("webhook (-want +got):\n%s", diff)
	}
}
