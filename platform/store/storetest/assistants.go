package storetest

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func assistantSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"create and read":           createAssistant,
		"exists H-32":               assistantExists,
		"patch":                     patchAssistant,
		"patch R-35 R-36":           patchAssistantOwned,
		"created_by is no key H-37": forgedSystem,
		"search":                    searchAssistants,
		"delete":                    deleteAssistant,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

func (p *place) assistant(t *testing.T, who Person, n store.AssistantNew) store.Assistant {
	t.Helper()
	row, err := p.db.Assistants.Create(t.Context(), who.Assistants(authhooks.Create), nil, n)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return row
}

func text(s string) *string { return &s }

func createAssistant(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.assistant(t, alice, store.AssistantNew{
		GraphID: "agent", Name: "Mine", Description: text("d"), Metadata: map[string]any{"owner": "bob", "k": "v", "__x": 1},
		Config: store.JSON(`{"tags":["b","a"],"recursion_limit":5}`), Context: store.JSON(`{"big":12345678901234567890}`),
	})
	got, err := p.db.Assistants.Get(t.Context(), alice.Assistants(authhooks.Read), made.ID)
	is(t, err, nil)
	same(t, "metadata", map[string]any{"owner": "alice", "k": "v"}, doc(t, got.Metadata))
	got.Metadata = made.Metadata
	same(t, "read back", made, got)
	same(t, "config", `{"tags":["b","a"],"recursion_limit":5}`, string(got.Config))
	same(t, "context", `{"big":12345678901234567890}`, string(got.Context))
	same(t, "version", 1, got.Version)
}

func assistantExists(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	stamps := Under(t, "bob", Says(nil, map[string]any{"owner": "bob"}))
	made := p.assistant(t, alice, store.AssistantNew{GraphID: "agent", Name: "secret"})
	for _, who := range []Person{bob, stamps} {
		read := bob.Assistants(authhooks.Read)
		got, err := p.db.Assistants.Create(t.Context(), who.Assistants(authhooks.Create), &read,
			store.AssistantNew{ID: made.ID, GraphID: "agent", IfExists: "do_nothing"})
		if !errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound) || got.Name != "" {
			t.Errorf("got %+v, %v; want ErrExists and nothing else", got, err)
		}
	}
	read := alice.Assistants(authhooks.Read)
	got, err := p.db.Assistants.Create(t.Context(), alice.Assistants(authhooks.Create), &read,
		store.AssistantNew{ID: made.ID, GraphID: "agent", Name: "other", IfExists: "do_nothing"})
	is(t, err, nil)
	same(t, "name", "secret", got.Name)
	_, err = p.db.Assistants.Create(t.Context(), alice.Assistants(authhooks.Create), &read, store.AssistantNew{ID: made.ID, GraphID: "agent"})
	is(t, err, store.ErrExists)
}

func patchAssistant(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.assistant(t, alice, store.AssistantNew{
		GraphID: "agent", Name: "one", Description: text("d"), Metadata: map[string]any{"a": "1", "b": "1"}, Config: store.JSON(`{"x":1}`),
	})
	got, err := p.db.Assistants.Patch(t.Context(), alice.Assistants(authhooks.Update), made.ID, store.AssistantPatch{
		Name: text("two"), Metadata: map[string]any{"b": "2"}, Context: store.JSON(`{"y":2}`),
	})
	is(t, err, nil)
	same(t, "metadata", map[string]any{"owner": "alice", "a": "1", "b": "2"}, doc(t, got.Metadata))
	same(t, "rest", []any{2, "agent", "two", "d", `{"x":1}`, `{"y":2}`},
		[]any{got.Version, got.GraphID, got.Name, *got.Description, string(got.Config), string(got.Context)})
	again, err := p.db.Assistants.Patch(t.Context(), alice.Assistants(authhooks.Update), made.ID, store.AssistantPatch{})
	is(t, err, nil)
	same(t, "version", 3, again.Version)
}

