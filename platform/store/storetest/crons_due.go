package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

const lease = 30 * time.Second

// due holds the crons that are due; sys is of the server itself.
func (p *place) due(t *testing.T, now time.Time) []store.HeldCron {
	t.Helper()
	held, err := p.db.Crons.Due(t.Context(), access.System("test"), now, lease, 100)
	is(t, err, nil)
	return held
}

func cronDueSuite(t *testing.T, p *place) {
	alice := p.bench(t, Owner(t, "alice"))
	sys := access.System("test")
	made := alice.cron(t, store.CronNew{Payload: store.JSON(`{"input":1}`)})
	same(t, "due too early", 0, len(p.due(t, noon.Add(-time.Microsecond))))

	held := p.due(t, noon)
	if len(held) != 1 || held[0].ID != made.ID {
		t.Fatalf("due at noon: %v", held)
	}
	principal, err := access.ParsePrincipal(held[0].Principal)
	is(t, err, nil)
	same(t, "acts for", "alice", principal.User().Identity)
	same(t, "held by one", 0, len(p.due(t, noon.Add(lease-time.Microsecond))))
	first, err := p.db.Crons.Fire(t.Context(), sys, held[0], noon)
	is(t, err, nil)

	// Its holder is gone: the next one gets the same run for the same time, and the first one nothing more.
	again := p.due(t, noon.Add(lease))
	same(t, "held again", 1, len(again))
	_, err = p.db.Crons.Fire(t.Context(), sys, held[0], noon)
	is(t, err, store.ErrLostLease)
	is(t, p.db.Crons.Release(t.Context(), sys, held[0], noon.AddDate(1, 0, 0)), nil)
	is(t, p.db.Crons.Pause(t.Context(), sys, held[0]), nil)
	same(t, "not released by who lost it", noon, alice.readCron(t, made.ID).NextAt)
	second, err := p.db.Crons.Fire(t.Context(), sys, again[0], noon)
	is(t, err, nil)
	same(t, "one run for one time", first, second)
	other, err := p.db.Crons.Fire(t.Context(), sys, again[0], noon.Add(time.Hour))
	is(t, err, nil)
	if other == first {
		t.Error("two times have one run")
	}
	is(t, p.db.Crons.Release(t.Context(), sys, again[0], noon.Add(time.Hour)), nil)
	same(t, "next", noon.Add(time.Hour), alice.readCron(t, made.ID).NextAt)
	same(t, "released", 0, len(p.due(t, noon.Add(time.Minute))))
	same(t, "claims that are kept", 1, p.number(t, `SELECT count(*) FROM fires WHERE cron_id = '`+made.ID+`'`))

	// Who changes a cron takes it away from its holder.
	held = p.due(t, noon.Add(time.Hour))
	_, err = alice.patchCron(t, made.ID, store.CronPatch{Schedule: text("1 * * * *")})
	is(t, err, nil)
	_, err = p.db.Crons.Fire(t.Context(), sys, held[0], noon.Add(time.Hour))
	is(t, err, store.ErrLostLease)
	is(t, p.db.Crons.Release(t.Context(), sys, held[0], noon.AddDate(1, 0, 0)), nil)
	same(t, "as it was changed", noon.Add(time.Hour), alice.readCron(t, made.ID).NextAt)

	held = p.due(t, noon.Add(time.Hour))
	is(t, p.db.Crons.Pause(t.Context(), sys, held[0]), nil)
	got := alice.readCron(t, made.ID)
	same(t, "paused", []any{false, time.Time{}}, []any{got.Enabled, got.NextAt})
	same(t, "due when paused", 0, len(p.due(t, noon.AddDate(1, 0, 0))))
	is(t, p.db.Crons.Delete(t.Context(), alice.who.Crons(authhooks.Delete), alice.who.Threads(authhooks.Read), made.ID), nil)
	same(t, "claims go with the cron", 0, p.number(t, `SELECT count(*) FROM fires`))

	t.Run("many holders", func(t *testing.T) { cronsAreHeldOnce(t, p, alice) })
}

// cronsAreHeldOnce lets several processes hold at once what is due.
func cronsAreHeldOnce(t *testing.T, p *place, alice *bench) {
	const crons, holders = 20, 4
	for range crons {
		alice.cron(t, store.CronNew{})
	}
	var (
		mu   sync.Mutex
		seen = map[string]int{}
		all  sync.WaitGroup
	)
	for range holders {
		all.Go(func() {
			for {
				held, err := p.db.Crons.Due(t.Context(), access.System("test"), noon, lease, 3)
				if err != nil {
					t.Errorf("due: %v", err)
				}
				if len(held) == 0 {
					return
				}
				mu.Lock()
				for _, h := range held {
					seen[h.ID]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("cron %s was held %d times", id, n)
		}
	}
	// A holder that finds all rows locked goes away; what it left is due still.
	same(t, "held or due", crons, len(seen)+len(p.due(t, noon)))
}
