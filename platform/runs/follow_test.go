package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// stream collects a run's frames as "event data".
func (s *server) stream(run store.Run, after int64, modes ...wire.StreamMode) (out []string, ids []int64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for frame, err := range s.runs.Stream(ctx, s.read(""), run, after, v1.Options{Modes: modes}) {
		s.check(err)
		out = append(out, frame.Event+" "+string(frame.Data))
		ids = append(ids, frame.ID)
	}
	return out, ids
}

func TestStream(t *testing.T) {
	t.Parallel()
	s := setup(t)
	thread := s.thread("")
	run := s.must("", thread, wire.RunCreate{AssistantID: "echo"})
	live, ids := s.stream(run, -1, "values", "updates")
	want := []string{
		fmt.Sprintf(`metadata {"run_id":%q,"attempt":1,"thread_id":%q}`, run.ID, thread),
		`values {"list":["in"]}`, `updates {"echo":{"list":["echo"]}}`, `values {"list":["in","echo"]}`,
	}
	if diff := cmp.Diff(want, live); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	again, _ := s.stream(run, ids[1], "values", "updates")
	if diff := cmp.Diff(want[2:], again); diff != "" {
		t.Errorf("taken up after the second frame (-want +got):\n%s", diff)
	}
	none, _ := s.stream(run, ids[len(ids)-1], "values", "updates")
	if len(none) != 0 {
		t.Errorf("after the last frame: %q", none)
	}
	second := s.must("", thread, wire.RunCreate{AssistantID: "echo"})
	more, _ := s.stream(second, -1, "values")
	if last := more[len(more)-1]; last != `values {"list":["in","echo","in","echo"]}` {
		t.Errorf("the second run ends with %s", last)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	s := setup(t)
	thread := s.thread("")
	tests := []struct {
		name   string
		thread string
		body   wire.RunCreate
		want   string
	}{
		{"values", thread, wire.RunCreate{AssistantID: "echo"}, `{"list":["in","echo"]}`},
		{"stateless", "", wire.RunCreate{AssistantID: "echo"}, `{"list":["in","echo"]}`},
		{"stateless, kept", "", wire.RunCreate{AssistantID: "echo", OnCompletion: "keep"}, `{"list":["in","echo"]}`},
		{"checkpoints at the end only", "", wire.RunCreate{AssistantID: "echo", OnCompletion: "keep", Durability: "exit"}, `{"list":["in","echo"]}`},
		{"a failure", thread, wire.RunCreate{AssistantID: "boom"}, `{"__error__":{"error":"Error","message":"kaput"}}`},
		{"a delay", "", wire.RunCreate{AssistantID: "echo", AfterSeconds: 0.05}, `{"list":["in","echo"]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := s.must("", tt.thread, tt.body)
			if got := s.wait("", run); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := s.wait("", run); got != tt.want {
				t.Errorf("joined after its end: got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWaitForAQuestion(t *testing.T) {
	t.Parallel()
	s := setup(t)
	thread := s.thread("")
	got := s.wait("", s.must("", thread, wire.RunCreate{AssistantID: "ask"}))
	if !strings.HasPrefix(got, `{"list":["in"],"__interrupt__":[{"value":"ok?","id":"`) {
		t.Errorf("got %s", got)
	}
	answer := &wire.Command{Resume: wire.Some(json.RawMessage(`"yes"`))}
	if got := s.wait("", s.must("", thread, wire.RunCreate{AssistantID: "ask", Command: answer})); got != `{"list":["in"],"word":"yes"}` {
		t.Errorf("after the answer: %s", got)
	}
}

// TestWaitWithoutLog: once the events have expired, the thread's values or the run's error are the answer, and a stream is empty.
func TestWaitWithoutLog(t *testing.T) {
	t.Parallel()
	s := setup(t)
	later, err := store.Open(t.Context(), store.Config{URI: s.path, Now: func() time.Time { return time.Now().Add(time.Hour) }})
	s.check(err)
	defer func() { s.check(later.Close()) }()
	for graph, want := range map[string]string{
		"echo": `{"list":["in","echo"]}`, "boom": `{"__error__":{"error":"Error","message":"kaput"}}`,
	} {
		run := s.must("", s.thread(""), wire.RunCreate{AssistantID: graph})
		s.wait("", run)
		n, err := later.Events.SweepEvents(t.Context(), access.System("test"), 1000)
		if err != nil || n == 0 {
			t.Fatalf("%s: swept %d, %v", graph, n, err)
		}
		if got := s.wait("", run); got != want {
			t.Errorf("%s: %s, want %s", graph, got, want)
		}
		if frames, _ := s.stream(run, -1, "values"); len(frames) != 0 {
			t.Errorf("%s: frames without a log: %q", graph, frames)
		}
	}
}

// TestManyReaders: all who wait get the same, also in a process that does not execute the run.
func TestManyReaders(t *testing.T) {
	t.Parallel()
	s := setup(t)
	thread := s.thread("")
	run := s.must("", thread, wire.RunCreate{AssistantID: "slow"})
	elsewhere := runs.New(runs.Config{DB: s.db, Hub: events.NewHub(), Guard: s.guard, Graphs: graphsOf(s.gate)})
	var wg sync.WaitGroup
	results := make([]string, 20)
	for i := range results {
		from := s.runs
		if i%4 == 0 {
			from = elsewhere
		}
		wg.Go(func() {
			out, err := from.Wait(t.Context(), s.read(""), run)
			results[i] = fmt.Sprint(string(out), err)
		})
	}
	<-s.gate.running
	close(s.gate.open)
	wg.Wait()
	for i, got := range results {
		if got != `{"list":["in","slow"]}<nil>` {
			t.Errorf("reader %d: %s", i, got)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, action := range []string{store.CancelInterrupt, store.CancelRollback} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			thread := s.thread("")
			running := s.must("", thread, wire.RunCreate{AssistantID: "slow"})
			<-s.gate.running
			waiting := s.must("", thread, wire.RunCreate{AssistantID: "echo"})
			var wg sync.WaitGroup
			for _, run := range []store.Run{running, waiting} {
				wg.Go(func() {
					if _, err := s.runs.Wait(t.Context(), s.read(""), run); err != nil {
						t.Errorf("a reader of run %s: %v", run.Status, err)
					}
				})
			}
			s.check(s.runs.Cancel(t.Context(), s.update(""), runs.Cancel{ThreadID: thread, RunID: waiting.ID, Action: action, Wait: true}))
			s.check(s.runs.Cancel(t.Context(), s.update(""), runs.Cancel{ThreadID: thread, RunID: running.ID, Action: action, Wait: true}))
			for name, run := range map[string]store.Run{"running": running, "pending": waiting} {
				row, err := s.db.Runs.Get(t.Context(), s.read(""), thread, run.ID)
				if action == store.CancelRollback {
					if !errors.Is(err, store.ErrNotFound) {
						t.Errorf("%s: %s, %v", name, row.Status, err)
					}
				} else if err != nil || row.Status != store.RunInterrupted {
					t.Errorf("%s: %s, %v", name, row.Status, err)
				}
			}
			wg.Wait()
			if err := s.runs.Cancel(t.Context(), s.update(""), runs.Cancel{ThreadID: thread, RunID: missing, Action: action}); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("unknown run: %v", err)
			}
		})
	}
}

// TestOutcomeOfACancelledRun: whoever started it is told that it was stopped, and the values that are left.
func TestOutcomeOfACancelledRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ graph, action, want string }{
		{"slow", store.CancelInterrupt, `{"list":["in","echo","in"]}`},
		{"slow", store.CancelRollback, `{"list":["in","echo"]}`},
		{"unready", store.CancelInterrupt, `{"list":["in","echo"]}`},
		{"unready", store.CancelRollback, `{"list":["in","echo"]}`},
	} {
		t.Run(test.graph+" "+test.action, func(t *testing.T) {
			t.Parallel()
			action, want := test.action, test.want
			s := setup(t)
			thread := s.thread("")
			s.wait("", s.must("", thread, wire.RunCreate{AssistantID: "echo"}))
			run, err := s.runs.Start(s.as(""), runs.CreateRequest{ThreadID: thread, Body: wire.RunCreate{AssistantID: test.graph, Input: []byte(`{"list":["in"]}`)}})
			s.check(err)
			defer run.Close()
			<-s.gate.running
			s.check(s.runs.Cancel(t.Context(), s.update(""), runs.Cancel{ThreadID: thread, RunID: run.Run.ID, Action: action, Wait: true}))
			end, err := run.Outcome(t.Context(), s.read(""))
			s.check(err)
			if !end.Cancelled || end.Failure != nil || string(end.Values) != want {
				t.Errorf("cancelled %v, failure %v, values %s, want %s", end.Cancelled, end.Failure, end.Values, want)
			}
		})
	}
}

// TestOutcomeIsNotGuessed: who cannot ask whether a cancelled run was rolled back is not told that its values stay.
func TestOutcomeIsNotGuessed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	run, err := s.runs.Start(s.as(""), runs.CreateRequest{ThreadID: s.thread(""), Body: wire.RunCreate{AssistantID: "slow", Input: []byte(`{"list":["in"]}`)}})
	s.check(err)
	defer run.Close()
	<-s.gate.running
	s.check(s.runs.Cancel(t.Context(), s.update(""), runs.Cancel{ThreadID: run.Run.ThreadID, RunID: run.Run.ID, Action: store.CancelRollback, Wait: true}))
	_, err = run.Outcome(t.Context(), s.read(""))
	s.check(err)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if end, err := run.Outcome(gone, s.read("")); err == nil {
		t.Errorf("told %s", end.Values)
	}
}

