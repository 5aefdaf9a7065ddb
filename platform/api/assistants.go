package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

const (
	detailAssistant = "Assistant not found"
	detailGraph     = "Graph %q not found"
	detailVersion   = "Assistant version not found"
)

// assistantParam returns the assistant that a path names, by id or by the id of its graph (rest.md §3.1).
func (s *Server) assistantParam(c *call) (string, error) {
	text := c.param("assistant_id")
	if id, ok := runs.SystemAssistant(s.Graphs, text); ok {
		return id, nil
	}
	return c.uuid("assistant_id")
}

// createAssistant answers POST /assistants (rest.md §3.2).
func (s *Server) createAssistant(ctx context.Context, c *call) error {
	var in wire.AssistantCreate
	if err := body(c, &in); err != nil {
		return err
	}
	if err := settleKinds(&in.Config, &in.Context); err != nil {
		return err
	}
	id := strings.ToLower(in.AssistantID)
	if id == "" {
		id = s.NewID()
	}
	config, err := object(in.Config)
	if err != nil {
		return err
	}
	value := &authhooks.AssistantsCreate{Metadata: access.Unreserved(in.Metadata), Config: config, Context: map[string]any(in.Context)}
	facts := authhooks.Facts{AssistantID: id, GraphID: in.GraphID, Name: in.Name, IfExists: string(in.IfExists)}
	if in.Description != nil {
		facts.Description = *in.Description
	}
	authhooks.SetFacts(value, facts)
	create, err := s.Guard.Assistants(ctx, value)
	if err != nil {
		return err
	}
	if err := s.hasGraph(in.GraphID); err != nil {
		return err
	}
	var read *access.AssistantScope
	if in.IfExists == wire.IfExistsDoNothing {
		if scope, err := s.readAssistant(ctx, id); err == nil {
			read = &scope
		}
	}
	name := in.Name
	if name == "" {
		name = "Untitled"
	}
	row := store.AssistantNew{
		ID: id, GraphID: in.GraphID, Name: name, Description: in.Description, IfExists: string(in.IfExists), Metadata: value.Metadata,
	}
	given, err := settings(value.Config, value.Context)
	if err != nil {
		return err
	}
	row.Config, row.Context = given.config, given.context
	made, err := s.DB.Assistants.Create(ctx, create, read, row)
	if errors.Is(err, store.ErrExists) {
		return refuse(http.StatusConflict, "Assistant already exists")
	}
	if err != nil {
		return err
	}
	return c.assistant(made)
}

// hasGraph refuses the name of a graph that the server does not have. One that does not load is one.
func (s *Server) hasGraph(id string) error {
	if _, err := s.Graphs.Graph(id); errors.Is(err, runs.ErrNoGraph) {
		return refuse(http.StatusNotFound, detailGraph, id)
	}
	return nil
}

func (s *Server) readAssistant(ctx context.Context, id string) (access.AssistantScope, error) {
	value := &authhooks.AssistantsRead{}
	authhooks.SetFacts(value, authhooks.Facts{AssistantID: id})
	return s.Guard.Assistants(ctx, value)
}

// foundAssistant asks assistants:read for the path's assistant and returns its row.
func (s *Server) foundAssistant(ctx context.Context, c *call) (store.Assistant, error) {
	id, err := s.assistantParam(c)
	if err != nil {
		return store.Assistant{}, err
	}
	scope, err := s.readAssistant(ctx, id)
	if err != nil {
		return store.Assistant{}, err
	}
	row, err := s.DB.Assistants.Get(ctx, scope, id)
	return row, named(err, detailAssistant)
}

// getAssistant answers GET /assistants/{id}.
func (s *Server) getAssistant(ctx context.Context, c *call) error {
	row, err := s.foundAssistant(ctx, c)
	if err != nil {
		return err
	}
	return c.assistant(row)
}

// patchAssistant answers PATCH /assistants/{id}: metadata merges, the rest replaces, always a new version.
func (s *Server) patchAssistant(ctx context.Context, c *call) error {
	id, err := s.assistantParam(c)
	if err != nil {
		return err
	}
	var in wire.AssistantPatch
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Name != nil && *in.Name == "" {
		in.Name = nil
	}
	config := wire.Config{}
	if in.Config != nil {
		config = *in.Config
	}
	if err := settleKinds(&config, &in.Context); err != nil {
		return err
	}
	value := &authhooks.AssistantsUpdate{Metadata: access.Unreserved(in.Metadata), Context: map[string]any(in.Context)}
	if in.Config != nil {
		if value.Config, err = object(config); err != nil {
			return err
		}
	}
	facts := authhooks.Facts{AssistantID: id, GraphID: in.GraphID}
	if in.Name != nil {
		facts.Name = *in.Name
	}
	if in.Description != nil {
		facts.Description = *in.Description
	}
	authhooks.SetFacts(value, facts)
	scope, err := s.Guard.Assistants(ctx, value)
	if err != nil {
		return err
	}
	patch := store.AssistantPatch{Metadata: value.Metadata, Name: in.Name, Description: in.Description}
	if in.GraphID != "" {
		if err := s.hasGraph(in.GraphID); err != nil {
			return err
		}
		patch.GraphID = &in.GraphID
	}
	given, err := settings(value.Config, value.Context)
	if err != nil {
		return err
	}
	switch {
	case in.Config != nil || len(value.Config) > 0:
		patch.Config = given.config
	case len(value.Context) > 0:
		patch.Configurable = given.configurable // the mirror of the context; what else the config holds stays
	}
	if in.Context != nil || len(given.shown) > 0 {
		patch.Context = given.context
	}
	row, err := s.DB.Assistants.Patch(ctx, scope, id, patch)
	if err != nil {
		return patched(err, detailAssistant)
	}
	return c.assistant(row)
}

