package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
)

// saver is the graph's saver: it reads from the database and writes through the run's journal, under the run's lease.
type saver struct {
	read    graphs.Saver
	journal *events.Journal
	newest  *graphs.Saved // of the root, as it was read before the run started; for the first question only
}

// Get implements graphs.Saver.
func (s *saver) Get(ctx context.Context, ns, id string) (*graphs.Saved, error) {
	if newest := s.newest; newest != nil && ns == "" && id == "" {
		s.newest = nil // from now on the run writes
		return newest, nil
	}
	if err := s.journal.Sync(ctx); err != nil {
		return nil, err
	}
	saved, err := s.read.Get(ctx, ns, id)
	return saved, unread(ctx, err)
}

// unread is the error of a read. That the database is away is no failure of the run's: another attempt may find it there.
func unread(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, graphs.ErrNoCheckpoint) {
		return err
	}
	return &deferredError{err: fmt.Errorf("read checkpoints: %w", err)}
}

// List implements graphs.Saver.
func (s *saver) List(ctx context.Context, q graphs.ListQuery) iter.Seq2[*graphs.Saved, error] {
	return func(yield func(*graphs.Saved, error) bool) {
		if err := s.journal.Sync(ctx); err != nil {
			yield(nil, err)
			return
		}
		for saved, err := range s.read.List(ctx, q) {
			if !yield(saved, unread(ctx, err)) {
				return
			}
		}
	}
}

// Put implements graphs.Saver.
func (s *saver) Put(_ context.Context, c graphs.Commit) error {
	s.newest = nil
	return s.journal.Put(c)
}

// PutWrites implements graphs.Saver.
func (s *saver) PutWrites(_ context.Context, ns, checkpointID, taskID string, writes []graphs.Write) error {
	s.newest = nil
	return s.journal.PutWrites(store.TaskWrites{NS: ns, CheckpointID: checkpointID, TaskID: taskID, Writes: writes})
}

// Sync implements graphs.Saver. The checkpoint at the graph's end is durable with the end of the run.
func (s *saver) Sync(ctx context.Context) error { return s.journal.Sync(ctx) }
