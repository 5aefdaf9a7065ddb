// Package storetest is the suite that every backend of package store must pass.
//
// A new backend is a test of a few lines:
//
//	func TestSQLite(t *testing.T) { storetest.Run(t, storetest.SQLite) }
package storetest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/locutory/locutory/platform/store"
)

// Env names the variable with the DSN of a Postgres server on which tests may create databases, EnvPgvector that of one which has the
// extension vector to give.
const (
	Env         = "LOCUTORY_TEST_POSTGRES"
	EnvPgvector = "LOCUTORY_TEST_PGVECTOR"
)

// SQLite returns the Config of a new database file that goes away with the test.
func SQLite(t testing.TB) store.Config {
	t.Helper()
	return store.Config{URI: filepath.Join(t.TempDir(), "test.db"), Indexed: []string{"owner", "tenant_id"}}
}

// Postgres returns the Config of a new Postgres database that goes away with the test. Without a server in [Env] it skips the test.
func Postgres(t testing.TB) store.Config {
	t.Helper()
	return created(t, "postgres", Env)
}

// Pgvector returns the Config of a new database, as [Postgres] does, where the extension vector may be created. Without a server in
// [EnvPgvector] it skips the test.
func Pgvector(t testing.TB) store.Config {
	t.Helper()
	return created(t, "pgvector", EnvPgvector)
}

// created makes a database on the server that the variable env names.
func created(t testing.TB, service, env string) store.Config {
	t.Helper()
	dsn := os.Getenv(env)
	if dsn == "" {
		t.Skip(service + ": " + env + " is not set")
	}
	uri, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("%s is no URI", env)
	}
	server, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatalf("open %s: %v", env, err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if _, err := server.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := server.Exec(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop database: %v", err)
		}
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	uri.Path = "/" + name
	return store.Config{URI: uri.String(), Indexed: []string{"owner", "tenant_id"}}
}

// Open opens a database that is closed with the test.
func Open(t testing.TB, config store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), config)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// exec runs a statement that package store has no method for, on a connection of its own.
func (p *place) exec(t testing.TB, statement string) {
	t.Helper()
	driver, dsn := "pgx", p.config.URI
	if p.db.Dialect() == store.SQLite {
		driver, dsn = "sqlite", "file:"+p.config.URI+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	_, err = db.ExecContext(t.Context(), statement)
	if closed := db.Close(); err != nil || closed != nil {
		t.Fatalf("%s: %v, %v", statement, err, closed)
	}
}
