package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Threads are the rows that own everything else of a conversation. Those of stateless runs are not among them: no method here
// shows or changes them.
type Threads struct{ db *DB }

// listed is the condition that a thread may be shown at all.
const listed = "NOT t.temporary AND t.hidden_at IS NULL"

// Create makes a thread for a scope of threads:create. Stamped keys win over the client's, and the row must pass the filter that
// the hook returned, else [ErrPostImage]. A taken id is [ErrExists], whosever it is; only with IfExists do_nothing, and when
// both the filter and read, a scope of threads:read, reach the thread, it is returned as it is (H-32, AC-19, AC-46).
//
// A thread that comes with a state is made with it or not at all, and must pass the filter of State.Scope too.
func (t *Threads) Create(ctx context.Context, create access.ThreadScope, read *access.ThreadScope, n ThreadNew) (Thread, error) {
	if err := create.Permit(authhooks.Create); err != nil {
		return Thread{}, err
	}
	id, ok := t.db.idFor(n.ID)
	if !ok {
		return Thread{}, ErrNotFound
	}
	if err := n.State.permit(); err != nil {
		return Thread{}, err
	}
	m, err := newMetadata(n.Metadata, create.Stamp(), create.Filter())
	if err != nil {
		return Thread{}, fmt.Errorf("create thread: %w", err)
	}
	row := t.db.newThread(id, m, n.TTL)
	var made bool
	if n.State == nil {
		made, err = t.db.insertThread(t.db.exec(ctx), row, m)
	} else {
		made, err = t.insertWritten(ctx, &row, m, n.State)
	}
	if err != nil {
		return Thread{}, fmt.Errorf("create thread: %w", err)
	}
	if !made {
		return t.existing(ctx, create, read, id, n.IfExists)
	}
	return row, nil
}

// newThread is a row that is idle and has no state. Without a TTL of its own it gets the default.
func (db *DB) newThread(id string, m metadata, ttl *TTL) Thread {
	now := db.clock()
	if ttl == nil {
		ttl = db.ttl
	}
	return Thread{
		ID: id, Metadata: JSON(m.json), Owned: m.owned, Config: JSON("{}"), Status: "idle", Interrupts: JSON("{}"),
		TTL: ttl.from(now), CreatedAt: now, UpdatedAt: now, StateUpdatedAt: now,
	}
}

