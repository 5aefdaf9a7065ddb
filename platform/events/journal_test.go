package events_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
)

func TestJournalHoldsWhatTellsOfCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		w := newWriter(t, d, events.NewHub(), 10, true)
		defer w.Close()
		w.append(say(1), step("", "c1", "a"), say(2))
		pass(time.Second)
		if diff := cmp.Diff([]string{"say 1"}, d.durable(t)); diff != "" {
			t.Fatalf("before the checkpoint (-want +got):\n%s", diff)
		}
		w.check(w.Put(put("", "c1", "a")))
		synctest.Wait()
		w.append(ended("", "A"), say(3), ended("", "B"))
		w.check(w.PutWrites(store.TaskWrites{TaskID: "B"})) // A's are not there yet, and the log keeps its order
		pass(time.Second)
		w.check(w.PutWrites(store.TaskWrites{TaskID: "A"}))
		synctest.Wait()
		want := []string{"say 1", "step c1, say 2, put c1", "writes B", "end A, say 3, end B, writes A"}
		if diff := cmp.Diff(want, d.durable(t)); diff != "" {
			t.Errorf("commits (-want +got):\n%s", diff)
		}
	})
}

func TestJournalHoldsNestedGraphs(t *testing.T) {
	tests := []struct {
		name  string
		bring func(w writer) error
	}{
		{"their own checkpoint", func(w writer) error { return w.Put(put("child:A", "c2")) }},
		{"the writes of the task they are in", func(w writer) error { return w.PutWrites(store.TaskWrites{TaskID: "A"}) }},
		{"a checkpoint above", func(w writer) error { return w.Put(put("", "c3", "next")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &database{}
				w := newWriter(t, d, events.NewHub(), 0, true)
				defer w.Close()
				w.append(ended("child:A", "X"), step("child:A", "c2"))
				pass(time.Second)
				if got := d.durable(t); len(got) != 0 {
					t.Fatalf("durable too early: %q", got)
				}
				w.check(tt.bring(w))
				w.check(w.Sync(t.Context()))
				if got := strings.Join(d.durable(t), "; "); !strings.HasPrefix(got, "end X, step c2, ") {
					t.Errorf("commits: %s", got)
				}
			})
		})
	}
}

func TestJournalDoesNotHold(t *testing.T) {
	tests := []struct {
		name string
		hold bool
		say  graphs.Event
	}{
		{"a run without stored checkpoints", false, step("", "c1")},
		{"a task whose writes are stored already", true, graphs.Event{TaskEnd: &graphs.TaskEnded{ID: "A", Cached: true}}},
		{"the start task, whose writes are never stored", true, graphs.Event{TaskEnd: &graphs.TaskEnded{ID: "A", Hidden: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &database{}
				w := newWriter(t, d, events.NewHub(), 0, tt.hold)
				defer w.Close()
				w.append(tt.say)
				pass(time.Second)
				if got := d.durable(t); len(got) != 1 {
					t.Errorf("commits: %q, want one", got)
				}
			})
		})
	}
}

func TestJournalFlushesBySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		w := newWriter(t, d, events.NewHub(), 0, true)
		defer w.Close()
		big := graphs.Event{Kind: graphs.KindCustom, Custom: &graphs.CustomSent{Value: []byte(`"` + strings.Repeat("x", 64<<10) + `"`)}}
		w.append(big)
		synctest.Wait() // no time has passed
		if got := len(d.durable(t)); got != 1 {
			t.Errorf("%d commits, want one", got)
		}
	})
}

// TestJournalEndsInOneTransaction: the last checkpoint waits for run.end, and does not block a saver that syncs.
func TestJournalEndsInOneTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		w := newWriter(t, d, events.NewHub(), 0, true)
		defer w.Close()
		w.append(say(1), ended("", "A"), step("", "c1"))
		w.check(w.Put(put("", "c1")))
		w.check(w.Sync(t.Context()))
		w.check(w.Finish(t.Context(), runEnd("success"), store.Finish{Status: "success"}))
		want := []string{"say 1, end A, step c1, run.end, put c1, finish success"}
		if diff := cmp.Diff(want, d.durable(t)); diff != "" {
			t.Errorf("commits (-want +got):\n%s", diff)
		}
	})
}

// TestJournalMerges: what came while the database was busy is one transaction, in order and with one segment.
func TestJournalMerges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{gate: make(chan struct{})}
		w := newWriter(t, d, events.NewHub(), 0, true)
		defer w.Close()
		w.append(step("", "c1", "a"))
		w.check(w.Put(put("", "c1", "a")))
		synctest.Wait() // the lane is in the first commit
		w.append(ended("", "A"))
		w.check(w.PutWrites(store.TaskWrites{TaskID: "A"}))
		w.append(step("", "c2", "b"))
		w.check(w.Put(put("", "c2", "b")))
		close(d.gate)
		w.check(w.Sync(t.Context()))
		want := []string{"step c1, put c1", "end A, step c2, put c2, writes A"}
		if diff := cmp.Diff(want, d.durable(t)); diff != "" {
			t.Errorf("commits (-want +got):\n%s", diff)
		}
		if got := len(d.batches[1].Segments); got != 1 {
			t.Errorf("%d segments, want one", got)
		}
	})
}

func TestJournalShowsTheEndAfterItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{gate: make(chan struct{})}
		hub := events.NewHub()
		sub := hub.Subscribe("t", "r")
		defer sub.Close()
		w := newWriter(t, d, hub, 0, true)
		defer w.Close()
		w.append(say(1))
		go func() { w.check(w.Finish(context.Background(), runEnd("success"), store.Finish{Status: "success"})) }()
		synctest.Wait()
		seen := func() []string {
			view, err := sub.Since(-1)
			w.check(err)
			return labels(view.Records)
		}
		if diff := cmp.Diff([]string{"say 1"}, seen()); diff != "" {
			t.Errorf("while the commit waits (-want +got):\n%s", diff)
		}
		close(d.gate)
		synctest.Wait()
		if diff := cmp.Diff([]string{"say 1", "run.end"}, seen()); diff != "" {
			t.Errorf("after it (-want +got):\n%s", diff)
		}
	})
}

func labels(records []events.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, label(r))
	}
	return out
}

func TestJournalRollback(t *testing.T) {
	t.Parallel()
	d := &database{}
	w := newWriter(t, d, events.NewHub(), 0, true)
	defer w.Close()
	w.append(step("", "c1"))
	w.check(w.Finish(t.Context(), runEnd("interrupted"), store.Finish{Status: "interrupted", Rollback: true}))
	if diff := cmp.Diff([]string{"finish interrupted"}, d.durable(t)); diff != "" {
		t.Errorf("commits (-want +got):\n%s", diff)
	}
}

// What a rolled back run had said last is not flushed after its end, when the run is gone.
func TestJournalRollbackIsTheLastWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{gate: make(chan struct{}, 8)}
		w := newWriter(t, d, events.NewHub(), 0, true)
		defer w.Close()
		w.append(say(1))
		finished := make(chan error, 1)
		go func() {
			finished <- w.Finish(context.Background(), runEnd("interrupted"), store.Finish{Status: "interrupted", Rollback: true})
		}()
		pass(time.Second) // the flush is due while the end is being stored
		close(d.gate)
		w.check(<-finished)
		pass(time.Second)
		if diff := cmp.Diff([]string{"finish interrupted"}, d.durable(t)); diff != "" {
			t.Errorf("commits (-want +got):\n%s", diff)
		}
	})
}

func TestJournalLosesItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{token: 2}
		hub := events.NewHub()
		failed := make(chan error, 1)
		j := events.NewJournal(t.Context(), events.JournalConfig{
			Log: d, Lease: store.Lease{Token: 1}, Block: 1, Feed: hub.Open("t", "r", -1), Failed: func(err error) { failed <- err },
		})
		defer j.Close()
		if err := j.Append(t.Context(), say(1)); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; !errors.Is(err, store.ErrLostLease) {
			t.Fatalf("failed with %v", err)
		}
		for name, call := range map[string]func() error{
			"Append":    func() error { return j.Append(t.Context(), say(2)) },
			"Put":       func() error { return j.Put(put("", "c")) },
			"PutWrites": func() error { return j.PutWrites(store.TaskWrites{}) },
			"Sync":      func() error { return j.Sync(t.Context()) },
			"Finish":    func() error { return j.Finish(t.Context(), runEnd("success"), store.Finish{}) },
		} {
			if err := call(); !errors.Is(err, store.ErrLostLease) {
				t.Errorf("%s: %v, want %v", name, err, store.ErrLostLease)
			}
		}
		if got := d.durable(t); len(got) != 0 {
			t.Errorf("stored without a lease: %q", got)
		}
	})
}

func TestJournalTakesMoreNumbers(t *testing.T) {
	t.Parallel()
	d := &database{next: 4096}
	hub := events.NewHub()
	sub := hub.Subscribe("t", "r")
	defer sub.Close()
	j := events.NewJournal(t.Context(), events.JournalConfig{Log: d, First: 7, Block: 2, Feed: hub.Open("t", "r", 6)})
	defer j.Close()
	for i := range 3 {
		if err := j.Append(t.Context(), say(i)); err != nil {
			t.Fatal(err)
		}
	}
	view, err := sub.Since(6)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, r := range view.Records {
		got = append(got, r.Seq)
	}
	if diff := cmp.Diff([]int64{7, 8, 8192}, got); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

// A database that is away for a moment when a run needs more numbers ends no run; one that stays away leaves the run to another attempt.
func TestJournalWaitsForMoreNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			busy int
			lost bool
		}{"a moment": {2, false}, "for good": {100, true}} {
			d, hub := &database{next: 4096, busy: test.busy}, events.NewHub()
			failed := make(chan error, 1)
			j := events.NewJournal(t.Context(), events.JournalConfig{
				Log: d, First: 7, Block: 1, Feed: hub.Open("t", "r", 6), Failed: func(err error) { failed <- err },
			})
			if err := j.Append(t.Context(), say(0)); err != nil {
				t.Fatal(err)
			}
			if err := j.Append(t.Context(), say(1)); (err != nil) != test.lost || (len(failed) == 1) != test.lost {
				t.Errorf("%s: %v, told %d times", name, err, len(failed))
			}
			if err := j.Finish(t.Context(), runEnd("error"), store.Finish{Status: "error"}); (err != nil) != test.lost {
				t.Errorf("%s: the end is stored with %v", name, err)
			}
			j.Close()
		}
	})
}