// TestStrategies covers rest.md §5.4.
func TestStrategies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		strategy wire.MultitaskStrategy
		first    string // the status of the run that was under way, "" when it is gone
		values   string
		refusal  string
	}{
		{"enqueue", store.RunSuccess, `{"list":["in","slow","in","echo"]}`, ""},
		{"interrupt", store.RunInterrupted, `{"list":["in","in","echo"]}`, ""},
		{"rollback", "", `{"list":["in","echo"]}`, ""},
		{"reject", store.RunSuccess, "", "409 Thread is already running a task. Wait for it to finish or choose a different multitask strategy."},
	}
	for _, tt := range tests {
		t.Run(string(tt.strategy), func(t *testing.T) {
			t.Parallel()
			s := setup(t, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
			thread := s.thread("alice")
			first := s.must("alice", thread, wire.RunCreate{AssistantID: "slow"})
			<-s.gate.running
			second, err := s.create("alice", thread, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: tt.strategy})
			if tt.refusal != "" {
				if got := refusal(err); got != tt.refusal {
					t.Errorf("got %s", got)
				}
			} else {
				s.check(err)
			}
			if tt.strategy == "enqueue" || tt.strategy == "reject" {
				close(s.gate.open)
			}
			s.wait("alice", first)
			if err == nil {
				if got := s.wait("alice", second); got != tt.values {
					t.Errorf("values: %s, want %s", got, tt.values)
				}
			}
			row, err := s.db.Runs.Get(t.Context(), s.read("alice"), thread, first.ID)
			if row.Status != tt.first || tt.first == "" && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the first run is %q, %v; want %q", row.Status, err, tt.first)
			}
		})
	}
}

func TestStreamOptions(t *testing.T) {
	t.Parallel()
	s := setup(t)
	run := s.must("", "", wire.RunCreate{AssistantID: "echo", StreamMode: wire.StreamModes{"updates", "custom"}, StreamSubgraphs: true})
	got, err := runs.StreamOptions(run)
	s.check(err)
	if diff := cmp.Diff(v1.Options{Modes: []wire.StreamMode{"updates", "custom"}, Subgraphs: true}, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	s.wait("", run)
}
