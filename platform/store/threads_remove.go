package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// removeAtOnce is how many rows of states and logs one transaction of SQLite deletes: the one writer is held up for some milliseconds.
const removeAtOnce = 500

// bulky are the tables that have many rows of a thread. What else a thread has goes with its row.
var bulky = []string{"events", "writes", "channel_values", "checkpoints"}

// removal deletes threads. On SQLite, where a long transaction would make everyone wait, those that have much are only hidden with
// the transaction, which is when they are gone for all who look, and emptied in short ones after it. What a crash leaves of them is
// deleted by [Events.SweepTemporary]; until then their ids stay taken.
type removal struct {
	db     *DB
	left   int // rows that may still be deleted at once
	hidden []string
}

func (db *DB) newRemoval() *removal { return &removal{db: db, left: removeAtOnce} }

// remove deletes or hides a thread whose row the transaction holds. Runs go first: that waits for the workers that hold them, whose
// own statements need the thread to be there, and lets no other in.
func (r *removal) remove(tx *gorm.DB, id string) error {
	if _, err := change(tx, "DELETE FROM runs WHERE thread_id = ?", id); err != nil {
		return err
	}
	if r.db.dialect == SQLite {
		n, err := bulk(tx, id, r.left)
		if err != nil {
			return err
		}
		if n > r.left {
			return r.hide(tx, id)
		}
		r.left -= n
	}
	_, err := change(tx, "DELETE FROM threads WHERE id = ?", id)
	return err
}

// bulk counts the rows that a thread has in bulky tables, up to a little above most.
func bulk(tx *gorm.DB, id string, most int) (n int, err error) {
	query, args := "SELECT 0", []any(nil)
	for _, table := range bulky {
		query += " + (SELECT count(*) FROM (SELECT 1 FROM " + table + " WHERE thread_id = ? LIMIT ?))"
		args = append(args, id, most+1)
	}
	return n, one(tx, []any{&n}, query, args...)
}

// hide takes a thread out of sight, with what would still act for it.
func (r *removal) hide(tx *gorm.DB, id string) error {
	for _, query := range []string{"DELETE FROM crons WHERE thread_id = ?", "DELETE FROM deliveries WHERE thread_id = ?"} {
		if _, err := change(tx, query, id); err != nil {
			return err
		}
	}
	_, err := change(tx, "UPDATE threads SET hidden_at = ?, expires_at = NULL WHERE id = ?", r.db.in(0), id)
	r.hidden = append(r.hidden, id)
	return err
}

// finish empties and deletes the threads that were hidden. They are gone already: that something is left of them is nobody's failure.
func (r *removal) finish(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, id := range r.hidden {
		if err := r.db.empty(ctx, id); err != nil {
			r.db.log.LogAttrs(ctx, slog.LevelWarn, "a deleted thread waits for the sweep", slog.String("thread_id", id), slog.Any("error", err))
		}
	}
}

// empty deletes a hidden thread, a few rows at a time.
func (db *DB) empty(ctx context.Context, id string) error {
	for whole := false; !whole; {
		err := db.write(ctx, func(tx *gorm.DB) error {
			left := removeAtOnce
			for _, table := range bulky {
				n, err := change(tx, "DELETE FROM "+table+" WHERE rowid IN (SELECT b.rowid FROM "+table+" b WHERE b.thread_id = ? LIMIT ?)", id, left)
				if err != nil {
					return err
				}
				if left -= int(n); left == 0 {
					return nil
				}
			}
			whole = true
			_, err := change(tx, "DELETE FROM threads WHERE id = ? AND hidden_at IS NOT NULL", id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// SweepTemporary deletes threads of stateless runs that ended ten minutes ago, and what is left of others that were deleted, at most
// limit, and returns how many.
func (e *Events) SweepTemporary(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	if err := a.Permit(); err != nil {
		return 0, err
	}
	const hidden = "SELECT t.id FROM threads t WHERE t.hidden_at <= ? LIMIT ?"
	if e.db.dialect == Postgres {
		deleted, err := change(e.db.exec(ctx), "DELETE FROM threads WHERE id IN ("+hidden+")", e.db.in(-hiddenFor), limit)
		if err != nil {
			return 0, fmt.Errorf("sweep temporary threads: %w", err)
		}
		return int(deleted), nil
	}
	var ids []string
	err = each(e.db.read(ctx), func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, hidden, e.db.in(-hiddenFor), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep temporary threads: %w", err)
	}
	for _, id := range ids {
		if err := e.db.empty(ctx, id); err != nil {
			return n, fmt.Errorf("sweep temporary threads: %w", err)
		}
		n++
	}
	return n, nil
}
