package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// bulkyThread makes a thread with many rows of states.
func bulkyThread(t *testing.T, db *DB, rows string) string {
	t.Helper()
	thread, err := db.Threads.Create(t.Context(), access.System("a test").Threads(authhooks.Create), nil, ThreadNew{})
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`INSERT INTO checkpoints (thread_id, ns, id, source, step, created_at) SELECT '{}', '', printf('%08d', i), 'loop', i, 1 FROM n`,
		`INSERT INTO channel_values (thread_id, ns, channel, version, data) SELECT '{}', '', 'messages', printf('%08d', i), randomblob(500) FROM n`,
		`INSERT INTO writes (thread_id, ns, checkpoint_id, task_id, idx, channel, data) SELECT '{}', '', printf('%08d', i), 't', 0, 'c', randomblob(500) FROM n`,
		`INSERT INTO events (thread_id, first_seq, last_seq, data) SELECT '{}', i, i, randomblob(500) FROM n`,
	} {
		query = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + rows + `) ` + strings.ReplaceAll(query, "{}", thread.ID)
		if err := db.exec(t.Context()).Exec(query).Error; err != nil {
			t.Fatal(err)
		}
	}
	return thread.ID
}

// TestBulkyThreadsGoInParts: nobody waits long for the one writer while a thread with thousands of states is deleted, and nothing of
// it is left, however it is deleted.
func TestBulkyThreadsGoInParts(t *testing.T) {
	t.Parallel()
	now := time.Now()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "bulky.db"), Now: func() time.Time { return now }})
	system := access.System("a test")
	deleted := system.Threads(authhooks.Delete)
	for name, remove := range map[string]func(id string) error{
		"delete": func(id string) error { return db.Threads.Delete(t.Context(), deleted, id) },
		"prune": func(id string) error {
			_, err := db.Threads.Prune(t.Context(), []ThreadPrune{{ID: id, Scope: deleted}}, TTLDelete)
			return err
		},
		"sweep of one that a crash has left": func(id string) error {
			gone := db.newRemoval()
			if err := db.write(t.Context(), func(tx *gorm.DB) error { return gone.one(tx, id, nil) }); err != nil {
				return err
			}
			if _, err := db.Threads.Get(t.Context(), system.Threads(authhooks.Read), id); !errors.Is(err, ErrNotFound) {
				t.Errorf("a hidden thread is there: %v", err)
			}
			now = now.Add(2 * hiddenFor)
			n, err := db.Events.SweepTemporary(t.Context(), system, 10)
			if n != 1 {
				t.Errorf("%d threads swept, want 1", n)
			}
			return err
		},
	} {
		id := bulkyThread(t, db, "800")
		if err := remove(id); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, table := range append([]string{"threads"}, bulky...) {
			var n int
			if err := one(db.read(t.Context()), []any{&n}, "SELECT count(*) FROM "+table); err != nil || n != 0 {
				t.Errorf("%s: %d rows are left in %s, %v", name, n, table, err)
			}
		}
		if err := db.Threads.Delete(t.Context(), deleted, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: once more: %v", name, err)
		}
		if _, err := db.Threads.Create(t.Context(), system.Threads(authhooks.Create), nil, ThreadNew{ID: id}); err != nil {
			t.Errorf("%s: the id is not free: %v", name, err)
		}
		if err := db.Threads.Delete(t.Context(), deleted, id); err != nil {
			t.Error(err)
		}
	}
}

// TestOthersWriteWhileABulkyThreadGoes: between the parts, others have their turn.
func TestOthersWriteWhileABulkyThreadGoes(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "bulky.db")})
	system := access.System("a test")
	id := bulkyThread(t, db, "4000")
	done := make(chan error, 1)
	go func() { done <- db.Threads.Delete(t.Context(), system.Threads(authhooks.Delete), id) }()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			if n < 5 {
				t.Errorf("%d others could write meanwhile, want a turn after each part", n)
			}
			return
		default:
		}
		if _, err := db.Threads.Create(t.Context(), system.Threads(authhooks.Create), nil, ThreadNew{}); err != nil {
			t.Fatal(err)
		}
	}
}
