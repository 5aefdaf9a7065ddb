package runs

import (
	"context"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// CancelSome cancels runs of one thread, all or none (H-27). update is for threads:update; a run that it does not reach is
// store.ErrNotFound, and then nothing is cancelled.
func (r *Runs) CancelSome(ctx context.Context, update access.ThreadScope, threadID string, runIDs []string, action string) error {
	if _, err := r.DB.Runs.Cancel(ctx, update, threadID, runIDs, action); err != nil {
		return err
	}
	r.cancelled(threadID)
	return nil
}

// CancelAll cancels the runs that q selects, of threads that both scopes reach, and returns how many there were; see
// [store.Runs.CancelAll].
func (r *Runs) CancelAll(ctx context.Context, update, search access.ThreadScope, q store.Cancels) (int, error) {
	n, threads, err := r.DB.Runs.CancelAll(ctx, update, search, q)
	r.cancelled(threads...)
	return n, err
}

// cancelled tells of cancels in threads.
func (r *Runs) cancelled(threads ...string) {
	for _, thread := range threads {
		r.Hub.Wake(thread) // runs that never started have ended
		r.Hub.Poke(thread) // one that runs is stopped
	}
	if len(threads) > 0 {
		r.Hub.Ring() // those that waited behind them are due
	}
}
