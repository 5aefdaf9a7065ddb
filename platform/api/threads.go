package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

const detailThread = "Thread with ID %s not found"

// createThread answers POST /threads (rest.md §4.1).
func (s *Server) createThread(ctx context.Context, c *call) error {
	var in wire.ThreadCreate
	if err := body(c, &in); err != nil {
		return err
	}
	id := strings.ToLower(in.ThreadID)
	if id == "" {
		id = s.NewID()
	}
	ttl := storeTTL(in.TTL)
	value := &authhooks.ThreadsCreate{Metadata: map[string]any(in.Metadata)}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: id, IfExists: string(in.IfExists), TTL: lifeOf(ttl)})
	create, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return err
	}
	written, err := s.supersteps(ctx, id, value.Metadata, in.Supersteps)
	if err != nil {
		return err
	}
	row, err := s.DB.Threads.Create(ctx, create, s.readIfExists(ctx, in.IfExists, id), store.ThreadNew{
		ID: id, Metadata: value.Metadata, IfExists: string(in.IfExists), TTL: ttl, State: written,
	})
	if errors.Is(err, store.ErrExists) {
		return refuse(http.StatusConflict, "Thread already exists")
	}
	if err != nil {
		return err
	}
	return c.thread(http.StatusOK, row)
}

// readIfExists returns the scope under which an existing thread may be given back in place of a new one. Whoever may not read
// gets no scope, and the answer is then the same as for a row of somebody else (AC-19, AC-46).
func (s *Server) readIfExists(ctx context.Context, how wire.IfExists, id string) *access.ThreadScope {
	if how != wire.IfExistsDoNothing {
		return nil
	}
	read, err := s.readThread(ctx, authhooks.Facts{ThreadID: id})
	if err != nil {
		return nil
	}
	return &read
}

// readThread asks threads:read.
func (s *Server) readThread(ctx context.Context, facts authhooks.Facts) (access.ThreadScope, error) {
	value := &authhooks.ThreadsRead{}
	authhooks.SetFacts(value, facts)
	return s.Guard.Threads(ctx, value)
}

// getThread answers GET /threads/{id}.
func (s *Server) getThread(ctx context.Context, c *call) error {
	id, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	include := c.list("include")
	for _, name := range include {
		if name != "ttl" {
			return refuse(http.StatusUnprocessableEntity, "include: %q is not ttl, and there is nothing else to include", name)
		}
	}
	scope, err := s.readThread(ctx, authhooks.Facts{ThreadID: id})
	if err != nil {
		return err
	}
	row, err := s.DB.Threads.Get(ctx, scope, id)
	if err != nil {
		return named(err, detailThread, id)
	}
	thread, err := wireThread(row)
	if err != nil {
		return err
	}
	if slices.Contains(include, "ttl") {
		thread.TTL = wireTTL(row.TTL)
	}
	return c.json(http.StatusOK, thread)
}

// patchThread answers PATCH /threads/{id} (rest.md §4.3).
func (s *Server) patchThread(ctx context.Context, c *call) error {
	id, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	var in wire.ThreadPatch
	if err := body(c, &in); err != nil {
		return err
	}
	value := &authhooks.ThreadsUpdate{Metadata: map[string]any(in.Metadata)}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: id})
	scope, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return err
	}
	row, err := s.DB.Threads.Patch(ctx, scope, id, store.ThreadPatch{Metadata: value.Metadata, TTL: storeTTL(in.TTL)})
	if err != nil {
		return patched(err, detailThread, id)
	}
	s.Runs.Hub.Revise(id) // who follows the thread may be nobody to it now
	if prefers(c.gin.Request.Header, "return", "minimal") {
		return c.empty(http.StatusNoContent)
	}
	return c.thread(http.StatusOK, row)
}

// deleteThread answers DELETE /threads/{id}.
func (s *Server) deleteThread(ctx context.Context, c *call) error {
	id, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	value := &authhooks.ThreadsDelete{}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: id})
	scope, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return err
	}
	if err := s.DB.Threads.Delete(ctx, scope, id); err != nil {
		return named(err, detailThread, id)
	}
	return c.empty(http.StatusNoContent)
}

