package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// Finish ends the run of a lease.
type Finish struct {
	// Status is RunSuccess, RunError, RunTimeout or RunInterrupted.
	Status string
	// Failure says why, for RunError and RunTimeout. It becomes the error of the run and of the thread.
	Failure *graphs.Failure
	// Values are the thread's root values after the run, as the graph's output shows them; nil leaves those that are stored.
	Values JSON
	// Next are the nodes that would run next, and Interrupts is {task id: [interrupt]}: they make the thread's status (rest.md §4.10).
	Next       []string
	Interrupts JSON
	// Rollback deletes the run with its checkpoints and events, and the thread is as it was before; the other fields are then of no
	// account.
	Rollback bool
	// KeepEventsFor is how long the run's events stay; 0 means as long as the thread.
	KeepEventsFor time.Duration
}

// finish ends a run whose thread and lease this transaction holds.
func (db *DB) finish(tx *gorm.DB, now time.Time, l Lease, f *Finish) error {
	if f.Rollback {
		if err := db.announceRollback(tx, now, l); err != nil {
			return err
		}
		if _, err := db.erase(tx, l.ThreadID, l.RunID); err != nil {
			return err
		}
		if _, err := db.nextHead(tx, l.ThreadID); err != nil {
			return err
		}
		// Only a finish writes the thread's values, interrupts and error: they are still those from before the run.
		return db.settle(tx, now, l.ThreadID)
	}
	failure, err := f.failure()
	if err != nil {
		return err
	}
	var expires any
	if f.KeepEventsFor > 0 {
		expires = db.at(now.Add(f.KeepEventsFor))
	}
	var webhook, reason string
	err = one(tx, []any{&webhook, &reason}, `UPDATE runs SET status = ?, error = ?, due_at = NULL, ended_at = ?, updated_at = ?, expires_at = ?
		WHERE id = ? RETURNING webhook, cancel_reason`, f.Status, failure, db.at(now), db.at(now), expires, l.RunID)
	if err != nil {
		return err
	}
	if err := db.announce(tx, now, l.ThreadID, l.RunID, webhook, f.Values); err != nil {
		return err
	}
	pending, err := db.nextHead(tx, l.ThreadID)
	if err != nil {
		return err
	}
	if f.Values != nil {
		if err := db.setValues(tx, l.ThreadID, f.Values); err != nil {
			return err
		}
	}
	if f.Status == RunInterrupted {
		failure = text(interruption(reason))
	}
	return db.closeThread(tx, now, l.ThreadID, f, f.threadStatus(pending), failure)
}

// failure is the run's error as it is stored.
func (f *Finish) failure() (any, error) {
	switch f.Status {
	case RunSuccess, RunInterrupted:
		return nil, nil
	case RunError, RunTimeout:
	default:
		return nil, fmt.Errorf("status %q is not the end of a run", f.Status)
	}
	failure := f.Failure
	if failure == nil {
		failure = &graphs.Failure{Class: "Error", Message: "the run failed"}
	}
	data, err := json.Marshal(failure)
	return text(data), err
}

// threadStatus is the thread's status after the run (rest.md §4.10, streaming.md §3.9). A pause comes before the runs that wait, but a
// cancelled run that was to make way for another leaves the thread busy.
func (f *Finish) threadStatus(pending bool) string {
	switch {
	case f.Status == RunError || f.Status == RunTimeout:
		return "error"
	case f.Status == RunInterrupted && pending:
		return "busy"
	case len(f.Next) > 0:
		return "interrupted"
	case pending:
		return "busy"
	}
	return "idle"
}

// closeThread writes the end of a run to its thread. A temporary thread is hidden with it.
func (db *DB) closeThread(tx *gorm.DB, now time.Time, thread string, f *Finish, status string, failure any) error {
	at := db.at(now)
	_, err := change(tx, `UPDATE threads SET status = ?, error = ?, interrupts = ?, updated_at = ?,
		state_updated_at = CASE WHEN ? THEN ? ELSE state_updated_at END, `+db.rearm()+`,
		hidden_at = CASE WHEN temporary THEN ? ELSE hidden_at END WHERE id = ?`,
		status, failure, text(orEmpty(f.Interrupts)), at, f.Values != nil, db.cast(at), at, db.cast(at), thread)
	return err
}

// cast gives a bound time its type, where Postgres cannot see it.
func (db *DB) cast(at any) any {
	if db.dialect == Postgres {
		return gorm.Expr("CAST(? AS timestamptz)", at)
	}
	return at
}

