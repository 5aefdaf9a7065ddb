package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"
)

func setup(t *testing.T, c Config) *DB {
	t.Helper()
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestTwoProcesses has two pools count in one row of one file, each by a read and a write: none is lost, and none finds the
// database locked.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	c := Config{URI: filepath.Join(t.TempDir(), "shared.db")}
	a, b := setup(t, c), setup(t, c)
	if err := a.exec(t.Context()).Exec("CREATE TABLE counter (n INTEGER) STRICT").Error; err != nil {
		t.Fatal(err)
	}
	if err := a.exec(t.Context()).Exec("INSERT INTO counter VALUES (0)").Error; err != nil {
		t.Fatal(err)
	}
	count := func(tx *gorm.DB) error {
		var n int
		if err := one(tx, []any{&n}, "SELECT n FROM counter"); err != nil {
			return err
		}
		return tx.Exec("UPDATE counter SET n = ?", n+1).Error
	}
	const each = 50
	var wg sync.WaitGroup
	for _, db := range []*DB{a, b, a, b} {
		wg.Go(func() {
			for range each {
				if err := db.write(t.Context(), count); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := one(b.read(t.Context()), []any{&n}, "SELECT n FROM counter"); err != nil || n != 4*each {
		t.Errorf("counted %d, %v; want %d", n, err, 4*each)
	}
}

func TestWriteRollsBack(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "x.db")})
	stop := errors.New("stop")
	insert := func(tx *gorm.DB) error {
		now := db.at(db.clock())
		return tx.Exec("INSERT INTO threads (id, created_at, updated_at, state_updated_at) VALUES (?, ?, ?, ?)", db.newID(), now, now, now).Error
	}
	ctx, cancel := context.WithCancel(t.Context())
	for name, fn := range map[string]func(tx *gorm.DB) error{
		"error": func(tx *gorm.DB) error { return errors.Join(insert(tx), stop) },
		"ended context": func(tx *gorm.DB) error {
			err := insert(tx)
			cancel()
			return err
		},
	} {
		if err := db.write(ctx, fn); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var n int
	if err := one(db.read(t.Context()), []any{&n}, "SELECT count(*) FROM threads"); err != nil || n != 0 {
		t.Errorf("%d rows, %v; want none", n, err)
	}
	if err := db.write(t.Context(), insert); err != nil {
		t.Errorf("write afterwards: %v", err)
	}
}

// CheckCommit has the context of a write end while it commits: what it wrote is there, and its caller knows.
func CheckCommit(t *testing.T, db *DB) {
	t.Helper()
	const gate = "pg_advisory_xact_lock(7001)" // of this database alone
	for _, statement := range []string{
		"CREATE TABLE written (n int)",
		"CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM " + gate + "; RETURN NULL; END'",
		"CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON written DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_gate()",
	} {
		if err := db.exec(t.Context()).Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	insert := func(tx *gorm.DB) error { return tx.Exec("INSERT INTO written VALUES (1)").Error }
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan error, 1)
	err := db.write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT " + gate).Error; err != nil {
			return err
		}
		go func() { written <- db.write(ctx, insert) }()
		for waiting := 0; waiting == 0; {
			err := one(db.read(t.Context()), []any{&waiting}, `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
				WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()`)
			if err != nil {
				return err
			}
			select {
			case err := <-written:
				return errors.Join(errors.New("the commit did not wait at the gate"), err)
			default:
			}
		}
		cancel()
		return nil // opens the gate
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Errorf("the write whose context ended while it committed: %v", err)
	}
	if err := db.write(ctx, insert); !errors.Is(err, context.Canceled) {
		t.Errorf("the write whose context had ended: %v", err)
	}
	undone, end := context.WithCancel(t.Context())
	if err := db.write(undone, func(tx *gorm.DB) error { defer end(); return insert(tx) }); !errors.Is(err, context.Canceled) {
		t.Errorf("the write whose context ended before its commit: %v", err)
	}
	var n int
	if err := one(db.read(t.Context()), []any{&n}, "SELECT count(*) FROM written"); err != nil || n != 1 {
		t.Errorf("%d rows, %v; want 1", n, err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "x.db")})
	if err := db.read(t.Context()).Exec("DELETE FROM threads").Error; err == nil {
		t.Error("a statement of read has written")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ uri, want string }{
		"another database": {"mysql://localhost/x", "mysql:// is not known"},
		"memory":           {":memory:", "must be a file"},
		"a bad URI":        {"postgres://u:hunter2@host:notaport/x", "not a Postgres URI"},
		"a directory":      {t.TempDir(), "unable to open"},
	} {
		db, err := Open(t.Context(), Config{URI: test.uri})
		if err == nil {
			_ = db.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %q, want %q in it and no password", name, err, test.want)
		}
	}
	if _, err := Open(t.Context(), Config{URI: filepath.Join(t.TempDir(), "x.db"), Indexed: []string{`a" b`}}); err == nil {
		t.Error("an index on a key that no filter can have was made")
	}
}

// TestOpenTogether has processes make one new database at the same time.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	for range 2 {
		c := Config{URI: filepath.Join(t.TempDir(), "new.db"), Indexed: []string{"owner"}}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				db, err := Open(t.Context(), c)
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
