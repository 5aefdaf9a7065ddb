package store

import (
	"context"
	"time"

	"github.com/locutory/locutory/graphs"
)

// Batch is what a lease holder makes durable in one transaction.
type Batch struct {
	Segments    []Segment
	Checkpoints []graphs.Commit
	Writes      []TaskWrites
	Finish      *Finish
}

// TaskWrites are the writes of one task of a checkpoint, as Saver.PutWrites takes them.
type TaskWrites struct {
	NS, CheckpointID, TaskID string
	Writes                   []graphs.Write
}

// Finish ends the run of the lease.
type Finish struct {
	// Status is RunSuccess, RunError, RunTimeout or RunInterrupted.
	Status string
	// Failure says why, for RunError and RunTimeout.
	Failure *graphs.Failure
	// Values are the thread's root values after the run; nil leaves those that are stored.
	Values JSON
	// Next are the nodes that would run next, and Interrupts is {task id: [interrupt]}: they make the thread's status.
	Next       []string
	Interrupts JSON
	// Rollback deletes the run, its checkpoints and its events; the other fields are then of no account.
	Rollback bool
	// KeepEventsFor is how long the run's events stay; 0 means for good.
	KeepEventsFor time.Duration
}

// Segment is a stored stretch of a thread's log: records First to Last as NDJSON.
type Segment struct {
	First, Last int64
	Data        []byte
}

// Commit is the one door of a lease holder.
func (r *Runs) Commit(ctx context.Context, l Lease, b Batch) error { return errStub }
