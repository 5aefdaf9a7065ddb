package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
	"modernc.org/sqlite"
)

// sqliteDialect is gorm's view of SQLite. The official driver brings cgo; a query builder needs only this.
type sqliteDialect struct{ pool gorm.ConnPool }

func (sqliteDialect) Name() string { return SQLite }

func (d sqliteDialect) Initialize(db *gorm.DB) error {
	db.ConnPool = d.pool
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
		UpdateClauses: []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE", "RETURNING"},
	})
	// One writer at a time holds the database: there are no row locks to take.
	db.ClauseBuilders["FOR"] = func(clause.Clause, clause.Builder) {}
	return nil
}

func (d sqliteDialect) Migrator(db *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}
}

// DataTypeOf is asked only by AutoMigrate, which is not used.
func (sqliteDialect) DataTypeOf(*schema.Field) string { return "" }

func (sqliteDialect) DefaultValueOf(*schema.Field) clause.Expression { return clause.Expr{SQL: "NULL"} }

func (sqliteDialect) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

func (sqliteDialect) QuoteTo(w clause.Writer, name string) { _, _ = w.WriteString(quoteName(name)) }

func (sqliteDialect) Explain(sql string, vars ...any) string {
	return logger.ExplainSQL(sql, nil, `"`, vars...)
}

// openSQLite opens the pools of a database file, which it makes with its directory when it is not there. The writer pool has one
// connection, whose transactions are BEGIN IMMEDIATE, so a transaction that began can never fail for want of the lock. Readers
// see the last commit and wait for nobody.
func openSQLite(path string, full bool) (write, read *sql.DB, err error) {
	if path == ":memory:" {
		return nil, nil, fmt.Errorf("database %q: readers and the writer have connections of their own, so it must be a file", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("database directory: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, nil, fmt.Errorf("database path: %w", err)
	}
	if write, err = sqlitePool(path, full, "_txlock=immediate", 1); err != nil {
		return nil, nil, err
	}
	if err := write.PingContext(context.Background()); err != nil { // makes the file, in WAL mode, before a reader looks
		_ = write.Close()
		return nil, nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if read, err = sqlitePool(path, full, "_pragma=query_only(1)", max(4, 2*runtime.GOMAXPROCS(0))); err != nil {
		_ = write.Close()
		return nil, nil, err
	}
	return write, read, nil
}

func sqlitePool(path string, full bool, option string, size int) (*sql.DB, error) {
	synchronous := "NORMAL"
	if full {
		synchronous = "FULL"
	}
	// busy_timeout comes first: the change to WAL may have to wait already.
	dsn := "file://" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(" + synchronous + ")&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&" + option
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	pool := sql.OpenDB(keeping{connector})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// sqliteDuplicate reports whether err is a violation of a unique index or a primary key.
func sqliteDuplicate(err error) bool {
	var e *sqlite.Error
	const primaryKey, unique = 1555, 2067 // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
	return errors.As(err, &e) && (e.Code() == primaryKey || e.Code() == unique)
}
