package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func only(owner string) *authhooks.Filter {
	f := authhooks.Eq("owner", owner)
	return &f
}

func owned(owner string) map[string]any { return map[string]any{"owner": owner} }

func system(reason string) access.SystemAccess { return access.System(reason) }

func itemMethods(db *store.DB) map[string]method[access.ItemScope] {
	ns, key := []string{"a", "b"}, "k"
	return map[string]method[access.ItemScope]{
		"Put": {authhooks.Put, store.ErrPostImage, func(t *testing.T, s access.ItemScope) error {
			return db.Items.Put(t.Context(), s, store.ItemNew{Namespace: ns, Key: key, Value: store.JSON(`{"v":"stolen"}`)})
		}},
		"Get": {authhooks.Get, store.ErrNotFound, func(t *testing.T, s access.ItemScope) error {
			_, err := db.Items.Get(t.Context(), s, ns, key, true)
			return err
		}},
		"Delete": {authhooks.Delete, nil, func(t *testing.T, s access.ItemScope) error {
			return db.Items.Delete(t.Context(), s, ns, key)
		}},
		"Search": {authhooks.Search, nil, func(t *testing.T, s access.ItemScope) error {
			items, err := db.Items.Search(t.Context(), s, store.ItemQuery{Refresh: true})
			return none(t, len(items), 0, err)
		}},
		"Search by nearness": {authhooks.Search, nil, func(t *testing.T, s access.ItemScope) error {
			items, err := db.Items.Search(t.Context(), s, store.ItemQuery{Near: store.Vector{1}})
			return none(t, len(items), 0, err)
		}},
		"ListNamespaces": {authhooks.ListNamespaces, nil, func(t *testing.T, s access.ItemScope) error {
			list, err := db.Items.ListNamespaces(t.Context(), s, store.NamespaceQuery{
				Limit: 10, Keep: func(ns []string) ([]string, bool) { return ns, true },
			})
			return none(t, len(list), 0, err)
		}},
	}
}

// itemIsolationSuite calls every method with a scope of someone else, with the zero scope and with scopes of other actions: once where
// only the filter is between the two users, and once where they have partitions (H-54).
func itemIsolationSuite(t *testing.T, p *place) {
	seed := func(who Person) {
		n := itemNew("a.b", "k", `{"v":"alice's","owner":"bob"}`) // what a value says of an owner says nothing
		n.Vectors = []store.Vector{{1}}
		is(t, p.db.Items.Put(t.Context(), who.Items(authhooks.Put), n), nil)
	}
	row := func(who Person) func() any {
		return func() any {
			item, err := p.db.Items.Get(t.Context(), who.Items(authhooks.Get), split("a.b"), "k", false)
			is(t, err, nil)
			return []any{string(item.Value), item.CreatedAt, item.UpdatedAt, p.all(t, who)}
		}
	}
	t.Run("by the filter", func(t *testing.T) {
		alice, bob := Under(t, "alice", Says(only("alice"), owned("alice"))), Under(t, "bob", Says(only("bob"), owned("bob")))
		seed(alice)
		for name, m := range itemMethods(p.db) {
			try(t, name, m.action, m.foreign, authhooks.Store, func(s access.ItemScope) error { return m.call(t, s) }, bob.Items, row(alice))
		}
		// Whoever may reach all does not become the owner by writing.
		p.put(t, Under(t, "admin", Says(nil, owned("admin"))), "a.b", "k", `{"v":"admin's"}`)
		if got := p.item(t, alice, "a.b", "k"); got != `{"v":"admin's"}` {
			t.Errorf("alice's is %s", got)
		}
		// A stamp that the filter does not match is refused for new items as for old ones.
		liar := Under(t, "liar", Says(only("liar"), owned("alice")))
		for _, key := range []string{"k", "new"} {
			is(t, p.db.Items.Put(t.Context(), liar.Items(authhooks.Put), itemNew("a.b", key, `{}`)), store.ErrPostImage)
		}
		same(t, "alice's", []string{"a.b/k"}, p.all(t, alice))
	})
	t.Run("by the partition", func(t *testing.T) {
		alice, bob := Owner(t, "alice"), Owner(t, "bob")
		seed(alice)
		for name, m := range itemMethods(p.db) {
			if m.action == authhooks.Put {
				m.foreign = nil // it makes an item of his own
			}
			try(t, name, m.action, m.foreign, authhooks.Store, func(s access.ItemScope) error {
				if name != "Put" {
					is(t, p.db.Items.Delete(t.Context(), bob.Items(authhooks.Delete), split("a.b"), "k"), nil)
				}
				return m.call(t, s)
			}, bob.Items, row(alice))
		}
		p.put(t, bob, "a.b", "k", `{"v":"bob's"}`)
		if got := p.item(t, alice, "a.b", "k"); got != `{"v":"alice's","owner":"bob"}` {
			t.Errorf("alice's is %s", got)
		}
		same(t, "bob's", []string{"a.b/k"}, p.all(t, bob))
	})
	t.Run("at the same time", func(t *testing.T) { p.race(t) })
	t.Run("sweep", func(t *testing.T) {
		for _, a := range []access.SystemAccess{{}, system("")} {
			if n, err := p.db.Items.SweepExpired(t.Context(), a, 10); n != 0 || !errors.Is(err, access.ErrNoScope) {
				t.Errorf("swept %d, %v", n, err)
			}
		}
	})
}

