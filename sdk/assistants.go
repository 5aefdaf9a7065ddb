package sdk

import (
	"context"
	"iter"
	"net/http"
	"strconv"

	"github.com/locutory/locutory/platform/wire"
)

// Assistants are graphs with their settings. Each graph has one by default, named for it.
type Assistants struct{ client *Client }

// Create makes an assistant; its graph must exist.
// It is POST /assistants (rest.md §3.2).
func (a *Assistants) Create(ctx context.Context, in AssistantCreate) (*Assistant, error) {
	return fetch[Assistant](ctx, a.client, http.MethodPost, "/assistants", in)
}

// Get returns an assistant by its id, or a graph's default one by the graph's.
// It is GET /assistants/{assistant_id} (rest.md §3.2).
func (a *Assistants) Get(ctx context.Context, assistantID string) (*Assistant, error) {
	return fetchAt[Assistant](ctx, a.client, http.MethodGet, nil, "/assistants/%s", assistantID)
}

// Search returns a page of assistants; see [Assistants.All] for all pages.
// It is POST /assistants/search (rest.md §3.2).
func (a *Assistants) Search(ctx context.Context, in AssistantSearch) ([]Assistant, error) {
	var page []Assistant
	err := a.client.call(ctx, http.MethodPost, "/assistants/search", in, &page)
	return page, err
}

// All returns every assistant that matches, newest first unless SortBy says otherwise; Limit is the size of a page.
// It is POST /assistants/search (rest.md §3.2).
func (a *Assistants) All(ctx context.Context, in AssistantSearch) iter.Seq2[Assistant, error] {
	if in.SortBy == "" {
		in.SortBy = wire.AssistantByCreatedAt
	}
	return pages[Assistant]{
		client: a.client,
		path:   "/assistants/search",
		offset: in.Offset,
		limit:  in.Limit,
		body: func(limit wire.Limit, offset wire.Offset) any {
			in.Limit, in.Offset = limit, offset
			return in
		},
		id: func(a Assistant) string { return a.AssistantID },
	}.all(ctx)
}

// Count returns how many assistants match.
// It is POST /assistants/count (rest.md §3.2).
func (a *Assistants) Count(ctx context.Context, in AssistantCount) (int, error) {
	var n int
	err := a.client.call(ctx, http.MethodPost, "/assistants/count", in, &n)
	return n, err
}

// Patch changes an assistant, which makes a new version of it. Metadata is merged, all else replaced.
// It is PATCH /assistants/{assistant_id} (rest.md §3.2).
func (a *Assistants) Patch(ctx context.Context, assistantID string, in AssistantPatch) (*Assistant, error) {
	return fetchAt[Assistant](ctx, a.client, http.MethodPatch, in, "/assistants/%s", assistantID)
}

// Versions returns what an assistant was, the newest version first.
// It is POST /assistants/{assistant_id}/versions (rest.md §3.2).
func (a *Assistants) Versions(ctx context.Context, assistantID string, in AssistantVersions) ([]AssistantVersion, error) {
	path, err := route("/assistants/%s/versions", assistantID)
	if err != nil {
		return nil, err
	}
	var versions []AssistantVersion
	err = a.client.call(ctx, http.MethodPost, path, in, &versions)
	return versions, err
}

// SetLatest makes an older version what the assistant is. It makes no new version; who owns the assistant stays.
// It is POST /assistants/{assistant_id}/latest (rest.md §3.2).
func (a *Assistants) SetLatest(ctx context.Context, assistantID string, version int) (*Assistant, error) {
	return fetchAt[Assistant](ctx, a.client, http.MethodPost, wire.AssistantLatest{Version: version}, "/assistants/%s/latest", assistantID)
}

// Graph returns the drawing of an assistant's graph, with the graphs inside of it opened to a depth; 0 opens none.
// It is GET /assistants/{assistant_id}/graph (rest.md §3.2).
func (a *Assistants) Graph(ctx context.Context, assistantID string, depth int) (*Drawing, error) {
	path, err := route("/assistants/%s/graph", assistantID)
	if err != nil {
		return nil, err
	}
	return fetch[Drawing](ctx, a.client, http.MethodGet, path+"?xray="+strconv.Itoa(depth), nil)
}

// Schemas returns the JSON Schemas of an assistant's graph.
// It is GET /assistants/{assistant_id}/schemas (rest.md §3.2).
func (a *Assistants) Schemas(ctx context.Context, assistantID string) (*GraphSchemas, error) {
	return fetchAt[GraphSchemas](ctx, a.client, http.MethodGet, nil, "/assistants/%s/schemas", assistantID)
}

// Subgraphs returns the schemas of the graphs inside of an assistant's graph, by namespace: the name of the node, or, with recurse, those
// of nodes in nodes too, joined by "|".
// It is GET /assistants/{assistant_id}/subgraphs (rest.md §3.2).
func (a *Assistants) Subgraphs(ctx context.Context, assistantID string, recurse bool) (map[string]GraphSchemas, error) {
	path, err := route("/assistants/%s/subgraphs", assistantID)
	return a.subgraphs(ctx, path, err, recurse)
}

// Subgraph is [Assistants.Subgraphs] of those at a namespace: a key of its answer.
// It is GET /assistants/{assistant_id}/subgraphs/{namespace} (rest.md §3.2).
func (a *Assistants) Subgraph(ctx context.Context, assistantID, namespace string, recurse bool) (map[string]GraphSchemas, error) {
	path, err := route("/assistants/%s/subgraphs/%s", assistantID, namespace)
	return a.subgraphs(ctx, path, err, recurse)
}

func (a *Assistants) subgraphs(ctx context.Context, path string, err error, recurse bool) (map[string]GraphSchemas, error) {
	if err != nil {
		return nil, err
	}
	var found map[string]GraphSchemas
	err = a.client.call(ctx, http.MethodGet, path+"?recurse="+strconv.FormatBool(recurse), nil, &found)
	return found, err
}

// Delete removes an assistant with its versions, and stops the caller's unfinished runs of it; its threads stay.
// It is DELETE /assistants/{assistant_id} (rest.md §3.2).
func (a *Assistants) Delete(ctx context.Context, assistantID string) error {
	return a.delete(ctx, assistantID, false)
}

// DeleteWithThreads is Delete that removes the threads whose last run was of the assistant, too. Threads of other users stay.
// It is DELETE /assistants/{assistant_id} (rest.md §3.2).
func (a *Assistants) DeleteWithThreads(ctx context.Context, assistantID string) error {
	return a.delete(ctx, assistantID, true)
}

func (a *Assistants) delete(ctx context.Context, assistantID string, threads bool) error {
	path, err := route("/assistants/%s", assistantID)
	if err != nil {
		return err
	}
	if threads {
		path += "?delete_threads=true"
	}
	return a.client.call(ctx, http.MethodDelete, path, nil, nil)
}