// setValues stores the thread's latest root values.
func (db *DB) setValues(tx *gorm.DB, thread string, values JSON) error {
	_, err := change(tx, `INSERT INTO thread_values (thread_id, "values") VALUES (?, ?)
		ON CONFLICT (thread_id) DO UPDATE SET "values" = excluded."values"`, thread, text(values))
	return err
}

// firstPending says twice which runs it means: the longer condition is that of the index, which SQLite does not deduce.
const firstPending = `SELECT r.id, r.order_at FROM runs r WHERE r.thread_id = ? AND r.status IN ('pending', 'running') AND r.status = 'pending'
	ORDER BY r.order_at, r.seq LIMIT 1`

// nextHead makes the first pending run the thread's head, and reports whether there is one. No run of the thread is running, and the
// transaction holds the thread row, so that no claim can see the run before.
func (db *DB) nextHead(tx *gorm.DB, thread string) (bool, error) {
	var id string
	var order moment
	err := one(tx, []any{&id, &order}, firstPending, thread)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = change(tx, `UPDATE runs SET due_at = ? WHERE id = ?`, db.dueAt(order.Time), id)
	return true, err
}

// settle gives a thread the status that it had before runs which have left no trace: busy while others wait, error if its last run
// failed, which a cancelled one has not, interrupted if its newest state has something to do. A temporary thread has no other run: it is hidden.
func (db *DB) settle(tx *gorm.DB, now time.Time, thread string) error {
	at := db.at(now)
	_, err := change(tx, `UPDATE threads SET updated_at = ?, hidden_at = CASE WHEN temporary THEN ? ELSE hidden_at END, status = CASE
		WHEN EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = threads.id AND r.status IN ('pending', 'running')) THEN 'busy'
		WHEN error ->> 'error' <> ? THEN 'error'
		WHEN (SELECT CAST(c.next AS text) FROM checkpoints c WHERE c.thread_id = threads.id AND c.ns = '' ORDER BY c.id DESC LIMIT 1) <> '[]'
			THEN 'interrupted' ELSE 'idle' END WHERE id = ?`, at, db.cast(at), userInterrupt, thread)
	return err
}

// restore gives a thread the values, interrupts and error of its newest root checkpoint, after later ones were deleted. Of the values it
// keeps the names that the thread shows now: what else the checkpoint holds may be private to the graph.
func (db *DB) restore(tx *gorm.DB, now time.Time, thread string) error {
	newest, err := db.loadNewest(tx, thread)
	if err != nil {
		return err
	}
	if newest == nil {
		if _, err := change(tx, `DELETE FROM thread_values WHERE thread_id = ?`, thread); err != nil {
			return err
		}
		newest = &graphs.Saved{}
	}
	interrupts, failure := pendingOf(newest)
	if _, err := change(tx, `UPDATE threads SET interrupts = ?, error = ?, state_updated_at = ? WHERE id = ?`,
		text(interrupts), text(failure), db.at(now), thread); err != nil {
		return err
	}
	if err := db.restoreValues(tx, thread, newest.Values); err != nil {
		return err
	}
	return db.settle(tx, now, thread)
}

func (db *DB) restoreValues(tx *gorm.DB, thread string, values map[string]json.RawMessage) error {
	var stored raw
	err := one(tx, []any{&stored}, `SELECT "values" FROM thread_values WHERE thread_id = ?`, thread)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var shown map[string]json.RawMessage
	if err := json.Unmarshal(stored, &shown); err != nil { // a graph whose output is no object: there are no names to choose by
		return nil
	}
	out := make(map[string]json.RawMessage, len(values))
	for name := range shown {
		if v, ok := values[name]; ok {
			out[name] = v
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return db.setValues(tx, thread, data)
}

// pendingOf returns what the tasks of a checkpoint wait for, {task id: [interrupt]}, and the error of one that failed.
func pendingOf(s *graphs.Saved) (interrupts, failure JSON) {
	asked := map[string]json.RawMessage{}
	for _, w := range s.Writes {
		switch {
		case w.Channel == graphs.InterruptChannel && string(w.Value) != "[]": // an empty list: it was answered
			asked[w.Task] = w.Value
		case w.Channel == graphs.ErrorChannel:
			failure = w.Value
		}
	}
	interrupts, _ = json.Marshal(asked) // raw values that were stored always encode
	return interrupts, failure
}
