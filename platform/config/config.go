package config

import (
	"fmt"
	"os"
	"path/filepath"
)

// Config is what platform.json says, checked as far as the file alone can tell.
type Config struct {
	// File is the name under which the file was read; messages carry it.
	File string
	// Graphs are in the order of the file, at least one.
	Graphs []Graph
	// Auth is nil when the file has no "auth": then nobody is asked who they are.
	Auth *Auth
	Env  Env
	HTTP HTTP
	// Webhooks has its defaults when the file does not say.
	Webhooks Webhooks
	// Checkpointer says how long threads live.
	Checkpointer Checkpointer
	// Store is the long-term store.
	Store Store
}

// Graph is one entry of "graphs".
type Graph struct {
	// ID is the graph_id of the wire.
	ID          string
	Symbol      Symbol
	Description string
	// Pos is the place of the symbol in the file.
	Pos Pos
}

// Load reads and checks the file at path. All mistakes of the file come joined, each a *Mistake.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse is Load for data that is at hand already; file is the name that messages carry.
func Parse(file string, data []byte) (*Config, error) {
	root, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	c := r.config(place{key: root.pos, pos: root.pos, value: root.value})
	c.File = file
	if err := Join(r.mistakes); err != nil {
		return nil, err
	}
	return c, nil
}

// Dir is the directory that "./dir:Name" and the env file are relative to.
func (c *Config) Dir() string { return filepath.Dir(c.File) }

// Index returns the metadata keys that the store keeps indexed: those of auth.index, or its default without auth.
func (c *Config) Index() []string {
	if c.Auth == nil {
		return defaultIndex()
	}
	return c.Auth.Index
}

// config reads the whole file.
func (r *reader) config(p place) *Config {
	c := &Config{
		Env: Env{File: DefaultEnvFile}, HTTP: HTTP{Disabled: map[string]bool{}},
		Webhooks: defaultWebhooks(), Checkpointer: defaultCheckpointer(), Store: defaultStore(),
	}
	seen := false
	r.object(p, fields{
		"$schema":      func(p place) { r.text(p) },
		"graphs":       func(p place) { seen, c.Graphs = true, r.graphs(p) },
		"env":          func(p place) { c.Env = r.env(p) },
		"auth":         func(p place) { c.Auth = r.auth(p) },
		"http":         func(p place) { c.HTTP = r.http(p) },
		"store":        func(p place) { c.Store = r.store(p) },
		"checkpointer": func(p place) { c.Checkpointer = r.checkpointer(p) },
		"webhooks":     func(p place) { c.Webhooks = r.webhooks(p) },
	}, r.python())
	if _, isObject := p.value.([]member); isObject && !seen {
		r.wrong(p, `no "graphs"; want at least {"graphs": {"agent": "./agent:Graph"}}`)
	}
	return c
}

// graphs reads {"id": "./dir:Name"} or {"id": {"path": "./dir:Name", "description": "..."}}.
func (r *reader) graphs(p place) []Graph {
	var graphs []Graph
	members, ok := r.members(p, "an object from graph id to \"./dir:Name\"")
	if !ok {
		return nil
	}
	if len(members) == 0 {
		r.wrong(p, `no graph; want at least {"agent": "./agent:Graph"}`)
	}
	for _, entry := range members {
		graphs = append(graphs, r.graph(entry))
	}
	return graphs
}

func (r *reader) graph(p place) Graph {
	g := Graph{ID: p.name, Pos: p.pos}
	if p.name == "" {
		r.wrongKey(p, "a graph needs an id that is not empty")
	}
	if _, long := p.value.([]member); !long {
		g.Symbol = r.symbol(p)
		return g
	}
	named := false
	r.object(p, fields{
		"path":        func(p place) { named, g.Pos, g.Symbol = true, p.pos, r.symbol(p) },
		"description": func(p place) { g.Description = r.text(p) },
	})
	if !named {
		r.wrong(p, `no "path"; want {"path": "./dir:Name"}`)
	}
	return g
}
