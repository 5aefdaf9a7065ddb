// Package queuetest is the suite that every [queue.Leaser] has to pass.
//
//	func TestSQLite(t *testing.T) {
//		queuetest.Run(t, func(t testing.TB) queuetest.Subject { ... })
//	}
package queuetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/store"
)

// Subject is an empty queue under test. *store.Runs has the methods of a lease holder.
type Subject struct {
	queue.Leaser
	Holder interface {
		Commit(ctx context.Context, l store.Lease, b store.Batch) error
		Reserve(ctx context.Context, l store.Lease, n int) (int64, error)
	}
	// Thread makes a thread and returns its id.
	Thread func(t testing.TB) string
	// Add makes a run on a thread.
	Add func(t testing.TB, n store.RunNew) store.Run
	// Cancel cancels a run.
	Cancel func(t testing.TB, run store.Run, action string)
	// Status is what a run's row says; "" when it is gone.
	Status func(t testing.TB, run store.Run) string
	// Sound checks the invariants of the tables. It may be nil.
	Sound func(t testing.TB)
}

// long is a lease that does not end during a test, and over one that has ended before it begins.
const (
	long = time.Minute
	over = -time.Second
)

// Run tests leases; open returns a new, empty queue each time.
func Run(t *testing.T, open func(t testing.TB) Subject) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"nothing is due", testNothing},
		{"one lease at a time", testOneLease},
		{"heads in order", testOrder},
		{"not yet due", testDelayed},
		{"expired leases are reclaimed", testReclaim},
		{"lost too often", testGiveUp},
		{"fence", testFence},
		{"beat", testBeat},
		{"beat revives", testBeatRevives},
		{"hand back", testHandBack},
		{"held runs are left alone", testHeld},
		{"cancel", testCancel},
		{"numbers", testNumbers},
		{"two workers", testTwoWorkers},
		{"storm", testStorm},
		{"any order of calls", testProperty},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			part.test(t, s)
			if s.Sound != nil {
				s.Sound(t)
			}
		})
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// run makes a run on a thread.
func (s Subject) run(t testing.TB, thread string) store.Run {
	t.Helper()
	return s.Add(t, store.RunNew{ThreadID: thread})
}

// claim claims a run that must be due.
func (s Subject) claim(t testing.TB, worker string, lease time.Duration) *store.Claimed {
	t.Helper()
	c, err := s.Claim(t.Context(), worker, lease)
	ok(t, err)
	if c == nil {
		t.Fatal("nothing is due")
	}
	return c
}

// idle checks that nothing is due.
func (s Subject) idle(t testing.TB) {
	t.Helper()
	c, err := s.Claim(t.Context(), "idle", long)
	ok(t, err)
	if c != nil {
		t.Fatalf("run %s is due", c.Run.ID)
	}
}

// finish ends a claimed run.
func (s Subject) finish(t testing.TB, c *store.Claimed) {
	t.Helper()
	ok(t, s.Holder.Commit(t.Context(), c.Lease, store.Batch{Finish: &store.Finish{Status: store.RunSuccess}}))
}

func testNothing(t *testing.T, s Subject) {
	s.idle(t)
	beats, err := s.Beat(t.Context(), "a", nil, long)
	ok(t, err)
	same(t, "lost", 0, len(beats.Lost))
	ok(t, s.HandBack(t.Context(), "a", nil))
}

func testOneLease(t *testing.T, s Subject) {
	run := s.run(t, s.Thread(t))
	c := s.claim(t, "a", long)
	same(t, "run", run.ID, c.Run.ID)
	same(t, "lease", store.Lease{RunID: run.ID, ThreadID: run.ThreadID, Token: c.Lease.Token}, c.Lease)
	same(t, "attempt", 1, c.Attempt)
	same(t, "status", store.RunRunning, s.Status(t, run))
	s.idle(t)
	s.finish(t, c)
	same(t, "status", store.RunSuccess, s.Status(t, run))
	s.idle(t)
}

