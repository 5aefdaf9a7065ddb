package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/locutory/locutory/platform/access"
)

// PoolStats is how a pool of connections stands.
type PoolStats struct {
	// Kind is "read" or "write" of SQLite, "" of Postgres.
	Kind string
	// Max is the greatest size. Open connections are InUse or idle.
	Max, Open, InUse int
	// Waits is how often somebody had to wait for a connection since the start, and Waited how long all of them did.
	Waits  int64
	Waited time.Duration
}

// Pools tells how the pools of connections stand.
func (db *DB) Pools() []PoolStats {
	stats := func(kind string, pool *sql.DB) PoolStats {
		s := pool.Stats()
		return PoolStats{kind, s.MaxOpenConnections, s.OpenConnections, s.InUse, s.WaitCount, s.WaitDuration}
	}
	if db.dialect == Postgres {
		return []PoolStats{stats("", db.pool)}
	}
	return []PoolStats{stats("read", db.readPool), stats("write", db.pool)}
}

const depth = `SELECT r.status, count(*) FROM runs r WHERE r.status IN ('pending', 'running') GROUP BY r.status`

// Depth counts the unfinished runs of all users: numbers for the operator, never for a request of a user. It reads the partial index of
// the queue, whose size is the answer.
func (r *Runs) Depth(ctx context.Context, a access.SystemAccess) (pending, running int, err error) {
	if err := a.Permit(); err != nil {
		return 0, 0, err
	}
	err = each(r.db.read(ctx), func(rows *sql.Rows) error {
		var status string
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return err
		}
		if status == RunRunning {
			running = n
		} else {
			pending = n
		}
		return nil
	}, depth)
	if err != nil {
		return 0, 0, fmt.Errorf("count the queue: %w", err)
	}
	return pending, running, nil
}
