package store

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// ErrReadOnly is the answer of a saver that may not write: readers, and lease holders, who write by [Runs.Commit].
var ErrReadOnly = errors.New("this saver does not write")

// Reader returns the checkpoints of a thread for a scope for read. A thread that the scope does not reach has no checkpoints.
func (c *Checkpoints) Reader(s access.ThreadScope, threadID string) graphs.Saver {
	return c.scoped(s, threadID, authhooks.Read)
}

// Leased returns the checkpoints of a lease's thread for its holder, who writes them by [Runs.Commit].
func (c *Checkpoints) Leased(l Lease, threadID string) graphs.Saver {
	r := &reader{db: c.db, thread: threadID, reach: "TRUE"}
	if l.ThreadID != threadID {
		r.err = ErrLostLease
	}
	return r
}

// scoped returns a reader for a scope that was made for one of the actions.
func (c *Checkpoints) scoped(s access.ThreadScope, threadID string, actions ...authhooks.Action) *reader {
	r := &reader{db: c.db, err: s.Permit(actions...)}
	var ok bool
	if r.thread, ok = key(threadID); !ok && r.err == nil {
		r.err = graphs.ErrNoCheckpoint
	}
	r.reach, r.args = c.db.reachThread("t", s.Filter())
	r.reach += " AND t.hidden_at IS NULL"
	return r
}

// reader is the part of a saver that reads. Each of its statements joins the thread under reach.
type reader struct {
	db     *DB
	thread string
	reach  string
	args   []any
	err    error // why it may not read at all
}

// look reads checkpoints in one snapshot, so that none loses its values to a deletion meanwhile.
func (r *reader) look(ctx context.Context, ns, where string, args []any, limit int) (saved []*graphs.Saved, err error) {
	if r.err != nil {
		return nil, r.err
	}
	err = r.db.snapshot(ctx, func(tx *gorm.DB) error {
		g := glance{db: r.db, tx: tx, thread: r.thread, reach: r.reach, args: r.args}
		saved, err = g.load(ns, where, args, limit)
		return err
	})
	return saved, err
}

// Get implements graphs.Saver.
func (r *reader) Get(ctx context.Context, ns, id string) (*graphs.Saved, error) {
	if strings.Contains(ns+id, "\x00") { // which no text of Postgres holds
		return nil, graphs.ErrNoCheckpoint
	}
	where, args := "TRUE", []any(nil)
	if id != "" {
		where, args = "c.id = ?", []any{id}
	}
	saved, err := r.look(ctx, ns, where, args, 1)
	if err != nil {
		return nil, err
	}
	if len(saved) == 0 {
		return nil, graphs.ErrNoCheckpoint
	}
	return saved[0], nil
}

// List implements graphs.Saver. It reads a page at a time, each in its own snapshot.
func (r *reader) List(ctx context.Context, q graphs.ListQuery) iter.Seq2[*graphs.Saved, error] {
	return func(yield func(*graphs.Saved, error) bool) {
		if strings.Contains(q.NS+q.Before, "\x00") {
			return
		}
		filter, filterArgs, err := r.db.checkpointContains(q.Metadata)
		if err != nil {
			yield(nil, err)
			return
		}
		const page = 20
		before, left := q.Before, q.Limit
		for {
			size := page
			if left > 0 {
				size = min(left, page)
			}
			where, args := filter, filterArgs
			if before != "" {
				where, args = filter+" AND c.id < ?", append(slices.Clip(filterArgs), before)
			}
			saved, err := r.look(ctx, q.NS, where, args, size)
			if errors.Is(err, graphs.ErrNoCheckpoint) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, s := range saved {
				before = s.ID
				if !yield(s, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if len(saved) < size {
				return
			}
		}
	}
}

// Put implements graphs.Saver: it does not.
func (r *reader) Put(context.Context, graphs.Commit) error { return ErrReadOnly }

// PutWrites implements graphs.Saver: it does not.
func (r *reader) PutWrites(context.Context, string, string, string, []graphs.Write) error {
	return ErrReadOnly
}

// Sync implements graphs.Saver: nothing is under way.
func (r *reader) Sync(context.Context) error { return r.err }
