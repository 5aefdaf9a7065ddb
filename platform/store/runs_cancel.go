package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Cancel cancels runs of one thread, all or none (H-27): if one of runIDs is no run of a thread that s, a scope for update, reaches, the
// answer is ErrNotFound and nothing has changed. A running run is asked to stop: its holder ends it. A pending run has ended when Cancel
// returns: it is interrupted, or deleted by CancelRollback. A run that had ended before stays as it is.
//
// reason is why, for whoever reads the thread; "" is [ReasonRequest]. Of two cancels the first one's stays.
//
// It returns the runs as they are afterwards; one that was deleted is returned as interrupted.
func (r *Runs) Cancel(ctx context.Context, s access.ThreadScope, threadID string, runIDs []string, action, reason string) ([]Run, error) {
	if err := s.Permit(authhooks.Update); err != nil {
		return nil, err
	}
	if action != CancelInterrupt && action != CancelRollback {
		return nil, fmt.Errorf("cancel runs: action %q is not known", action)
	}
	threadID, ok := key(threadID)
	ids := keys(runIDs)
	if !ok || len(ids) < len(runIDs) {
		return nil, ErrNotFound
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var runs []Run
	err := r.db.write(ctx, func(tx *gorm.DB) (err error) {
		runs, err = r.cancel(tx, s, threadID, ids, action, reason)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cancel runs: %w", err)
	}
	return runs, nil
}

func (r *Runs) cancel(tx *gorm.DB, s access.ThreadScope, thread string, ids []string, action, reason string) ([]Run, error) {
	if _, err := r.db.lockThread(tx, s, thread); err != nil {
		return nil, err
	}
	queue, err := r.db.lockQueue(tx, thread)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(ids))
	for i, id := range ids {
		if runs[i], err = r.db.findRun(tx, thread, id); err != nil {
			return nil, err
		}
	}
	if err := r.cancelIn(tx, thread, queue, func(q queued) bool { return slices.Contains(ids, q.id) }, action, reason); err != nil {
		return nil, err
	}
	return runs, r.refresh(tx, r.db.clock(), thread, runs)
}

// Ended reports whether a run that was cancelled under the same scope, for update, has ended. One that left no trace is ErrNotFound.
func (r *Runs) Ended(ctx context.Context, s access.ThreadScope, threadID, runID string) (bool, error) {
	if err := s.Permit(authhooks.Update); err != nil {
		return false, err
	}
	threadID, okThread := key(threadID)
	runID, okRun := key(runID)
	if !okThread || !okRun {
		return false, ErrNotFound
	}
	where, args := r.db.reachThread("t", s.Filter())
	var run Run
	err := one(r.db.read(ctx), []any{&run.Status}, `SELECT r.status FROM runs r JOIN threads t ON t.id = r.thread_id
		WHERE r.id = ? AND t.id = ? AND t.hidden_at IS NULL AND `+where, append([]any{runID, threadID}, args...)...)
	if err != nil {
		return false, fmt.Errorf("cancelled run: %w", found(err))
	}
	return run.Ended(), nil
}

// refresh reads the runs again after they were cancelled.
func (r *Runs) refresh(tx *gorm.DB, now time.Time, thread string, runs []Run) error {
	for i := range runs {
		run, err := r.db.findRun(tx, thread, runs[i].ID)
		switch {
		case errors.Is(err, ErrNotFound):
			runs[i].Status, runs[i].Cancel, runs[i].EndedAt = RunInterrupted, CancelRollback, now
		case err != nil:
			return err
		default:
			runs[i] = run
		}
	}
	return nil
}

// findRun reads a run of a thread whose row this transaction holds.
func (db *DB) findRun(tx *gorm.DB, thread, id string) (run Run, err error) {
	n := 0
	err = each(tx, func(rows *sql.Rows) error {
		n++
		return scanRun(rows, &run)
	}, `SELECT `+runColumns+` FROM runs r WHERE r.id = ? AND r.thread_id = ?`, id, thread)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return run, err
}
