package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

type state struct {
	List []string `json:"list" reduce:"append"`
	Word string   `json:"word"`
}

type node = func(context.Context, state) (graphs.Update, error)

// chain is a graph of nodes one after another.
func chain(nodes ...node) *graphs.StateGraph[state] {
	g := graphs.NewStateGraph[state]()
	names := []string{"a", "b", "c"}
	before := graphs.Start
	for i, n := range nodes {
		g = g.AddNode(names[i], n).AddEdge(before, names[i])
		before = names[i]
	}
	return g.AddEdge(before, graphs.End)
}

func add(words ...string) node {
	return func(context.Context, state) (graphs.Update, error) { return graphs.Patch(state{List: words}), nil }
}

func TestRun(t *testing.T) {
	t.Parallel()
	b := setup(t, chain(add("a"), add("b")), nil, 0)
	run := b.run(input(`{"list":["in"],"word":"w"}`), nil)
	b.execute(t.Context())
	if got := b.row(run.ID).Status; got != store.RunSuccess {
		t.Errorf("run is %s", got)
	}
	thread := b.thread()
	if thread.Status != "idle" || string(thread.Values) != `{"list":["in","a","b"],"word":"w"}` {
		t.Errorf("thread is %s with %s", thread.Status, thread.Values)
	}
	if diff := cmp.Diff([]string{"input -1", "loop 0", "loop 1", "loop 2"}, b.steps()); diff != "" {
		t.Errorf("checkpoints (-want +got):\n%s", diff)
	}
	want := []string{
		"run.start", "step", "task.start", "task.end", "step", "task.start", "task.end", "step", "task.start", "task.end", "step", "run.end",
	}
	if diff := cmp.Diff(want, b.kinds(run)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// What a resumable run has told stays as long as the operator says, no matter what the others' stays.
func TestKeptEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		resumable bool
		keep      time.Duration
		gone      bool
	}{
		"resumable":                 {true, time.Hour, false},
		"resumable, and time is up": {true, time.Microsecond, true},
		"not resumable":             {false, time.Microsecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, chain(add("a")), nil, 0)
			b.worker.KeepResumable = tt.keep
			run := b.run(input(`{"list":["in"]}`), func(row *store.RunNew) { row.Resumable = tt.resumable })
			b.execute(t.Context())
			swept, err := b.db.Events.SweepEvents(t.Context(), system(), 100)
			b.check(err)
			if (swept > 0) != tt.gone || (len(b.records(run)) == 0) != tt.gone {
				t.Errorf("swept %d segments, %d events are left", swept, len(b.records(run)))
			}
		})
	}
}

func TestStatelessRun(t *testing.T) {
	t.Parallel()
	b := setup(t, chain(add("a")), nil, 0)
	run := b.run(input(`{"list":["in"]}`), temporary)
	b.execute(t.Context())
	if got := b.row(run.ID).Status; got != store.RunSuccess {
		t.Errorf("run is %s", got)
	}
	kinds := b.kinds(run)
	if len(kinds) == 0 || kinds[len(kinds)-1] != "run.end" {
		t.Errorf("log: %q", kinds)
	}
	_, err := b.db.Threads.Get(t.Context(), system().Threads(authhooks.Read), run.ThreadID)
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the thread of a stateless run is still there: %v", err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	boom := func(context.Context, state) (graphs.Update, error) { return nil, errors.New("boom") }
	panics := func(context.Context, state) (graphs.Update, error) { panic("oh") }
	tests := []struct {
		name   string
		source graphs.Source
		want   graphs.Failure
		log    []string
	}{
		{"a node's error", chain(add("a"), boom), graphs.Failure{Class: "Error", Message: "boom"}, nil},
		{"a node's panic", chain(panics), graphs.Failure{Class: "PanicError", Message: "panic: oh"}, nil},
		{"a graph that does not load", nil, graphs.Failure{Class: "Error", Message: `graph "g": ./g does not compile`}, []string{"run.start", "run.end"}},
		{"a factory that panics", graphs.Factory[struct{}](func(context.Context, *graphs.ServerRuntime, struct{}) (graphs.Runnable, error) {
			panic("no")
		}), graphs.Failure{Class: "PanicError", Message: "panic: no"}, []string{"run.start", "run.end"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, tt.source, nil, 0)
			run := b.run(input(`{"list":["in"]}`), nil)
			b.execute(t.Context())
			row := b.row(run.ID)
			var got graphs.Failure
			b.check(json.Unmarshal(row.Error, &got))
			if diff := cmp.Diff(tt.want, got); diff != "" || row.Status != store.RunError {
				t.Errorf("run is %s (-want +got):\n%s", row.Status, diff)
			}
			if status := b.thread().Status; status != "error" {
				t.Errorf("thread is %s", status)
			}
			if kinds := b.kinds(run); tt.log != nil && !cmp.Equal(tt.log, kinds) {
				t.Errorf("log: %q", kinds)
			}
		})
	}
}

