// Package api is the HTTP face of the server: gin, the one table of routes, and one file for each resource.
//
// Every route is declared in [Server.Routes] with the events that it asks the operator's hooks, so that who may do what can be
// read in one place and tested by walking it. A handler decodes a body of package wire, asks the [access.Guard], and hands the
// scope that it got to the store or to package runs; without a scope there is no store method to call.
//
// The package refuses to hold business of its own: the life of a run is in package runs, rows are in package store, and what
// went wrong becomes a status and a detail in errors.go and nowhere else.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/locutory/locutory/platform/a2a"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/items"
	"github.com/locutory/locutory/platform/mcp"
	"github.com/locutory/locutory/platform/observe"
	"github.com/locutory/locutory/platform/openapi"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
)

// Config is what a Server is made of. All fields but CORS, Disabled, MountPrefix and Metrics are needed.
type Config struct {
	DB     *store.DB
	Runs   *runs.Runs
	Items  *items.Items
	Guard  *access.Guard
	Graphs runs.Registry
	Log    *slog.Logger
	// Version is what GET /info tells.
	Version string
	// MaxBody is the greatest size of a request body in bytes; more is 413.
	MaxBody int64
	// MountPrefix stands before every path, "/v1"; Disabled names route groups that answer 404 before anything is asked.
	MountPrefix string
	Disabled    map[string]bool
	CORS        *config.CORS
	// ConfigurableHeaders go into the settings of runs, LoggedHeaders into the line that a request has in the log at level debug.
	ConfigurableHeaders, LoggedHeaders config.Headers
	// App is what the operator has beside our routes.
	App App
	// Metrics counts requests and is served at /metrics; nil does neither.
	Metrics *observe.Metrics
	// MetricsToken is what /metrics wants as a bearer token. Without one it is open when nobody has to authenticate for anything, and
	// closed otherwise.
	MetricsToken string
	// TestEndpoints adds what tests of clients need. It must be false on any server that others reach.
	TestEndpoints bool
	// PublicURL is the URL of the API's root as clients know it, for links and agent cards; "" makes paths of links.
	PublicURL string
	// Dev lets pages of this machine's own origins in (any localhost port).
	Dev bool
	// LocalOnly says that nobody is asked who they are and that the server is for this machine alone: requests that name another
	// host are refused.
	LocalOnly bool
	// Security is what the operator says of credentials in the description of the API, Described the paths that are no routes of its table.
	Security  *openapi.Security
	Described []openapi.Fragment
	// Heartbeat is the steady period at which an open stream gets a comment and an open wait a newline.
	Heartbeat time.Duration
	Now       func() time.Time
	NewID     func() string
}

// Server answers the Agent Server's routes.
type Server struct {
	Config
	agents *a2a.Agents
	engine *gin.Engine
	pulse  *pulse
	tools  *mcp.Server
	custom *custom
	calls  calls // of the server to itself
	// description is what GET /openapi.json and GET /docs answer.
	description *openapi.Document
	gate        gate
	// closing is done when the server drains: open streams are aborted, so that their clients reconnect elsewhere.
	closing context.Context
	drain   context.CancelFunc
	// closed is done when the server is closed.
	closed context.Context
	end    context.CancelFunc
}

// New returns a Server that is ready to serve. Close it.
func New(cfg Config) (*Server, error) {
	if cfg.DB == nil || cfg.Runs == nil || cfg.Items == nil || cfg.Guard == nil || cfg.Graphs == nil {
		return nil, errors.New("api: DB, Runs, Items, Guard and Graphs are needed")
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 5 * time.Second
	}
	s := &Server{Config: cfg, pulse: newPulse(cfg.Heartbeat)}
	s.tools = mcp.New(mcp.Config{DB: s.DB, Runs: s.Runs, Guard: s.Guard, Schemas: s.toolSchemas, Version: s.Version, Log: s.Log})
	s.agents = s.newAgents()
	for _, route := range s.Routes() {
		if route.Events == nil {
			s.pulse.close()
			return nil, fmt.Errorf("api: %s %s declares no events and is not public", route.Method, route.Path)
		}
	}
	var err error
	if s.custom, err = newCustom(cfg.App, s.Routes(), cfg.Disabled); err != nil {
		s.pulse.close()
		return nil, err
	}
	if s.description, err = s.describe(); err != nil {
		s.pulse.close()
		return nil, err
	}
	s.closing, s.drain = context.WithCancel(context.Background())
	s.closed, s.end = context.WithCancel(context.Background())
	s.engine = s.router()
	return s, nil
}

// Handler returns the handler for all routes.
func (s *Server) Handler() http.Handler { return s.cors(s.pages(s.middle(outside(s.engine)))) }

// Drain aborts every open stream and wait: their bodies end incomplete, and clients come back by Location.
func (s *Server) Drain() { s.drain() }

// Close ends what the server started. Handlers must have returned.
func (s *Server) Close() {
	s.drain()
	s.calls.close(s.end)
	s.pulse.close()
}

// served are the routes that there are.
func (s *Server) served() []Route { return Served(s.Routes(), s.App, s.Disabled) }

func (s *Server) router() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.UseRawPath = true
	engine.UnescapePathValues = false // [call.param] does
	engine.Use(s.logRequest)
	if s.Metrics != nil {
		engine.Use(s.count)
	}
	engine.NoRoute(s.beside(s.open(func(context.Context, *call) error {
		return refuse(http.StatusNotFound, "Not Found")
	})))
	engine.NoMethod(s.beside(s.open(func(context.Context, *call) error {
		return refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
	})))
	for _, route := range s.served() {
		handle := s.guarded(route)
		if route.Public() || route.Operator() {
			handle = s.open(route.handle)
		}
		engine.Handle(route.Method, s.prefix()+route.Path, handle)
	}
	return engine
}