// searchAssistants answers POST /assistants/search.
func (s *Server) searchAssistants(ctx context.Context, c *call) error {
	var in wire.AssistantSearch
	if err := body(c, &in); err != nil {
		return err
	}
	limit, offset := in.Limit.Or(10), int(in.Offset)
	scope, query, err := s.assistantQuery(ctx, in, limit, offset)
	if err != nil {
		return err
	}
	rows, total, err := s.DB.Assistants.Search(ctx, scope, query)
	if err != nil {
		return err
	}
	c.page(offset, len(rows), limit, total)
	return listed(c, rows, wireAssistant, in.Select)
}

// countAssistants answers POST /assistants/count with a bare integer.
func (s *Server) countAssistants(ctx context.Context, c *call) error {
	var in wire.AssistantCount
	if err := body(c, &in); err != nil {
		return err
	}
	scope, query, err := s.assistantQuery(ctx, wire.AssistantSearch{Metadata: in.Metadata, GraphID: in.GraphID, Name: in.Name}, 0, 0)
	if err != nil {
		return err
	}
	n, err := s.DB.Assistants.Count(ctx, scope, query)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, n)
}

func (s *Server) assistantQuery(ctx context.Context, in wire.AssistantSearch, limit, offset int) (access.AssistantScope, store.AssistantQuery, error) {
	value := &authhooks.AssistantsSearch{Metadata: map[string]any(in.Metadata)}
	authhooks.SetFacts(value, authhooks.Facts{GraphID: in.GraphID, Name: in.Name, Limit: limit, Offset: offset})
	scope, err := s.Guard.Assistants(ctx, value)
	if err != nil {
		return access.AssistantScope{}, store.AssistantQuery{}, err
	}
	metadata, err := containment(value.Metadata)
	return scope, store.AssistantQuery{
		Metadata: metadata, GraphID: in.GraphID, Name: in.Name, Limit: limit, Offset: offset,
		SortBy: string(in.SortBy), SortOrder: string(in.SortOrder),
	}, err
}

// assistantGraph answers GET /assistants/{id}/graph (streaming.md §4.1).
func (s *Server) assistantGraph(ctx context.Context, c *call) error {
	levels, err := c.levels("xray")
	if err != nil {
		return err
	}
	graph, err := s.loadForAssistant(ctx, c)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, graph.Draw(levels))
}

// assistantSchemas answers GET /assistants/{id}/schemas (streaming.md §4.2).
func (s *Server) assistantSchemas(ctx context.Context, c *call) error {
	row, err := s.foundAssistant(ctx, c)
	if err != nil {
		return err
	}
	graph, err := s.load(ctx, row.GraphID, "assistants.read", row)
	if err != nil {
		return err
	}
	schemas := schemasOf(graph)
	schemas.GraphID = row.GraphID
	return c.json(http.StatusOK, schemas)
}

func (s *Server) loadForAssistant(ctx context.Context, c *call) (graphs.Runnable, error) {
	row, err := s.foundAssistant(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.load(ctx, row.GraphID, "assistants.read", row)
}

// load returns the graph, made for the access that the context names. A graph that failed to compile is 503 with its error.
func (s *Server) load(ctx context.Context, graphID, accessContext string, assistant store.Assistant) (graphs.Runnable, error) {
	source, err := s.Graphs.Graph(graphID)
	if errors.Is(err, runs.ErrNoGraph) {
		return nil, refuse(http.StatusNotFound, detailGraph, graphID)
	}
	if err != nil {
		return nil, refuse(http.StatusServiceUnavailable, "graph %q does not load: %v", graphID, err)
	}
	rt := &graphs.ServerRuntime{AccessContext: accessContext}
	rt.Config.GraphID, rt.Config.AssistantID = graphID, assistant.ID
	if caller, ok := access.From(ctx); ok {
		rt.User, rt.Config.User = caller.User, caller.User
		rt.Store = s.Items.For(caller)
		rt.Config.Store = rt.Store
	}
	var config struct {
		Configurable map[string]json.RawMessage `json:"configurable"`
	}
	if err := decode(assistant.Config, &config); err != nil {
		return nil, err
	}
	rt.Config.Configurable, rt.Config.Context = config.Configurable, assistant.Context
	graph, err := source.Load(ctx, rt)
	if err != nil {
		return nil, refuse(http.StatusServiceUnavailable, "graph %q does not load: %v", graphID, err)
	}
	return graph, nil
}

func (c *call) assistant(row store.Assistant) error {
	assistant, err := wireAssistant(row)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, assistant)
}

func wireAssistant(row store.Assistant) (wire.Assistant, error) {
	a := wire.Assistant{
		AssistantID: row.ID, GraphID: row.GraphID, Name: row.Name, Description: row.Description, Version: row.Version,
		CreatedAt: wire.Time{Time: row.CreatedAt}, UpdatedAt: wire.Time{Time: row.UpdatedAt},
	}
	return a, errors.Join(decode(row.Config, &a.Config), decode(row.Context, &a.Context), decode(row.Metadata, &a.Metadata))
}
