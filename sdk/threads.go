package sdk

import (
	"context"
	"iter"
	"net/http"
	"strconv"

	"github.com/locutory/locutory/platform/wire"
)

// Threads are conversations and their state.
type Threads struct{ client *Client }

// Create makes a thread.
// It is POST /threads (rest.md §4.1).
func (t *Threads) Create(ctx context.Context, in ThreadCreate) (*Thread, error) {
	return fetch[Thread](ctx, t.client, http.MethodPost, "/threads", in)
}

// Copy makes a thread with the states and values of another. It is the caller's own, and what happens to one does not change the other.
// It is POST /threads/{thread_id}/copy (rest.md §4.4).
func (t *Threads) Copy(ctx context.Context, threadID string) (*Thread, error) {
	return fetchAt[Thread](ctx, t.client, http.MethodPost, nil, "/threads/%s/copy", threadID)
}

// Prune deletes threads, or with [TTLKeepLatest] only their history, all of them or none; it returns how many there were.
// It is POST /threads/prune (rest.md §4.5).
func (t *Threads) Prune(ctx context.Context, in ThreadPrune) (int, error) {
	pruned, err := fetch[wire.ThreadPruned](ctx, t.client, http.MethodPost, "/threads/prune", in)
	if err != nil {
		return 0, err
	}
	return pruned.PrunedCount, nil
}

// Storage tells what a thread's states take in the server's database.
// It is GET /threads/{thread_id}/storage (rest.md §4).
func (t *Threads) Storage(ctx context.Context, threadID string) (*ThreadStorage, error) {
	return fetchAt[ThreadStorage](ctx, t.client, http.MethodGet, nil, "/threads/%s/storage", threadID)
}

// GetWithTTL returns a thread that says when its time is over; Thread.TTL is nil if it stays.
// It is GET /threads/{thread_id} (rest.md §4.5).
func (t *Threads) GetWithTTL(ctx context.Context, threadID string) (*Thread, error) {
	return fetchAt[Thread](ctx, t.client, http.MethodGet, nil, "/threads/%s?include=ttl", threadID)
}

// Get returns a thread. One that the caller may not see is a 404, like one that does not exist.
// It is GET /threads/{thread_id} (rest.md §4).
func (t *Threads) Get(ctx context.Context, threadID string) (*Thread, error) {
	return fetchAt[Thread](ctx, t.client, http.MethodGet, nil, "/threads/%s", threadID)
}

// Patch merges metadata into a thread's, key by key, and begins its time anew if TTL is set.
// It is PATCH /threads/{thread_id} (rest.md §4.3).
func (t *Threads) Patch(ctx context.Context, threadID string, in ThreadPatch) (*Thread, error) {
	return fetchAt[Thread](ctx, t.client, http.MethodPatch, in, "/threads/%s", threadID)
}

// Delete removes a thread with its runs and states.
// It is DELETE /threads/{thread_id} (rest.md §4.5).
func (t *Threads) Delete(ctx context.Context, threadID string) error {
	path, err := route("/threads/%s", threadID)
	if err != nil {
		return err
	}
	return t.client.call(ctx, http.MethodDelete, path, nil, nil)
}

// Search returns a page of threads; see [Threads.All] for all pages.
// It is POST /threads/search (rest.md §4.2).
func (t *Threads) Search(ctx context.Context, in ThreadSearch) ([]Thread, error) {
	var page []Thread
	err := t.client.call(ctx, http.MethodPost, "/threads/search", in, &page)
	return page, err
}

// All returns every thread that matches, newest first unless SortBy says otherwise; Limit is the size of a page.
// A thread that is made meanwhile may be missing; none comes twice, unless Select leaves out thread_id.
// It is POST /threads/search (rest.md §4.2).
func (t *Threads) All(ctx context.Context, in ThreadSearch) iter.Seq2[Thread, error] {
	if in.SortBy == "" {
		// The server's default, updated_at, would move rows between pages while they are read.
		in.SortBy = wire.ThreadByCreatedAt
	}
	return pages[Thread]{
		client: t.client,
		path:   "/threads/search",
		offset: in.Offset,
		limit:  in.Limit,
		body: func(limit wire.Limit, offset wire.Offset) any {
			in.Limit, in.Offset = limit, offset
			return in
		},
		id: func(t Thread) string { return t.ThreadID },
	}.all(ctx)
}

// Count returns how many threads match.
// It is POST /threads/count (rest.md §4.2).
func (t *Threads) Count(ctx context.Context, in ThreadCount) (int, error) {
	var n int
	err := t.client.call(ctx, http.MethodPost, "/threads/count", in, &n)
	return n, err
}

// State returns a thread's latest state.
// It is GET /threads/{thread_id}/state (rest.md §4.6).
func (t *Threads) State(ctx context.Context, threadID string) (*ThreadState, error) {
	return fetchAt[ThreadState](ctx, t.client, http.MethodGet, nil, "/threads/%s/state", threadID)
}

// StateAt returns a thread's state at a checkpoint, or the latest with the states of its subgraphs.
// It is POST /threads/{thread_id}/state/checkpoint (rest.md §4.6).
func (t *Threads) StateAt(ctx context.Context, threadID string, at StateAt) (*ThreadState, error) {
	if at.Checkpoint == nil && len(at.Select) == 0 {
		return fetchAt[ThreadState](ctx, t.client, http.MethodGet, nil, "/threads/%s/state?subgraphs="+strconv.FormatBool(at.Subgraphs), threadID)
	}
	return fetchAt[ThreadState](ctx, t.client, http.MethodPost, at, "/threads/%s/state/checkpoint", threadID)
}

// UpdateState writes values as if a node had, and returns the new checkpoint.
// It is POST /threads/{thread_id}/state (rest.md §4.7).
func (t *Threads) UpdateState(ctx context.Context, threadID string, in StateUpdate) (*CheckpointConfig, error) {
	updated, err := fetchAt[wire.StateUpdated](ctx, t.client, http.MethodPost, in, "/threads/%s/state", threadID)
	if err != nil {
		return nil, err
	}
	return &updated.Checkpoint, nil
}

// History returns a thread's states, newest first.
// It is POST /threads/{thread_id}/history (rest.md §4.8).
func (t *Threads) History(ctx context.Context, threadID string, in HistorySearch) ([]ThreadState, error) {
	states, err := fetchAt[[]ThreadState](ctx, t.client, http.MethodPost, in, "/threads/%s/history", threadID)
	if err != nil {
		return nil, err
	}
	return *states, nil
}
