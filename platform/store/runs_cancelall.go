package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Cancels selects unfinished runs of many threads.
type Cancels struct {
	// Status is RunPending or RunRunning; "" is both.
	Status string
	// AssistantID keeps the runs of that assistant; "" keeps all.
	AssistantID string
	// Metadata is an object that the thread's metadata contains; nil for any.
	Metadata JSON
	Action   string
	// Reason is why, for whoever reads the thread; "" is [ReasonRequest].
	Reason string
}

// cancelChunk is how many threads one transaction goes through.
const cancelChunk = 100

// CancelAll cancels the unfinished runs that q selects, of threads that update, a scope for update, reaches, and search, a scope for
// search, as well: a handler that thinks of one thread at a time and lets an update of none pass still keeps others' runs out of it
// (H-36). Each thread is dealt with as by Cancel; a run that was asked to stop already counts as one. It returns how many runs there
// were, and their threads.
func (r *Runs) CancelAll(ctx context.Context, update, search access.ThreadScope, q Cancels) (n int, threads []string, err error) {
	if err := errors.Join(update.Permit(authhooks.Update), search.Permit(authhooks.Search)); err != nil {
		return 0, nil, err
	}
	if q.Action != CancelInterrupt && q.Action != CancelRollback {
		return 0, nil, fmt.Errorf("cancel runs: action %q is not known", q.Action)
	}
	if q.AssistantID != "" {
		id, ok := key(q.AssistantID)
		if !ok {
			return 0, nil, nil
		}
		q.AssistantID = id
	}
	after := ""
	for {
		var chunk []string
		gone := 0
		err := r.db.write(ctx, func(tx *gorm.DB) (err error) {
			chunk, gone, err = r.cancelChunk(tx, update, search, q, after)
			return err
		})
		if err != nil {
			return n, threads, fmt.Errorf("cancel runs: %w", err)
		}
		n, threads = n+gone, append(threads, chunk...)
		if len(chunk) < cancelChunk {
			return n, threads, nil
		}
		after = chunk[len(chunk)-1]
	}
}

// cancelChunk cancels in the threads that come after one, in the order of their ids, in which they are locked.
func (r *Runs) cancelChunk(tx *gorm.DB, update, search access.ThreadScope, q Cancels, after string) (threads []string, n int, err error) {
	query, args, err := r.cancellable(update, search, q, after)
	if err != nil {
		return nil, 0, err
	}
	err = each(tx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		threads = append(threads, id)
		return err
	}, query, args...)
	if err != nil {
		return nil, 0, err
	}
	for _, thread := range threads {
		some, err := r.cancelSelected(tx, thread, q)
		if err != nil {
			return nil, 0, err
		}
		n += some
	}
	return threads, n, nil
}

// cancellable finds the threads of a chunk by their unfinished runs, which are few.
func (r *Runs) cancellable(update, search access.ThreadScope, q Cancels, after string) (query string, args []any, err error) {
	if after == "" {
		after = "00000000-0000-0000-0000-000000000000"
	}
	selected, args := q.where()
	byUpdate, more := r.db.reachThread("t", update.Filter())
	args = append(args, more...)
	bySearch, more := r.db.reach("t", search.Filter())
	args = append(args, more...)
	contains := "TRUE"
	if len(q.Metadata) > 0 {
		if contains, more, err = containsSQL(r.db.dialect, "t", "metadata", q.Metadata, r.db.indexed...); err != nil {
			return "", nil, err
		}
		args = append(args, more...)
	}
	return `SELECT t.id FROM threads t WHERE t.id IN (SELECT r.thread_id FROM runs r WHERE ` + selected + `) AND t.hidden_at IS NULL
		AND ` + byUpdate + ` AND ` + bySearch + ` AND (` + contains + `) AND t.id > ? ORDER BY t.id LIMIT ?` + r.db.forUpdate("t"),
		append(args, after, cancelChunk), nil
}

// where is the condition of the runs, of runs r.
func (q Cancels) where() (sql string, args []any) {
	sql = `r.status IN ('pending', 'running')`
	if q.Status != "" {
		sql, args = sql+` AND r.status = ?`, append(args, q.Status)
	}
	if q.AssistantID != "" {
		sql, args = sql+` AND `+amongOthers, append(args, q.AssistantID)
	}
	return sql, args
}

// cancelSelected cancels in one thread, whose row the transaction holds.
func (r *Runs) cancelSelected(tx *gorm.DB, thread string, q Cancels) (int, error) {
	queue, err := r.db.lockQueue(tx, thread)
	if err != nil {
		return 0, err
	}
	where, args := q.where()
	var ids []string
	err = each(tx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT r.id FROM runs r WHERE r.thread_id = ? AND `+where, append([]any{thread}, args...)...)
	if err != nil {
		return 0, err
	}
	return len(ids), r.cancelIn(tx, thread, queue, func(q queued) bool { return slices.Contains(ids, q.id) }, q.Action, q.Reason)
}

// cancelIn cancels those of a thread's unfinished runs that are targets, and lets the others move up. The transaction holds the thread
// row.
func (r *Runs) cancelIn(tx *gorm.DB, thread string, queue []queued, target func(queued) bool, action, reason string) error {
	if reason == "" {
		reason = ReasonRequest
	}
	var targets, left []queued
	for _, q := range queue {
		if target(q) {
			targets = append(targets, q)
		} else {
			left = append(left, q)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	now := r.db.clock()
	running, err := r.db.cancelQueued(tx, now, thread, targets, action, reason)
	if err != nil {
		return err
	}
	left = append(running, left...)
	if err := r.db.advance(tx, left); err != nil {
		return err
	}
	if len(left) > 0 {
		return nil
	}
	if action == CancelInterrupt {
		if err := r.db.note(tx, thread, reason); err != nil {
			return err
		}
	}
	return r.db.settle(tx, now, thread)
}
