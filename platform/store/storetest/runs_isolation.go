package storetest

import (
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// runIsolationSuite calls every method on runs, checkpoints and events with the scopes that must not reach them.
func runIsolationSuite(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	thread := p.thread(t, alice.who, nil)
	run := alice.run(t, thread.ID)
	for name, m := range runMethods(p.db, bob, run) {
		try(t, name, m.action, m.foreign, authhooks.Threads, func(s access.ThreadScope) error { return m.call(t, s) },
			bob.who.Threads, func() any {
				row, err := p.db.Runs.Get(t.Context(), alice.who.Threads(authhooks.Read), thread.ID, run.ID)
				is(t, err, nil)
				return []any{row, p.read(t, thread.ID)}
			})
	}
	_, err := p.db.Runs.Create(t.Context(), alice.who.Threads(authhooks.CreateRun), access.AssistantScope{},
		store.RunNew{ThreadID: thread.ID, AssistantID: alice.assistant.ID})
	is(t, err, access.ErrNoScope)
	_, err = p.db.Runs.Create(t.Context(), alice.who.Threads(authhooks.CreateRun), alice.who.Assistants(authhooks.Search),
		store.RunNew{ThreadID: thread.ID, AssistantID: alice.assistant.ID})
	is(t, err, access.ErrWrongScope)
	_, err = p.db.Runs.Create(t.Context(), alice.who.Threads(authhooks.CreateRun), alice.who.Assistants(authhooks.Read),
		store.RunNew{AssistantID: alice.assistant.ID, Implicit: &store.ImplicitThread{Scope: alice.who.Threads(authhooks.Update)}})
	is(t, err, access.ErrWrongScope)
}

func runMethods(db *store.DB, bob *bench, run store.Run) map[string]method[access.ThreadScope] {
	return map[string]method[access.ThreadScope]{
		"Create": {authhooks.CreateRun, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Runs.Create(t.Context(), s, bob.who.Assistants(authhooks.Read),
				store.RunNew{ThreadID: run.ThreadID, AssistantID: bob.assistant.ID, Strategy: store.StrategyRollback})
			return err
		}},
		"Get": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Runs.Get(t.Context(), s, run.ThreadID, run.ID)
			return err
		}},
		"ByID": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Runs.ByID(t.Context(), s, run.ID)
			return err
		}},
		"List": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			rows, total, err := db.Runs.List(t.Context(), s, run.ThreadID, store.RunQuery{})
			return none(t, len(rows), total, err)
		}},
		"Tasks by search": {authhooks.Search, nil, func(t *testing.T, s access.ThreadScope) error {
			everyone := Under(t, "bob", authhooks.AllowAll).Threads(authhooks.Read)
			rows, total, err := db.Runs.Tasks(t.Context(), s, everyone, store.TaskQuery{AssistantID: run.AssistantID, ThreadID: run.ThreadID})
			return none(t, len(rows), total, err)
		}},
		"Tasks by read": {authhooks.Read, nil, func(t *testing.T, s access.ThreadScope) error {
			everyone := Under(t, "bob", authhooks.AllowAll).Threads(authhooks.Search)
			rows, total, err := db.Runs.Tasks(t.Context(), everyone, s, store.TaskQuery{AssistantID: run.AssistantID, ThreadID: run.ThreadID})
			return none(t, len(rows), total, err)
		}},
		"Task": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Runs.Task(t.Context(), s, store.TaskQuery{AssistantID: run.AssistantID, ID: run.ID})
			return err
		}},
		"Cancel": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Runs.Cancel(t.Context(), s, run.ThreadID, []string{run.ID}, store.CancelRollback, "")
			return err
		}},
		"Ended": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Runs.Ended(t.Context(), s, run.ThreadID, run.ID)
			return err
		}},
		"Feedback.Offer": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			return db.Feedback.Offer(t.Context(), s, run.ThreadID, run.ID, []store.FeedbackOffer{{Key: "k", Hash: []byte("k")}})
		}},
		"Feedback.OfRun": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, _, err := db.Feedback.OfRun(t.Context(), s, run.ThreadID, run.ID, 10, 0)
			return err
		}},
		"CreateAll": {authhooks.CreateRun, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			mine := store.RunNew{AssistantID: bob.assistant.ID, Implicit: &store.ImplicitThread{Scope: bob.who.Threads(authhooks.Create)}}
			_, err := db.Runs.CreateAll(t.Context(), []store.RunOrder{
				{Thread: bob.who.Threads(authhooks.CreateRun), Assistant: bob.who.Assistants(authhooks.Read), New: mine},
				{Thread: s, Assistant: bob.who.Assistants(authhooks.Read), New: store.RunNew{ThreadID: run.ThreadID, AssistantID: bob.assistant.ID}},
			})
			return err
		}},
		"CancelAll by update": {authhooks.Update, nil, func(t *testing.T, s access.ThreadScope) error {
			n, threads, err := db.Runs.CancelAll(t.Context(), s, bob.who.Threads(authhooks.Search), store.Cancels{Action: store.CancelRollback})
			return none(t, n, len(threads), err)
		}},
		"CancelAll by search": {authhooks.Search, nil, func(t *testing.T, s access.ThreadScope) error {
			everyone := Under(t, "bob", authhooks.AllowAll).Threads(authhooks.Update)
			n, threads, err := db.Runs.CancelAll(t.Context(), everyone, s, store.Cancels{Action: store.CancelRollback})
			return none(t, n, len(threads), err)
		}},
		"Deliveries.OfRun": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Deliveries.OfRun(t.Context(), s, run.ThreadID, run.ID)
			return err
		}},
		"Delete": {authhooks.Delete, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			return db.Runs.Delete(t.Context(), s, run.ThreadID, run.ID)
		}},
		"Events.Read": {authhooks.Read, nil, func(t *testing.T, s access.ThreadScope) error {
			rows, err := db.Events.Read(t.Context(), s, run.ThreadID, run.ID, -1, 0)
			return none(t, len(rows), 0, err)
		}},
		"Checkpoints.Reader": {authhooks.Read, graphs.ErrNoCheckpoint, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Checkpoints.Reader(s, run.ThreadID).Get(t.Context(), "", "")
			return err
		}},
		"Checkpoints.Writer": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			return db.Checkpoints.Writer(s, run.ThreadID).Put(t.Context(), with(step(1, "", nil), "a", sets(`1`)))
		}},
	}
}
