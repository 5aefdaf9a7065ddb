package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func manyRunSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"all or none":                        createRuns,
		"a strategy asks for threads:update": strategyScope,
		"cancel by status H-36":              cancelByStatus,
		"cancel by assistant H-12":           cancelByAssistant,
		"cancel in many threads":             cancelInManyThreads,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
	p.sound(t)
}

func createRuns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	order := func(assistant string) store.RunOrder {
		return store.RunOrder{
			Thread: b.who.Threads(authhooks.CreateRun), Assistant: b.who.Assistants(authhooks.Read),
			New: store.RunNew{AssistantID: assistant, Implicit: b.implicit(nil), Kwargs: store.JSON(fmt.Sprintf(`{"n":%q}`, uuid.NewString()))},
		}
	}
	orders := []store.RunOrder{order(b.assistant.ID), order(b.assistant.ID), order(b.assistant.ID)}
	runs, err := p.db.Runs.CreateAll(t.Context(), orders)
	is(t, err, nil)
	same(t, "runs", len(orders), len(runs))
	for i, run := range runs {
		same(t, "order", string(orders[i].New.Kwargs), string(run.Kwargs))
		same(t, "status", store.RunPending, b.status(t, run))
	}

	before, err := p.db.Threads.Count(t.Context(), b.who.Threads(authhooks.Search), store.ThreadQuery{})
	is(t, err, nil)
	_, err = p.db.Runs.CreateAll(t.Context(), []store.RunOrder{order(b.assistant.ID), order(uuid.NewString()), order(b.assistant.ID)})
	is(t, err, store.ErrAssistantNotFound)
	var failed *store.OrderError
	if !errors.As(err, &failed) || failed.Index != 1 {
		t.Errorf("error %v, want one of run 1", err)
	}
	after, err := p.db.Threads.Count(t.Context(), b.who.Threads(authhooks.Search), store.ThreadQuery{})
	is(t, err, nil)
	same(t, "threads after a refusal", before, after)
	cancelAllOf(t, b)
}

// cancelAllOf leaves nothing to claim for other parts of the suite.
func cancelAllOf(t *testing.T, b *bench) {
	t.Helper()
	_, _, err := b.db.Runs.CancelAll(t.Context(), b.who.Threads(authhooks.Update), b.who.Threads(authhooks.Search),
		store.Cancels{Action: store.CancelInterrupt})
	is(t, err, nil)
}

func strategyScope(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run := b.run(t, thread.ID)
	none := Under(t, "alice", Says(new(authhooks.None()), nil)).Threads(authhooks.Update)
	read := b.who.Threads(authhooks.Read)
	for _, strategy := range []string{store.StrategyInterrupt, store.StrategyRollback} {
		for _, c := range []struct {
			update *access.ThreadScope
			want   error
		}{{&none, store.ErrNotFound}, {&read, access.ErrWrongScope}, {&access.ThreadScope{}, access.ErrNoScope}} {
			for _, implicit := range []*store.ImplicitThread{nil, b.implicit(nil)} {
				_, err := b.create(t, store.RunNew{ThreadID: thread.ID, Strategy: strategy, Update: c.update, Implicit: implicit})
				is(t, err, c.want)
			}
		}
		_, err := p.db.Runs.Create(t.Context(), b.who.Threads(authhooks.CreateRun), b.who.Assistants(authhooks.Read),
			store.RunNew{ThreadID: thread.ID, AssistantID: b.assistant.ID, Strategy: strategy})
		is(t, err, access.ErrNoScope)
		// A thread that is made has no runs to cancel.
		_, err = b.create(t, store.RunNew{ThreadID: uuid.NewString(), Strategy: strategy, Update: &none, Implicit: b.implicit(nil)})
		is(t, err, nil)
	}
	same(t, "the run that was there", store.RunPending, b.status(t, run))
	_, total, err := p.db.Runs.List(t.Context(), read, thread.ID, store.RunQuery{})
	is(t, err, nil)
	same(t, "runs", 1, total)
	cancelAllOf(t, b)
}

