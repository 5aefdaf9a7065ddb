package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// maxAttempts is [Config].MaxAttempts where nothing else is said.
const maxAttempts = 3

// seqBlock is how many numbers of its thread's log a claim reserves.
const seqBlock = 4096

// Lease is the right to execute a run and to write its thread's log and checkpoints. Token is the fence: a later claim has a
// greater one, and then every write of this lease is [ErrLostLease].
type Lease struct {
	RunID, ThreadID string
	Token           int64
}

// Claimed is a run that was leased, with all that its execution needs.
type Claimed struct {
	Run   Run
	Lease Lease
	// Attempt counts from 1. A hand-back adds none.
	Attempt int
	// Principal is RunNew.Principal.
	Principal JSON
	Assistant ClaimedAssistant
	Thread    ClaimedThread
	// SeqFirst is the first of 4096 numbers of the thread's log that are this lease's; [Runs.Reserve] gives more.
	SeqFirst int64
	// Cancel is the action that was asked of the run before it was claimed, or "": its holder must only end it.
	Cancel string
}

// ClaimedAssistant is the assistant of a claimed run, as it is now. ID is "" when it was deleted.
type ClaimedAssistant struct {
	ID, GraphID               string
	Config, Context, Metadata JSON
}

// ClaimedThread is the thread of a claimed run.
type ClaimedThread struct {
	Metadata, Config JSON
	Temporary        bool
}

