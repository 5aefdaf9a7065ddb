package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

func rejectRun(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	first, err := b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: store.StrategyReject})
	is(t, err, nil)
	_, err = b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: store.StrategyReject})
	is(t, err, store.ErrBusy)
	same(t, "status", store.RunPending, b.status(t, first))
	b.finish(t, b.claimOf(t, first), store.Finish{Status: store.RunSuccess})
	_, err = b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: store.StrategyReject})
	is(t, err, nil)
	_, err = b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: "no such"})
	if err == nil {
		t.Error("an unknown strategy was taken")
	}
}

func interruptRuns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	running, waiting := b.run(t, thread.ID), b.run(t, thread.ID)
	c := b.claimOf(t, running)
	next, err := b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: store.StrategyInterrupt})
	is(t, err, nil)
	same(t, "waiting", store.RunInterrupted, b.status(t, waiting))
	same(t, "running", store.RunRunning, b.status(t, running))
	log, err := p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Read), thread.ID, waiting.ID, -1, 0)
	is(t, err, nil)
	same(t, "segments of the run that never started", 1, len(log))
	if end := string(log[0].Data); !strings.Contains(end, `"run.end"`) || !strings.Contains(end, store.RunInterrupted) {
		t.Errorf("log of the run that never started: %s", end)
	}
	beats, err := p.db.Runs.Beat(t.Context(), testWorker, []store.Lease{c.Lease}, time.Minute)
	is(t, err, nil)
	same(t, "cancels", map[string]string{running.ID: store.CancelInterrupt}, beats.Cancels)
	b.finish(t, c, store.Finish{Status: store.RunInterrupted, Next: []string{"ask"}})
	same(t, "thread", "busy", p.read(t, thread.ID).Status)
	b.finish(t, b.claimOf(t, next), store.Finish{Status: store.RunSuccess})
	same(t, "thread", "idle", p.read(t, thread.ID).Status)
}

func rollbackRuns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	first := b.run(t, thread.ID)
	b.finish(t, b.claimOf(t, first), store.Finish{
		Status: store.RunSuccess, Values: store.JSON(`{"a":1}`), Next: []string{"ask"},
		Interrupts: store.JSON(`{"t":[{"id":"i","value":1}]}`),
	})
	running, waiting := b.run(t, thread.ID), b.run(t, thread.ID)
	c := b.claimOf(t, running)
	next, err := b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: store.StrategyRollback})
	is(t, err, nil)
	same(t, "waiting", "", b.status(t, waiting))
	same(t, "running", store.RunRunning, b.status(t, running))
	b.finish(t, c, store.Finish{Status: store.RunInterrupted, Values: store.JSON(`{"a":2}`), Rollback: true})
	same(t, "running", "", b.status(t, running))
	is(t, p.db.Runs.Commit(t.Context(), c.Lease, store.Batch{}), store.ErrLostLease)
	row := p.read(t, thread.ID)
	same(t, "values", map[string]any{"a": float64(1)}, doc(t, row.Values))
	same(t, "interrupts", `{"t":[{"id":"i","value":1}]}`, string(row.Interrupts))
	same(t, "thread", "busy", row.Status)
	b.finish(t, b.claimOf(t, next), store.Finish{Status: store.RunError})
	same(t, "thread", "error", p.read(t, thread.ID).Status)
}

func delayedRun(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	late, err := b.create(t, store.RunNew{ThreadID: thread.ID, After: time.Hour})
	is(t, err, nil)
	if d := late.CreatedAt.Sub(late.UpdatedAt); d != time.Hour {
		t.Errorf("created %s after it was made, want 1h", d)
	}
	same(t, "thread", "busy", p.read(t, thread.ID).Status)
	_, err = b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: store.StrategyReject})
	is(t, err, store.ErrBusy)
	now := b.run(t, thread.ID) // overtakes it
	b.finish(t, b.claimOf(t, now), store.Finish{Status: store.RunSuccess})
	same(t, "late", store.RunPending, b.status(t, late))
	same(t, "thread", "busy", p.read(t, thread.ID).Status)
	_, err = p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{late.ID}, store.CancelRollback, "")
	is(t, err, nil)
	same(t, "late", "", b.status(t, late))
	same(t, "thread", "idle", p.read(t, thread.ID).Status)
}
