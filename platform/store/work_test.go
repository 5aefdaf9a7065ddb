package store

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// busyThread makes a thread of somebody else with many runs, and returns it and one of them.
func busyThread(ctx context.Context, t *testing.T, db *DB, assistant string) (thread, run string) {
	t.Helper()
	thread, run = newID(), newID()
	for _, s := range []statement{
		{`INSERT INTO threads (id, metadata, created_at, updated_at, state_updated_at) VALUES (?, '{"owner": "alice"}', now(), now(), now())`, []any{thread}},
		{`INSERT INTO runs (id, thread_id, assistant_id, seq, order_at, created_at, updated_at, status)
			SELECT CASE WHEN i = 1000 THEN CAST(? AS uuid) ELSE md5('busy' || i)::uuid END, ?, ?, i, now(), now(), now(), 'success'
			FROM generate_series(1, 2000) i`, []any{run, thread, assistant}},
		{`INSERT INTO events (thread_id, first_seq, last_seq, run_id, data) SELECT ?, i, i, ?, '' FROM generate_series(1, 2000) i`, []any{thread, run}},
	} {
		if _, err := change(db.exec(ctx), s.sql, s.args...); err != nil {
			t.Fatal(err)
		}
	}
	return thread, run
}

// looks are the reads of one user at a thread and a run, which are not his.
func looks(ctx context.Context, t *testing.T, db *DB, assistant, thread, run string) map[string]func() error {
	read, search, update := ofOwner(t, authhooks.Read), ofOwner(t, authhooks.Search), ofOwner(t, authhooks.Update)
	return map[string]func() error{
		"thread":    func() error { _, err := db.Threads.Get(ctx, read, thread); return err },
		"storage":   func() error { _, err := db.Threads.Storage(ctx, read, thread); return err },
		"runs":      func() error { _, _, err := db.Runs.List(ctx, read, thread, RunQuery{}); return err },
		"few runs":  func() error { _, _, err := db.Runs.List(ctx, read, thread, RunQuery{Status: RunPending}); return err },
		"run":       func() error { _, err := db.Runs.Get(ctx, read, thread, run); return err },
		"by id":     func() error { _, err := db.Runs.ByID(ctx, read, run); return err },
		"ended":     func() error { _, err := db.Runs.Ended(ctx, update, thread, run); return err },
		"feedback":  func() error { _, _, err := db.Feedback.OfRun(ctx, read, thread, run, 10, 0); return err },
		"delivery":  func() error { _, err := db.Deliveries.OfRun(ctx, read, thread, run); return err },
		"log":       func() error { _, err := db.Events.Read(ctx, read, thread, run, -1, 0); return err },
		"whole log": func() error { _, err := db.Events.Read(ctx, read, thread, "", -1, 0); return err },
		"next":      func() error { _, _, err := db.Events.Next(ctx, read, thread, -1, nil); return err },
		"now":       func() error { _, _, err := db.Events.Now(ctx, read, thread); return err },
		"task": func() error {
			_, err := db.Runs.Task(ctx, read, TaskQuery{AssistantID: assistant, ID: run})
			return err
		},
		"tasks": func() error {
			_, _, err := db.Runs.Tasks(ctx, search, read, TaskQuery{AssistantID: assistant, ThreadID: thread})
			return err
		},
		"checkpoint": func() error { _, err := db.Checkpoints.Reader(read, thread).Get(ctx, "", ""); return err },
	}
}

// CheckWork sees that Postgres has no more to do for a thread of somebody else with thousands of rows than for one that is not there: the
// time that it takes would tell of it.
func CheckWork(t *testing.T, db *DB) {
	t.Helper()
	ctx := t.Context()
	a, err := db.Assistants.Create(ctx, access.System("a test").Assistants(authhooks.Create), nil, AssistantNew{GraphID: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	thread, run := busyThread(ctx, t, db, a.ID)
	foreign, absent := looks(ctx, t, db, a.ID, thread, run), looks(ctx, t, db, a.ID, newID(), newID())
	l := listen(db)
	for _, name := range slices.Sorted(maps.Keys(foreign)) {
		var rows [2]float64
		for i, look := range []func() error{absent[name], foreign[name]} {
			if err := look(); err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, graphs.ErrNoCheckpoint) {
				t.Errorf("%s: %v", name, err)
			}
			heard := l.take()
			for _, s := range heard {
				rows[i] += work(t, db, s)
			}
			if len(heard) == 0 {
				t.Errorf("%s: no statement was heard", name)
			}
		}
		if rows[1] > rows[0]+10 {
			t.Errorf("%s: %v rows are looked at for a thread of somebody else, %v for none", name, rows[1], rows[0])
		}
	}
}

// step is a step of a plan that was carried out.
type step struct {
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Joined  float64 `json:"Rows Removed by Join Filter"`
	Plans   []step
}

func (s step) work() float64 {
	sum := (s.Rows + s.Removed + s.Joined) * s.Loops
	for _, inner := range s.Plans {
		sum += inner.work()
	}
	return sum
}

// work is how many rows a statement looks at.
func work(t *testing.T, db *DB, s statement) float64 {
	t.Helper()
	var text string
	if err := db.pool.QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+s.sql, s.args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", s.sql, err)
	}
	var plans []struct{ Plan step }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan.work()
}
