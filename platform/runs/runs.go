package runs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
)

// ErrNoGraph says that no graph has the name.
var ErrNoGraph = errors.New("no such graph")

// Registry is the graphs of this server.
type Registry interface {
	// Graph returns a graph by its name in platform.json. The error is [ErrNoGraph], or why the graph does not load.
	Graph(id string) (graphs.Source, error)
	// IDs returns all names, those of graphs that do not load too.
	IDs() []string
}

// Refusal is an answer to a request that asks for what cannot be. Detail is for the caller (rest.md §1.3).
type Refusal struct {
	Status int // of HTTP
	Detail string
}

// Error returns the detail.
func (r *Refusal) Error() string { return r.Detail }

func refuse(status int, format string, args ...any) error {
	return &Refusal{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// WebhookPolicy says which URLs may be told of the end of a run.
type WebhookPolicy interface {
	// Check returns why a URL may not; the text is for the caller.
	Check(url string) error
	// Mask returns what of a URL everyone who reads the run may see.
	Mask(url string) string
}

// Config is what Runs need. Now and NewID may be nil, and so may Webhooks, on a server that has none.
type Config struct {
	DB       *store.DB
	Hub      *events.Hub
	Guard    *access.Guard
	Graphs   Registry
	Webhooks WebhookPolicy
	Now      func() time.Time
	NewID    func() string // UUIDs that grow with time
}

// Runs makes, follows and cancels runs. It is safe for concurrent use.
type Runs struct {
	Config
	follower *events.Follower
	linking  bool   // the reader is told links
	root     string // what they begin with
}

// New returns Runs.
func New(cfg Config) *Runs {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	return &Runs{Config: cfg, follower: &events.Follower{Hub: cfg.Hub, Log: cfg.DB.Events, Runs: cfg.DB.Runs}}
}

// assistantSpace makes the ids of the assistants that every graph has (rest.md §3.1). It is no namespace of the RFC.
var assistantSpace = uuid.MustParse("6ba7b821-9dad-11d1-80b4-00c04fd430c8")

// SystemAssistantID returns the id of the assistant that a graph has by itself.
func SystemAssistantID(graphID string) string {
	return uuid.NewSHA1(assistantSpace, []byte(graphID)).String()
}

// SystemAssistant returns the id of a graph's own assistant when text is the graph's name or that very id. It asks no database, so that
// it may be known before any hook is asked.
func SystemAssistant(graphs Registry, text string) (id string, ok bool) {
	names := graphs.IDs()
	if slices.Contains(names, text) {
		return SystemAssistantID(text), true
	}
	for _, name := range names {
		if id := SystemAssistantID(name); id == strings.ToLower(text) {
			return id, true
		}
	}
	return "", false
}
