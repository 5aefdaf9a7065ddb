package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/locutory/locutory/platform/store"
)

// testTwoWorkers lets many claim at once: no token is given twice, and no thread has two runs under way.
func testTwoWorkers(t *testing.T, s Subject) {
	const threads, runs, workers = 4, 6, 4
	want := 0
	for range threads {
		thread := s.Thread(t)
		for range runs {
			s.run(t, thread)
			want++
		}
	}
	var mu sync.Mutex
	busy := map[string]bool{}
	done := map[string]bool{}
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			worker := fmt.Sprint("worker-", i)
			for left := true; left; {
				c, err := s.Claim(t.Context(), worker, long)
				if err != nil {
					t.Errorf("claim: %v", err)
					return
				}
				mu.Lock()
				left = len(done) < want
				if c != nil {
					if busy[c.Lease.ThreadID] || done[c.Run.ID] {
						t.Errorf("run %s was given out twice, or beside another of its thread", c.Run.ID)
					}
					busy[c.Lease.ThreadID], done[c.Run.ID] = true, true
				}
				mu.Unlock()
				if c == nil {
					continue
				}
				mu.Lock()
				delete(busy, c.Lease.ThreadID) // from here on another may have the next one
				mu.Unlock()
				if err := s.Holder.Commit(t.Context(), c.Lease, store.Batch{Finish: &store.Finish{Status: store.RunSuccess}}); err != nil {
					t.Errorf("finish: %v", err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "runs done", want, len(done))
}

// model is what the queue must say, kept beside it.
type model struct {
	s       Subject
	t       *testing.T
	threads []string
	runs    []*modelRun // in order of creation
}

type modelRun struct {
	run     store.Run
	lease   *store.Lease // the newest
	worker  string
	old     []store.Lease
	expired bool // the lease is over, or handed back: it may be claimed
	back    bool // handed back
	lost    int  // leases that ran out
	ended   bool
	cancel  string
}

// head is the run of a thread that may be leased or is.
func (m *model) head(thread string) *modelRun {
	for _, r := range m.runs {
		if r.run.ThreadID == thread && !r.ended {
			return r
		}
	}
	return nil
}

// claimable are the runs that a claim may return.
func (m *model) claimable() []*modelRun {
	var out []*modelRun
	for _, thread := range m.threads {
		if h := m.head(thread); h != nil && (h.lease == nil || h.expired) {
			out = append(out, h)
		}
	}
	return out
}

// leased are the runs under lease.
func (m *model) leased() []*modelRun {
	return slices.DeleteFunc(slices.Clone(m.runs), func(r *modelRun) bool { return r.ended || r.lease == nil || r.back })
}

// testProperty makes random calls and holds the answers against the model. Leases expire by a beat that sets them into the past.
func testProperty(t *testing.T, s Subject) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{s: s, t: t}
		for range 2 {
			m.threads = append(m.threads, s.Thread(t))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add":     m.add,
			"claim":   m.claim,
			"expire":  m.expire,
			"back":    m.handBack,
			"finish":  m.finish,
			"cancel":  m.cancel,
			"stale":   m.stale,
			"segment": m.segment,
		})
		m.drain(rt)
		if s.Sound != nil {
			s.Sound(rt2t{t, rt})
		}
	})
}

// rt2t reports to the property instead of the test.
type rt2t struct {
	*testing.T
	rt *rapid.T
}

func (r rt2t) Errorf(format string, args ...any) { r.rt.Errorf(format, args...) }
func (r rt2t) Fatalf(format string, args ...any) { r.rt.Fatalf(format, args...) }

func (m *model) add(rt *rapid.T) {
	thread := rapid.SampledFrom(m.threads).Draw(rt, "thread")
	strategy := rapid.SampledFrom([]string{store.StrategyEnqueue, store.StrategyEnqueue, store.StrategyInterrupt, store.StrategyRollback}).Draw(rt, "strategy")
	run := m.s.Add(m.t, store.RunNew{ThreadID: thread, Strategy: strategy})
	if strategy != store.StrategyEnqueue {
		for _, r := range m.runs {
			if r.run.ThreadID == thread && !r.ended {
				r.cancelled(strategy)
			}
		}
	}
	m.runs = append(m.runs, &modelRun{run: run})
}

// cancelled notes a cancel: a run that never started has ended.
func (r *modelRun) cancelled(action string) {
	if r.lease == nil {
		r.ended = true
	}
	if r.cancel != store.CancelRollback {
		r.cancel = action
	}
}

func (m *model) claim(rt *rapid.T) {
	worker := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "worker")
	may := m.claimable()
	c, err := m.s.Claim(m.t.Context(), worker, long)
	if err != nil {
		rt.Fatal(err)
	}
	if c == nil {
		m.gaveUp(rt, may)
		return
	}
	m.gaveUp(rt, slices.DeleteFunc(may, func(r *modelRun) bool { return !r.exhausted() || r.run.ID == c.Run.ID }))
	m.took(rt, worker, c)
}

// exhausted reports whether the next claim ends the run.
func (r *modelRun) exhausted() bool { return r.lost >= 3 && r.expired && !r.back && r.cancel == "" }

// gaveUp checks runs that a claim has passed over: it may only have ended them.
func (m *model) gaveUp(rt *rapid.T, passed []*modelRun) {
	for _, r := range passed {
		switch status := m.s.Status(m.t, r.run); {
		case status == store.RunError && r.exhausted():
			r.ended = true
		case status == store.RunRunning && r.exhausted(): // it is not its turn yet
		default:
			rt.Fatalf("run %s was due and not claimed: it is %q", r.run.ID, status)
		}
	}
}

