package queuetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/locutory/locutory/platform/store"
)

// testStorm lets callers make runs, which cancel others, of few threads while workers claim, beat, write and end them, all at once. Nothing may
// fail, and in the end nothing may be left.
func testStorm(t *testing.T, s Subject) {
	const callers, each, workers = 3, 15, 3
	threads := []string{s.Thread(t), s.Thread(t), s.Thread(t)}
	strategies := []string{store.StrategyEnqueue, store.StrategyInterrupt, store.StrategyEnqueue, store.StrategyRollback}
	var making, working sync.WaitGroup
	var made atomic.Bool
	for i := range callers {
		making.Go(func() {
			for n := range each {
				s.Add(t, store.RunNew{ThreadID: threads[(i+n)%len(threads)], Strategy: strategies[(i*each+n)%len(strategies)]})
			}
		})
	}
	for i := range workers {
		working.Go(func() {
			worker := fmt.Sprint("worker-", i)
			for {
				last := made.Load()
				c, err := s.Claim(t.Context(), worker, long)
				if err != nil {
					t.Errorf("claim: %v", err)
					return
				}
				if c != nil {
					s.work(t, worker, c)
				} else if last {
					return
				}
			}
		})
	}
	making.Wait()
	made.Store(true)
	working.Wait()
	s.idle(t)
}

// work is the life of a claimed run.
func (s Subject) work(t testing.TB, worker string, c *store.Claimed) {
	segment := store.Segment{First: c.SeqFirst, Last: c.SeqFirst, Data: []byte("{}\n")}
	if err := s.Holder.Commit(t.Context(), c.Lease, store.Batch{Segments: []store.Segment{segment}}); err != nil {
		t.Errorf("commit: %v", err)
	}
	beats, err := s.Beat(t.Context(), worker, []store.Lease{c.Lease}, long)
	if err != nil || len(beats.Lost) > 0 {
		t.Errorf("beat: %v, lost %v", err, beats.Lost)
	}
	finish := &store.Finish{Status: store.RunSuccess}
	switch action := beats.Cancels[c.Run.ID]; action {
	case "":
	case store.CancelRollback:
		finish = &store.Finish{Status: store.RunInterrupted, Rollback: true}
	default:
		finish = &store.Finish{Status: store.RunInterrupted, Next: []string{"ask"}}
	}
	if err := s.Holder.Commit(t.Context(), c.Lease, store.Batch{Finish: finish}); err != nil {
		t.Errorf("finish: %v", err)
	}
}
