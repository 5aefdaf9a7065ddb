package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// Written is the state that a new thread begins with: what POST state would have written, had the thread been there before.
type Written struct {
	Scope   access.ThreadScope // of threads:update
	Commits []graphs.Commit    // in order
	Output  []string           // as [Checkpoints.Writer] has it
}

func (w *Written) permit() error {
	if w == nil {
		return nil
	}
	return w.Scope.Permit(authhooks.Update)
}

// insertWritten inserts a thread with its state, and fills in what the state has made of the row.
func (t *Threads) insertWritten(ctx context.Context, row *Thread, m metadata, w *Written) (made bool, err error) {
	if f := w.Scope.Filter(); f != nil && !f.Match(m.doc) {
		return false, ErrPostImage
	}
	err = t.db.write(ctx, func(tx *gorm.DB) error {
		if made, err = t.db.insertThread(tx, *row, m); !made || err != nil {
			return err
		}
		into := &writer{reader: &reader{db: t.db, thread: row.ID}, scope: w.Scope, output: w.Output}
		for _, c := range w.Commits {
			if err := into.store(tx, c); err != nil {
				return err
			}
		}
		if n := len(w.Commits); n > 0 {
			if err := into.publish(tx, w.Commits[n-1]); err != nil {
				return err
			}
		}
		return scanWritten(tx, row)
	})
	if err != nil {
		return false, fmt.Errorf("write state: %w", err)
	}
	return made, nil
}

// scanWritten reads what the writes of a state change of a row.
func scanWritten(tx *gorm.DB, row *Thread) error {
	var values raw
	var updated, stateUpdated, expires moment
	err := one(tx, []any{&values, &updated, &stateUpdated, &expires}, `SELECT v."values", t.updated_at, t.state_updated_at, t.expires_at
		FROM threads t LEFT JOIN thread_values v ON v.thread_id = t.id WHERE t.id = ?`, row.ID)
	row.Values, row.UpdatedAt, row.StateUpdatedAt = JSON(values), updated.Time, stateUpdated.Time
	if row.TTL != nil {
		row.TTL.ExpiresAt = expires.Time
	}
	return err
}
