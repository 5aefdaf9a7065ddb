package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
	"github.com/locutory/locutory/platform/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type state struct {
	List []string `json:"list" reduce:"append"`
	Word string   `json:"word"`
}

// registry is the graphs of a test; a nil one does not load.
type registry map[string]graphs.Source

func (r registry) Graph(id string) (graphs.Source, error) {
	source, ok := r[id]
	if !ok {
		return nil, runs.ErrNoGraph
	}
	if source == nil {
		return nil, errors.New("./broken does not compile")
	}
	return source, nil
}

func (r registry) IDs() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for id := range r {
			if !yield(id) {
				return
			}
		}
	})
}

// gate lets a test hold the node of graph slow.
type gate struct {
	running chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}, 16), make(chan struct{})} }

func graphsOf(g *gate) registry {
	echo := graphs.NewStateGraph[state]().
		AddNode("echo", func(context.Context, state) (graphs.Update, error) {
			return graphs.Patch(state{List: []string{"echo"}}), nil
		}).AddEdge(graphs.Start, "echo").AddEdge("echo", graphs.End)
	slow := graphs.NewStateGraph[state]().
		AddNode("slow", func(ctx context.Context, s state) (graphs.Update, error) {
			g.running <- struct{}{}
			select {
			case <-g.open:
				return graphs.Patch(state{List: []string{"slow"}}), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}).AddEdge(graphs.Start, "slow").AddEdge("slow", graphs.End)
	boom := graphs.NewStateGraph[state]().
		AddNode("boom", func(context.Context, state) (graphs.Update, error) { return nil, errors.New("kaput") }).
		AddEdge(graphs.Start, "boom").AddEdge("boom", graphs.End)
	ask := graphs.NewStateGraph[state]().
		AddNode("ask", func(ctx context.Context, _ state) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, "ok?")
			return graphs.Patch(state{Word: answer}), err
		}).AddEdge(graphs.Start, "ask").AddEdge("ask", graphs.End)
	unready := graphs.Factory[struct{}](func(ctx context.Context, _ *graphs.ServerRuntime, _ struct{}) (graphs.Runnable, error) {
		g.running <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	return registry{"echo": echo, "slow": slow, "boom": boom, "ask": ask, "unready": unready, "broken": nil}
}

// server is everything but HTTP.
type server struct {
	t    *testing.T
	db   *store.DB
	hub  *events.Hub
	runs *runs.Runs
	gate *gate
	path string

	guard *access.Guard
	mu    sync.Mutex
	asked []string // events that the hooks were asked, in order
}

// setup starts a server; rules are asked in front of nothing: each call is recorded first. Without rules there are no hooks.
func setup(t *testing.T, rules ...authhooks.Rule) *server {
	t.Helper()
	s := &server{t: t, hub: events.NewHub(), gate: newGate()}
	s.path = filepath.Join(t.TempDir(), "test.db")
	db, err := store.Open(t.Context(), store.Config{URI: s.path, Indexed: []string{"owner"}})
	s.check(err)
	t.Cleanup(func() { s.check(db.Close()) })
	s.db = db
	var auth *authhooks.Auth
	if len(rules) > 0 {
		auth = authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) { return nil, nil }), rules...)
	}
	s.guard, err = access.New(access.Config{Auth: auth})
	s.check(err)
	all := graphsOf(s.gate)
	var rows []store.SystemAssistant
	for _, id := range all.IDs() {
		rows = append(rows, store.SystemAssistant{ID: runs.SystemAssistantID(id), GraphID: id, Name: id})
	}
	s.check(db.Assistants.SyncSystem(t.Context(), access.System("test"), rows))
	s.runs = runs.New(runs.Config{DB: db, Hub: s.hub, Guard: s.guard, Graphs: all})
	log := slog.New(slog.DiscardHandler)
	w := worker.New(worker.Config{DB: db, Hub: s.hub, Guard: s.guard, Graphs: all, Log: log})
	q, err := queue.New(queue.Config{Store: db.Runs, Bell: s.hub.Bell(), Run: w.Run, Log: log, BeatEvery: 100 * time.Millisecond})
	s.check(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = q.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	return s
}

// recorded returns the rule of a policy that notes what it is asked.
func recorded(s **server, policy authhooks.Handler) authhooks.Rule {
	return authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		(*s).mu.Lock()
		(*s).asked = append((*s).asked, string(c.Resource)+":"+string(c.Action))
		(*s).mu.Unlock()
		return policy(ctx, c)
	})
}

func (s *server) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

func (s *server) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// as is a context in which name calls; "" is nobody, on an open server.
func (s *server) as(name string) context.Context {
	c := access.Caller{Origin: authhooks.OriginAPI, Transport: authhooks.TransportHTTP}
	if name != "" {
		c.User = &authhooks.User{Identity: name}
	}
	return access.With(s.t.Context(), c)
}

func (s *server) read(name string) access.ThreadScope {
	s.t.Helper()
	scope, err := s.guard.Threads(s.as(name), &authhooks.ThreadsRead{})
	s.check(err)
	return scope
}

func (s *server) update(name string) access.ThreadScope {
	s.t.Helper()
	scope, err := s.guard.Threads(s.as(name), &authhooks.ThreadsUpdate{})
	s.check(err)
	return scope
}

// thread makes a thread for name.
func (s *server) thread(name string) string {
	s.t.Helper()
	scope, err := s.guard.Threads(s.as(name), &authhooks.ThreadsCreate{})
	s.check(err)
	row, err := s.db.Threads.Create(s.t.Context(), scope, nil, store.ThreadNew{})
	s.check(err)
	return row.ID
}

func (s *server) create(name, thread string, body wire.RunCreate) (store.Run, error) {
	if body.Input == nil && body.Command == nil {
		body.Input = json.RawMessage(`{"list":["in"]}`)
	}
	return s.runs.Create(s.as(name), runs.CreateRequest{ThreadID: thread, Body: body, RequestID: "req-1"})
}

func (s *server) must(name, thread string, body wire.RunCreate) store.Run {
	s.t.Helper()
	run, err := s.create(name, thread, body)
	s.check(err)
	return run
}

func (s *server) wait(name string, run store.Run) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	out, err := s.runs.Wait(ctx, s.read(name), run)
	s.check(err)
	return string(out)
}

// refusal is the status and detail of an error, for comparisons.
func refusal(err error) string {
	var own *runs.Refusal
	var hook *authhooks.Error
	switch {
	case errors.As(err, &own):
		return fmt.Sprintf("%d %s", own.Status, own.Detail)
	case errors.As(err, &hook):
		return fmt.Sprintf("%d %s", hook.Status, hook.Detail)
	}
	return fmt.Sprint(err)
}