// insertThread inserts a thread, or reports false when its id is taken. One that is to stay and says of no TTL gets the default.
func (db *DB) insertThread(tx *gorm.DB, t Thread, m metadata) (bool, error) {
	if t.TTL == nil && !t.Temporary {
		t.TTL = db.ttl.from(t.CreatedAt)
	}
	minutes, strategy, expires := t.TTL.columns(db)
	now := db.at(t.CreatedAt)
	for {
		made, err := change(tx, `INSERT INTO threads
			(id, metadata, owned, status, temporary, ttl_minutes, ttl_strategy, expires_at, created_at, updated_at, state_updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			t.ID, m.json, m.names(), t.Status, t.Temporary, minutes, strategy, expires, now, now, now)
		if made == 1 || err != nil {
			return made == 1, err
		}
		// One whose time is over is not there for anyone, although it was not swept yet.
		if gone, err := db.deleteExpired(tx, t.ID); !gone || err != nil {
			return false, err
		}
	}
}

// existing answers for an id that is taken.
func (t *Threads) existing(ctx context.Context, create access.ThreadScope, read *access.ThreadScope, id, ifExists string) (Thread, error) {
	if ifExists != "do_nothing" || read == nil {
		return Thread{}, ErrExists
	}
	if err := read.Permit(authhooks.Read); err != nil {
		return Thread{}, err
	}
	row, err := t.get(ctx, id, create.Filter(), read.Filter())
	if err != nil {
		return Thread{}, hide(err, ErrExists)
	}
	return row, nil
}

// Get returns a thread, with its values, for a scope of threads:read.
func (t *Threads) Get(ctx context.Context, s access.ThreadScope, id string) (Thread, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Thread{}, err
	}
	id, ok := key(id)
	if !ok {
		return Thread{}, ErrNotFound
	}
	return t.get(ctx, id, s.Filter())
}

// Updatable returns a thread, with its values, for a scope of threads:update that is about to write its state.
func (t *Threads) Updatable(ctx context.Context, s access.ThreadScope, id string) (Thread, error) {
	if err := s.Permit(authhooks.Update); err != nil {
		return Thread{}, err
	}
	id, ok := key(id)
	if !ok {
		return Thread{}, ErrNotFound
	}
	return t.get(ctx, id, s.Filter())
}

func (t *Threads) get(ctx context.Context, id string, filters ...*authhooks.Filter) (Thread, error) {
	query, args := "SELECT "+threadColumns+`, v."values" FROM threads AS t LEFT JOIN thread_values AS v ON v.thread_id = t.id
		WHERE t.id = ? AND `+listed, []any{id}
	for _, f := range filters {
		sql, more := t.db.reachThread("t", f)
		query, args = query+" AND "+sql, append(args, more...)
	}
	var values raw
	row, err := scanThread(line{t.db.read(ctx), query, args}, &values)
	if err != nil {
		return Thread{}, fmt.Errorf("get thread: %w", err)
	}
	row.Values = JSON(values)
	return row, nil
}

// Patch changes a thread for a scope of threads:update. A stamped key is an [*OwnedKeyError] unless it is sent as it is, and a row
// that the scope would no longer reach is [ErrPostImage] (R-35, R-36, AC-20).
func (t *Threads) Patch(ctx context.Context, s access.ThreadScope, id string, p ThreadPatch) (Thread, error) {
	if err := s.Permit(authhooks.Update); err != nil {
		return Thread{}, err
	}
	var row Thread
	err := t.db.write(ctx, func(tx *gorm.DB) error {
		var err error
		if row, err = t.db.takeThread(tx, id, s.Filter()); err != nil {
			return err
		}
		m, err := oldMetadata(row.Metadata, row.Owned)
		if err != nil {
			return err
		}
		if err := m.patch(p.Metadata, s.Filter()); err != nil {
			return err
		}
		row.Metadata, row.UpdatedAt = JSON(m.json), t.db.clock()
		if p.TTL != nil {
			row.TTL = p.TTL.from(row.UpdatedAt)
		}
		minutes, strategy, expires := row.TTL.columns(t.db)
		return tx.Exec("UPDATE threads SET metadata = ?, ttl_minutes = ?, ttl_strategy = ?, expires_at = ?, updated_at = ? WHERE id = ?",
			m.json, minutes, strategy, expires, t.db.at(row.UpdatedAt), row.ID).Error
	})
	if err != nil {
		return Thread{}, fmt.Errorf("patch thread: %w", err)
	}
	return row, nil
}

// takeThread returns a thread, with its values, that the filter reaches and holds its row until tx ends: nobody else creates or finishes a run
// of it, or writes its state, meanwhile. Inserts that only refer to it go on.
func (db *DB) takeThread(tx *gorm.DB, id string, f *authhooks.Filter) (Thread, error) {
	id, ok := key(id)
	if !ok {
		return Thread{}, ErrNotFound
	}
	reach, args := db.reachThread("t", f)
	query := "SELECT " + threadColumns + " FROM threads AS t WHERE t.id = ? AND " + listed + " AND " + reach + db.forUpdate("t")
	row, err := scanThread(line{tx, query, append([]any{id}, args...)})
	if err != nil {
		return Thread{}, err
	}
	var values raw
	err = one(tx, []any{&values}, `SELECT "values" FROM thread_values WHERE thread_id = ?`, id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Thread{}, err
	}
	row.Values = JSON(values)
	return row, nil
}
