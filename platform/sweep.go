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

// sweep deletes what has had its time: the threads of stateless runs and events that no reader can still want.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		system := access.System("sweep")
		for _, sweep := range []func(context.Context, access.SystemAccess, int) (int, error){
			s.db.Events.SweepTemporary, s.db.Events.SweepEvents, s.db.Deliveries.SweepDeliveries,
		} {
			if err := s.all(ctx, system, sweep); err != nil && ctx.Err() == nil {
				s.cfg.Log.WarnContext(ctx, "sweep failed", "error", err)
			}
		}
	}
}

// all repeats a sweep in small chunks, so that no transaction is long.
func (s *Server) all(ctx context.Context, system access.SystemAccess, sweep func(context.Context, access.SystemAccess, int) (int, error)) error {
	for ctx.Err() == nil {
		n, err := sweep(ctx, system, sweepMost)
		if err != nil || n < sweepMost {
			return err
		}
	}
	return ctx.Err()
}
