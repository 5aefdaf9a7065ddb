package storetest

import (
	"database/sql"
	"testing"

	"github.com/locutory/locutory/platform/store"
)

// number runs a query behind the store's back that answers with one number; NULL is 0.
func (p *place) number(t testing.TB, query string) int {
	t.Helper()
	pool := open(t, p.config, p.db)
	defer closed(t, pool)
	return number(t, pool, query)
}

// open opens the database behind the store's back.
func open(t testing.TB, config store.Config, db *store.DB) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", config.URI
	if db.Dialect() == store.SQLite {
		driver, dsn = "sqlite", "file:"+config.URI+"?_pragma=busy_timeout(5000)"
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return pool
}

func closed(t testing.TB, pool *sql.DB) {
	if err := pool.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func number(t testing.TB, pool *sql.DB, query string) int {
	t.Helper()
	var n sql.NullInt64
	if err := pool.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return int(n.Int64)
}

// broken are queries that count rows which must not be.
var broken = map[string]string{
	"threads with two heads":       `SELECT count(*) FROM (SELECT thread_id FROM runs WHERE due_at IS NOT NULL GROUP BY thread_id HAVING count(*) > 1) t`,
	"threads with two running":     `SELECT count(*) FROM (SELECT thread_id FROM runs WHERE status = 'running' GROUP BY thread_id HAVING count(*) > 1) t`,
	"ended runs that are due":      `SELECT count(*) FROM runs WHERE due_at IS NOT NULL AND status NOT IN ('pending', 'running')`,
	"running runs that are not":    `SELECT count(*) FROM runs WHERE due_at IS NULL AND status = 'running'`,
	"threads without a head":       `SELECT count(*) FROM threads t WHERE EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = t.id AND r.status IN ('pending', 'running')) AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = t.id AND r.due_at IS NOT NULL)`,
	"heads that another precedes":  `SELECT count(*) FROM runs h JOIN runs r ON r.thread_id = h.thread_id AND r.status = 'pending' WHERE h.due_at IS NOT NULL AND h.status = 'pending' AND (r.order_at < h.order_at OR (r.order_at = h.order_at AND r.seq < h.seq))`,
	"events of a later token":      `SELECT count(*) FROM events e JOIN runs r ON CAST(r.id AS text) = e.run_id WHERE e.token > r.token`,
	"events of a run that is gone": `SELECT count(*) FROM events e WHERE e.run_id <> '' AND NOT EXISTS (SELECT 1 FROM runs r WHERE CAST(r.id AS text) = e.run_id)`,
	"overlapping segments":         `SELECT count(*) FROM events a JOIN events b ON b.thread_id = a.thread_id AND b.first_seq > a.first_seq AND b.first_seq <= a.last_seq`,
	"numbers not given out":        `SELECT count(*) FROM events e JOIN logs l ON l.thread_id = e.thread_id WHERE e.last_seq >= l.next_seq`,
	"bases that do not resolve":    `SELECT count(*) FROM channel_values v WHERE v.base <> '' AND NOT EXISTS (SELECT 1 FROM channel_values b WHERE b.thread_id = v.thread_id AND b.ns = v.ns AND b.channel = v.channel AND b.version = v.base)`,
	"checkpoints of a run gone":    `SELECT count(*) FROM checkpoints c WHERE c.run_id <> '' AND NOT EXISTS (SELECT 1 FROM runs r WHERE CAST(r.id AS text) = c.run_id)`,
	"busy threads at rest":         `SELECT count(*) FROM threads t WHERE t.status = 'busy' AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = t.id AND r.status IN ('pending', 'running'))`,
	"idle threads at work":         `SELECT count(*) FROM threads t WHERE t.status = 'idle' AND EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = t.id AND r.status IN ('pending', 'running'))`,
}

// unresolved counts channels that a checkpoint names and that are not stored.
func unresolved(dialect string) string {
	each := `json_each(c.versions) e`
	if dialect == store.Postgres {
		each = `json_each_text(c.versions) e`
	}
	return `SELECT count(*) FROM checkpoints c, ` + each + ` WHERE NOT EXISTS (SELECT 1 FROM channel_values v
		WHERE v.thread_id = c.thread_id AND v.ns = c.ns AND v.channel = e.key AND v.version = e.value)`
}

func (p *place) sound(t testing.TB) {
	t.Helper()
	Sound(t, p.config, p.db)
}

// Sound checks what must hold of the tables at any time: the heads of threads, the fence of the log, values that resolve.
func Sound(t testing.TB, config store.Config, db *store.DB) {
	t.Helper()
	pool := open(t, config, db)
	defer closed(t, pool)
	for name, query := range broken {
		if n := number(t, pool, query); n != 0 {
			t.Errorf("%d %s", n, name)
		}
	}
	if n := number(t, pool, unresolved(db.Dialect())); n != 0 {
		t.Errorf("%d versions that do not resolve", n)
	}
}
