package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
)

// What becomes of a thread whose time is over (rest.md §4.5).
const (
	TTLDelete     = "delete"      // it is gone, with its runs and states
	TTLKeepLatest = "keep_latest" // its history is; the time begins anew when its next run ends
)

// TTL says when a thread's time is over.
type TTL struct {
	Minutes  float64
	Strategy string // TTLDelete, which "" is too, or TTLKeepLatest
	// ExpiresAt is zero for a thread of TTLKeepLatest that has nothing to prune until its next run has ended.
	ExpiresAt time.Time
}

// from returns the TTL counted from now; nil for none.
func (l *TTL) from(now time.Time) *TTL {
	if l == nil {
		return nil
	}
	out := *l
	if out.Strategy == "" {
		out.Strategy = TTLDelete
	}
	out.ExpiresAt = now.Add(time.Duration(out.Minutes * float64(time.Minute))).Truncate(time.Microsecond)
	return &out
}

// columns binds ttl_minutes, ttl_strategy and expires_at.
func (l *TTL) columns(db *DB) (minutes, strategy, expires any) {
	if l == nil {
		return nil, nil, nil
	}
	return l.Minutes, l.Strategy, db.at(l.ExpiresAt)
}

// reachThread renders the condition that a scope's filter reaches threads, and that their time is not over. Whoever looks for a
// thread, or for what belongs to it, says it: a thread whose time is over is not there, also while it was not swept yet.
func (db *DB) reachThread(alias string, f *authhooks.Filter) (sql string, args []any) {
	sql, args = db.reach(alias, f)
	a := quoteName(alias)
	return "(" + sql + ") AND (" + a + ".expires_at IS NULL OR " + a + ".ttl_strategy <> 'delete' OR " + a + ".expires_at > ?)",
		append(args, db.in(0))
}

// gate is a subquery for the id of a thread that all filters reach: NULL for any other. What is looked for by it is looked for on no thread
// that is somebody else's. A join with the filter beside it would say the same, but a database may first go through all that such a thread
// has, and how long that takes would tell how much it is.
func (db *DB) gate(id string, filters ...*authhooks.Filter) (sql string, args []any) {
	return db.gated("SELECT g.id FROM threads AS g WHERE g.id = ?", id, filters...)
}

// gated is [DB.gate] for a thread that is found otherwise: by a query, with one argument, that knows it as g.
func (db *DB) gated(query string, arg any, filters ...*authhooks.Filter) (sql string, args []any) {
	sql, args = "("+query, []any{arg}
	for _, f := range filters {
		reach, more := db.reachThread("g", f)
		sql, args = sql+" AND "+reach, append(args, more...)
	}
	return sql + ")", args
}

// rearm is the assignment that begins a thread's time anew, if it is of keep_latest. Its one argument is the time now.
func (db *DB) rearm() string {
	after := "? + CAST(ttl_minutes * 60000000 AS INTEGER)"
	if db.dialect == Postgres {
		after = "CAST(? AS timestamptz) + ttl_minutes * interval '1 minute'"
	}
	return "expires_at = CASE WHEN ttl_strategy = 'keep_latest' THEN " + after + " ELSE expires_at END"
}

// deleteExpired removes a thread whose time is over, and reports whether it was there.
func (db *DB) deleteExpired(tx *gorm.DB, id string) (bool, error) {
	over := "id = ? AND ttl_strategy = 'delete' AND expires_at <= ?"
	// Its runs first, as [removal.remove] does it.
	_, err := change(tx, "DELETE FROM runs WHERE thread_id IN (SELECT id FROM threads WHERE "+over+")", id, db.in(0))
	if err != nil {
		return false, err
	}
	n, err := change(tx, "DELETE FROM threads WHERE "+over, id, db.in(0))
	return n == 1, err
}