func cancelByStatus(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, uuid.NewString())), p.bench(t, Owner(t, uuid.NewString()))
	thread, theirs := p.thread(t, alice.who, nil), p.thread(t, bob.who, nil)
	running, pending, foreign := alice.run(t, thread.ID), alice.run(t, thread.ID), bob.run(t, theirs.ID)
	c := alice.claimOf(t, running)
	cancel := func(update, search access.ThreadScope, status, action string) int {
		n, _, err := p.db.Runs.CancelAll(t.Context(), update, search, store.Cancels{Status: status, Action: action})
		is(t, err, nil)
		return n
	}
	update, search := alice.who.Threads(authhooks.Update), alice.who.Threads(authhooks.Search)
	same(t, "pending", 1, cancel(update, search, store.RunPending, store.CancelInterrupt))
	same(t, "the pending one", store.RunInterrupted, alice.status(t, pending))
	same(t, "the running one", "", alice.cancelOf(t, running))
	// A handler that lets an update of no particular thread pass does not open others' threads.
	anyone := Under(t, "alice", authhooks.AllowAll).Threads(authhooks.Update)
	same(t, "running", 1, cancel(anyone, search, "", store.CancelRollback))
	same(t, "the running one", store.CancelRollback, alice.cancelOf(t, running))
	same(t, "another's", store.RunPending, bob.status(t, foreign))
	alice.finish(t, c, store.Finish{Status: store.RunInterrupted, Rollback: true})
	same(t, "the rolled back one", "", alice.status(t, running))
	same(t, "nothing is left", 0, cancel(update, search, "", store.CancelInterrupt))
	same(t, "thread", "idle", p.read(t, thread.ID).Status)
	cancelAllOf(t, bob)
}

func (b *bench) cancelOf(t *testing.T, run store.Run) string {
	t.Helper()
	got, err := b.db.Runs.Get(t.Context(), b.who.Threads(authhooks.Read), run.ThreadID, run.ID)
	is(t, err, nil)
	return got.Cancel
}

func cancelByAssistant(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	shared := p.assistant(t, Under(t, "all", authhooks.AllowAll), store.AssistantNew{GraphID: "agent", Name: "shared"})
	of := func(b *bench, thread, assistant string) store.Run {
		run, err := p.db.Runs.Create(t.Context(), b.who.Threads(authhooks.CreateRun),
			Under(t, "all", authhooks.AllowAll).Assistants(authhooks.Read), store.RunNew{ThreadID: thread, AssistantID: assistant})
		is(t, err, nil)
		return run
	}
	thread := p.thread(t, alice.who, nil)
	mine, other := of(alice, thread.ID, shared.ID), of(alice, thread.ID, alice.assistant.ID)
	theirs := of(bob, p.thread(t, bob.who, nil).ID, shared.ID)
	n, threads, err := p.db.Runs.CancelAll(t.Context(), alice.who.Threads(authhooks.Update), alice.who.Threads(authhooks.Search),
		store.Cancels{AssistantID: shared.ID, Action: store.CancelInterrupt})
	is(t, err, nil)
	same(t, "runs", 1, n)
	same(t, "threads", []string{thread.ID}, threads)
	same(t, "hers of the assistant", store.RunInterrupted, alice.status(t, mine))
	same(t, "hers of another", store.RunPending, alice.status(t, other))
	same(t, "his", store.RunPending, bob.status(t, theirs))
	alice.finish(t, alice.claimOf(t, other), store.Finish{Status: store.RunSuccess}) // it has moved up
	cancelAllOf(t, bob)
}

func cancelInManyThreads(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, uuid.NewString()))
	const many = 103 // more than one transaction goes through
	orders := make([]store.RunOrder, many)
	for i := range orders {
		orders[i] = store.RunOrder{
			Thread: b.who.Threads(authhooks.CreateRun), Assistant: b.who.Assistants(authhooks.Read),
			New: store.RunNew{AssistantID: b.assistant.ID, Implicit: b.implicit(nil)},
		}
	}
	_, err := p.db.Runs.CreateAll(t.Context(), orders)
	is(t, err, nil)
	n, threads, err := p.db.Runs.CancelAll(t.Context(), b.who.Threads(authhooks.Update), b.who.Threads(authhooks.Search),
		store.Cancels{Status: store.RunPending, Action: store.CancelInterrupt})
	is(t, err, nil)
	same(t, "runs and threads", []int{many, many}, []int{n, len(threads)})
}
