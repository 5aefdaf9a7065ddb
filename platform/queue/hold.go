package queue

import (
	"context"
	"slices"
	"time"

	"github.com/locutory/locutory/platform/store"
)

// holding is a run that executes in this process.
type holding struct {
	claimed *store.Claimed
	ctx     context.Context //nolint:containedctx // the run's own; it ends by stop or end
	stop    context.CancelCauseFunc
	until   time.Time // when the lease ends, if no beat prolongs it; under Queue.mu
}

// end frees the context once the run has returned; a cause that was given stays.
func (h *holding) end() { h.stop(context.Canceled) }

// take notes c as held, from the moment of the claim on.
func (q *Queue) take(ctx context.Context, c *store.Claimed) *holding {
	h := &holding{claimed: c, until: time.Now().Add(q.cfg.Lease)}
	h.ctx, h.stop = context.WithCancelCause(ctx)
	if c.Cancel != "" {
		h.stop(Cancelled{Action: c.Cancel})
	}
	q.mu.Lock()
	q.held[c.Lease.RunID] = h
	q.mu.Unlock()
	return h
}

func (q *Queue) drop(h *holding) {
	q.mu.Lock()
	delete(q.held, h.claimed.Lease.RunID)
	q.mu.Unlock()
}

func (q *Queue) heldIDs() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := make([]string, 0, len(q.held))
	for id := range q.held {
		ids = append(ids, id)
	}
	return ids
}

// stopAll ends the contexts of all runs.
func (q *Queue) stopAll(cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, h := range q.held {
		h.stop(cause)
	}
}

// beatLoop beats until ctx ends.
func (q *Queue) beatLoop(ctx context.Context) {
	tick := time.NewTicker(q.cfg.BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-q.nudge:
		}
		q.beat(ctx)
	}
}

// beat prolongs all leases at once. A run whose lease is lost, or that no beat has reached for a whole lease, is stopped: someone
// else may have it.
func (q *Queue) beat(ctx context.Context) {
	leases := q.leases()
	if len(leases) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, q.cfg.BeatEvery)
	defer cancel()
	asked := time.Now()
	beats, err := q.cfg.Store.Beat(ctx, q.cfg.Worker, leases, q.cfg.Lease)
	if err != nil {
		q.cfg.Log.Warn("beat failed", "worker", q.cfg.Worker, "runs", len(leases), "err", err)
		q.stopOverdue()
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range leases {
		h := q.held[l.RunID]
		if h == nil || h.claimed.Lease != l { // it has returned, and may have been claimed again: the answer is of its lease before
			continue
		}
		h.until = asked.Add(q.cfg.Lease)
		if slices.Contains(beats.Lost, l.RunID) {
			h.stop(store.ErrLostLease)
		}
		if action, ok := beats.Cancels[l.RunID]; ok {
			h.stop(Cancelled{Action: action})
		}
	}
}

func (q *Queue) leases() []store.Lease {
	q.mu.Lock()
	defer q.mu.Unlock()
	leases := make([]store.Lease, 0, len(q.held))
	for _, h := range q.held {
		leases = append(leases, h.claimed.Lease)
	}
	return leases
}

// stopOverdue stops the runs whose leases have ended as far as this process can tell.
func (q *Queue) stopOverdue() {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for _, h := range q.held {
		if now.After(h.until) {
			h.stop(store.ErrLostLease)
		}
	}
}
