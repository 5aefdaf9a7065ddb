package runs

import (
	"context"
	"errors"
	"time"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// How often a cancelled run is looked at until it has ended.
const (
	lookFirst = 10 * time.Millisecond
	lookLast  = 500 * time.Millisecond
)

// Cancel is a cancel of one run. Action is store.CancelInterrupt or store.CancelRollback, Reason is store.ReasonRequest or one of its
// sisters. With Wait the run has ended when the cancel is done.
type Cancel struct {
	ThreadID, RunID, Action, Reason string
	Wait                            bool
}

// Cancel cancels a run. One that had ended before stays as it is. update is for threads:update; a run that it does not reach is
// store.ErrNotFound.
func (r *Runs) Cancel(ctx context.Context, update access.ThreadScope, c Cancel) error {
	runs, err := r.DB.Runs.Cancel(ctx, update, c.ThreadID, []string{c.RunID}, c.Action, c.Reason)
	if err != nil {
		return err
	}
	r.cancelled(c.ThreadID)
	if !c.Wait || len(runs) == 0 || runs[0].Ended() {
		return nil
	}
	for pause := lookFirst; ; pause = min(2*pause, lookLast) {
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		ended, err := r.DB.Runs.Ended(ctx, update, c.ThreadID, c.RunID)
		if errors.Is(err, store.ErrNotFound) { // it was rolled back
			return nil
		}
		if ended || err != nil {
			return err
		}
	}
}

// leaveTime is how long the cancel of a run may take whose client has gone.
const leaveTime = 5 * time.Second

// Leave cancels a run whose client has gone, which ctx need not outlast. update is for threads:update; a run that it does not reach, and one
// that is gone, is none to cancel.
func (r *Runs) Leave(ctx context.Context, update access.ThreadScope, run store.Run) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer done()
	err := r.Cancel(ctx, update, Cancel{
		ThreadID: run.ThreadID, RunID: run.ID, Action: store.CancelInterrupt, Reason: store.ReasonDisconnect,
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// CancelSome cancels runs of one thread, all or none (H-27). update is for threads:update; a run that it does not reach is
// store.ErrNotFound, and then nothing is cancelled.
func (r *Runs) CancelSome(ctx context.Context, update access.ThreadScope, threadID string, runIDs []string, action string) error {
	if _, err := r.DB.Runs.Cancel(ctx, update, threadID, runIDs, action, store.ReasonRequest); err != nil {
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