func testOrder(t *testing.T, s Subject) {
	thread, other := s.Thread(t), s.Thread(t)
	first, second, third := s.run(t, thread), s.run(t, thread), s.run(t, thread)
	beside := s.run(t, other)
	c := s.claim(t, "a", long)
	same(t, "first", first.ID, c.Run.ID)
	b := s.claim(t, "a", long)
	same(t, "another thread's", beside.ID, b.Run.ID)
	s.idle(t)
	for _, next := range []store.Run{second, third} {
		s.finish(t, c)
		c = s.claim(t, "b", long)
		same(t, "next", next.ID, c.Run.ID)
		s.idle(t)
	}
	s.finish(t, c)
	s.finish(t, b)
}

func testDelayed(t *testing.T, s Subject) {
	thread := s.Thread(t)
	late := s.Add(t, store.RunNew{ThreadID: thread, After: time.Hour})
	s.idle(t)
	soon := s.Add(t, store.RunNew{ThreadID: thread, After: time.Minute})
	s.idle(t)
	now := s.run(t, thread)
	c := s.claim(t, "a", long)
	same(t, "now", now.ID, c.Run.ID)
	s.finish(t, c)
	s.idle(t)
	same(t, "late", store.RunPending, s.Status(t, late))
	same(t, "soon", store.RunPending, s.Status(t, soon))
}

func testReclaim(t *testing.T, s Subject) {
	run := s.run(t, s.Thread(t))
	first := s.claim(t, "a", over)
	second := s.claim(t, "b", long)
	same(t, "run", run.ID, second.Run.ID)
	same(t, "attempt", 2, second.Attempt)
	if second.Lease.Token <= first.Lease.Token {
		t.Errorf("token %d after %d", second.Lease.Token, first.Lease.Token)
	}
	if second.SeqFirst <= first.SeqFirst {
		t.Errorf("events from %d after %d", second.SeqFirst, first.SeqFirst)
	}
	s.finish(t, second)
}

func testGiveUp(t *testing.T, s Subject) {
	thread := s.Thread(t)
	run, next := s.run(t, thread), s.run(t, thread)
	for attempt := range 3 {
		same(t, "attempt", attempt+1, s.claim(t, "a", over).Attempt)
	}
	c := s.claim(t, "a", long) // ends the first and takes the next
	same(t, "next", next.ID, c.Run.ID)
	same(t, "status", store.RunError, s.Status(t, run))
	s.finish(t, c)
}

func testFence(t *testing.T, s Subject) {
	run := s.run(t, s.Thread(t))
	old := s.claim(t, "a", over)
	c := s.claim(t, "b", long)
	end := store.Batch{Finish: &store.Finish{Status: store.RunSuccess}}
	for name, batch := range map[string]store.Batch{
		"nothing":  {},
		"segments": {Segments: []store.Segment{{First: old.SeqFirst, Last: old.SeqFirst, Data: []byte("{}\n")}}},
		"writes":   {Writes: []store.TaskWrites{{CheckpointID: "c", TaskID: "t"}}},
		"finish":   end,
	} {
		if err := s.Holder.Commit(t.Context(), old.Lease, batch); !errors.Is(err, store.ErrLostLease) {
			t.Errorf("%s of a lost lease: error %v", name, err)
		}
	}
	_, err := s.Holder.Reserve(t.Context(), old.Lease, 1)
	is(t, err, store.ErrLostLease)
	same(t, "status", store.RunRunning, s.Status(t, run))
	foreign := c.Lease
	foreign.ThreadID = s.Thread(t)
	is(t, s.Holder.Commit(t.Context(), foreign, store.Batch{}), store.ErrLostLease)
	s.finish(t, c)
	is(t, s.Holder.Commit(t.Context(), c.Lease, end), store.ErrLostLease)
}

func testBeat(t *testing.T, s Subject) {
	s.run(t, s.Thread(t))
	s.run(t, s.Thread(t))
	s.run(t, s.Thread(t))
	kept, lost := s.claim(t, "a", long), s.claim(t, "a", over)
	taken, ended := s.claim(t, "b", long), s.claim(t, "a", long)
	same(t, "taken", lost.Run.ID, taken.Run.ID)
	s.finish(t, ended)
	beats, err := s.Beat(t.Context(), "a", []store.Lease{kept.Lease, lost.Lease, ended.Lease}, long)
	ok(t, err)
	same(t, "lost", []string{lost.Run.ID}, beats.Lost)
	same(t, "cancels", 0, len(beats.Cancels))
	beats, err = s.Beat(t.Context(), "b", []store.Lease{kept.Lease}, long)
	ok(t, err)
	same(t, "another worker's", []string{kept.Run.ID}, beats.Lost)
	s.finish(t, kept)
	s.finish(t, taken)
}

