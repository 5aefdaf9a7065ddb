package worker

import (
	"context"
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
	return s.read.Get(ctx, ns, id)
}

// List implements graphs.Saver.
func (s *saver) List(ctx context.Context, q graphs.ListQuery) iter.Seq2[*graphs.Saved, error] {
	return func(yield func(*graphs.Saved, error) bool) {
		if err := s.journal.Sync(ctx); err != nil {
			yield(nil, err)
			return
		}
		s.read.List(ctx, q)(yield)
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