// race lets two users put the same new items at the same time: each item is one user's, and only his puts have succeeded.
func (p *place) race(t *testing.T) {
	const keys = 20
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		wrote = map[string]map[string]bool{}
	)
	people := map[string]Person{}
	for _, name := range []string{"alice", "bob"} {
		people[name] = Under(t, name, Says(only(name), owned(name)))
	}
	for i := range 8 {
		name := []string{"alice", "bob"}[i%2]
		scope := people[name].Items(authhooks.Put)
		all.Go(func() {
			for n := range keys {
				key := fmt.Sprint("race", n)
				switch err := p.db.Items.Put(t.Context(), scope, itemNew("race", key, `{"by":"`+name+`"}`)); {
				case err == nil:
					mu.Lock()
					if wrote[key] == nil {
						wrote[key] = map[string]bool{}
					}
					wrote[key][name] = true
					mu.Unlock()
				case !errors.Is(err, store.ErrPostImage):
					t.Errorf("put: %v", err)
				}
			}
		})
	}
	all.Wait()
	for key, names := range wrote {
		for name, who := range people {
			want := ""
			if names[name] {
				want = `{"by":"` + name + `"}`
			}
			if got := p.item(t, who, "race", key); len(names) != 1 || got != want {
				t.Errorf("%s: %v have written it, %s reads %q", key, names, name, got)
			}
		}
	}
	if len(wrote) != keys {
		t.Errorf("%d items were made, want %d", len(wrote), keys)
	}
}

// itemFilterSuite holds the search by value equal to [graphs.StoreFilter.Match].
func itemFilterSuite(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	rows := map[string]store.JSON{}
	add := func(doc map[string]any) {
		key := "a/" + string(rune('0'+len(rows)))
		rows[key] = encoded(t, doc)
		p.put(t, alice, "a", key[2:], string(rows[key]))
	}
	gen := objects(3)
	for seed := range 150 {
		add(gen.Example(seed))
	}
	for _, v := range append(append([]any{nil, true, false, []any{}, []any{"x", int64(1)}, map[string]any{}, map[string]any{"x": "x"}}, numbers...), "x", "1", "y") {
		add(map[string]any{"a": v})
		add(map[string]any{"a": map[string]any{"f": v}, "b.c": []any{map[string]any{"f": v}}})
	}
	forms := rapid.Custom(func(r *rapid.T) map[string]any {
		form := valueFilters(2).Draw(r, "any")
		if rapid.Bool().Draw(r, "part") {
			var doc map[string]any
			decoded(t, rows[rapid.SampledFrom(slices.Sorted(keysOf(rows))).Draw(r, "row")], &doc)
			form, _ = part(r, doc).(map[string]any)
		}
		return form
	}).Filter(func(form map[string]any) bool { // what is refused is no filter, and says so
		_, err := graphs.ParseStoreFilter(form)
		_, refused := errors.AsType[*graphs.FilterError](err)
		return !refused
	})
	rapid.Check(t, func(r *rapid.T) {
		form := forms.Draw(r, "filter")
		filter, err := graphs.ParseStoreFilter(form)
		if err != nil {
			r.Fatalf("%v: %v", form, err)
		}
		want := []string{}
		for key, doc := range rows {
			if filter.Match(doc) {
				want = append(want, key)
			}
		}
		got := p.found(t, alice, store.ItemQuery{Filter: filter, Limit: 1000})
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			r.Fatalf("%s: %v match, the search returns %v", encoded(t, form), want, got)
		}
	})
}

// valueFilters are filters over values.
func valueFilters(depth int) *rapid.Generator[map[string]any] {
	keys := rapid.OneOf(rapid.SampledFrom([]string{"a", "f", "b.c", "0", "x"}), rapid.SampledFrom(texts))
	ops := rapid.SampledFrom([]string{graphs.OpEqual, graphs.OpNotEqual, graphs.OpGreater, graphs.OpGreaterOrEqual, graphs.OpLess, graphs.OpLessOrEqual})
	conditions := []*rapid.Generator[any]{
		values(2),
		rapid.Map(rapid.MapOfN(ops, scalars(), 1, 2), func(m map[string]any) any { return m }),
		rapid.Map(rapid.MapOfN(rapid.Just(graphs.OpNotEqual), values(2), 1, 1), func(m map[string]any) any { return m }),
		rapid.Map(rapid.MapOfN(rapid.Just(graphs.OpEqual), values(2), 1, 1), func(m map[string]any) any { return m }),
	}
	if depth > 0 {
		conditions = append(conditions, rapid.Map(valueFilters(depth-1), func(m map[string]any) any { return m }))
	}
	return rapid.MapOfN(keys, rapid.OneOf(conditions...), 0, 2)
}
