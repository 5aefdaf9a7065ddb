// Package platform is the composition root of the server: it makes a store, a guard, a queue, a worker and the HTTP face out of
// a configuration and a user's graphs and hooks, and runs them. Read this file first.
//
// A request's way: package api matches the route and authenticates ([access.Guard]); the handler asks the operator's hooks for
// a scope; the scope goes into the store method, which has no form without one; the store puts the scope's filter into the
// statement. A run's way: package runs inserts a row, package queue claims it, package worker executes its graph and commits
// what happened, and package events carries it to whoever listens.
//
// It refuses to serve when that would open what its operator believes closed: hooks that do not load or have mistakes, a graph or an app
// that platform.json names and the program lacks, a route without a declared policy, an address that others reach without "auth", a setting
// that guards something elsewhere and nothing here. Each is an error of [New] or of the start, and says the way out.
//
// Most people never import this package: `locutory dev` and `locutory build` write a main that calls [Main]. Whoever writes
// their own main does the same:
//
//	func main() {
//		platform.Main(platform.Parts{
//			Graphs:   []platform.Graph{{ID: "agent", Source: agent.Graph, Symbol: "./agent:Graph"}},
//			Auth:     security.Auth,
//			Platform: `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}}`,
//		})
//	}
package platform

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/cron"
	"github.com/locutory/locutory/platform/drain"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/observe"
	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/webhook"
	"github.com/locutory/locutory/platform/worker"
)

// Parts are what a user's program is made of; the generated main fills them.
type Parts struct {
	Graphs []Graph
	// Auth is an *authhooks.Auth or a func(context.Context) (*authhooks.Auth, error); nil serves without authentication.
	Auth       any
	AuthSymbol string
	// Embed is what "store.index" searches by meaning with: an [items.Embedder] or a func() (E, error) of one. Nil without.
	Embed any
	// App is what "http.app" names: an [App], a pointer to one, or a func(context.Context) (one of them, error); nil without.
	App       any
	AppSymbol string
	// Platform is the text of platform.json.
	Platform string
}

// Graph is one entry of "graphs". Source is a *graphs.StateGraph, a graphs.Runnable, a graphs.Factory or a
// func() (graphs.Runnable, error).
type Graph struct {
	ID          string
	Source      any
	Symbol      string
	Description string
}

// Config is everything that a Server needs.
type Config struct {
	Parts Parts
	// File is the configuration, Process what the environment and the flags say.
	File    *config.Config
	Process config.Process
	Log     *slog.Logger
	// Around, if there is one, stands around everything that is served, CORS too. It sees what the clients see.
	Around func(http.Handler) http.Handler
}

// Server is a whole agent server. Make one with [New], serve with [Server.Serve], and Close it.
type Server struct {
	cfg    Config
	auth   *authhooks.Auth
	app    App
	graphs *registry
	db     *store.DB
	hub    *events.Hub
	api    *api.Server
	queue  *queue.Queue
	crons  *cron.Scheduler
	meter  *observe.Metrics
	// hooks tells the ends of runs; nil where webhooks are disabled.
	hooks *webhook.Sender
	// started is whether the app was, and is not stopped.
	started  bool
	starting sync.Mutex
}

// New opens the database, brings its schema up to date, loads graphs and hooks, and wires everything. Nothing serves or claims
// until Serve. The environment file must have been loaded: the user's functions are called here.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg, meter: observe.New(cfg.Log)}
	var err error
	if s.auth, err = loadAuth(ctx, cfg.Parts, cfg.File); err != nil {
		return nil, err
	}
	guard, err := access.New(access.Config{Auth: s.auth, Unhandled: cfg.unhandled(), Log: cfg.Log, Now: time.Now})
	if err != nil {
		return nil, err
	}
	if s.app, err = loadApp(ctx, cfg.Parts, cfg.File); err != nil {
		return nil, err
	}
	s.graphs = loadGraphs(cfg.Parts.Graphs)
	if err := s.graphs.has(cfg.File.Graphs); err != nil {
		return nil, err
	}
	if s.db, err = store.Open(ctx, store.Config{
		URI: cfg.database(), Indexed: cfg.File.Index(), TTL: cfg.ttl(), MaxAttempts: cfg.Process.RunAttempts, Log: cfg.Log,
	}); err != nil {
		return nil, err
	}
	if err := s.wire(ctx, guard); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

