package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// registry holds the graphs that platform.json names. A graph that does not load keeps its error: it is listed, its routes
// answer 503 with it, and the others serve.
type registry struct {
	ids     []string
	entries map[string]entry
}

type entry struct {
	graph  Graph
	source graphs.Source
	// shape is the graph itself; nil when a factory makes a new one each time.
	shape graphs.Runnable
	err   error
}

func loadGraphs(list []Graph) *registry {
	r := &registry{entries: map[string]entry{}}
	for _, graph := range list {
		made := entry{graph: graph}
		made.err = made.load()
		r.ids = append(r.ids, graph.ID)
		r.entries[graph.ID] = made
	}
	slices.Sort(r.ids)
	return r
}

// load calls a function or compiles a graph, and keeps what comes of it.
func (e *entry) load() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v", e.graph.Symbol, p)
		}
	}()
	if e.source, err = graphs.SourceOf(e.graph.Source); err != nil {
		return fmt.Errorf("%s: %w", e.graph.Symbol, err)
	}
	type builder interface {
		Compile() (graphs.Runnable, error)
	}
	switch e.graph.Source.(type) {
	case graphs.Runnable, func() (graphs.Runnable, error), builder:
		if e.shape, err = e.source.Load(context.Background(), &graphs.ServerRuntime{}); err != nil {
			return fmt.Errorf("%s: %w", e.graph.Symbol, err)
		}
	}
	return nil
}

// has sees that every graph which platform.json names is in the program: the file may be another than the one it was built from.
func (r *registry) has(named []config.Graph) error {
	for _, graph := range named {
		if _, ok := r.entries[graph.ID]; !ok {
			return &config.Mistake{Pos: graph.Pos, Path: "graphs." + graph.ID, Text: "this program was built without it; build it from this file"}
		}
	}
	return nil
}

// Graph implements [runs.Registry].
func (r *registry) Graph(id string) (graphs.Source, error) {
	e, ok := r.entries[id]
	if !ok {
		return nil, fmt.Errorf("%q: %w", id, runs.ErrNoGraph)
	}
	return e.source, e.err
}

// IDs implements [runs.Registry].
func (r *registry) IDs() []string { return r.ids }

// assistants are the assistants that every graph has by itself (rest.md §3.1), with the settings that a new one begins with.
func (r *registry) assistants(settings map[string]json.RawMessage) ([]store.SystemAssistant, error) {
	for id := range settings {
		if _, ok := r.entries[id]; !ok {
			return nil, fmt.Errorf("LANGGRAPH_CONFIG: there is no graph %q", id)
		}
	}
	var out []store.SystemAssistant
	for _, id := range r.ids {
		assistant := store.SystemAssistant{ID: runs.SystemAssistantID(id), GraphID: id, Name: id}
		if description := r.entries[id].graph.Description; description != "" {
			assistant.Description = &description
		}
		if given, ok := settings[id]; ok {
			var err error
			if assistant.Config, assistant.Context, err = initial(given); err != nil {
				return nil, fmt.Errorf("LANGGRAPH_CONFIG: graph %q: %w", id, err)
			}
		}
		out = append(out, assistant)
	}
	return out, nil
}

// initial takes a config apart from the context beside its fields.
func initial(given json.RawMessage) (config, context json.RawMessage, err error) {
	var c wire.Config
	if err := json.Unmarshal(given, &c); err != nil {
		return nil, nil, err
	}
	settings, ok := c.Extra["context"].(map[string]any)
	if !ok && c.Extra["context"] != nil {
		return nil, nil, errors.New("context: want an object")
	}
	delete(c.Extra, "context")
	var shown wire.Object
	c.Configurable, shown = runs.Mirror(access.Unreserved(c.Configurable), access.Unreserved(settings))
	if config, err = json.Marshal(c); err != nil {
		return nil, nil, err
	}
	context, err = json.Marshal(shown)
	return config, context, err
}

// loadAuth returns the hooks, or nil when neither the program nor its platform.json has any. Hooks that are named and cannot be had
// stop the start: a program that was built without them must not serve as if nobody had asked for any.
func loadAuth(ctx context.Context, parts Parts, file *config.Config) (*authhooks.Auth, error) {
	var auth *authhooks.Auth
	switch made := parts.Auth.(type) {
	case nil:
		if file.Auth != nil {
			return nil, errors.New(`auth: platform.json names hooks that this program does not have; build it from that file, or set platform.Parts.Auth`)
		}
		return nil, nil
	case *authhooks.Auth:
		auth = made
	case func(context.Context) (*authhooks.Auth, error):
		if err := guarded("auth: "+parts.AuthSymbol, func() (err error) { auth, err = made(ctx); return err }); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("auth: %s is a %T; want *authhooks.Auth or func(context.Context) (*authhooks.Auth, error)", parts.AuthSymbol, parts.Auth)
	}
	if auth == nil {
		return nil, fmt.Errorf("auth: %s is nil", parts.AuthSymbol)
	}
	if err := auth.Validate(); err != nil {
		lines := strings.Split(err.Error(), "\n")
		count := "a mistake"
		if len(lines) > 1 {
			count = fmt.Sprintf("%d mistakes", len(lines))
		}
		return nil, fmt.Errorf("auth: %s in %s:\n  %s", count, parts.AuthSymbol, strings.Join(lines, "\n  "))
	}
	return auth, nil
}
