package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// statement is one that was sent to the database.
type statement struct {
	sql  string
	args []any
}

// listener is a logger of gorm that keeps every statement.
type listener struct {
	logger.Interface
	mu    sync.Mutex
	heard []statement
}

// Trace implements logger.Interface: gorm asks ParamsFilter for what it would log.
func (l *listener) Trace(_ context.Context, _ time.Time, fc func() (string, int64), _ error) { fc() }

// ParamsFilter implements gorm.ParamsFilter.
func (l *listener) ParamsFilter(_ context.Context, sql string, args ...any) (string, []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, statement{sql, args})
	return "", nil
}

// listen keeps the statements of db from now on.
func listen(db *DB) *listener {
	l := &listener{Interface: logger.Discard}
	session := &gorm.Session{Logger: l}
	db.w, db.r = db.w.Session(session), db.r.Session(session)
	return l
}

// take returns what was heard since the last call.
func (l *listener) take() []statement {
	l.mu.Lock()
	defer l.mu.Unlock()
	heard := l.heard
	l.heard = nil
	return heard
}

// plan is what the database would do. Postgres is kept from what is fast with the small tables of a test alone.
func plan(t *testing.T, db *DB, s statement) (steps []string) {
	t.Helper()
	conn, err := db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	explain := "EXPLAIN QUERY PLAN "
	if db.dialect == Postgres {
		explain = "EXPLAIN "
		for _, way := range []string{"seqscan", "hashjoin", "mergejoin"} {
			if _, err := conn.ExecContext(t.Context(), "SET enable_"+way+" = off"); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows, err := conn.QueryContext(t.Context(), explain+s.sql, s.args...)
	if err != nil {
		t.Fatalf("%s: %v", s.sql, err)
	}
	for rows.Next() {
		var id, parent, unused int
		var step string
		dest := []any{&id, &parent, &unused, &step}
		if db.dialect == Postgres {
			dest = dest[3:]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := closing(rows, rows.Err()); err != nil {
		t.Fatal(err)
	}
	return steps
}

// calls are those whose statements must not take the longer the more others there are.
func calls(ctx context.Context, t *testing.T, db *DB) map[string]func() error {
	t.Helper()
	system := access.System("a test")
	a, err := db.Assistants.Create(ctx, system.Assistants(authhooks.Create), nil, AssistantNew{GraphID: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	crowd(ctx, t, db, a.ID)
	thread, err := db.Threads.Create(ctx, ofOwner(t, authhooks.Create), nil, ThreadNew{})
	if err != nil {
		t.Fatal(err)
	}
	read, search, update := ofOwner(t, authhooks.Read), ofOwner(t, authhooks.Search), ofOwner(t, authhooks.Update)
	n := RunNew{ThreadID: thread.ID, AssistantID: a.ID, Webhook: "https://x"}
	run, err := db.Runs.Create(ctx, ofOwner(t, authhooks.CreateRun), system.Assistants(authhooks.Read), n)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("x")
	return map[string]func() error{
		"a run": func() error {
			c, err := db.Runs.Claim(ctx, "w", time.Minute)
			if err != nil {
				return err
			}
			return db.Runs.Commit(ctx, c.Lease, Batch{
				Segments: []Segment{{First: c.SeqFirst, Last: c.SeqFirst, Data: []byte("{}\n")}}, Finish: &Finish{Status: RunSuccess, KeepEventsFor: time.Hour},
			})
		},
		"offer and give": func() error {
			err := db.Feedback.Offer(ctx, read, thread.ID, run.ID, []FeedbackOffer{{Key: "k", Hash: secret}})
			return errors.Join(err, db.Feedback.Give(ctx, system, secret, JSON("{}")))
		},
		"feedback of a run": func() error { _, _, err := db.Feedback.OfRun(ctx, read, thread.ID, run.ID, 10, 0); return err },
		"delivery of a run": func() error {
			if _, err := db.Deliveries.OfRun(ctx, read, thread.ID, run.ID); !errors.Is(err, ErrNotFound) {
				return err
			}
			return nil
		},
		"log of a run":    func() error { _, err := db.Events.Read(ctx, read, thread.ID, run.ID, -1, 0); return err },
		"log of a thread": func() error { _, err := db.Events.Read(ctx, read, thread.ID, "", 3, 0); return err },
		"next":            func() error { _, _, err := db.Events.Next(ctx, read, thread.ID, 3, []string{run.ID}); return err },
		"now":             func() error { _, _, err := db.Events.Now(ctx, read, thread.ID); return err },
		"history": func() error {
			q := graphs.ListQuery{Before: "z", Metadata: map[string]JSON{"a": JSON("1"), "step": JSON("2")}}
			for _, err := range db.Checkpoints.Reader(read, thread.ID).List(ctx, q) {
				return err
			}
			return nil
		},
		"runs": func() error {
			_, _, err := db.Runs.List(ctx, read, thread.ID, RunQuery{Metadata: JSON(`{"a":1}`)})
			return err
		},
		"ended":  func() error { _, err := db.Runs.Ended(ctx, update, thread.ID, run.ID); return err },
		"a task": func() error { _, err := db.Runs.Task(ctx, read, TaskQuery{AssistantID: a.ID, ID: run.ID}); return err },
		"tasks":  func() error { _, _, err := db.Runs.Tasks(ctx, search, read, TaskQuery{AssistantID: a.ID}); return err },
		"tasks of a thread": func() error {
			_, _, err := db.Runs.Tasks(ctx, search, read, TaskQuery{AssistantID: a.ID, ThreadID: thread.ID})
			return err
		},
		"tasks of all": func() error {
			_, _, err := db.Runs.Tasks(ctx, system.Threads(authhooks.Search), system.Threads(authhooks.Read), TaskQuery{AssistantID: a.ID})
			return err
		},
		"cancel all": func() error {
			_, _, err := db.Runs.CancelAll(ctx, update, search, Cancels{Action: CancelInterrupt, AssistantID: newID()})
			return err
		},
		"depth":            func() error { _, _, err := db.Runs.Depth(ctx, system); return err },
		"crons":            func() error { _, err := db.Crons.Due(ctx, system, time.Now(), time.Minute, 10); return err },
		"deliveries":       func() error { _, err := db.Deliveries.ClaimDeliveries(ctx, system, time.Minute, 10); return err },
		"sweep events":     func() error { _, err := db.Events.SweepEvents(ctx, system, 100); return err },
		"sweep temporary":  func() error { _, err := db.Events.SweepTemporary(ctx, system, 100); return err },
		"sweep threads":    func() error { _, err := db.Threads.Sweep(ctx, system, 100); return err },
		"sweep deliveries": func() error { _, err := db.Deliveries.SweepDeliveries(ctx, system, 100); return err },
		"sweep feedback":   func() error { _, err := db.Feedback.SweepFeedback(ctx, system, 100); return err },
		"sweep items":      func() error { _, err := db.Items.SweepExpired(ctx, system, 100); return err },
	}
}

// crowd makes threads of others with a run of the assistant each. Postgres knows nothing of them but the size of their tables.
func crowd(ctx context.Context, t *testing.T, db *DB, assistant string) {
	t.Helper()
	if db.dialect != Postgres { // the plans of SQLite are the same for any number of rows
		return
	}
	for _, query := range []string{
		`INSERT INTO threads (id, created_at, updated_at, state_updated_at) SELECT md5(i::text)::uuid, now(), now(), now() FROM generate_series(1, 3000) i`,
		`INSERT INTO runs (id, thread_id, assistant_id, seq, order_at, created_at, updated_at, status)
			SELECT md5(i::text)::uuid, md5(i::text)::uuid, '` + assistant + `', 0, now(), now(), now(), 'success' FROM generate_series(1, 3000) i`,
	} {
		if _, err := change(db.exec(ctx), query); err != nil {
			t.Fatal(err)
		}
	}
}

// CheckStatements sees that no statement of those calls reads a whole table, or a whole index of all its rows, and
// that none looks up everybody's rows beside those of one, which Postgres does where it has no statistics.
func CheckStatements(t *testing.T, db *DB) {
	t.Helper()
	asked := calls(t.Context(), t, db)
	l := listen(db)
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if err := asked[name](); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		heard := l.take()
		if len(heard) == 0 {
			t.Errorf("%s: no statement was heard", name)
		}
		for _, s := range heard {
			steps := plan(t, db, s)
			for i, step := range steps {
				if tooMuch(step, append(steps, "")[i+1]) {
					t.Errorf("%s: %s: %s\n%s", name, step, s.sql, strings.Join(steps, "\n"))
				}
			}
		}
	}
}

// tooMuch reports whether a step of a plan reads all rows of something; next is the step after it, where Postgres tells what an index is
// asked for.
func tooMuch(step, next string) bool {
	step = strings.TrimLeft(step, " ->")
	_, scanned, sqlite := strings.Cut(step, "SCAN ")
	switch {
	case strings.Contains(step, "runs_queue"), strings.Contains(step, "runs_tasks"): // which have few of the runs, and here none
		return false
	case sqlite:
		return !slices.Contains([]string{"picked", "counted", "w", "CONSTANT ROW"}, scanned) // which a statement makes
	case strings.HasPrefix(step, "Index ") && strings.Contains(step, "Scan "), strings.HasPrefix(step, "Bitmap Index Scan "):
		return !strings.Contains(next, "Index Cond:")
	}
	return strings.HasPrefix(step, "Seq Scan ") || strings.HasPrefix(step, "BitmapAnd ")
}
