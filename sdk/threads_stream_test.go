package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

// A thread's stream goes on after a run's failure, a cut and a clean end, until its reader leaves.
func TestThreadStream(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("GET /threads/T/stream",
		streams(event(16, "metadata", `{"run_id":"R1"}`)+event(29, "error", `{"error":"ValueError","message":"kaput"}`)),
		cuts(event(29, "error", `{}`)+event(30, "run_done", `{"run_id":"R1"}`)),
		answer(http.StatusServiceUnavailable, ""),
		streams(event(48, "metadata", `{"run_id":"R2"}`)+event(62, "run_done", `{"run_id":"R2"}`)),
	)
	client, pauses := s.client(sdk.Config{})
	var got []string
	for event, err := range client.Threads.Stream(t.Context(), "T", sdk.ThreadJoin{
		Modes: []sdk.ThreadStreamMode{sdk.ThreadRunModes, sdk.ThreadStateUpdate}, LastEventID: "-",
	}) {
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got = append(got, event.ID+" "+event.Name+" "+event.Run.ThreadID+" "+event.Run.RunID)
		if event.ID == "62" {
			break
		}
	}
	want := []string{"16 metadata T R1", "29 error T R1", "30 run_done T R1", "48 metadata T R2", "62 run_done T R2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var ids []string
	for _, sent := range s.got() {
		if sent.URI != "/threads/T/stream?stream_mode=run_modes&stream_mode=state_update" {
			t.Errorf("sent to %s", sent.URI)
		}
		ids = append(ids, sent.Header.Get("Last-Event-ID"))
	}
	if diff := cmp.Diff([]string{"-", "29", "30", "30"}, ids); diff != "" {
		t.Errorf("Last-Event-ID: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{time.Second, time.Second, 2 * time.Second}, *pauses); diff != "" {
		t.Errorf("pauses: -want +got:\n%s", diff)
	}
}

func TestThreadStreamRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("GET /threads/T/stream", answer(http.StatusNotFound, `{"detail":"Thread with ID T not found"}`))
	client, _ := s.client(sdk.Config{})
	var last error
	for _, err := range client.Threads.Stream(context.Background(), "T", sdk.ThreadJoin{}) {
		last = err
	}
	var refused *sdk.Error
	if !errors.As(last, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("got %v, want a 404", last)
	}
	for _, err := range client.Threads.Stream(context.Background(), "", sdk.ThreadJoin{}) {
		last = err
	}
	if last == nil || errors.As(last, &refused) && refused.Status == http.StatusNotFound {
		t.Errorf("no id: %v", last)
	}
}
