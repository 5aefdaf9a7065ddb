package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
)

// retrySuite loses a run's worker until the run is given up (rest.md §5.6).
func retrySuite(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run, err := b.create(t, store.RunNew{ThreadID: thread.ID, Webhook: hook})
	is(t, err, nil)
	behind := b.run(t, thread.ID)
	const most = 3
	var last *store.Claimed
	for attempt := 1; attempt <= most; attempt++ {
		last = p.claimSoon(t, time.Microsecond)
		same(t, "claimed", []any{run.ID, attempt}, []any{last.Run.ID, last.Attempt})
	}
	next := p.claimSoon(t, time.Minute) // gives the run up, and goes on to the one behind it
	same(t, "the next one", behind.ID, next.Run.ID)
	row, err := p.db.Runs.Get(t.Context(), b.who.Threads(authhooks.Read), thread.ID, run.ID)
	is(t, err, nil)
	var failure graphs.Failure
	is(t, json.Unmarshal(row.Error, &failure), nil)
	same(t, "status and class", []any{store.RunError, "WorkerLostError"}, []any{row.Status, failure.Class})
	is(t, p.db.Runs.Commit(t.Context(), last.Lease, store.Batch{}), store.ErrLostLease)
	d := claimDelivery(t, p, run)
	same(t, "told", store.RunError, d.Run.Status)
	b.finish(t, next, store.Finish{Status: store.RunSuccess})
	p.sound(t)

	config := p.config
	config.MaxAttempts = 1
	once := &place{config: config, db: Open(t, config)}
	run = b.run(t, thread.ID)
	same(t, "claimed", run.ID, once.claimSoon(t, time.Microsecond).Run.ID)
	behind = b.run(t, thread.ID)
	next = once.claimSoon(t, time.Minute)
	same(t, "after one attempt", []string{behind.ID, store.RunError}, []string{next.Run.ID, b.status(t, run)})
	b.finish(t, next, store.Finish{Status: store.RunSuccess})
}

// claimSoon claims what is due, once it is.
func (p *place) claimSoon(t *testing.T, lease time.Duration) *store.Claimed {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		c, err := p.db.Runs.Claim(t.Context(), testWorker, lease)
		is(t, err, nil)
		if c != nil {
			return c
		}
	}
	t.Fatal("no run was due")
	return nil
}
