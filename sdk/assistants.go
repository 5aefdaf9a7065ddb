package sdk

import (
	"context"
	"iter"
	"net/http"

	"github.com/locutory/locutory/platform/wire"
)

// Assistants are graphs with their settings. Each graph has one by default, named for it.
type Assistants struct{ client *Client }

// Create makes an assistant; its graph must exist.
func (a *Assistants) Create(ctx context.Context, in AssistantCreate) (*Assistant, error) {
	return fetch[Assistant](ctx, a.client, http.MethodPost, "/assistants", in)
}

// Get returns an assistant by its id, or a graph's default one by the graph's.
func (a *Assistants) Get(ctx context.Context, assistantID string) (*Assistant, error) {
	return fetchAt[Assistant](ctx, a.client, http.MethodGet, nil, "/assistants/%s", assistantID)
}

// Search returns a page of assistants; see [Assistants.All] for all pages.
func (a *Assistants) Search(ctx context.Context, in AssistantSearch) ([]Assistant, error) {
	var page []Assistant
	err := a.client.call(ctx, http.MethodPost, "/assistants/search", in, &page)
	return page, err
}

// All returns every assistant that matches, newest first unless SortBy says otherwise; Limit is the size of a page.
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
func (a *Assistants) Count(ctx context.Context, in AssistantCount) (int, error) {
	var n int
	err := a.client.call(ctx, http.MethodPost, "/assistants/count", in, &n)
	return n, err
}

// Patch changes an assistant, which makes a new version of it. Metadata is merged, all else replaced.
func (a *Assistants) Patch(ctx context.Context, assistantID string, in AssistantPatch) (*Assistant, error) {
	return fetchAt[Assistant](ctx, a.client, http.MethodPatch, in, "/assistants/%s", assistantID)
}

// Delete removes an assistant with its versions; its threads stay.
func (a *Assistants) Delete(ctx context.Context, assistantID string) error {
	path, err := route("/assistants/%s", assistantID)
	if err != nil {
		return err
	}
	return a.client.call(ctx, http.MethodDelete, path, nil, nil)
}
