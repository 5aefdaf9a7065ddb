package store

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Delete removes a run of a thread that s, a scope for delete, reaches, with its checkpoints and events. Who executes it loses the lease.
// The thread's values and status become those of its newest remaining checkpoint.
func (r *Runs) Delete(ctx context.Context, s access.ThreadScope, threadID, runID string) error {
	if err := s.Permit(authhooks.Delete); err != nil {
		return err
	}
	threadID, okThread := key(threadID)
	runID, okRun := key(runID)
	if !okThread || !okRun {
		return ErrNotFound
	}
	err := r.db.write(ctx, func(tx *gorm.DB) error {
		if _, err := r.db.lockThread(tx, s, threadID); err != nil {
			return err
		}
		queue, err := r.db.lockQueue(tx, threadID)
		if err != nil {
			return err
		}
		run, err := r.db.findRun(tx, threadID, runID)
		if err != nil {
			return err
		}
		checkpoints, err := r.db.erase(tx, threadID, runID)
		if err != nil {
			return err
		}
		queue = slices.DeleteFunc(queue, func(q queued) bool { return q.id == runID })
		if err := r.db.advance(tx, queue); err != nil {
			return err
		}
		switch {
		case checkpoints > 0:
			return r.db.restore(tx, r.db.clock(), threadID)
		case !run.Ended():
			return r.db.settle(tx, r.db.clock(), threadID)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete run: %w", err)
	}
	return nil
}

// erase deletes a run with its events, its checkpoints, its writes to the checkpoints of others, and the values that no remaining
// checkpoint needs. It returns how many checkpoints it deleted.
func (db *DB) erase(tx *gorm.DB, thread, run string) (checkpoints int64, err error) {
	if _, err = change(tx, `DELETE FROM runs WHERE id = ? AND thread_id = ?`, run, thread); err != nil {
		return 0, err
	}
	if _, err = change(tx, `DELETE FROM events WHERE run_id = ? AND thread_id = ?`, run, thread); err != nil {
		return 0, err
	}
	if _, err = change(tx, `DELETE FROM writes WHERE thread_id = ? AND run_id = ?`, thread, run); err != nil {
		return 0, err
	}
	if checkpoints, err = change(tx, `DELETE FROM checkpoints WHERE thread_id = ? AND run_id = ?`, thread, run); err != nil {
		return 0, err
	}
	if checkpoints == 0 {
		return 0, nil
	}
	return checkpoints, db.sweepValues(tx, thread)
}

// sweepValues deletes the values and writes of a thread that no checkpoint of it needs: by name, or below a value that is needed.
func (db *DB) sweepValues(tx *gorm.DB, thread string) error {
	_, err := change(tx, `DELETE FROM writes WHERE thread_id = ? AND NOT EXISTS
		(SELECT 1 FROM checkpoints c WHERE c.thread_id = writes.thread_id AND c.ns = writes.ns AND c.id = writes.checkpoint_id)`, thread)
	if err != nil {
		return err
	}
	named := `SELECT c.ns, e.key, e.value FROM checkpoints c, json_each(c.versions) e WHERE c.thread_id = ?`
	if db.dialect == Postgres {
		named = `SELECT c.ns, e.key, e.value FROM checkpoints c, json_each_text(c.versions) e WHERE c.thread_id = ?`
	}
	_, err = change(tx, `WITH RECURSIVE live(ns, channel, version) AS (`+named+` UNION
			SELECT v.ns, v.channel, v.base FROM live l JOIN channel_values v
				ON v.thread_id = ? AND v.ns = l.ns AND v.channel = l.channel AND v.version = l.version WHERE v.base <> '')
		DELETE FROM channel_values WHERE thread_id = ? AND (ns, channel, version) NOT IN (SELECT ns, channel, version FROM live)`,
		thread, thread, thread)
	return err
}
