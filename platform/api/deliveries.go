package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/webhook"
	"github.com/locutory/locutory/platform/wire"
)

// listDeliveries answers GET /threads/{id}/runs/{id}/deliveries: what became of telling the run's end. It is empty for a run without a
// webhook, while the run goes on, and a week after the delivery has ended.
func (s *Server) listDeliveries(ctx context.Context, c *call) error {
	scope, run, err := s.readRun(ctx, c)
	if err != nil {
		return err
	}
	list := []wire.Delivery{}
	row, err := s.DB.Deliveries.OfRun(ctx, scope, run.ThreadID, run.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		list = append(list, wireDelivery(row))
	}
	return c.json(http.StatusOK, list)
}

// wireDelivery leaves out what only the receiver should know: a URL may hold a secret for as long as the delivery waits.
func wireDelivery(row store.Delivery) wire.Delivery {
	out := wire.Delivery{
		ID: row.ID, RunID: row.RunID, URL: webhook.Mask(row.URL), Status: wire.DeliveryStatus(row.Status), Attempts: []wire.DeliveryAttempt{},
		CreatedAt: wire.Time{Time: row.CreatedAt},
	}
	if !row.DueAt.IsZero() {
		out.NextAt = &wire.Time{Time: row.DueAt}
	}
	if !row.EndedAt.IsZero() {
		out.EndedAt = &wire.Time{Time: row.EndedAt}
	}
	for _, a := range row.Log {
		attempt := wire.DeliveryAttempt{At: wire.Time{Time: a.At}, TookMS: a.Took.Milliseconds()}
		if a.Status != 0 {
			attempt.Status = &a.Status
		}
		if a.Error != "" {
			attempt.Error = &a.Error
		}
		out.Attempts = append(out.Attempts, attempt)
	}
	return out
}
