package storetest

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// isolationSuite calls every method with a scope of someone else (ErrNotFound, and nothing changes: AC-14, AC-17, AC-18), with
// the zero scope, and with scopes of all other actions.
func isolationSuite(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	thread := p.thread(t, alice, map[string]any{"k": "v", "assistant_id": uuid.NewString()})
	assistant := p.assistant(t, alice, store.AssistantNew{GraphID: "agent", Name: "alice's"})

	t.Run("threads", func(t *testing.T) {
		for name, m := range threadMethods(p.db, thread) {
			try(t, name, m.action, m.foreign, authhooks.Threads, func(s access.ThreadScope) error { return m.call(t, s) },
				bob.Threads, func() any { return p.read(t, thread.ID) })
		}
	})
	t.Run("assistants", func(t *testing.T) {
		for name, m := range assistantMethods(p.db, assistant.ID) {
			try(t, name, m.action, m.foreign, authhooks.Assistants, func(s access.AssistantScope) error { return m.call(t, s) },
				bob.Assistants, func() any {
					row, err := p.db.Assistants.Get(t.Context(), alice.Assistants(authhooks.Read), assistant.ID)
					is(t, err, nil)
					return row
				})
		}
		_, err := p.db.Assistants.Get(t.Context(), bob.SystemAssistant(), assistant.ID)
		is(t, err, store.ErrNotFound)
		is(t, p.db.Assistants.SyncSystem(t.Context(), access.SystemAccess{}, nil), access.ErrNoScope)
		is(t, p.db.Assistants.SyncSystem(t.Context(), access.System(""), nil), access.ErrNoScope)
	})
	t.Run("do nothing asks for a scope of read", func(t *testing.T) {
		for _, wrong := range []access.ThreadScope{{}, alice.Threads(authhooks.Search)} {
			_, err := p.db.Threads.Create(t.Context(), alice.Threads(authhooks.Create), &wrong, store.ThreadNew{ID: thread.ID, IfExists: "do_nothing"})
			if !errors.Is(err, access.ErrNoScope) && !errors.Is(err, access.ErrWrongScope) {
				t.Errorf("error %v", err)
			}
		}
	})
}

// method is a method of the store as the suite calls it.
type method[S any] struct {
	action  authhooks.Action
	foreign error // with a scope of someone else
	call    func(t *testing.T, s S) error
}

// try calls one method with all scopes that it must refuse.
func try[S interface{ Action() authhooks.Action }](t *testing.T, name string, action authhooks.Action, foreign error,
	resource authhooks.Resource, call func(S) error, scope func(authhooks.Action) S, row func() any,
) {
	t.Helper()
	before := row()
	var zero S
	if err := call(zero); !errors.Is(err, access.ErrNoScope) {
		t.Errorf("%s with the zero scope: error %v, want ErrNoScope", name, err)
	}
	for _, v := range authhooks.Values() {
		if r, other := authhooks.Event(v); r == resource && other != action {
			if err := call(scope(other)); !errors.Is(err, access.ErrWrongScope) {
				t.Errorf("%s with a scope of %s: error %v, want ErrWrongScope", name, other, err)
			}
		}
	}
	if err := call(scope(action)); !errors.Is(err, foreign) {
		t.Errorf("%s with a foreign scope: error %v, want %v", name, err, foreign)
	}
	same(t, name+" has changed the row", before, row())
}

// none fails when a list that must be empty is not.
func none(t *testing.T, n, total int, err error) error {
	t.Helper()
	if n != 0 || total != 0 {
		t.Errorf("%d of %d foreign rows", n, total)
	}
	return err
}

