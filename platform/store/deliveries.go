package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// The statuses of a delivery.
const (
	DeliveryWaiting   = "waiting" // for its first attempt, or for another
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"
)

// Delivery is the end of a run that is to be told to a URL.
type Delivery struct {
	ID, RunID string
	// URL is where to. Once the delivery has ended it is what [DeliveryEnd] left of it.
	URL    string
	Status string
	// Run is the run at its end, and Values are the root values then, nil for none. Both are zero once the delivery has ended.
	Run    Run
	Values JSON
	// Attempt counts from 1; an attempt whose process was lost counts as well, one that was cut does not.
	Attempt int
	Log     []DeliveryAttempt
	// Token is the fence: a later claim has a greater one.
	Token int64
	// DueAt is when the next attempt is due, or when one that is under way is given up; zero once the delivery has ended.
	DueAt     time.Time
	CreatedAt time.Time
	EndedAt   time.Time // zero while it waits
}

// DeliveryAttempt is one line of a delivery's log.
type DeliveryAttempt struct {
	At time.Time `json:"at"`
	// Status is the HTTP status of the answer, 0 for none; Error says why there was none, or why it was no success.
	Status int           `json:"status,omitempty"`
	Error  string        `json:"error,omitempty"`
	Took   time.Duration `json:"took"` // nanoseconds
}

// DeliveryEnd is how an attempt ended.
type DeliveryEnd struct {
	Attempt   DeliveryAttempt
	Delivered bool
	// Again is when another attempt is due, from now; 0 means never.
	Again time.Duration
	// Cut says that the sender stopped in the middle of the attempt, which then does not count.
	Cut bool
	// URL is what the log keeps of the URL when there is no other attempt: nothing that may be secret.
	URL string
}

// snapshot is the column of that name.
type snapshot struct {
	Run    Run  `json:"run"`
	Values JSON `json:"values,omitempty"`
}

// announce queues the end of a run for its webhook, in the transaction that ends the run: it is neither lost nor told twice by two
// ends. The run's row holds its end already, and the transaction holds the thread.
func (db *DB) announce(tx *gorm.DB, now time.Time, thread, run, webhook string, values JSON) error {
	if webhook == "" {
		return nil
	}
	row, err := db.findRun(tx, thread, run)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	data, err := json.Marshal(snapshot{Run: row, Values: values})
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	_, err = change(tx, `INSERT INTO deliveries (id, run_id, thread_id, url, snapshot, due_at, created_at)
		VALUES (?, ?, (SELECT t.id FROM threads t WHERE t.id = ? AND NOT t.temporary), ?, ?, ?, ?) ON CONFLICT (run_id) DO NOTHING`,
		db.newID(), run, thread, webhook, text(data), db.in(0), db.at(now))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	return nil
}

// announceRollback is announce for a run that is about to leave no trace: whoever waits for it learns that it was interrupted.
func (db *DB) announceRollback(tx *gorm.DB, now time.Time, l Lease) error {
	var webhook string
	if err := one(tx, []any{&webhook}, `SELECT r.webhook FROM runs r WHERE r.id = ?`, l.RunID); err != nil || webhook == "" {
		return err
	}
	_, err := change(tx, `UPDATE runs SET status = 'interrupted', cancel = 'rollback', due_at = NULL, ended_at = ?, updated_at = ?
		WHERE id = ?`, db.at(now), db.at(now), l.RunID)
	if err != nil {
		return err
	}
	return db.announce(tx, now, l.ThreadID, l.RunID, webhook, nil)
}

// deliveryColumns are the columns of a Delivery, from deliveries, in the order of [scanDelivery].
const deliveryColumns = `deliveries.id, deliveries.run_id, deliveries.url, deliveries.status, deliveries.snapshot, deliveries.attempt,
	deliveries.log, deliveries.token, deliveries.due_at, deliveries.created_at, deliveries.ended_at`

func scanDelivery(rows *sql.Rows) (Delivery, error) {
	var (
		d                   Delivery
		taken, log          raw
		due, created, ended moment
	)
	err := rows.Scan(&d.ID, &d.RunID, &d.URL, &d.Status, &taken, &d.Attempt, &log, &d.Token, &due, &created, &ended)
	if err != nil {
		return Delivery{}, err
	}
	d.DueAt, d.CreatedAt, d.EndedAt = due.Time, created.Time, ended.Time
	if err := json.Unmarshal(log, &d.Log); err != nil {
		return Delivery{}, fmt.Errorf("log of delivery %s: %w", d.ID, err)
	}
	if taken == nil {
		return d, nil
	}
	var s snapshot
	if err := json.Unmarshal(taken, &s); err != nil {
		return Delivery{}, fmt.Errorf("snapshot of delivery %s: %w", d.ID, err)
	}
	d.Run, d.Values = s.Run, s.Values
	if string(d.Run.Error) == "null" {
		d.Run.Error = nil
	}
	return d, nil
}

