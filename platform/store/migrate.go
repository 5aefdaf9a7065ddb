package store

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/locutory/locutory/platform/store/migrations"
)

// migrate brings the schema up to date. Processes that start together wait for each other on Postgres. On SQLite, where one file
// seldom has several, each step is a transaction: who comes second fails on what is there already, looks again and is done.
func (db *DB) migrate(ctx context.Context) error {
	dialect, files := goose.DialectSQLite3, fs.FS(migrations.SQLite)
	// Steps only add, so one that was merged late may run after those with higher numbers.
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true)}
	if db.dialect == Postgres {
		dialect, files = goose.DialectPostgres, migrations.Postgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return fmt.Errorf("migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(files, db.dialect)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	steps, err := goose.NewProvider(dialect, db.pool, files, options...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	for range 3 {
		if _, err = steps.Up(ctx); err == nil || db.dialect == Postgres {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// index makes the indexes on the metadata keys that filters ask for most: "auth.index" of platform.json. It is no migration
// since the list is the operator's. Indexes of keys that left the list stay; they cost little and harm nothing.
func (db *DB) index(ctx context.Context) error {
	items := "part, updated_at DESC"
	if db.dialect == Postgres {
		items += ", id" // SQLite ends every index with the rowid
	}
	for _, k := range db.indexed {
		if err := checkKey(k); err != nil {
			return fmt.Errorf("auth.index: %w", err)
		}
		for table, order := range map[string]string{
			"threads": "updated_at DESC, id", "assistants": "created_at DESC, id", "crons": "created_at DESC, id",
			"items": items,
		} {
			name := quoteName("ix_" + table + "_key_" + strings.ToLower(k))
			value := extract(db.dialect, "", k)
			only := value + " IS NOT NULL"
			if table == "threads" {
				only += " AND NOT temporary" // no list shows a stateless run's
			}
			err := db.w.WithContext(ctx).Exec(fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s ((%s), %s) WHERE %s",
				name, table, value, order, only)).Error
			if err != nil {
				return fmt.Errorf("index %s on %s: %w", k, table, err)
			}
		}
	}
	return nil
}
