package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// cronIsolationSuite calls every method on crons with the scopes that must not reach them (AC-22).
func cronIsolationSuite(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	for name, row := range map[string]store.Cron{
		"loose": alice.cron(t, store.CronNew{}), "of a thread": alice.cron(t, store.CronNew{ThreadID: p.thread(t, alice.who, nil).ID}),
	} {
		t.Run(name, func(t *testing.T) {
			for name, m := range cronMethods(p.db, bob, row) {
				try(t, name, m.action, m.foreign, authhooks.Crons, func(s access.CronScope) error { return m.call(t, s) },
					bob.who.Crons, func() any { return alice.readCron(t, row.ID) })
			}
		})
	}
	row := alice.cron(t, store.CronNew{})
	refuses(t, "Find", []authhooks.Action{authhooks.Read, authhooks.Update, authhooks.Delete}, bob, func(s access.CronScope) error {
		_, err := p.db.Crons.Find(t.Context(), s, row.ID)
		return err
	})
	refuses(t, "Get", []authhooks.Action{authhooks.Read, authhooks.Update}, bob, func(s access.CronScope) error {
		_, err := p.db.Crons.Get(t.Context(), s, access.ThreadScope{}, row.ID)
		return err
	})
	for _, none := range []access.SystemAccess{{}, access.System("")} {
		_, err := p.db.Crons.Due(t.Context(), none, noon, lease, 10)
		is(t, err, access.ErrNoScope)
		_, err = p.db.Crons.Fire(t.Context(), none, store.HeldCron{}, noon)
		is(t, err, access.ErrNoScope)
		is(t, p.db.Crons.Release(t.Context(), none, store.HeldCron{}, noon), access.ErrNoScope)
		is(t, p.db.Crons.Pause(t.Context(), none, store.HeldCron{}), access.ErrNoScope)
	}
}

// cronMethods are called for bob, who may reach the thread and the assistant: the scope of the cron alone hides it.
func cronMethods(db *store.DB, bob *bench, row store.Cron) map[string]method[access.CronScope] {
	all := Under(bob.who.t, "bob", Says(nil, nil))
	read, run, assistants := all.Threads(authhooks.Read), all.Threads(authhooks.CreateRun), all.Assistants(authhooks.Read)
	return map[string]method[access.CronScope]{
		"Create": {authhooks.Create, store.ErrExists, func(t *testing.T, s access.CronScope) error {
			_, err := db.Crons.Create(t.Context(), s, run, assistants, store.CronNew{ID: row.ID, AssistantID: bob.assistant.ID})
			return err
		}},
		"Patch": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.CronScope) error {
			_, err := db.Crons.Patch(t.Context(), s, run, assistants, row.ID, store.CronPatch{Schedule: text("* * * * *")})
			return err
		}},
		"Delete": {authhooks.Delete, store.ErrNotFound, func(t *testing.T, s access.CronScope) error {
			return db.Crons.Delete(t.Context(), s, read, row.ID)
		}},
		"DeleteByAssistant": {authhooks.Delete, nil, func(t *testing.T, s access.CronScope) error {
			n, err := db.Crons.DeleteByAssistant(t.Context(), s, row.AssistantID)
			return none(t, n, n, err)
		}},
		"Search": {authhooks.Search, nil, func(t *testing.T, s access.CronScope) error {
			rows, total, err := db.Crons.Search(t.Context(), s, all.Threads(authhooks.Search), store.CronQuery{AssistantID: row.AssistantID})
			return none(t, len(rows), total, err)
		}},
		"Count": {authhooks.Search, nil, func(t *testing.T, s access.CronScope) error {
			n, err := db.Crons.Count(t.Context(), s, all.Threads(authhooks.Search), store.CronQuery{})
			return none(t, n, n, err)
		}},
	}
}

// refuses is [try] for a method that takes scopes of several actions and changes nothing.
func refuses(t *testing.T, name string, actions []authhooks.Action, bob *bench, call func(access.CronScope) error) {
	t.Helper()
	if err := call(access.CronScope{}); !errors.Is(err, access.ErrNoScope) {
		t.Errorf("%s with the zero scope: error %v, want ErrNoScope", name, err)
	}
	for _, action := range []authhooks.Action{authhooks.Create, authhooks.Read, authhooks.Update, authhooks.Delete, authhooks.Search} {
		want := access.ErrWrongScope
		if slices.Contains(actions, action) {
			want = store.ErrNotFound
		}
		if err := call(bob.who.Crons(action)); !errors.Is(err, want) {
			t.Errorf("%s with bob's scope of %s: error %v, want %v", name, action, err, want)
		}
	}
}