// ClaimDeliveries leases the deliveries that have been due longest, at most limit, and counts an attempt of each. After lease a delivery
// that has not ended is due again.
func (d *Deliveries) ClaimDeliveries(ctx context.Context, a access.SystemAccess, lease time.Duration, limit int) ([]Delivery, error) {
	if err := a.Permit(); err != nil {
		return nil, err
	}
	db := d.db
	var due int
	err := one(db.read(ctx), []any{&due}, `SELECT 1 FROM deliveries d WHERE d.due_at <= ? LIMIT 1`, db.in(0))
	if errors.Is(err, sql.ErrNoRows) { // the usual case, which does not make a writer of who looks
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	claim := `UPDATE deliveries SET attempt = deliveries.attempt + 1, token = deliveries.token + 1, due_at = ? `
	which := `SELECT d.id FROM deliveries d WHERE d.due_at <= ? ORDER BY d.due_at LIMIT ?`
	query, args := claim+`WHERE deliveries.id IN (`+which+`)`, []any{db.in(lease), db.in(0), limit}
	if db.dialect == Postgres {
		query = `WITH due AS MATERIALIZED (` + which + ` FOR NO KEY UPDATE SKIP LOCKED) ` + claim + `FROM due WHERE deliveries.id = due.id`
		args = []any{db.in(0), limit, db.in(lease)}
	}
	var claimed []Delivery
	err = db.write(ctx, func(tx *gorm.DB) error {
		claimed = nil
		return each(tx, func(rows *sql.Rows) error {
			delivery, err := scanDelivery(rows)
			claimed = append(claimed, delivery)
			return err
		}, query+` RETURNING `+deliveryColumns, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	return claimed, nil
}

// EndAttempt stores how an attempt ended. It is [ErrLostLease] when the delivery has been claimed again meanwhile, or is gone.
func (d *Deliveries) EndAttempt(ctx context.Context, a access.SystemAccess, claimed Delivery, end DeliveryEnd) error {
	if err := a.Permit(); err != nil {
		return err
	}
	log, err := json.Marshal(append(claimed.Log[:len(claimed.Log):len(claimed.Log)], end.Attempt))
	if err != nil {
		return fmt.Errorf("end delivery attempt: %w", err)
	}
	db := d.db
	set, args := `due_at = ?`, []any{db.in(end.Again)}
	if end.Cut {
		set += `, attempt = deliveries.attempt - 1`
	}
	if end.Delivered || end.Again <= 0 {
		status := DeliveryFailed
		if end.Delivered {
			status = DeliveryDelivered
		}
		set, args = `due_at = NULL, snapshot = NULL, status = ?, url = ?, ended_at = ?`, []any{status, end.URL, db.at(db.clock())}
	}
	n, err := change(db.exec(ctx), `UPDATE deliveries SET log = ?, `+set+` WHERE id = ? AND token = ? AND status = 'waiting'`,
		append(append([]any{text(log)}, args...), claimed.ID, claimed.Token)...)
	switch {
	case err != nil:
		return fmt.Errorf("end delivery attempt: %w", err)
	case n == 0:
		return ErrLostLease
	}
	return nil
}

// OfRun returns what became of telling a run's end, to whoever has a scope of threads:read that reaches its thread. That of a stateless
// run whose thread is gone is nobody's to read.
func (d *Deliveries) OfRun(ctx context.Context, s access.ThreadScope, threadID, runID string) (Delivery, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Delivery{}, err
	}
	threadID, okThread := key(threadID)
	runID, okRun := key(runID)
	if !okThread || !okRun {
		return Delivery{}, ErrNotFound
	}
	where, args := d.db.reachThread("t", s.Filter())
	var found []Delivery
	err := each(d.db.read(ctx), func(rows *sql.Rows) error {
		delivery, err := scanDelivery(rows)
		found = append(found, delivery)
		return err
	}, `SELECT `+deliveryColumns+` FROM deliveries JOIN threads t ON t.id = deliveries.thread_id
		WHERE deliveries.run_id = ? AND t.id = ? AND t.hidden_at IS NULL AND `+where, append([]any{runID, threadID}, args...)...)
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery of run: %w", err)
	}
	if len(found) == 0 {
		return Delivery{}, ErrNotFound
	}
	return found[0], nil
}

// deliveryKept is how long the log of an ended delivery stays.
const deliveryKept = 7 * 24 * time.Hour

// SweepDeliveries deletes deliveries that ended a week ago, at most limit, and returns how many.
func (d *Deliveries) SweepDeliveries(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	if err := a.Permit(); err != nil {
		return 0, err
	}
	deleted, err := change(d.db.exec(ctx), `DELETE FROM deliveries WHERE id IN
		(SELECT d.id FROM deliveries d WHERE d.ended_at <= ? LIMIT ?)`, d.db.in(-deliveryKept), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep deliveries: %w", err)
	}
	return int(deleted), nil
}
