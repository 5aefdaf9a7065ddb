package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// ThreadCopy is a copy that is to be made. Metadata is the copy's, as the hook left it; nothing of the source's comes to it by itself,
// least of all the keys that a hook has stamped there (H-33).
type ThreadCopy struct {
	SourceID string
	ID       string // "": a new one; else a UUID
	Metadata map[string]any
}

// Copy makes a thread with the states and values of another, for a scope of threads:read that reaches the source and one of
// threads:create, whose stamp and filter hold as in [Threads.Create] (H-28). The copy is idle and has no runs and no log; it lives as
// long as the source was to live when it was made. It shares no row with the source: what happens to one is not seen in the other.
//
// A source that read does not reach is [ErrNotFound], one with an unfinished run [ErrBusy].
func (t *Threads) Copy(ctx context.Context, read, create access.ThreadScope, n ThreadCopy) (Thread, error) {
	if err := read.Permit(authhooks.Read); err != nil {
		return Thread{}, err
	}
	if err := create.Permit(authhooks.Create); err != nil {
		return Thread{}, err
	}
	id, ok := t.db.idFor(n.ID)
	if !ok {
		return Thread{}, ErrNotFound
	}
	m, err := newMetadata(n.Metadata, create.Stamp(), create.Filter())
	if err != nil {
		return Thread{}, fmt.Errorf("copy thread: %w", err)
	}
	var row Thread
	err = t.db.write(ctx, func(tx *gorm.DB) error {
		source, err := t.db.takeQuiet(tx, n.SourceID, read.Filter())
		if err != nil {
			return err
		}
		row = t.db.newThread(id, m, source.TTL)
		row.Values = source.Values
		made, err := t.db.insertThread(tx, row, m)
		if err == nil && !made {
			err = ErrExists
		}
		if err != nil {
			return err
		}
		return t.db.copyState(tx, source.ID, row.ID)
	})
	if err != nil {
		return Thread{}, fmt.Errorf("copy thread: %w", err)
	}
	return row, nil
}

// takeQuiet is takeThread for a thread without unfinished runs, else [ErrBusy]. None is made until the transaction ends.
func (db *DB) takeQuiet(tx *gorm.DB, id string, f *authhooks.Filter) (Thread, error) {
	row, err := db.takeThread(tx, id, f)
	if err != nil {
		return Thread{}, err
	}
	busy, err := db.unfinished(tx, row.ID)
	if err == nil && busy {
		err = ErrBusy
	}
	return row, err
}

// unfinished reports whether a thread has a run that has not ended.
func (db *DB) unfinished(tx *gorm.DB, thread string) (busy bool, err error) {
	err = one(tx, []any{&busy}, `SELECT EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = ? AND r.status IN ('pending', 'running'))`, thread)
	return busy, err
}

// copyState copies checkpoints, values and writes. Checkpoints are no run's any more, for the runs stay behind. Writes keep the runs
// that put them, and their order: both say which of them count.
func (db *DB) copyState(tx *gorm.DB, from, to string) error {
	metadata, order := db.renamed("c.metadata", from, to), "w.rowid"
	if db.dialect == Postgres {
		order = "w.put"
	}
	for _, copied := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO checkpoints (thread_id, ns, id, parent_id, source, step, metadata, parents, versions, seen, next, tasks, created_at)
			SELECT ` + db.uuid("?") + `, c.ns, c.id, c.parent_id, c.source, c.step, ` + metadata.sql + `, c.parents, c.versions, c.seen,
			c.next, c.tasks, c.created_at FROM checkpoints c WHERE c.thread_id = ?`, append(append([]any{to}, metadata.args...), from)},
		{
			`INSERT INTO channel_values (thread_id, ns, channel, version, base, keep, depth, data)
			SELECT ` + db.uuid("?") + `, v.ns, v.channel, v.version, v.base, v.keep, v.depth, v.data FROM channel_values v WHERE v.thread_id = ?`,
			[]any{to, from},
		},
		{`INSERT INTO writes (thread_id, ns, checkpoint_id, task_id, idx, run_id, channel, data)
			SELECT ` + db.uuid("?") + `, w.ns, w.checkpoint_id, w.task_id, w.idx, w.run_id, w.channel, w.data FROM writes w
			WHERE w.thread_id = ? ORDER BY ` + order, []any{to, from}},
		{
			`INSERT INTO thread_values (thread_id, "values") SELECT ` + db.uuid("?") + `, v."values" FROM thread_values v WHERE v.thread_id = ?`,
			[]any{to, from},
		},
	} {
		if _, err := change(tx, copied.query, copied.args...); err != nil {
			return err
		}
	}
	return nil
}

// expression is a part of a statement with its arguments.
type expression struct {
	sql  string
	args []any
}

// renamed is a column of metadata in which the thread_id, if there is one, is the new thread's.
func (db *DB) renamed(column, from, to string) expression {
	if db.dialect == Postgres {
		return expression{
			`CASE WHEN ` + column + ` ->> 'thread_id' = ? THEN jsonb_set(` + column + `, '{thread_id}', to_jsonb(CAST(? AS text))) ELSE ` + column + ` END`,
			[]any{from, to},
		}
	}
	// SQLite reads no JSON of more than a thousand levels; such metadata is left as it is.
	return expression{
		`CASE WHEN instr(` + column + `, ?) > 0 AND json_valid(` + column + `) AND json_extract(` + column + `, '$.thread_id') = ?
			THEN json_set(` + column + `, '$.thread_id', ?) ELSE ` + column + ` END`,
		[]any{from, from, to},
	}
}
