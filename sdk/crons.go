package sdk

import (
	"context"
	"iter"
	"net/http"

	"github.com/locutory/locutory/platform/wire"
)

// Crons are runs that the clock makes. Each acts as the user who made it, as long as the server's hooks let that user.
type Crons struct{ client *Client }

// Create plans runs of an assistant, which may be named by its graph: on a thread, or with [Stateless] on a new one at each firing.
// It is POST /threads/{thread_id}/runs/crons (rest.md §6).
func (c *Crons) Create(ctx context.Context, threadID, assistant string, in CronCreate) (*Cron, error) {
	path, err := threadRoute(threadID, "/runs/crons")
	if err != nil {
		return nil, err
	}
	in.AssistantID = assistant
	return fetch[Cron](ctx, c.client, http.MethodPost, path, in)
}

// Get returns a cron.
// It is GET /runs/crons/{cron_id} (rest.md §6).
func (c *Crons) Get(ctx context.Context, cronID string) (*Cron, error) {
	return fetchAt[Cron](ctx, c.client, http.MethodGet, nil, "/runs/crons/%s", cronID)
}

// Patch changes a cron. Metadata is merged, all else replaced; [NoEnd] clears the end.
// It is PATCH /runs/crons/{cron_id} (rest.md §6).
func (c *Crons) Patch(ctx context.Context, cronID string, in CronPatch) (*Cron, error) {
	return fetchAt[Cron](ctx, c.client, http.MethodPatch, in, "/runs/crons/%s", cronID)
}

// Delete removes a cron. Runs that it has made go on.
// It is DELETE /runs/crons/{cron_id} (rest.md §6).
func (c *Crons) Delete(ctx context.Context, cronID string) error {
	path, err := route("/runs/crons/%s", cronID)
	if err != nil {
		return err
	}
	return c.client.call(ctx, http.MethodDelete, path, nil, nil)
}

// Search returns a page of crons; see [Crons.All] for all pages.
// It is POST /runs/crons/search (rest.md §6).
func (c *Crons) Search(ctx context.Context, in CronSearch) ([]Cron, error) {
	var page []Cron
	err := c.client.call(ctx, http.MethodPost, "/runs/crons/search", in, &page)
	return page, err
}

// All returns every cron that matches, newest first unless SortBy says otherwise; Limit is the size of a page.
// It is POST /runs/crons/search (rest.md §6).
func (c *Crons) All(ctx context.Context, in CronSearch) iter.Seq2[Cron, error] {
	return pages[Cron]{
		client: c.client,
		path:   "/runs/crons/search",
		offset: in.Offset,
		limit:  in.Limit,
		body: func(limit wire.Limit, offset wire.Offset) any {
			in.Limit, in.Offset = limit, offset
			return in
		},
		id: func(c Cron) string { return c.CronID },
	}.all(ctx)
}

// Count returns how many crons match.
// It is POST /runs/crons/count (rest.md §6).
func (c *Crons) Count(ctx context.Context, in CronCount) (int, error) {
	var n int
	err := c.client.call(ctx, http.MethodPost, "/runs/crons/count", in, &n)
	return n, err
}

// Until is the end of a cron, for [CronPatch.EndTime].
func Until(t Time) wire.Optional[*Time] { return wire.Some(&t) }

// NoEnd lets a cron go on, for [CronPatch.EndTime].
func NoEnd() wire.Optional[*Time] { return wire.Some[*Time](nil) }
