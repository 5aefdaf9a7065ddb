package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres opens a pool. Session time is UTC, whatever the server's.
func openPostgres(uri string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(uri)
	if err != nil {
		return nil, errors.New("database URI: not a Postgres URI") // the parser's error may quote the password
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["application_name"] = "locutory"
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(32)
	pool.SetMaxIdleConns(32)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool, nil
}

// extensions finds out which extensions of Postgres there are to use. None is installed from here: that is the operator's to do.
func (db *DB) extensions(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	err := one(db.read(ctx), []any{&db.pgvector}, "SELECT to_regtype('vector') IS NOT NULL AND EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')")
	if err != nil {
		return fmt.Errorf("extensions: %w", err)
	}
	return nil
}

// retriable reports whether Postgres gave up a transaction only for what others did meanwhile.
func retriable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// duplicate reports whether err is a violation of a unique index, in either database.
func duplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	return sqliteDuplicate(err)
}