func (m *model) took(rt *rapid.T, worker string, c *store.Claimed) {
	r := m.head(c.Run.ThreadID)
	for r != nil && r.run.ID != c.Run.ID && r.exhausted() { // ended by this claim, which went on to the next
		r.ended = true
		r = m.head(c.Run.ThreadID)
	}
	switch {
	case r == nil || r.run.ID != c.Run.ID:
		rt.Fatalf("claimed run %s, which is not the head of its thread", c.Run.ID)
	case r.lease != nil && !r.expired:
		rt.Fatalf("claimed run %s, which is leased", c.Run.ID)
	case r.lease != nil && c.Lease.Token <= r.lease.Token:
		rt.Fatalf("token %d after %d", c.Lease.Token, r.lease.Token)
	case c.Attempt != r.lost+1:
		rt.Fatalf("attempt %d after %d lost leases", c.Attempt, r.lost)
	case c.Cancel != r.cancel:
		rt.Fatalf("cancel %q, want %q", c.Cancel, r.cancel)
	}
	if r.lease != nil {
		r.old = append(r.old, *r.lease)
	}
	r.lease, r.worker, r.expired, r.back = &c.Lease, worker, false, false
}

// draw chooses one of some runs, or skips the step.
func (m *model) draw(rt *rapid.T, from []*modelRun) *modelRun {
	if len(from) == 0 {
		rt.Skip("no such run")
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(rt, "run")]
}

func (m *model) expire(rt *rapid.T) {
	r := m.draw(rt, m.leased())
	beats, err := m.s.Beat(m.t.Context(), r.worker, []store.Lease{*r.lease}, over)
	if err != nil || len(beats.Lost) > 0 {
		rt.Fatalf("beat: %v, lost %v", err, beats.Lost)
	}
	if beats.Cancels[r.run.ID] != r.cancel {
		rt.Fatalf("cancel %q, want %q", beats.Cancels[r.run.ID], r.cancel)
	}
	if !r.expired {
		r.expired, r.lost = true, r.lost+1
	}
}

func (m *model) handBack(rt *rapid.T) {
	r := m.draw(rt, m.leased())
	if err := m.s.HandBack(m.t.Context(), r.worker, []store.Lease{*r.lease}); err != nil {
		rt.Fatal(err)
	}
	if r.expired { // just in time: it is not counted as lost
		r.lost--
	}
	r.expired, r.back = true, true
}

func (m *model) finish(rt *rapid.T) {
	r := m.draw(rt, m.leased())
	f := store.Finish{Status: store.RunSuccess}
	if r.cancel != "" {
		f = store.Finish{Status: store.RunInterrupted, Rollback: r.cancel == store.CancelRollback}
	}
	if err := m.s.Holder.Commit(m.t.Context(), *r.lease, store.Batch{Finish: &f}); err != nil {
		rt.Fatal(err)
	}
	r.ended = true
}

func (m *model) cancel(rt *rapid.T) {
	r := m.draw(rt, slices.DeleteFunc(slices.Clone(m.runs), func(r *modelRun) bool { return r.ended }))
	action := rapid.SampledFrom([]string{store.CancelInterrupt, store.CancelRollback}).Draw(rt, "action")
	m.s.Cancel(m.t, r.run, action)
	r.cancelled(action)
}

// stale writes by leases that are lost: nothing of it may come through.
func (m *model) stale(rt *rapid.T) {
	var stale []store.Lease
	for _, r := range m.runs {
		stale = append(stale, r.old...)
		if r.lease != nil && (r.ended || r.back) {
			stale = append(stale, *r.lease)
		}
	}
	if len(stale) == 0 {
		rt.Skip("no lost lease")
	}
	l := rapid.SampledFrom(stale).Draw(rt, "lease")
	err := m.s.Holder.Commit(m.t.Context(), l, store.Batch{Segments: []store.Segment{{First: 1 << 40, Last: 1 << 40, Data: []byte("{}\n")}}})
	if !errors.Is(err, store.ErrLostLease) {
		rt.Fatalf("commit of a lost lease: error %v", err)
	}
}

func (m *model) segment(rt *rapid.T) {
	r := m.draw(rt, m.leased())
	first, err := m.s.Holder.Reserve(m.t.Context(), *r.lease, 3)
	if err != nil {
		rt.Fatal(err)
	}
	segment := store.Segment{First: first, Last: first + 2, Data: []byte("{}\n{}\n{}\n")}
	if err := m.s.Holder.Commit(m.t.Context(), *r.lease, store.Batch{Segments: []store.Segment{segment}}); err != nil {
		rt.Fatal(err)
	}
}

// drain ends all runs, so that the next sequence of calls begins with an empty queue.
func (m *model) drain(rt *rapid.T) {
	for _, r := range m.leased() {
		if err := m.s.HandBack(context.WithoutCancel(m.t.Context()), r.worker, []store.Lease{*r.lease}); err != nil {
			rt.Fatal(err)
		}
	}
	for {
		c, err := m.s.Claim(m.t.Context(), "drain", long)
		if err != nil {
			rt.Fatal(err)
		}
		if c == nil {
			return
		}
		if err := m.s.Holder.Commit(m.t.Context(), c.Lease, store.Batch{Finish: &store.Finish{Status: store.RunSuccess}}); err != nil {
			rt.Fatal(err)
		}
	}
}