func patchAssistantOwned(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.assistant(t, alice, store.AssistantNew{GraphID: "agent"})
	_, err := p.db.Assistants.Patch(t.Context(), alice.Assistants(authhooks.Update), made.ID,
		store.AssistantPatch{Metadata: map[string]any{"owner": "bob"}})
	var owned *store.OwnedKeyError
	if !errors.As(err, &owned) {
		t.Errorf("error %v, want *OwnedKeyError", err)
	}
	filter := authhooks.Eq("team", "red")
	red := Under(t, "alice", Says(&filter, nil))
	made = p.assistant(t, red, store.AssistantNew{GraphID: "agent", Metadata: map[string]any{"team": "red"}})
	_, err = p.db.Assistants.Patch(t.Context(), red.Assistants(authhooks.Update), made.ID,
		store.AssistantPatch{Metadata: map[string]any{"team": "blue"}})
	is(t, err, store.ErrPostImage)
	versions, err := p.db.Assistants.Versions(t.Context(), red.Assistants(authhooks.Read), made.ID, store.VersionQuery{})
	is(t, err, nil)
	same(t, "versions", 1, len(versions))
}

func forgedSystem(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	made := p.assistant(t, alice, store.AssistantNew{GraphID: "agent", Metadata: map[string]any{"created_by": "system", "is_system": true}})
	same(t, "metadata", map[string]any{"owner": "alice", "is_system": true}, doc(t, made.Metadata))
	patched, err := p.db.Assistants.Patch(t.Context(), alice.Assistants(authhooks.Update), made.ID,
		store.AssistantPatch{Metadata: map[string]any{"created_by": "system"}})
	is(t, err, nil)
	if patched.System || made.System {
		t.Error("a client made a system assistant")
	}
	for _, s := range []access.AssistantScope{bob.Assistants(authhooks.Read), bob.SystemAssistant()} {
		_, err = p.db.Assistants.Get(t.Context(), s, made.ID)
		is(t, err, store.ErrNotFound)
	}
}

func searchAssistants(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice-search"), Owner(t, "bob-search")
	one := p.assistant(t, alice, store.AssistantNew{GraphID: "g1", Name: "Weather Bot", Metadata: map[string]any{"k": "v"}})
	two := p.assistant(t, alice, store.AssistantNew{GraphID: "g2", Name: "chat"})
	p.assistant(t, bob, store.AssistantNew{GraphID: "g1", Name: "weather of bob", Metadata: map[string]any{"k": "v"}})
	for name, test := range map[string]struct {
		query store.AssistantQuery
		want  []string
	}{
		"all, newest first": {store.AssistantQuery{}, []string{two.ID, one.ID}},
		"oldest first":      {store.AssistantQuery{SortOrder: "asc"}, []string{one.ID, two.ID}},
		"graph":             {store.AssistantQuery{GraphID: "g1"}, []string{one.ID}},
		"part of the name":  {store.AssistantQuery{Name: "weather"}, []string{one.ID}},
		"no pattern":        {store.AssistantQuery{Name: "%"}, nil},
		"metadata":          {store.AssistantQuery{Metadata: store.JSON(`{"k":"v"}`)}, []string{one.ID}},
	} {
		rows, total, err := p.db.Assistants.Search(t.Context(), alice.Assistants(authhooks.Search), test.query)
		is(t, err, nil)
		var got []string
		for _, row := range rows {
			got = append(got, row.ID)
		}
		same(t, name, test.want, got)
		same(t, name+": total", len(test.want), total)
		n, err := p.db.Assistants.Count(t.Context(), alice.Assistants(authhooks.Search), test.query)
		is(t, err, nil)
		same(t, name+": count", len(test.want), n)
	}
}

func deleteAssistant(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	made := p.assistant(t, alice, store.AssistantNew{GraphID: "agent"})
	is(t, p.db.Assistants.Delete(t.Context(), alice.Assistants(authhooks.Delete), made.ID), nil)
	is(t, p.db.Assistants.Delete(t.Context(), alice.Assistants(authhooks.Delete), made.ID), store.ErrNotFound)
	// Whoever makes an assistant of that id afterwards inherits no version.
	p.assistant(t, bob, store.AssistantNew{ID: made.ID, GraphID: "other"})
	versions, err := p.db.Assistants.Versions(t.Context(), bob.Assistants(authhooks.Read), made.ID, store.VersionQuery{})
	is(t, err, nil)
	if len(versions) != 1 || versions[0].GraphID != "other" {
		t.Errorf("versions %+v", versions)
	}
}

