package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// commitTime is how long a commit may take whose caller has gone.
const commitTime = 10 * time.Second

// attempts is how often a Postgres transaction is tried that others have made impossible.
const attempts = 8

// write runs fn in a transaction that may change rows. fn may run more than once (Postgres: after a deadlock or a serialization
// failure), so it must reset what it returns by closure; it must not call user code and should be done within 10 ms. SQLite has one
// writer: fn waits for its turn, and then holds the whole database; see [group].
func (db *DB) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if db.dialect == SQLite {
		return db.group.write(ctx, db.w, fn)
	}
	var err error
	for i := range attempts {
		if err = db.transact(ctx, fn); err == nil || !retriable(err) {
			return err
		}
		select {
		case <-time.After(time.Duration(i+1) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("after %d attempts: %w", attempts, err)
}

// transact runs fn in a transaction of Postgres. database/sql takes the context that a transaction began with for its commit, too: that
// one ends with ctx no more once fn has returned.
func (db *DB) transact(ctx context.Context, fn func(tx *gorm.DB) error) error {
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	undone := context.AfterFunc(ctx, cancel)
	defer undone()
	var late *time.Timer
	err := db.w.WithContext(whole).Transaction(func(tx *gorm.DB) error {
		if err := fn(tx.WithContext(ctx)); err != nil {
			return err
		}
		if !undone() {
			return ctx.Err()
		}
		late = time.AfterFunc(commitTime, cancel)
		return nil
	})
	if late != nil {
		late.Stop()
	}
	if ended := ctx.Err(); err != nil && ended != nil && !errors.Is(err, ended) { // the transaction's own context tells less
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// snapshot runs fn in a read transaction: all its statements see one state.
func (db *DB) snapshot(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return db.r.WithContext(ctx).Transaction(fn, db.snapshotOptions())
}

// read returns a session for statements that change nothing. On SQLite they run beside the writer, each on the newest commit.
func (db *DB) read(ctx context.Context) *gorm.DB { return db.r.WithContext(ctx) }

// exec returns a session for one statement that is a transaction by itself.
func (db *DB) exec(ctx context.Context) *gorm.DB { return db.w.WithContext(ctx) }

// snapshotOptions make the statements of a transaction see one state.
func (db *DB) snapshotOptions() *sql.TxOptions {
	if db.dialect == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return nil // a transaction of the reader pool is a snapshot
}

// forUpdate is the clause that locks the rows of alias against other writers, but not against those who only refer to them.
func (db *DB) forUpdate(alias string) string {
	if db.dialect == Postgres {
		return " FOR NO KEY UPDATE OF " + alias
	}
	return "" // the transaction holds the whole database
}