// searchThreads answers POST /threads/search (rest.md §4.2).
func (s *Server) searchThreads(ctx context.Context, c *call) error {
	var in wire.ThreadSearch
	if err := body(c, &in); err != nil {
		return err
	}
	paths, err := in.Extract.Paths()
	if err != nil {
		return err
	}
	limit, offset := in.Limit.Or(10), int(in.Offset)
	scope, query, err := s.threadQuery(ctx, in, limit, offset)
	if err != nil {
		return err
	}
	query.WithValues = len(in.Select) == 0 || slices.Contains(in.Select, "values")
	for _, path := range paths {
		query.WithValues = query.WithValues || path.Root == "values"
	}
	rows, total, err := s.DB.Threads.Search(ctx, scope, query)
	if err != nil {
		return err
	}
	c.page(offset, len(rows), limit, total)
	if len(in.Select) > 0 {
		in.Select = append(in.Select, "extracted")
	}
	return listed(c, rows, func(row store.Thread) (wire.Thread, error) {
		thread, err := wireThread(row)
		thread.Extracted = extracted(row, paths)
		return thread, err
	}, in.Select)
}

// extracted is what lies at the paths in a thread; nil for no paths.
func extracted(row store.Thread, paths map[string]wire.Path) wire.Object {
	if len(paths) == 0 {
		return nil
	}
	roots := map[string]json.RawMessage{
		"values": row.Values, "metadata": row.Metadata, "config": row.Config, "interrupts": row.Interrupts,
	}
	out := make(wire.Object, len(paths))
	for alias, path := range paths {
		out[alias] = path.In(roots[path.Root])
	}
	return out
}

// countThreads answers POST /threads/count with a bare integer.
func (s *Server) countThreads(ctx context.Context, c *call) error {
	var in wire.ThreadCount
	if err := body(c, &in); err != nil {
		return err
	}
	scope, query, err := s.threadQuery(ctx, wire.ThreadSearch{Metadata: in.Metadata, Values: in.Values, Status: in.Status}, 0, 0)
	if err != nil {
		return err
	}
	n, err := s.DB.Threads.Count(ctx, scope, query)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, n)
}

// threadQuery asks threads:search and returns the query as the hook left it.
func (s *Server) threadQuery(ctx context.Context, in wire.ThreadSearch, limit, offset int) (access.ThreadScope, store.ThreadQuery, error) {
	in.IDs = lowered(in.IDs)
	value := &authhooks.ThreadsSearch{Metadata: map[string]any(in.Metadata), Values: map[string]any(in.Values)}
	authhooks.SetFacts(value, authhooks.Facts{IDs: in.IDs, Status: string(in.Status), Limit: limit, Offset: offset})
	scope, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return access.ThreadScope{}, store.ThreadQuery{}, err
	}
	query := store.ThreadQuery{
		IDs: in.IDs, Status: string(in.Status), Limit: limit, Offset: offset,
		SortBy: string(in.SortBy), SortOrder: string(in.SortOrder),
	}
	if query.Metadata, err = containment(value.Metadata); err != nil {
		return access.ThreadScope{}, store.ThreadQuery{}, err
	}
	if query.Values, err = containment(value.Values); err != nil {
		return access.ThreadScope{}, store.ThreadQuery{}, err
	}
	return scope, query, nil
}

// containment encodes a filter by containment; an empty one matches every row and is left out.
func containment(m map[string]any) (json.RawMessage, error) {
	if len(m) == 0 {
		return nil, nil
	}
	return json.Marshal(m)
}

func (c *call) thread(status int, row store.Thread) error {
	thread, err := wireThread(row)
	if err != nil {
		return err
	}
	return c.json(status, thread)
}

func wireThread(row store.Thread) (wire.Thread, error) {
	t := wire.Thread{
		ThreadID: row.ID, Status: wire.ThreadStatus(row.Status), Values: row.Values, Error: row.Error,
		CreatedAt: wire.Time{Time: row.CreatedAt}, UpdatedAt: wire.Time{Time: row.UpdatedAt}, StateUpdatedAt: wire.Time{Time: row.StateUpdatedAt},
	}
	return t, errors.Join(decode(row.Metadata, &t.Metadata), decode(row.Config, &t.Config), decode(row.Interrupts, &t.Interrupts))
}

// decode reads JSON of a row; an absent column leaves v as it is.
func decode(data json.RawMessage, v any) error {
	if len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, v)
}
