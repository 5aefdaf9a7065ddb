package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
	"github.com/locutory/locutory/platform/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	assistantID = "11111111-1111-4111-8111-111111111111"
	threadID    = "22222222-2222-4222-8222-222222222222"
	lease       = time.Minute
)

// registry is a Registry of one graph, "g", or of none.
type registry struct{ graphs.Source }

func (r registry) Graph(id string) (graphs.Source, error) {
	if r.Source == nil || id != "g" {
		return nil, errors.New("./g does not compile")
	}
	return r.Source, nil
}

// bench is a database with one thread, and a worker on it.
type bench struct {
	t      *testing.T
	db     *store.DB
	hub    *events.Hub
	worker *worker.Worker
	log    *strings.Builder
	mu     sync.Mutex
}

// Write collects the worker's log.
func (b *bench) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

// setup makes a bench; auth may be nil.
func setup(t *testing.T, source graphs.Source, auth *authhooks.Auth, timeout time.Duration) *bench {
	t.Helper()
	b := &bench{t: t, hub: events.NewHub(), log: &strings.Builder{}}
	db, err := store.Open(t.Context(), store.Config{URI: filepath.Join(t.TempDir(), "test.db")})
	b.check(err)
	t.Cleanup(func() { b.check(db.Close()) })
	b.db = db
	guard, err := access.New(access.Config{Auth: auth, Unhandled: access.Allow})
	b.check(err)
	b.worker = worker.New(worker.Config{
		DB: db, Hub: b.hub, Guard: guard, Graphs: registry{source}, Timeout: timeout, Version: "v-test",
		Log: slog.New(slog.NewTextHandler(b, nil)),
	})
	b.check(db.Assistants.SyncSystem(t.Context(), system(), []store.SystemAssistant{{
		ID: assistantID, GraphID: "g", Name: "g",
		Config:  store.JSON(`{"configurable":{"model":"small","user_id":"eve","langgraph_auth_user":{"identity":"eve"},"checkpoint_id":"stuck"},"recursion_limit":7}`),
		Context: store.JSON(`{"tone":"dry","lang":"en"}`),
	}}))
	_, err = db.Threads.Create(t.Context(), system().Threads(authhooks.Create), nil, store.ThreadNew{ID: threadID})
	b.check(err)
	return b
}

func system() access.SystemAccess { return access.System("test") }

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// run inserts a run; change may alter the row.
func (b *bench) run(kwargs wire.RunKwargs, change func(*store.RunNew)) store.Run {
	b.t.Helper()
	raw, err := json.Marshal(kwargs)
	b.check(err)
	row := store.RunNew{
		ThreadID: threadID, AssistantID: assistantID, GraphID: "g", Kwargs: raw, Metadata: store.JSON(`{"topic":"x"}`),
		Modes: []string{"values", "messages-tuple"},
	}
	if change != nil {
		change(&row)
	}
	run, err := b.db.Runs.Create(b.t.Context(), system().Threads(authhooks.CreateRun), system().Assistants(authhooks.Read), row)
	b.check(err)
	return run
}

func temporary(row *store.RunNew) {
	row.ThreadID, row.Temporary = "", true
	row.Implicit = &store.ImplicitThread{Scope: system().Threads(authhooks.Create)}
}

func input(text string, args ...any) wire.RunKwargs {
	return wire.RunKwargs{Input: json.RawMessage(fmt.Sprintf(text, args...))}
}

func (b *bench) claim() *store.Claimed {
	b.t.Helper()
	c, err := b.db.Runs.Claim(b.t.Context(), "w", lease)
	b.check(err)
	if c == nil {
		b.t.Fatal("nothing is due")
	}
	return c
}

// execute claims and runs what is due.
func (b *bench) execute(ctx context.Context) *store.Claimed {
	b.t.Helper()
	c := b.claim()
	b.worker.Run(ctx, c)
	return c
}

func (b *bench) row(id string) store.Run {
	b.t.Helper()
	run, err := b.db.Runs.ByID(b.t.Context(), system().Threads(authhooks.Read), id)
	b.check(err)
	return run
}

func (b *bench) thread() store.Thread {
	b.t.Helper()
	thread, err := b.db.Threads.Get(b.t.Context(), system().Threads(authhooks.Read), threadID)
	b.check(err)
	return thread
}

// records is the run's log.
func (b *bench) records(run store.Run) []events.Record {
	b.t.Helper()
	segments, err := b.db.Events.Read(b.t.Context(), system().Threads(authhooks.Read), run.ThreadID, run.ID, -1, 1000)
	b.check(err)
	var out []events.Record
	for _, s := range segments {
		for r, err := range events.Lines(s.Data) {
			b.check(err)
			out = append(out, r)
		}
	}
	return out
}

// kinds are the kinds of the run's log.
func (b *bench) kinds(run store.Run) []string {
	b.t.Helper()
	var out []string
	for _, r := range b.records(run) {
		out = append(out, string(r.Kind))
	}
	return out
}

// steps are the checkpoints of the thread, oldest first, as source and step.
func (b *bench) steps() []string {
	b.t.Helper()
	var out []string
	reader := b.db.Checkpoints.Reader(system().Threads(authhooks.Read), threadID)
	for saved, err := range reader.List(b.t.Context(), graphs.ListQuery{}) {
		b.check(err)
		out = append([]string{fmt.Sprintf("%s %d", saved.Source, saved.Step)}, out...)
	}
	return out
}

// folded is what a reader ends with who applies the whole log.
func (b *bench) folded(run store.Run) string {
	b.t.Helper()
	reader := b.db.Checkpoints.Reader(system().Threads(authhooks.Read), threadID)
	fold := v1.NewFold(v1.Options{Subgraphs: true}, v1.RunInfo{RunID: run.ID}, func(ns, id string) (map[string]json.RawMessage, error) {
		saved, err := reader.Get(b.t.Context(), ns, id)
		if err != nil {
			return nil, err
		}
		return saved.Values, nil
	})
	for _, r := range b.records(run) {
		_, err := fold.Apply(r)
		b.check(err)
	}
	return string(fold.Values())
}
