package store

import (
	"context"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// RunQuery selects runs of a thread.
type RunQuery struct {
	Limit, Offset int
	Status        string
}

// Create makes a run.
func (r *Runs) Create(ctx context.Context, run access.ThreadScope, a access.AssistantScope, n RunNew) (Run, error) {
	return Run{}, errStub
}

// Get returns a run of a thread.
func (r *Runs) Get(ctx context.Context, s access.ThreadScope, threadID, runID string) (Run, error) {
	return Run{}, errStub
}

// ByID returns a run by its own id.
func (r *Runs) ByID(ctx context.Context, s access.ThreadScope, runID string) (Run, error) {
	return Run{}, errStub
}

// List returns runs, newest first.
func (r *Runs) List(ctx context.Context, s access.ThreadScope, threadID string, q RunQuery) (rows []Run, total int, err error) {
	return nil, 0, errStub
}

// Delete deletes a run.
func (r *Runs) Delete(ctx context.Context, s access.ThreadScope, threadID, runID string) error {
	return errStub
}

// Cancel cancels runs.
func (r *Runs) Cancel(ctx context.Context, s access.ThreadScope, threadID string, runIDs []string, action string) ([]Run, error) {
	return nil, errStub
}

// Reader returns the checkpoints of a thread, read-only.
func (c *Checkpoints) Reader(s access.ThreadScope, threadID string) graphs.Saver { return nil }

// Leased returns the checkpoints of a lease's thread, read-only.
func (c *Checkpoints) Leased(l Lease, threadID string) graphs.Saver { return nil }

// Writer returns the checkpoints of a thread for a caller that writes its state.
func (c *Checkpoints) Writer(s access.ThreadScope, threadID string) graphs.Saver { return nil }

// Read returns segments of the log.
func (e *Events) Read(ctx context.Context, s access.ThreadScope, threadID, runID string, afterSeq int64, limit int) ([]Segment, error) {
	return nil, errStub
}

// SweepTemporary deletes threads of stateless runs.
func (e *Events) SweepTemporary(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	return 0, errStub
}

// SweepEvents deletes events that have expired.
func (e *Events) SweepEvents(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	return 0, errStub
}
