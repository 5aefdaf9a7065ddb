package storetest

import (
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

const hook = "https://hooks.example/ended?token=secret"

func deliverySuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"ends":            deliverEnds,
		"attempts":        deliverAttempts,
		"no webhook":      deliverNothing,
		"deleted thread":  deliverDeleted,
		"stateless":       deliverStateless,
		"only the server": deliverScopes,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) }) // one by one: they claim from one queue
	}
	p.sound(t)
}

func sender() access.SystemAccess { return access.System("test") }

// claimDelivery claims the one delivery that is due; that of another run fails the test.
func claimDelivery(t *testing.T, p *place, run store.Run) store.Delivery {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		claimed, err := p.db.Deliveries.ClaimDeliveries(t.Context(), sender(), time.Minute, 10)
		is(t, err, nil)
		if len(claimed) > 0 {
			same(t, "run and number", []any{run.ID, 1}, []any{claimed[0].RunID, len(claimed)})
			return claimed[0]
		}
	}
	t.Fatal("no delivery was due")
	return store.Delivery{}
}

func deliverEnds(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	end := func(want string, values string, finish func(run store.Run)) store.Delivery {
		t.Helper()
		run, err := b.create(t, store.RunNew{ThreadID: thread.ID, Webhook: hook, Kwargs: store.JSON(`{"input":1}`), Metadata: store.JSON(`{"m":1}`)})
		is(t, err, nil)
		finish(run)
		d := claimDelivery(t, p, run)
		same(t, "delivery", []any{hook, store.DeliveryWaiting, 1, want, `{"input":1}`, values},
			[]any{d.URL, d.Status, d.Attempt, d.Run.Status, string(d.Run.Kwargs), string(d.Values)})
		if d.Run.EndedAt.IsZero() || d.CreatedAt.IsZero() {
			t.Errorf("times %v, %v", d.Run.EndedAt, d.CreatedAt)
		}
		is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), d, store.DeliveryEnd{Delivered: true, URL: "https://hooks.example/ended"}), nil)
		return d
	}
	end(store.RunSuccess, `{"a":1}`, func(run store.Run) {
		b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess, Values: store.JSON(`{"a":1}`)})
	})
	d := end(store.RunError, ``, func(run store.Run) {
		b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunError, Failure: &graphs.Failure{Class: "ValueError", Message: "boom"}})
	})
	same(t, "error", `{"error":"ValueError","message":"boom"}`, string(d.Run.Error))
	end(store.RunInterrupted, ``, func(run store.Run) {
		b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunInterrupted, Rollback: true})
	})
	for _, action := range []string{store.CancelInterrupt, store.CancelRollback} {
		end(store.RunInterrupted, ``, func(run store.Run) {
			_, err := p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{run.ID}, action, "")
			is(t, err, nil)
		})
	}
}

func deliverAttempts(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run, err := b.create(t, store.RunNew{ThreadID: thread.ID, Webhook: hook})
	is(t, err, nil)
	b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess})
	first := claimDelivery(t, p, run)
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), first, store.DeliveryEnd{
		Attempt: store.DeliveryAttempt{Status: 503, Error: "503 Service Unavailable"}, Again: time.Microsecond,
	}), nil)
	second := claimDelivery(t, p, run)
	same(t, "attempt and log", []any{2, 1, 503}, []any{second.Attempt, len(second.Log), second.Log[0].Status})
	// The first sender comes back after its lease: it changes nothing.
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), first, store.DeliveryEnd{Delivered: true}), store.ErrLostLease)
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), second, store.DeliveryEnd{
		Attempt: store.DeliveryAttempt{Error: "the server stopped"}, Again: time.Microsecond, Cut: true,
	}), nil)
	second = claimDelivery(t, p, run)
	same(t, "attempt and log", []any{2, 2}, []any{second.Attempt, len(second.Log)})
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), second, store.DeliveryEnd{
		Attempt: store.DeliveryAttempt{Error: "timeout"}, URL: "https://hooks.example/ended",
	}), nil)
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), second, store.DeliveryEnd{Delivered: true}), store.ErrLostLease)
	log, err := p.db.Deliveries.OfRun(t.Context(), b.who.Threads(authhooks.Read), thread.ID, run.ID)
	is(t, err, nil)
	same(t, "log", []any{store.DeliveryFailed, "https://hooks.example/ended", 3, "timeout", ""},
		[]any{log.Status, log.URL, len(log.Log), log.Log[2].Error, log.Run.ID})
	same(t, "run", store.RunSuccess, b.status(t, run))
	n, err := p.db.Deliveries.SweepDeliveries(t.Context(), sender(), 10)
	is(t, err, nil)
	same(t, "swept too early", 0, n)
}

func deliverNothing(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	b.finish(t, b.claimOf(t, b.run(t, p.thread(t, b.who, nil).ID)), store.Finish{Status: store.RunSuccess})
	claimed, err := p.db.Deliveries.ClaimDeliveries(t.Context(), sender(), time.Minute, 10)
	is(t, err, nil)
	same(t, "deliveries", 0, len(claimed))
}

func deliverDeleted(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run, err := b.create(t, store.RunNew{ThreadID: thread.ID, Webhook: hook})
	is(t, err, nil)
	b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess, Values: store.JSON(`{"private":true}`)})
	d := claimDelivery(t, p, run)
	is(t, p.db.Threads.Delete(t.Context(), b.who.Threads(authhooks.Delete), thread.ID), nil)
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), d, store.DeliveryEnd{Again: time.Microsecond}), store.ErrLostLease)
}

func deliverStateless(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	run, err := b.create(t, store.RunNew{Webhook: hook, Temporary: true, Implicit: b.implicit(nil)})
	is(t, err, nil)
	b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess, Values: store.JSON(`{"a":1}`)})
	p.exec(t, "DELETE FROM threads WHERE id = '"+run.ThreadID+"'") // as the sweeper does
	d := claimDelivery(t, p, run)
	same(t, "values", `{"a":1}`, string(d.Values))
	is(t, p.db.Deliveries.EndAttempt(t.Context(), sender(), d, store.DeliveryEnd{Delivered: true}), nil)
}

func deliverScopes(t *testing.T, p *place) {
	_, err := p.db.Deliveries.ClaimDeliveries(t.Context(), access.SystemAccess{}, time.Minute, 1)
	is(t, err, access.ErrNoScope)
	is(t, p.db.Deliveries.EndAttempt(t.Context(), access.SystemAccess{}, store.Delivery{}, store.DeliveryEnd{}), access.ErrNoScope)
	_, err = p.db.Deliveries.SweepDeliveries(t.Context(), access.SystemAccess{}, 1)
	is(t, err, access.ErrNoScope)
}
