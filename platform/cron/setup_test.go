package cron_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/cron"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the crons of these tests are due; they fire each hour.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

type state struct {
	Word string `json:"word"`
}

// registry is the one graph of a test.
type registry struct{ source graphs.Source }

func (r registry) Graph(id string) (graphs.Source, error) {
	if id != "echo" {
		return nil, runs.ErrNoGraph
	}
	return r.source, nil
}

func (registry) IDs() []string { return []string{"echo"} }

// server is everything but HTTP and workers.
type server struct {
	t         *testing.T
	db        *store.DB
	guard     *access.Guard
	runs      *runs.Runs
	scheduler *cron.Scheduler

	mu     sync.Mutex
	asked  []string // events with the origin and the user, but for those of the API
	denied map[string]error
	// narrowed are the filters that events get in place of the owner's.
	narrowed map[string]authhooks.Filter
	log      bytes.Buffer
}

// databases runs a test on every database.
func databases(t *testing.T, test func(t *testing.T, s *server), rules ...authhooks.Rule) {
	t.Helper()
	for name, backend := range map[string]storetest.Backend{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, setup(t, storetest.Open(t, backend(t)), rules...))
		})
	}
}

// setup makes a server whose rows are private to their owner; rules come beside that.
func setup(t *testing.T, db *store.DB, rules ...authhooks.Rule) *server {
	t.Helper()
	s := &server{t: t, db: db, denied: map[string]error{}, narrowed: map[string]authhooks.Filter{}}
	owner := authhooks.OwnerOnly("owner")
	rule := authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		event := string(c.Resource) + ":" + string(c.Action)
		if c.Origin != authhooks.OriginAPI {
			s.asked = append(s.asked, event+" "+string(c.Origin)+" "+c.User.Identity)
			if err := s.denied[event]; err != nil {
				return authhooks.Verdict{}, err
			}
			if only, ok := s.narrowed[event]; ok {
				return authhooks.Only(only), nil
			}
		}
		return owner(ctx, c)
	})
	auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) { return nil, nil }), append(rules, rule)...)
	var err error
	s.guard, err = access.New(access.Config{Auth: auth})
	s.check(err)
	graph := graphs.NewStateGraph[state]().
		AddNode("echo", func(context.Context, state) (graphs.Update, error) { return nil, nil }).
		AddEdge(graphs.Start, "echo").AddEdge("echo", graphs.End)
	s.check(db.Assistants.SyncSystem(t.Context(), access.System("test"), []store.SystemAssistant{{
		ID: runs.SystemAssistantID("echo"), GraphID: "echo", Name: "echo",
	}}))
	hub := events.NewHub()
	t.Cleanup(hub.Close)
	s.runs = runs.New(runs.Config{DB: db, Hub: hub, Guard: s.guard, Graphs: registry{graph}})
	s.scheduler = cron.New(cron.Config{
		DB: db, Runs: s.runs, Guard: s.guard, Log: slog.New(slog.NewTextHandler(&s.log, nil)), Poll: time.Millisecond,
		Now: func() time.Time { return noon },
	})
	return s
}

func (s *server) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) as(user string) context.Context {
	return access.With(s.t.Context(), access.Caller{User: &authhooks.User{Identity: user, Permissions: []string{"then"}}, Origin: authhooks.OriginAPI})
}

// make makes a cron of a user, hourly and due at noon, with what the test says.
func (s *server) make(user string, n store.CronNew) store.Cron {
	s.t.Helper()
	ctx := s.as(user)
	create, err := s.guard.Crons(ctx, &authhooks.CronsCreate{})
	s.check(err)
	thread, err := s.guard.Threads(ctx, &authhooks.RunsCreate{})
	s.check(err)
	n.AssistantID, n.Enabled = runs.SystemAssistantID("echo"), true
	if n.Schedule == "" {
		n.Schedule = "0 * * * *"
	}
	if n.NextAt.IsZero() {
		n.NextAt = noon
	}
	row, err := s.db.Crons.Create(ctx, create, thread, s.guard.SystemAssistant(), n)
	s.check(err)
	return row
}

func (s *server) read(user, id string) store.Cron {
	s.t.Helper()
	ctx := s.as(user)
	read, err := s.guard.Crons(ctx, &authhooks.CronsRead{})
	s.check(err)
	threads, err := s.guard.Threads(ctx, &authhooks.ThreadsRead{})
	s.check(err)
	row, err := s.db.Crons.Get(ctx, read, threads, id)
	s.check(err)
	return row
}

// thread makes a thread of a user.
func (s *server) thread(user string) string {
	s.t.Helper()
	scope, err := s.guard.Threads(s.as(user), &authhooks.ThreadsCreate{})
	s.check(err)
	row, err := s.db.Threads.Create(s.t.Context(), scope, nil, store.ThreadNew{})
	s.check(err)
	return row.ID
}

func (s *server) fire(now time.Time) {
	s.t.Helper()
	s.check(s.scheduler.FireDue(s.t.Context(), now))
}

// claimed returns the runs that wait for a worker, as a worker sees them.
func (s *server) claimed() []*store.Claimed {
	s.t.Helper()
	var out []*store.Claimed
	for {
		run, err := s.db.Runs.Claim(s.t.Context(), "worker", time.Hour)
		s.check(err)
		if run == nil {
			return out
		}
		out = append(out, run)
	}
}

func (s *server) logs(want string) {
	s.t.Helper()
	if !strings.Contains(s.log.String(), want) {
		s.t.Errorf("the log lacks %q:\n%s", want, s.log.String())
	}
}

func metadata(t *testing.T, j store.JSON) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(j, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