// Claim leases the run that has been due longest to worker, or returns nil when none is due. The database's clock decides. It skips the
// runs in held, which the worker still executes under a lease that may have run out, and rows that others are about to take. A run
// that has lost its lease too often is ended here, as error, and the next one is claimed.
func (r *Runs) Claim(ctx context.Context, worker string, lease time.Duration, held ...string) (*Claimed, error) {
	for {
		var c *Claimed
		err := r.db.write(ctx, func(tx *gorm.DB) (err error) {
			c, err = r.claim(tx, worker, lease, held)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("claim run: %w", err)
		}
		if c == nil || c.Attempt <= r.db.attempts || c.Cancel != "" {
			return c, nil
		}
		if err := r.giveUp(ctx, c); err != nil && !errors.Is(err, ErrLostLease) {
			return nil, fmt.Errorf("end run %s: %w", c.Run.ID, err)
		}
	}
}

// The lease of a run that is handed back is nobody's: worker is empty. One that ran out still names its worker.
const claimRun = `UPDATE runs SET token = runs.token + 1, status = 'running', worker = ?, due_at = ?, updated_at = ?,
	started_at = coalesce(runs.started_at, ?),
	attempt = CASE WHEN runs.status = 'pending' THEN 1 WHEN runs.worker = '' THEN runs.attempt ELSE runs.attempt + 1 END `

// claimedColumns are runColumns of the table itself: SQLite knows no alias where it returns what it has changed.
var claimedColumns = strings.ReplaceAll(runColumns, "r.", "runs.") + ", runs.principal, runs.token"

func (r *Runs) claim(tx *gorm.DB, worker string, lease time.Duration, held []string) (*Claimed, error) {
	db := r.db
	now := db.at(db.clock())
	skip := []any{}
	others := ""
	for _, id := range keys(held) {
		others += " AND d.id <> ?"
		skip = append(skip, id)
	}
	due := `SELECT d.id FROM runs d WHERE d.due_at <= ?` + others + ` ORDER BY d.due_at LIMIT 1`
	query := claimRun + `WHERE runs.id = (` + due + `)`
	if db.dialect == Postgres {
		query = `WITH due AS MATERIALIZED (` + due + ` FOR NO KEY UPDATE SKIP LOCKED) ` + claimRun + `FROM due WHERE runs.id = due.id`
	}
	args := []any{worker, db.in(lease), now, now, db.in(0)}
	if db.dialect == Postgres { // its WITH comes before the SET
		args = append(append([]any{db.in(0)}, skip...), args[:4]...)
	} else {
		args = append(args, skip...)
	}
	var c *Claimed
	err := each(tx, func(rows *sql.Rows) error {
		c = &Claimed{}
		return scanRun(rows, &c.Run, (*raw)(&c.Principal), &c.Lease.Token)
	}, query+` RETURNING `+claimedColumns, args...)
	if err != nil || c == nil {
		return nil, err
	}
	c.Lease.RunID, c.Lease.ThreadID = c.Run.ID, c.Run.ThreadID
	c.Attempt, c.Cancel = c.Run.Attempt, c.Run.Cancel
	if c.SeqFirst, err = db.reserve(tx, c.Run.ThreadID, seqBlock); err != nil {
		return nil, err
	}
	return c, db.loadOwners(tx, c)
}

// loadOwners reads the thread and the assistant of a claimed run.
func (db *DB) loadOwners(tx *gorm.DB, c *Claimed) error {
	var id, graph *string
	a, t := &c.Assistant, &c.Thread
	err := one(tx, []any{
		(*raw)(&t.Metadata), (*raw)(&t.Config), &t.Temporary, &id, &graph, (*raw)(&a.Config), (*raw)(&a.Context), (*raw)(&a.Metadata),
	}, `SELECT t.metadata, t.config, t.temporary, a.id, a.graph_id, a.config, a.context, a.metadata
		FROM threads t LEFT JOIN assistants a ON a.id = ? WHERE t.id = ?`, c.Run.AssistantID, c.Run.ThreadID)
	if err != nil {
		return fmt.Errorf("thread of run %s: %w", c.Run.ID, found(err))
	}
	if id != nil && graph != nil {
		a.ID, a.GraphID = *id, *graph
	}
	return nil
}

// giveUp ends a run that was lost too often.
func (r *Runs) giveUp(ctx context.Context, c *Claimed) error {
	failure := &graphs.Failure{
		Class:   "WorkerLostError",
		Message: fmt.Sprintf("the run was started %d times, and each time its worker was lost", r.db.attempts),
	}
	end, err := record(c.SeqFirst, r.db.clock(), graphs.Event{
		Kind: graphs.KindRunEnd, RunEnd: &graphs.RunEnded{Status: RunError, Error: failure},
	})
	if err != nil {
		return err
	}
	return r.Commit(ctx, c.Lease, Batch{
		Segments: []Segment{{First: c.SeqFirst, Last: c.SeqFirst, Data: end}},
		Finish:   &Finish{Status: RunError, Failure: failure, KeepEventsFor: eventKept},
	})
}

// Beats is the answer to a beat.
type Beats struct {
	// Lost are the runs that are no longer the caller's: claimed by others, handed back or deleted.
	Lost []string
	// Cancels are the runs that are to be cancelled, with the action.
	Cancels map[string]string
}

// Beat prolongs the leases of a worker, in one statement, and tells which are lost. A run that has just ended is not among the lost.
func (r *Runs) Beat(ctx context.Context, worker string, leases []Lease, lease time.Duration) (Beats, error) {
	beats := Beats{Cancels: map[string]string{}}
	if len(leases) == 0 {
		return beats, nil
	}
	pairs, err := tokens(leases)
	if err != nil {
		return Beats{}, err
	}
	kept := make(map[string]bool, len(leases))
	note := func(rows *sql.Rows) error {
		var id, cancel string
		if err := rows.Scan(&id, &cancel); err != nil {
			return err
		}
		kept[id] = true
		if cancel != "" {
			beats.Cancels[id] = cancel
		}
		return nil
	}
	err = r.db.write(ctx, func(tx *gorm.DB) error { // again after a deadlock: it locks the rows of many runs in no order
		clear(kept)
		clear(beats.Cancels)
		return each(tx, note, `UPDATE runs SET due_at = CASE WHEN status = 'running' THEN ? ELSE NULL END
		FROM `+r.db.elements()+` w WHERE runs.id = `+r.db.uuid(`w.value ->> 0`)+` AND runs.token = CAST(w.value ->> 1 AS bigint) AND runs.worker = ?
		RETURNING runs.id, CASE WHEN runs.status = 'running' THEN runs.cancel ELSE '' END`, r.db.in(lease), pairs, worker)
	})
	if err != nil {
		return Beats{}, fmt.Errorf("beat: %w", err)
	}
	for _, l := range leases {
		if !kept[l.RunID] {
			beats.Lost = append(beats.Lost, l.RunID)
		}
	}
	return beats, nil
}

// HandBack ends the leases of those runs that are not finished, and makes them due at once. No attempt is counted.
func (r *Runs) HandBack(ctx context.Context, worker string, leases []Lease) error {
	pairs, err := tokens(leases)
	if err != nil {
		return err
	}
	_, err = change(r.db.exec(ctx), `UPDATE runs SET due_at = ?, worker = '', token = runs.token + 1
		FROM `+r.db.elements()+` w WHERE runs.id = `+r.db.uuid(`w.value ->> 0`)+` AND runs.token = CAST(w.value ->> 1 AS bigint)
		AND runs.worker = ? AND runs.status = 'running'`, r.db.in(0), pairs, worker)
	if err != nil {
		return fmt.Errorf("hand back: %w", err)
	}
	return nil
}

// PutOff ends the lease of an unfinished run that cannot go on now, and makes it due after a while. No attempt is counted.
func (r *Runs) PutOff(ctx context.Context, l Lease, after time.Duration) error {
	n, err := change(r.db.exec(ctx), `UPDATE runs SET due_at = ?, worker = '', token = token + 1
		WHERE id = ? AND token = ? AND status = 'running'`, r.db.in(after), l.RunID, l.Token)
	if err != nil {
		return fmt.Errorf("put off: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("put off: %w", ErrLostLease)
	}
	return nil
}

// tokens is the JSON of leases: [[run, token], ...].
func tokens(leases []Lease) (string, error) {
	pairs := make([][2]any, len(leases))
	for i, l := range leases {
		pairs[i] = [2]any{l.RunID, l.Token}
	}
	data, err := json.Marshal(pairs)
	return string(data), err
}

// uuid gives a text expression the type of the ids.
func (db *DB) uuid(expr string) string {
	if db.dialect == Postgres {
		return "CAST(" + expr + " AS uuid)"
	}
	return expr
}