func threadMethods(db *store.DB, row store.Thread) map[string]method[access.ThreadScope] {
	id := row.ID
	return map[string]method[access.ThreadScope]{
		"Create": {authhooks.Create, store.ErrExists, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Threads.Create(t.Context(), s, nil, store.ThreadNew{ID: id, Metadata: map[string]any{"k": "stolen"}})
			return err
		}},
		"Get": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Threads.Get(t.Context(), s, id)
			return err
		}},
		"Patch": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Threads.Patch(t.Context(), s, id, store.ThreadPatch{Metadata: map[string]any{"k": "stolen"}})
			return err
		}},
		"Delete": {authhooks.Delete, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			return db.Threads.Delete(t.Context(), s, id)
		}},
		"DeleteByAssistant": {authhooks.Delete, nil, func(t *testing.T, s access.ThreadScope) error {
			assistant, _ := doc(t, row.Metadata)["assistant_id"].(string)
			n, err := db.Threads.DeleteByAssistant(t.Context(), s, assistant)
			return none(t, n, n, err)
		}},
		"Copy": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Threads.Copy(t.Context(), s, Owner(t, "bob").Threads(authhooks.Create), store.ThreadCopy{SourceID: id})
			return err
		}},
		"Prune": {authhooks.Delete, nil, func(t *testing.T, s access.ThreadScope) error {
			n, err := db.Threads.Prune(t.Context(), []store.ThreadPrune{{ID: id, Scope: s}}, store.TTLDelete)
			return none(t, n, n, err)
		}},
		"Prune history": {authhooks.Delete, nil, func(t *testing.T, s access.ThreadScope) error {
			n, err := db.Threads.Prune(t.Context(), []store.ThreadPrune{{ID: id, Scope: s}}, store.TTLKeepLatest)
			return none(t, n, n, err)
		}},
		"Storage": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, err := db.Threads.Storage(t.Context(), s, id)
			return err
		}},
		"Events.Next": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, _, err := db.Events.Next(t.Context(), s, id, -1, nil)
			return err
		}},
		"Events.Now": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.ThreadScope) error {
			_, _, err := db.Events.Now(t.Context(), s, id)
			return err
		}},
		"Search": {authhooks.Search, nil, func(t *testing.T, s access.ThreadScope) error {
			rows, total, err := db.Threads.Search(t.Context(), s, store.ThreadQuery{IDs: []string{id}})
			return none(t, len(rows), total, err)
		}},
		"Count": {authhooks.Search, nil, func(t *testing.T, s access.ThreadScope) error {
			n, err := db.Threads.Count(t.Context(), s, store.ThreadQuery{})
			return none(t, n, n, err)
		}},
	}
}

func assistantMethods(db *store.DB, id string) map[string]method[access.AssistantScope] {
	return map[string]method[access.AssistantScope]{
		"Create": {authhooks.Create, store.ErrExists, func(t *testing.T, s access.AssistantScope) error {
			_, err := db.Assistants.Create(t.Context(), s, nil, store.AssistantNew{ID: id, GraphID: "stolen"})
			return err
		}},
		"Get": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.AssistantScope) error {
			_, err := db.Assistants.Get(t.Context(), s, id)
			return err
		}},
		"Versions": {authhooks.Read, store.ErrNotFound, func(t *testing.T, s access.AssistantScope) error {
			rows, err := db.Assistants.Versions(t.Context(), s, id, store.VersionQuery{})
			return none(t, len(rows), 0, err)
		}},
		"Patch": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.AssistantScope) error {
			_, err := db.Assistants.Patch(t.Context(), s, id, store.AssistantPatch{Name: text("stolen")})
			return err
		}},
		"SetLatest": {authhooks.Update, store.ErrNotFound, func(t *testing.T, s access.AssistantScope) error {
			_, err := db.Assistants.SetLatest(t.Context(), s, id, 1)
			return err
		}},
		"Delete": {authhooks.Delete, store.ErrNotFound, func(t *testing.T, s access.AssistantScope) error {
			return db.Assistants.Delete(t.Context(), s, id)
		}},
		"DeleteWithThreads": {authhooks.Delete, store.ErrNotFound, func(t *testing.T, s access.AssistantScope) error {
			all := Under(t, "bob", authhooks.AllowAll).Threads(authhooks.Delete)
			n, err := db.Assistants.DeleteWithThreads(t.Context(), s, all, id)
			return none(t, n, n, err)
		}},
		"Search": {authhooks.Search, nil, func(t *testing.T, s access.AssistantScope) error {
			rows, total, err := db.Assistants.Search(t.Context(), s, store.AssistantQuery{})
			return none(t, len(rows), total, err)
		}},
		"Count": {authhooks.Search, nil, func(t *testing.T, s access.AssistantScope) error {
			n, err := db.Assistants.Count(t.Context(), s, store.AssistantQuery{})
			return none(t, n, n, err)
		}},
	}
}
