package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// assistantVersions answers POST /assistants/{id}/versions, the newest first. Who may read is decided by what the assistant is now, not
// by what a version of it was (H-30).
func (s *Server) assistantVersions(ctx context.Context, c *call) error {
	id, err := s.assistantParam(c)
	if err != nil {
		return err
	}
	var in wire.AssistantVersions
	if err := body(c, &in); err != nil {
		return err
	}
	scope, err := s.readAssistant(ctx, id)
	if err != nil {
		return err
	}
	metadata, err := containment(in.Metadata)
	if err != nil {
		return err
	}
	rows, err := s.DB.Assistants.Versions(ctx, scope, id, store.VersionQuery{
		Metadata: metadata, Limit: in.Limit.Or(10), Offset: int(in.Offset),
	})
	if err != nil {
		return named(err, detailAssistant)
	}
	return listed(c, rows, wireVersion, nil)
}

func wireVersion(row store.AssistantVersion) (wire.AssistantVersion, error) {
	v := wire.AssistantVersion{
		AssistantID: row.AssistantID, GraphID: row.GraphID, Name: row.Name, Description: row.Description, Version: row.Version,
		CreatedAt: wire.Time{Time: row.CreatedAt},
	}
	return v, errors.Join(decode(row.Config, &v.Config), decode(row.Context, &v.Context), decode(row.Metadata, &v.Metadata))
}

// setLatest answers POST /assistants/{id}/latest: an older version is what the assistant is again, but for who owns it (H-22).
func (s *Server) setLatest(ctx context.Context, c *call) error {
	id, err := s.assistantParam(c)
	if err != nil {
		return err
	}
	var in wire.AssistantLatest
	if in.Version, err = c.number("version", 0, 1, math.MaxInt32); err != nil { // which the body may name as well
		return err
	}
	if err := body(c, &in); err != nil {
		return err
	}
	value := &authhooks.AssistantsUpdate{}
	authhooks.SetFacts(value, authhooks.Facts{AssistantID: id, Version: in.Version})
	scope, err := s.Guard.Assistants(ctx, value)
	if err != nil {
		return err
	}
	row, err := s.DB.Assistants.SetLatest(ctx, scope, id, in.Version)
	if errors.Is(err, store.ErrVersionNotFound) {
		return refuse(http.StatusNotFound, detailVersion)
	}
	if err != nil {
		return patched(err, detailAssistant)
	}
	return c.assistant(row)
}

// assistantSubgraphs answers GET /assistants/{id}/subgraphs[/{namespace}] (streaming.md §4.3): the schemas of the graphs inside of the
// graph, by namespace. A namespace that has no graph is an empty object.
func (s *Server) assistantSubgraphs(ctx context.Context, c *call) error {
	recurse, err := c.flag("recurse")
	if err != nil {
		return err
	}
	graph, err := s.loadForAssistant(ctx, c)
	if err != nil {
		return err
	}
	only := c.param("namespace")
	found := map[string]wire.GraphSchemas{}
	inner(found, "", graph, recurse || strings.Contains(only, "|"))
	if only != "" {
		for name := range found {
			if name != only {
				delete(found, name)
			}
		}
	}
	return c.json(http.StatusOK, found)
}

// inner adds the schemas of the graphs that are nodes of a graph, and with deep those inside of them.
func inner(found map[string]wire.GraphSchemas, prefix string, graph graphs.Runnable, deep bool) {
	for name, sub := range graphs.Subgraphs(graph) {
		found[prefix+name] = schemasOf(sub)
		if deep {
			inner(found, prefix+name+"|", sub, deep)
		}
	}
}

func schemasOf(graph graphs.Runnable) wire.GraphSchemas {
	s := graph.Schemas()
	return wire.GraphSchemas{Input: s.Input, Output: s.Output, State: s.State, Config: s.Config, Context: s.Context}
}