// versionSuite is H-22: going back to a version gives nobody access.
func versionSuite(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.assistant(t, alice, store.AssistantNew{GraphID: "agent", Name: "v1", Metadata: map[string]any{"k": "1", "old": true}})
	update := alice.Assistants(authhooks.Update)
	_, err := p.db.Assistants.Patch(t.Context(), update, made.ID, store.AssistantPatch{Name: text("v2"), Metadata: map[string]any{"k": "2"}})
	is(t, err, nil)

	read := alice.Assistants(authhooks.Read)
	versions, err := p.db.Assistants.Versions(t.Context(), read, made.ID, store.VersionQuery{})
	is(t, err, nil)
	same(t, "versions", []int{2, 1}, []int{versions[0].Version, versions[1].Version})
	for _, v := range versions {
		if _, ok := doc(t, v.Metadata)["owner"]; ok {
			t.Errorf("version %d carries the owner", v.Version)
		}
	}
	some, err := p.db.Assistants.Versions(t.Context(), read, made.ID, store.VersionQuery{Metadata: store.JSON(`{"k":"1"}`), Limit: 5})
	is(t, err, nil)
	same(t, "by metadata", 1, len(some))

	back, err := p.db.Assistants.SetLatest(t.Context(), update, made.ID, 1)
	is(t, err, nil)
	same(t, "metadata", map[string]any{"owner": "alice", "k": "1", "old": true}, doc(t, back.Metadata))
	same(t, "name and version", []any{"v1", 1}, []any{back.Name, back.Version})
	_, err = p.db.Assistants.SetLatest(t.Context(), update, made.ID, 9)
	is(t, err, store.ErrNotFound)
	next, err := p.db.Assistants.Patch(t.Context(), update, made.ID, store.AssistantPatch{})
	is(t, err, nil)
	same(t, "version after going back", 3, next.Version)
}

// systemSuite is R-24.
func systemSuite(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	system := access.System("tests of the store")
	agent, chat := uuid.NewString(), uuid.NewString()
	// Mallory knows which id the graph will have and is there first.
	p.assistant(t, Owner(t, "mallory"), store.AssistantNew{ID: chat, GraphID: "chat", Context: store.JSON(`{"prompt":"evil"}`)})
	graphs := []store.SystemAssistant{{ID: agent, GraphID: "agent", Name: "agent"}, {ID: chat, GraphID: "chat", Name: "chat"}}
	is(t, p.db.Assistants.SyncSystem(t.Context(), system, graphs), nil)
	is(t, p.db.Assistants.SyncSystem(t.Context(), system, graphs), nil)

	for _, s := range []access.AssistantScope{alice.Assistants(authhooks.Read), alice.SystemAssistant()} {
		for _, id := range []string{agent, chat} {
			got, err := p.db.Assistants.Get(t.Context(), s, id)
			is(t, err, nil)
			if !got.System || string(got.Context) != "{}" || got.Version != 1 {
				t.Errorf("system assistant is %+v", got)
			}
			same(t, "metadata", map[string]any{"created_by": "system"}, doc(t, got.Metadata))
		}
	}
	n, err := p.db.Assistants.Count(t.Context(), alice.Assistants(authhooks.Search), store.AssistantQuery{})
	is(t, err, nil)
	same(t, "seen by all", 2, n)
	_, err = p.db.Assistants.Patch(t.Context(), alice.Assistants(authhooks.Update), agent, store.AssistantPatch{Name: text("mine")})
	is(t, err, store.ErrNotFound)
	_, err = p.db.Assistants.SetLatest(t.Context(), alice.Assistants(authhooks.Update), agent, 1)
	is(t, err, store.ErrNotFound)
	is(t, p.db.Assistants.Delete(t.Context(), alice.Assistants(authhooks.Delete), agent), store.ErrNotFound)

	mine := p.assistant(t, alice, store.AssistantNew{GraphID: "chat"})
	is(t, p.db.Assistants.SyncSystem(t.Context(), system, []store.SystemAssistant{{ID: agent, GraphID: "agent", Name: "renamed", Description: text("d")}}), nil)
	got, err := p.db.Assistants.Get(t.Context(), alice.SystemAssistant(), agent)
	is(t, err, nil)
	same(t, "renamed", []string{"renamed", "d"}, []string{got.Name, *got.Description})
	_, err = p.db.Assistants.Get(t.Context(), alice.SystemAssistant(), chat)
	is(t, err, store.ErrNotFound)
	_, err = p.db.Assistants.Get(t.Context(), alice.Assistants(authhooks.Read), mine.ID)
	is(t, err, nil)
}