func (s *Server) wire(ctx context.Context, guard *access.Guard) error {
	assistants, err := s.graphs.assistants(s.cfg.Process.GraphSettings)
	if err != nil {
		return err
	}
	if err := s.db.Assistants.SyncSystem(ctx, access.System("assistants of the graphs"), assistants); err != nil {
		return err
	}
	s.hub = events.NewHub()
	long, err := s.longTerm(ctx, guard)
	if err != nil {
		return err
	}
	policy, err := s.webhooks()
	if err != nil {
		return err
	}
	life := runs.New(runs.Config{
		DB: s.db, Hub: s.hub, Guard: guard, Graphs: s.graphs, Webhooks: policy, Now: time.Now, NewID: newID,
	})
	work := worker.New(worker.Config{
		DB: s.db, Items: long, Hub: s.hub, Guard: guard, Graphs: s.graphs, Log: s.cfg.Log,
		Timeout: s.cfg.Process.RunTimeout, KeepResumable: s.cfg.Process.KeepResumable, Version: Version(), Meter: s.meter, Now: time.Now,
	})
	if n := s.cfg.Process.Workers; n > 0 {
		lease := s.cfg.Process.Lease
		s.queue, err = queue.New(queue.Config{
			Store: s.db.Runs, Run: work.Run, Workers: n, Lease: lease, BeatEvery: lease * 3 / 10, Bell: s.hub.Bell(), Log: s.cfg.Log,
		})
		if err != nil {
			return err
		}
	}
	s.crons = cron.New(cron.Config{DB: s.db, Runs: life, Guard: guard, Log: s.cfg.Log, Now: time.Now, Came: s.meter.CronCame})
	described, err := s.app.described()
	if err != nil {
		return err
	}
	s.api, err = api.New(api.Config{
		DB: s.db, Runs: life, Items: long, Guard: guard, Graphs: s.graphs, Log: s.cfg.Log, Version: Version(),
		MaxBody: s.cfg.Process.MaxBodyBytes, MountPrefix: s.cfg.File.HTTP.MountPrefix, Disabled: s.cfg.File.HTTP.Disabled,
		CORS: s.cfg.File.HTTP.CORS, App: s.app.beside(), ConfigurableHeaders: s.cfg.File.HTTP.Configurable, LoggedHeaders: s.cfg.File.HTTP.Logged,
		Dev: s.cfg.Process.Dev, LocalOnly: s.auth == nil && !s.cfg.Process.Insecure, Now: time.Now, NewID: newID,
		PublicURL: s.cfg.Process.PublicURL, Metrics: s.meter, MetricsToken: s.cfg.Process.MetricsToken, Security: securityOf(s.cfg.File),
		Described:     described,
		TestEndpoints: s.testEndpoints(),
	})
	if err != nil {
		return err
	}
	s.meter.Watch(s.sources())
	return nil
}

// Handler returns the HTTP face, for servers of one's own. Runs are executed only while Serve or Work runs.
func (s *Server) Handler() http.Handler {
	if s.cfg.Around != nil {
		return s.cfg.Around(s.api.Handler())
	}
	return s.api.Handler()
}

// Work claims and executes runs, and tells their ends to webhooks, until ctx is done, then hands back what it holds. A webhook that is
// a path alone, at this very server, is for Serve.
func (s *Server) Work(ctx context.Context) error {
	metrics, err := s.begin(ctx)
	if err != nil {
		return err
	}
	worked := s.work(ctx, "")
	return errors.Join(worked, s.stop(ctx), metrics())
}

// work does what reaches out: the runs of graphs and the calls of webhooks. self is the URL of this server, empty when it serves nothing.
func (s *Server) work(ctx context.Context, self string) error {
	if s.queue == nil { // it serves, and reaches nobody
		<-ctx.Done()
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	var telling sync.WaitGroup
	defer telling.Wait()
	defer stop()
	if s.hooks != nil {
		telling.Go(func() { s.hooks.Run(ctx, self) })
	}
	return s.queue.Run(ctx)
}

// FireCrons makes the runs of all crons that are due at an instant, as Serve does each second for the present one: for tests, and for
// servers of one's own that only use Handler.
func (s *Server) FireCrons(ctx context.Context, now time.Time) error {
	return s.crons.FireDue(ctx, now)
}

// grace is how long open requests have to end when the server stops; streams and waits are aborted at once.
const grace = 4 * time.Second

// Serve answers on the listener, which it closes, executes runs and fires crons until ctx is done. Then it stops accepting, hands its runs
// back, aborts open streams, whose clients come back by Location, answers what it has accepted, and returns. It calls ready
// when it can serve.
func (s *Server) Serve(ctx context.Context, listener net.Listener, ready func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	metrics, err := s.begin(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	var all sync.WaitGroup
	var worked error
	all.Go(func() {
		worked = s.work(ctx, s.self(listener))
		stop()
	})
	all.Go(func() { s.sweep(ctx) })
	all.Go(func() { s.crons.Run(ctx) })
	context.AfterFunc(ctx, s.api.Drain)
	if ready != nil {
		ready()
	}
	served := drain.Serve(ctx, &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second,
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}, listener, grace)
	stop()
	all.Wait()
	return errors.Join(served, worked, s.stop(ctx), metrics())
}

// Close frees what New opened, after it has stopped an app that nobody else has. Serve and Work must have returned.
func (s *Server) Close() error {
	stopped := s.stop(context.Background())
	s.api.Close()
	s.hub.Close()
	return errors.Join(stopped, s.db.Close())
}

// unhandled is what happens to an event that no rule matches; without hooks nothing is asked.
func (c Config) unhandled() string {
	if c.File.Auth == nil {
		return ""
	}
	return string(c.File.Auth.Unhandled)
}

// ttl is what threads get that are made without a time of their own.
func (c Config) ttl() *store.TTL {
	if c.File.Checkpointer.TTL == 0 {
		return nil
	}
	return &store.TTL{Minutes: c.File.Checkpointer.TTL.Minutes(), Strategy: c.File.Checkpointer.Strategy}
}

// database is where the rows are: DATABASE_URI, or the file in the data directory beside platform.json.
func (c Config) database() string {
	if c.Process.DatabaseURI != "" {
		return c.Process.DatabaseURI
	}
	dir := c.Process.DataDir
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.File.Dir(), dir)
	}
	return filepath.Join(dir, "locutory.db")
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
