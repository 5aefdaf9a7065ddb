package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// Sweep deletes threads whose time is over, or their history, as their strategy says, the oldest first and at most limit; it returns
// how many. One that keeps its latest state and is at work waits for the end of its run, from which its time begins anew.
func (t *Threads) Sweep(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	if err := a.Permit(); err != nil {
		return 0, err
	}
	for n < limit {
		size, swept, gone := min(limit-n, deleteChunk), 0, t.db.newRemoval()
		err := t.db.write(ctx, func(tx *gorm.DB) (err error) {
			swept, err = t.db.sweepThreads(tx, gone, size)
			return err
		})
		if err != nil {
			return n, fmt.Errorf("sweep threads: %w", err)
		}
		gone.finish(ctx)
		if n += swept; swept < size {
			break
		}
	}
	return n, nil
}

func (db *DB) sweepThreads(tx *gorm.DB, gone *removal, limit int) (int, error) {
	lock := ""
	if db.dialect == Postgres {
		lock = " FOR NO KEY UPDATE OF t SKIP LOCKED" // who holds one may be about to give it more time
	}
	type expired struct{ id, strategy string }
	var over []expired
	err := each(tx, func(rows *sql.Rows) error {
		var e expired
		err := rows.Scan(&e.id, &e.strategy)
		over = append(over, e)
		return err
	}, `SELECT t.id, t.ttl_strategy FROM threads t WHERE t.expires_at <= ? AND (t.ttl_strategy = 'delete' OR NOT EXISTS
		(SELECT 1 FROM runs r WHERE r.thread_id = t.id AND r.status IN ('pending', 'running')))
		ORDER BY t.expires_at LIMIT ?`+lock, db.in(0), limit)
	if err != nil {
		return 0, err
	}
	for _, e := range over {
		if e.strategy == TTLDelete {
			err = gone.remove(tx, e.id)
		} else if err = db.prune(tx, e.id); err == nil {
			_, err = change(tx, "UPDATE threads SET expires_at = NULL WHERE id = ?", e.id)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(over), nil
}

// ClaimSweep reports whether this process is to do a sweep now: of all that ask within a period, one. The database's clock decides.
func (db *DB) ClaimSweep(ctx context.Context, a access.SystemAccess, name string, period time.Duration) (bool, error) {
	if err := a.Permit(); err != nil {
		return false, err
	}
	n, err := change(db.exec(ctx), `INSERT INTO sweeps (name, due_at) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at WHERE sweeps.due_at <= ?`, name, db.in(period), db.in(0))
	if err != nil {
		return false, fmt.Errorf("claim sweep %s: %w", name, err)
	}
	return n == 1, nil
}
