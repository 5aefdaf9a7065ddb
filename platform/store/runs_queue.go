package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// queued is an unfinished run of a thread whose row this transaction holds.
type queued struct {
	id, status, cancel, webhook string
	orderAt                     time.Time
	due                         bool
}

// lockQueue takes the unfinished runs of a thread, the head first, then in the order in which they will start. The transaction
// holds the thread row, so no run is added or ended meanwhile; the row locks keep claims away.
func (db *DB) lockQueue(tx *gorm.DB, thread string) ([]queued, error) {
	var queue []queued
	err := each(tx, func(rows *sql.Rows) error {
		var q queued
		var order, due moment
		if err := rows.Scan(&q.id, &q.status, &q.cancel, &q.webhook, &order, &due); err != nil {
			return err
		}
		q.orderAt, q.due = order.Time, !due.IsZero()
		queue = append(queue, q)
		return nil
	}, `SELECT r.id, r.status, r.cancel, r.webhook, r.order_at, r.due_at FROM runs r WHERE r.thread_id = ? AND r.status IN ('pending', 'running')
		ORDER BY r.order_at, r.seq`+db.forUpdate("r"), thread)
	if err != nil {
		return nil, fmt.Errorf("queue of the thread: %w", err)
	}
	for i, q := range queue {
		if q.status == RunRunning {
			copy(queue[1:], queue[:i])
			queue[0] = q
		}
	}
	return queue, nil
}

// advance makes the first of a thread's unfinished runs its head. The transaction holds the thread row.
func (db *DB) advance(tx *gorm.DB, queue []queued) error {
	if len(queue) == 0 || queue[0].due {
		return nil
	}
	_, err := change(tx, `UPDATE runs SET due_at = ? WHERE id = ?`, db.dueAt(queue[0].orderAt), queue[0].id)
	return err
}

// cancelQueued cancels runs of a thread: a running one is asked to stop, a pending one has ended at once, or is gone when it is rolled
// back. It returns those that are still unfinished.
func (db *DB) cancelQueued(tx *gorm.DB, now time.Time, thread string, queue []queued, action, reason string) ([]queued, error) {
	var left []queued
	for _, q := range queue {
		if q.status == RunRunning {
			left = append(left, q)
			if q.cancel == action || q.cancel == CancelRollback {
				continue
			}
			if _, err := change(tx, `UPDATE runs SET cancel = ?, updated_at = ?,
				cancel_reason = CASE WHEN cancel = '' THEN ? ELSE cancel_reason END WHERE id = ?`, action, db.at(now), reason, q.id); err != nil {
				return nil, err
			}
			continue
		}
		if err := db.endPending(tx, now, thread, q, action, reason); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// endPending ends a run that never started. Its log is its end alone.
func (db *DB) endPending(tx *gorm.DB, now time.Time, thread string, q queued, action, reason string) error {
	if action == CancelRollback && q.webhook == "" {
		_, err := change(tx, `DELETE FROM runs WHERE id = ?`, q.id)
		return err
	}
	_, err := change(tx, `UPDATE runs SET status = 'interrupted', cancel = ?, cancel_reason = ?, due_at = NULL, ended_at = ?, updated_at = ?,
		expires_at = ? WHERE id = ?`, action, reason, db.at(now), db.at(now), db.at(now.Add(eventKept)), q.id)
	if err != nil {
		return err
	}
	if err := db.announce(tx, now, thread, q.id, q.webhook, nil); err != nil {
		return err
	}
	if action == CancelRollback {
		_, err := change(tx, `DELETE FROM runs WHERE id = ?`, q.id)
		return err
	}
	return db.append(tx, now, thread, q.id, graphs.Event{Kind: graphs.KindRunEnd, RunEnd: &graphs.RunEnded{Status: RunInterrupted}})
}

// eventKept is how long events stay that no worker has told: the end of a run that never started, and writes to the state. Whoever follows
// the thread has heard of them by then, or reads the thread anew.
const eventKept = 7 * 24 * time.Hour

// append adds one event to the log of a thread whose row this transaction holds. run is "" for what no run did.
func (db *DB) append(tx *gorm.DB, now time.Time, thread, run string, e graphs.Event) error {
	seq, err := db.reserve(tx, thread, 1)
	if err != nil {
		return err
	}
	data, err := record(seq, now, e)
	if err != nil {
		return err
	}
	if err := db.insertSegments(tx, Lease{RunID: run, ThreadID: thread}, []Segment{{First: seq, Last: seq, Data: data}}); err != nil || run != "" {
		return err
	}
	_, err = change(tx, `UPDATE events SET expires_at = ? WHERE thread_id = ? AND first_seq = ?`, db.at(now.Add(eventKept)), thread, seq)
	return err
}

// record is the line of an event in a segment. It is what events.Record says.
func record(seq int64, at time.Time, e graphs.Event) ([]byte, error) {
	e.At = at.UnixMicro()
	data, err := json.Marshal(struct {
		Seq int64 `json:"seq"`
		graphs.Event
	}{seq, e})
	return append(data, '\n'), err
}

// dueAt is the due_at of a head: its time if that is to come, else the database's own now.
func (db *DB) dueAt(t time.Time) any {
	if t.After(db.clock()) {
		return db.at(t)
	}
	return db.in(0)
}

// in is the time that is d from now in the database's clock; SQLite's is the process's.
func (db *DB) in(d time.Duration) any {
	if db.dialect == Postgres {
		return gorm.Expr("now() + CAST(? AS bigint) * interval '1 microsecond'", d.Microseconds())
	}
	return db.at(db.clock().Add(d))
}