// A worker that slept past its lease, while nobody took the run, has lost nothing.
func testBeatRevives(t *testing.T, s Subject) {
	s.run(t, s.Thread(t))
	c := s.claim(t, "a", over)
	beats, err := s.Beat(t.Context(), "a", []store.Lease{c.Lease}, long)
	ok(t, err)
	same(t, "lost", 0, len(beats.Lost))
	s.idle(t)
	s.finish(t, c)
	beats, err = s.Beat(t.Context(), "a", []store.Lease{c.Lease}, long)
	ok(t, err)
	same(t, "lost", 0, len(beats.Lost)) // it has just ended
	s.idle(t)
}

func testHandBack(t *testing.T, s Subject) {
	thread := s.Thread(t)
	run := s.run(t, thread)
	s.run(t, thread)
	for range 5 {
		c := s.claim(t, "a", long)
		same(t, "run", run.ID, c.Run.ID)
		same(t, "attempt", 1, c.Attempt)
		ok(t, s.HandBack(t.Context(), "b", []store.Lease{c.Lease})) // not b's
		s.idle(t)
		ok(t, s.HandBack(t.Context(), "a", []store.Lease{c.Lease}))
		is(t, s.Holder.Commit(t.Context(), c.Lease, store.Batch{}), store.ErrLostLease)
	}
	c := s.claim(t, "a", over)
	same(t, "attempt", 1, c.Attempt)
	c = s.claim(t, "b", long)
	same(t, "attempt", 2, c.Attempt)
	s.finish(t, c)
	ok(t, s.HandBack(t.Context(), "b", []store.Lease{c.Lease}))
	same(t, "status", store.RunSuccess, s.Status(t, run))
	s.finish(t, s.claim(t, "a", long))
}

func testHeld(t *testing.T, s Subject) {
	s.run(t, s.Thread(t))
	c := s.claim(t, "a", over)
	again, err := s.Claim(t.Context(), "a", long, c.Run.ID)
	ok(t, err)
	if again != nil {
		t.Fatalf("claimed run %s, which is held", again.Run.ID)
	}
	other := s.run(t, s.Thread(t))
	again, err = s.Claim(t.Context(), "a", long, c.Run.ID)
	ok(t, err)
	same(t, "run", other.ID, again.Run.ID)
	s.finish(t, again)
	s.finish(t, s.claim(t, "a", long))
}

func testCancel(t *testing.T, s Subject) {
	for _, action := range []string{store.CancelInterrupt, store.CancelRollback} {
		run := s.run(t, s.Thread(t))
		c := s.claim(t, "a", over)
		s.Cancel(t, run, action)
		beats, err := s.Beat(t.Context(), "a", []store.Lease{c.Lease}, over)
		ok(t, err)
		same(t, "cancels", map[string]string{run.ID: action}, beats.Cancels)
		next := s.claim(t, "b", long) // the worker was lost before it could stop
		same(t, "cancel", action, next.Cancel)
		ok(t, s.Holder.Commit(t.Context(), next.Lease, store.Batch{
			Finish: &store.Finish{Status: store.RunInterrupted, Rollback: action == store.CancelRollback},
		}))
	}
	pending := s.run(t, s.Thread(t))
	s.Cancel(t, pending, store.CancelInterrupt)
	s.idle(t)
	same(t, "status", store.RunInterrupted, s.Status(t, pending))
}

func testNumbers(t *testing.T, s Subject) {
	run := s.run(t, s.Thread(t))
	c := s.claim(t, "a", long)
	first, err := s.Holder.Reserve(t.Context(), c.Lease, 100)
	ok(t, err)
	if first < c.SeqFirst+4096 {
		t.Errorf("block at %d, the claim's is at %d", first, c.SeqFirst)
	}
	second, err := s.Holder.Reserve(t.Context(), c.Lease, 1)
	ok(t, err)
	if second < first+100 {
		t.Errorf("block at %d after 100 from %d", second, first)
	}
	s.finish(t, c)
	next := s.run(t, run.ThreadID)
	if next.Seq <= second {
		t.Errorf("a run at %d after number %d", next.Seq, second)
	}
}