func TestInterruptAndResume(t *testing.T) {
	t.Parallel()
	b := setup(t, chain(add("a"), func(ctx context.Context, _ state) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, "sure?")
		return graphs.Patch(state{Word: answer}), err
	}), nil, 0)
	run := b.run(input(`{"list":["in"]}`), nil)
	b.execute(t.Context())
	if got := b.row(run.ID).Status; got != store.RunSuccess {
		t.Errorf("a run that asks is %s", got)
	}
	thread := b.thread()
	if thread.Status != "interrupted" || !strings.Contains(string(thread.Interrupts), `"value":"sure?"`) {
		t.Errorf("thread is %s with %s", thread.Status, thread.Interrupts)
	}
	b.run(wire.RunKwargs{Command: &wire.Command{Resume: wire.Some(json.RawMessage(`"yes"`))}}, nil)
	b.execute(t.Context())
	thread = b.thread()
	if thread.Status != "idle" || string(thread.Interrupts) != "{}" || string(thread.Values) != `{"list":["in","a"],"word":"yes"}` {
		t.Errorf("thread is %s with %s, asks %s", thread.Status, thread.Values, thread.Interrupts)
	}
}

// blocking is a node that tells that it runs, and stops only with its context.
func blocking(running chan<- struct{}) node {
	return func(ctx context.Context, _ state) (graphs.Update, error) {
		close(running)
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// TestStops covers the causes that end a run's context, one after another.
func TestStops(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		cause   error
		status  string // of the run; "" when its row is gone
		thread  string
		values  string
		steps   int
		lastLog string
	}{
		{
			"cancel keeps what was done",
			queue.Cancelled{Action: store.CancelInterrupt},
			store.RunInterrupted, "interrupted",
			`{"list":["in","a"]}`, 3, "run.end",
		},
		{"rollback leaves nothing", queue.Cancelled{Action: store.CancelRollback}, "", "idle", "", 0, ""},
		{"a hand-back leaves the run unfinished, with all it did", queue.ErrHandBack, store.RunRunning, "busy", "", 3, "task.start"},
		{"a lost lease", store.ErrLostLease, store.RunRunning, "busy", "", -1, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			running := make(chan struct{})
			b := setup(t, chain(add("a"), blocking(running)), nil, 0)
			run := b.run(input(`{"list":["in"]}`), nil)
			ctx, stop := context.WithCancelCause(t.Context())
			go func() {
				<-running
				stop(tt.cause)
			}()
			b.execute(ctx)
			row, err := b.db.Runs.ByID(t.Context(), system().Threads(authhooks.Read), run.ID)
			if tt.status == "" && !errors.Is(err, store.ErrNotFound) || row.Status != tt.status {
				t.Errorf("run is %q, %v; want %q", row.Status, err, tt.status)
			}
			thread := b.thread()
			if thread.Status != tt.thread || string(thread.Values) != tt.values {
				t.Errorf("thread is %s with %s, want %s with %s", thread.Status, thread.Values, tt.thread, tt.values)
			}
			if got := len(b.steps()); tt.steps >= 0 && got != tt.steps {
				t.Errorf("%d checkpoints, want %d: %q", got, tt.steps, b.steps())
			}
			kinds := append([]string{""}, b.kinds(run)...)
			if last := kinds[len(kinds)-1]; tt.lastLog != "-" && last != tt.lastLog {
				t.Errorf("the log ends with %q: %q", last, kinds)
			}
		})
	}
}

// A run whose time is over ends so, also when it is over before the graph has begun.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{time.Nanosecond, 20 * time.Millisecond} {
		t.Run(limit.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t, chain(blocking(make(chan struct{}))), nil, limit)
			run := b.run(input(`{"list":["in"]}`), nil)
			b.execute(t.Context())
			row := b.row(run.ID)
			if row.Status != store.RunTimeout || !strings.Contains(string(row.Error), "TimeoutError") || b.thread().Status != "error" {
				t.Errorf("run is %s with %s, thread is %s", row.Status, row.Error, b.thread().Status)
			}
		})
	}
}

