package platform

import (
	"context"
	"time"

	"github.com/locutory/locutory/platform/access"
)

const (
	sweepEvery = time.Minute
	sweepMost  = 500
)

// chore deletes what has had its time, of every process's rows: of all that serve one database, one does it.
type chore struct {
	name  string
	every time.Duration
	// most is how much one call of do may delete; whole repeats the call until nothing is left.
	most  int
	whole bool
	do    func(ctx context.Context, a access.SystemAccess, most int) (int, error)
}

// chores are the threads of stateless runs, events that no reader can still want, webhooks that were told long ago, offers of
// feedback that nobody took up, and threads and items of the store whose time is over.
func (s *Server) chores() []chore {
	ttl := s.cfg.File.Checkpointer
	return []chore{
		{"temporary", sweepEvery, sweepMost, true, s.db.Events.SweepTemporary},
		{"events", sweepEvery, sweepMost, true, s.db.Events.SweepEvents},
		{"deliveries", sweepEvery, sweepMost, true, s.db.Deliveries.SweepDeliveries},
		{"feedback", sweepEvery, sweepMost, true, s.db.Feedback.SweepFeedback},
		{"items", s.cfg.File.Store.TTL.SweepInterval, sweepMost, true, s.db.Items.SweepExpired},
		{"threads", ttl.SweepEvery, ttl.SweepLimit, false, s.db.Threads.Sweep},
	}
}

// sweep does the chores, each at its period, until ctx is done.
func (s *Server) sweep(ctx context.Context) {
	tick := sweepEvery
	for _, w := range s.chores() {
		tick = min(tick, w.every)
	}
	ticker := time.NewTicker(max(tick, time.Second))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, w := range s.chores() {
			// Half a tick early, so that a tick a moment before the time does not put the sweep off to the next.
			if err := s.sweepOnce(ctx, w, w.every-tick/2); err != nil && ctx.Err() == nil {
				s.cfg.Log.WarnContext(ctx, "sweep failed", "sweep", w.name, "error", err)
			}
		}
	}
}

// sweepOnce sweeps, unless it was done within the period.
func (s *Server) sweepOnce(ctx context.Context, w chore, period time.Duration) error {
	system := access.System("sweep")
	mine, err := s.db.ClaimSweep(ctx, system, w.name, period)
	if !mine || err != nil {
		return err
	}
	for ctx.Err() == nil {
		n, err := w.do(ctx, system, w.most)
		if err != nil || n < w.most || !w.whole {
			return err
		}
	}
	return ctx.Err()
}
