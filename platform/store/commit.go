package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// Batch is what a lease holder makes durable in one transaction.
type Batch struct {
	Segments    []Segment
	Checkpoints []graphs.Commit
	Writes      []TaskWrites
	Finish      *Finish // the last of the lease
}

// TaskWrites are the writes of one task of a checkpoint, as Saver.PutWrites takes them.
type TaskWrites struct {
	NS, CheckpointID, TaskID string
	Writes                   []graphs.Write
}

// Commit makes a batch durable, all of it or nothing. It is the one door through which a lease holder writes, and the lease is its
// fence: when the run was claimed by another meanwhile, was handed back, has ended or was deleted, the answer is [ErrLostLease].
// Checkpoints go before Writes, so that a batch may hold both a checkpoint and the writes of its tasks.
//
// After an error whose outcome is not known, the same batch may be committed again, but for a Finish.
func (r *Runs) Commit(ctx context.Context, l Lease, b Batch) error {
	err := r.db.write(ctx, func(tx *gorm.DB) error { return r.commit(tx, l, b) })
	if err != nil && !errors.Is(err, ErrLostLease) {
		return fmt.Errorf("commit: %w", err)
	}
	return err
}

func (r *Runs) commit(tx *gorm.DB, l Lease, b Batch) error {
	now := r.db.clock()
	if b.Finish != nil {
		if err := r.db.holdThread(tx, l.ThreadID); err != nil { // the thread is locked before the run
			return err
		}
	}
	chunksOnly := b.Finish == nil && len(b.Checkpoints) == 0 && len(b.Writes) == 0
	if err := r.db.fence(tx, l, chunksOnly); err != nil {
		return err
	}
	if err := r.db.insertSegments(tx, l, b.Segments); err != nil {
		return fmt.Errorf("segments: %w", err)
	}
	for _, c := range b.Checkpoints {
		if err := r.db.insertCheckpoint(tx, l.ThreadID, l.RunID, c); err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
	}
	for _, w := range b.Writes {
		if err := r.db.putWrites(tx, l.ThreadID, l.RunID, w); err != nil {
			return fmt.Errorf("writes: %w", err)
		}
	}
	if b.Finish == nil {
		return nil
	}
	if err := r.db.finish(tx, now, l, b.Finish); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

// fence sees that the lease holds and keeps it so until the transaction ends. A transaction that stores chunks alone does not wait for
// Postgres to reach the disk: a crash may take the last of them in any case.
func (db *DB) fence(tx *gorm.DB, l Lease, relaxed bool) error {
	query := `SELECT 1 FROM runs r WHERE r.id = ? AND r.thread_id = ? AND r.token = ? AND r.status = 'running'`
	if db.dialect == Postgres {
		query += " FOR SHARE"
		if relaxed {
			query = `SELECT CASE WHEN set_config('synchronous_commit', 'off', true) = 'off' THEN 1 END` + query[len("SELECT 1"):]
		}
	}
	var held int
	err := one(tx, []any{&held}, query, l.RunID, l.ThreadID, l.Token)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLostLease
	}
	if err != nil {
		return fmt.Errorf("fence: %w", err)
	}
	return nil
}

// holdThread takes the row of a lease's thread until the transaction ends.
func (db *DB) holdThread(tx *gorm.DB, thread string) error {
	if db.dialect != Postgres {
		return nil // the transaction holds the whole database
	}
	var held int
	err := one(tx, []any{&held}, `SELECT 1 FROM threads t WHERE t.id = ?`+db.forUpdate("t"), thread)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLostLease
	}
	return err
}

// Reserve gives a lease holder n more numbers of its thread's log and returns the first of them.
func (r *Runs) Reserve(ctx context.Context, l Lease, n int) (first int64, err error) {
	if n <= 0 {
		return 0, fmt.Errorf("reserve %d log numbers", n)
	}
	err = r.db.write(ctx, func(tx *gorm.DB) error {
		if err := r.db.fence(tx, l, false); err != nil {
			return err
		}
		first, err = r.db.reserve(tx, l.ThreadID, n)
		return err
	})
	if err != nil && !errors.Is(err, ErrLostLease) {
		return 0, fmt.Errorf("reserve log numbers: %w", err)
	}
	return first, err
}