// TestCancelFoundByPoke: a cancel of the same process does not wait for the queue's beat.
func TestCancelFoundByPoke(t *testing.T) {
	t.Parallel()
	running := make(chan struct{})
	b := setup(t, chain(blocking(running)), nil, 0)
	run := b.run(input(`{"list":["in"]}`), nil)
	go func() {
		<-running
		b.hub.Poke(threadID) // nothing was cancelled: nothing happens
		_, err := b.db.Runs.Cancel(context.Background(), system().Threads(authhooks.Update), threadID, []string{run.ID}, store.CancelInterrupt, "")
		if err != nil {
			t.Error(err)
		}
		b.hub.Poke(threadID)
	}()
	b.execute(t.Context())
	if got := b.row(run.ID).Status; got != store.RunInterrupted {
		t.Errorf("run is %s", got)
	}
}

// TestCancelledBeforeItBegan: no user code runs.
func TestCancelledBeforeItBegan(t *testing.T) {
	t.Parallel()
	b := setup(t, chain(func(context.Context, state) (graphs.Update, error) {
		t.Error("the graph ran")
		return nil, nil
	}), nil, 0)
	run := b.run(input(`{"list":["in"]}`), nil)
	ctx, stop := context.WithCancelCause(t.Context())
	stop(queue.Cancelled{Action: store.CancelInterrupt})
	b.execute(ctx)
	if got := b.row(run.ID).Status; got != store.RunInterrupted {
		t.Errorf("run is %s", got)
	}
}

// TestSecondAttempt: after a kill, and after a hand-back, the run goes on from its last checkpoint and repeats nothing of before.
func TestSecondAttempt(t *testing.T) {
	t.Parallel()
	for _, handBack := range []bool{true, false} {
		name := map[bool]string{true: "hand-back", false: "kill"}[handBack]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, running := 0, make(chan struct{})
			b := setup(t, chain(
				func(context.Context, state) (graphs.Update, error) {
					calls++
					return graphs.Patch(state{List: []string{"a"}}), nil
				},
				func(ctx context.Context, s state) (graphs.Update, error) {
					if rt := graphs.RuntimeFrom(ctx); rt.Attempt == 1 {
						return blocking(running)(ctx, s)
					}
					return graphs.Patch(state{List: []string{"b"}}), nil
				},
			), nil, 0)
			run := b.run(input(`{"list":["in"]}`), nil)
			ctx, stop := context.WithCancelCause(t.Context())
			go func() {
				<-running
				stop(queue.ErrHandBack)
			}()
			c, err := b.db.Runs.Claim(t.Context(), "w", lease)
			b.check(err)
			if !handBack { // the lease runs out at once
				_, err = b.db.Runs.Beat(t.Context(), "w", []store.Lease{c.Lease}, -time.Second)
				b.check(err)
			}
			b.worker.Run(ctx, c)
			if handBack {
				b.check(b.db.Runs.HandBack(t.Context(), "w", []store.Lease{c.Lease}))
			}
			b.execute(t.Context())
			thread := b.thread()
			if calls != 1 || string(thread.Values) != `{"list":["in","a","b"]}` || thread.Status != "idle" {
				t.Errorf("%d calls of a; thread is %s with %s", calls, thread.Status, thread.Values)
			}
			if got := b.folded(run); got != string(thread.Values) {
				t.Errorf("who applies all frames ends with %s", got)
			}
			starts, last := 0, int64(-1)
			for _, r := range b.records(run) {
				if r.Seq <= last {
					t.Errorf("record %d after %d", r.Seq, last)
				}
				last = r.Seq
				if r.RunStart != nil {
					starts++
				}
			}
			if starts != 2 {
				t.Errorf("%d attempts in the log: %q", starts, b.kinds(run))
			}
		})
	}
}

// TestOldLease: a worker whose run was claimed by another stores nothing.
func TestOldLease(t *testing.T) {
	t.Parallel()
	b := setup(t, chain(add("a")), nil, 0)
	run := b.run(input(`{"list":["in"]}`), nil)
	old := b.claim()
	_, err := b.db.Runs.Beat(t.Context(), "w", []store.Lease{old.Lease}, -time.Second)
	b.check(err)
	b.execute(t.Context()) // by the second claim
	before := b.kinds(run)
	b.worker.Run(t.Context(), old)
	if diff := cmp.Diff(before, b.kinds(run)); diff != "" {
		t.Errorf("the old lease wrote (-before +after):\n%s", diff)
	}
	if got := string(b.thread().Values); got != `{"list":["in","a"]}` {
		t.Errorf("values: %s", got)
	}
}
