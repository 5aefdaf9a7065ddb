package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
)

// put stores an item for a person.
func (p *place) put(t testing.TB, who Person, namespace, key, value string) {
	t.Helper()
	if err := p.db.Items.Put(t.Context(), who.Items(authhooks.Put), itemNew(namespace, key, value)); err != nil {
		t.Fatalf("put %s %s: %v", namespace, key, err)
	}
}

func itemNew(namespace, key, value string) store.ItemNew {
	return store.ItemNew{Namespace: split(namespace), Key: key, Value: store.JSON(value)}
}

func split(namespace string) []string {
	if namespace == "" {
		return nil
	}
	return strings.Split(namespace, ".")
}

// item returns the value of an item, "" for one that is not there.
func (p *place) item(t testing.TB, who Person, namespace, key string) string {
	t.Helper()
	item, err := p.db.Items.Get(t.Context(), who.Items(authhooks.Get), split(namespace), key, false)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatalf("get %s %s: %v", namespace, key, err)
	}
	return compact(string(item.Value))
}

// compact takes the blanks out that jsonb puts in.
func compact(value string) string { return strings.NewReplacer(": ", ":", ", ", ",").Replace(value) }

// found returns what a search finds, each as "namespace/key".
func (p *place) found(t testing.TB, who Person, q store.ItemQuery) []string {
	t.Helper()
	items, err := p.db.Items.Search(t.Context(), who.Items(authhooks.Search), q)
	if err != nil {
		t.Fatalf("search: %v", err)
	}
	out := []string{}
	for _, i := range items {
		out = append(out, strings.Join(i.Namespace, ".")+"/"+i.Key)
	}
	return out
}

// all is what a person reaches.
func (p *place) all(t testing.TB, who Person) []string {
	t.Helper()
	out := p.found(t, who, store.ItemQuery{Limit: 1000})
	slices.Sort(out)
	return out
}

// namespaces lists what a person reaches.
func (p *place) namespaces(t testing.TB, who Person, q graphs.NamespaceSearch, under ...string) []string {
	t.Helper()
	list, err := p.db.Items.ListNamespaces(t.Context(), who.Items(authhooks.ListNamespaces), store.NamespaceQuery{
		Under: under, Limit: q.Limit, Offset: q.Offset,
		Keep: func(ns []string) ([]string, bool) { return q.Cut(ns), q.Matches(ns) },
	})
	if err != nil {
		t.Fatalf("list namespaces: %v", err)
	}
	out := []string{}
	for _, ns := range list {
		out = append(out, strings.Join(ns, "."))
	}
	return out
}

func itemSuite(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	p.put(t, alice, "users.alice", "prefs", `{"color":"red"}`)
	before, err := p.db.Items.Get(t.Context(), alice.Items(authhooks.Get), split("users.alice"), "prefs", false)
	is(t, err, nil)
	same(t, "namespace", []string{"users", "alice"}, before.Namespace)
	if !before.CreatedAt.Equal(before.UpdatedAt) || before.CreatedAt.IsZero() {
		t.Errorf("made at %v, changed at %v", before.CreatedAt, before.UpdatedAt)
	}
	p.put(t, alice, "users.alice", "prefs", `{"size":2}`)
	after, err := p.db.Items.Get(t.Context(), alice.Items(authhooks.Get), split("users.alice"), "prefs", false)
	is(t, err, nil)
	if got := compact(string(after.Value)); got != `{"size":2}` {
		t.Errorf("a put merged: %s", got)
	}
	if !after.CreatedAt.Equal(before.CreatedAt) || after.UpdatedAt.Before(before.UpdatedAt) {
		t.Errorf("made at %v, changed at %v; want the first time, and a later one than %v", after.CreatedAt, after.UpdatedAt, before)
	}
	for _, missing := range [][2]string{{"users.alice", "pref"}, {"users", "prefs"}, {"users.alice.x", "prefs"}, {"", "prefs"}, {"users.alic", "prefs"}} {
		if got := p.item(t, alice, missing[0], missing[1]); got != "" {
			t.Errorf("%v is %s", missing, got)
		}
	}
	is(t, p.db.Items.Delete(t.Context(), alice.Items(authhooks.Delete), split("users.alice"), "prefs"), nil)
	if got := p.item(t, alice, "users.alice", "prefs"); got != "" {
		t.Errorf("deleted, and still %s", got)
	}
	is(t, p.db.Items.Delete(t.Context(), alice.Items(authhooks.Delete), split("users.alice"), "prefs"), nil)

	t.Run("any text", func(t *testing.T) {
		for i, key := range []string{"'; DROP TABLE items --", "%", "_", `\`, "é", "a b", "..", "nul\x00", "\xff", strings.Repeat("k", 1000)} {
			who := Owner(t, fmt.Sprint("odd", i, strings.Repeat("i", 200*i)))
			p.put(t, who, "x y.-", key, `{"text":"nul \u0000"}`)
			if got := p.item(t, who, "x y.-", key); !strings.Contains(got, "nul \ufffd") {
				t.Errorf("%q: %q", key, got)
			}
		}
	})
}

func itemLifeSuite(t *testing.T, p *place) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	p.config.Now = func() time.Time { return now }
	p.db = Open(t, p.config)
	alice, bob := Under(t, "alice", Says(only("alice"), owned("alice"))), Under(t, "bob", Says(only("bob"), owned("bob")))
	n := itemNew("a", "k", `{"by":"alice"}`)
	n.TTLMinutes = 2
	is(t, p.db.Items.Put(t.Context(), alice.Items(authhooks.Put), n), nil)
	p.put(t, alice, "a", "stays", `{}`)

	now = now.Add(90 * time.Second)
	if got := p.item(t, alice, "a", "k"); got == "" {
		t.Fatal("gone before its time")
	}
	_, err := p.db.Items.Get(t.Context(), alice.Items(authhooks.Get), split("a"), "k", true) // a new life from here
	is(t, err, nil)
	now = now.Add(90 * time.Second)
	if got := p.found(t, alice, store.ItemQuery{Refresh: true}); len(got) != 2 {
		t.Fatalf("a get did not refresh: %v", got)
	}
	now = now.Add(119 * time.Second)
	if got := p.all(t, alice); len(got) != 2 {
		t.Fatalf("a search did not refresh: %v", got)
	}
	is(t, p.db.Items.Put(t.Context(), bob.Items(authhooks.Put), itemNew("a", "k", `{}`)), store.ErrPostImage)
	now = now.Add(time.Second) // over, to the microsecond
	if got := p.item(t, alice, "a", "k"); got != "" {
		t.Errorf("an expired item is %s", got)
	}
	same(t, "found", []string{"a/stays"}, p.all(t, alice))
	if n, err := p.db.Items.SweepExpired(t.Context(), system("sweep"), 1); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}

	// An expired item that was not swept yet is no obstacle, gives its namespace no name, and leaves nothing to who comes next.
	n.Namespace = split("b")
	is(t, p.db.Items.Put(t.Context(), alice.Items(authhooks.Put), n), nil)
	now = now.Add(time.Hour)
	same(t, "namespaces", []string{"a"}, p.namespaces(t, alice, graphs.NamespaceSearch{Limit: 10}))
	p.put(t, bob, "b", "k", `{"by":"bob"}`)
	if got := p.item(t, bob, "b", "k"); got != `{"by":"bob"}` {
		t.Errorf("bob's is %q", got)
	}
	if got := p.item(t, alice, "b", "k"); got != "" {
		t.Errorf("alice reads %s of bob's", got)
	}
	item, err := p.db.Items.Get(t.Context(), bob.Items(authhooks.Get), split("b"), "k", true)
	is(t, err, nil)
	if !item.CreatedAt.Equal(now) {
		t.Errorf("made at %v, want %v", item.CreatedAt, now)
	}
	now = now.Add(1000 * time.Hour)
	if n, err := p.db.Items.SweepExpired(t.Context(), system("sweep"), 10); n != 0 || err != nil {
		t.Errorf("swept %d, %v: the last put has no end", n, err)
	}
}

func itemSearchSuite(t *testing.T, p *place) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	p.config.Now = func() time.Time { now = now.Add(time.Millisecond); return now }
	p.db = Open(t, p.config)
	alice := Owner(t, "alice")
	for _, ns := range []string{"a", "a.b", "a.b.c", "a-b", "ab", "a_", "a%", "é.b", "b.a", "a/"} {
		p.put(t, alice, ns, "k", `{}`)
	}
	p.put(t, alice, "a", "k", `{}`) // the last
	same(t, "order", []string{"a/k", "a//k", "b.a/k", "é.b/k"}, p.found(t, alice, store.ItemQuery{Limit: 4}))
	same(t, "page", []string{"a//k", "b.a/k"}, p.found(t, alice, store.ItemQuery{Limit: 2, Offset: 1}))
	for prefix, want := range map[string][]string{
		"a":   {"a.b.c/k", "a.b/k", "a/k"}, // whole labels, from the first on (H-20)
		"a.b": {"a.b.c/k", "a.b/k"},
		"a_":  {"a_/k"},
		"a%":  {"a%/k"},
		"*":   {},
		"b":   {"b.a/k"},
		"c":   {},
		"é":   {"é.b/k"},
	} {
		got := p.found(t, alice, store.ItemQuery{Prefix: split(prefix)})
		slices.Sort(got)
		same(t, "prefix "+prefix, want, got)
	}
	all := []string{"a%", "a-b", "a.b.c", "a.b", "a/", "a", "a_", "ab", "b.a", "é.b"}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(a+".", b+".") })
	for name, test := range map[string]struct {
		q     graphs.NamespaceSearch
		under string
		want  []string
	}{
		"all":           {want: all},
		"page":          {q: graphs.NamespaceSearch{Limit: 2, Offset: 1}, want: all[1:3]},
		"depth":         {q: graphs.NamespaceSearch{MaxDepth: 1}, want: []string{"a%", "a-b", "a", "a/", "a_", "ab", "b", "é"}},
		"depth, page":   {q: graphs.NamespaceSearch{MaxDepth: 1, Limit: 2, Offset: 2}, want: []string{"a", "a/"}},
		"prefix":        {q: graphs.NamespaceSearch{Prefix: []string{"a"}}, under: "a", want: []string{"a", "a.b", "a.b.c"}},
		"wildcard":      {q: graphs.NamespaceSearch{Prefix: []string{"*", "b"}}, want: []string{"a.b", "a.b.c", "é.b"}},
		"suffix":        {q: graphs.NamespaceSearch{Suffix: []string{"b"}}, want: []string{"a.b", "é.b"}},
		"suffix, wild":  {q: graphs.NamespaceSearch{Suffix: []string{"b", "*"}}, want: []string{"a.b.c", "b.a"}},
		"both":          {q: graphs.NamespaceSearch{Prefix: []string{"a"}, Suffix: []string{"a"}}, under: "a", want: []string{"a"}},
		"beyond":        {q: graphs.NamespaceSearch{Prefix: []string{"a", "b", "c", "d"}}, under: "a.b.c.d", want: []string{}},
		"depth, suffix": {q: graphs.NamespaceSearch{Suffix: []string{"c"}, MaxDepth: 2}, want: []string{"a.b"}},
	} {
		if test.q.Limit == 0 {
			test.q.Limit = 100
		}
		same(t, name, test.want, p.namespaces(t, alice, test.q, split(test.under)...))
	}
}

// nearSuite searches by nearness: inside of the scope and of the client's filter.
func nearSuite(t *testing.T, p *place) {
	alice, bob := Under(t, "alice", Says(only("alice"), owned("alice"))), Under(t, "bob", Says(only("bob"), owned("bob")))
	put := func(who Person, key, value string, vectors ...store.Vector) {
		n := itemNew("a", key, value)
		n.Vectors = vectors
		is(t, p.db.Items.Put(t.Context(), who.Items(authhooks.Put), n), nil)
	}
	put(alice, "east", `{"n":1}`, store.Vector{3, 0})
	put(alice, "north", `{"n":2}`, store.Vector{0, 1})
	put(alice, "both", `{"n":3}`, store.Vector{-1, 0}, store.Vector{1, 1})
	put(alice, "zero", `{"n":4}`, store.Vector{0, 0})
	put(alice, "other", `{"n":5}`, store.Vector{1, 0, 0})
	put(alice, "none", `{"n":6}`)
	put(bob, "bobs", `{"n":1}`, store.Vector{1, 0})
	near := store.ItemQuery{Near: store.Vector{5, 0}}
	same(t, "by nearness", []string{"a/east", "a/both", "a/north"}, p.found(t, alice, near))
	same(t, "bob's alone", []string{"a/bobs"}, p.found(t, bob, near))
	near.Limit, near.Offset = 1, 1
	same(t, "page", []string{"a/both"}, p.found(t, alice, near))
	filter, err := graphs.ParseStoreFilter(map[string]any{"n": map[string]any{"$gt": 1}})
	is(t, err, nil)
	same(t, "filter inside", []string{"a/both"}, p.found(t, alice, store.ItemQuery{Near: store.Vector{5, 0}, Filter: filter, Limit: 1}))
	same(t, "elsewhere", []string{}, p.found(t, alice, store.ItemQuery{Near: store.Vector{5, 0}, Prefix: split("b")}))
	same(t, "nowhere", []string{}, p.found(t, alice, store.ItemQuery{Near: store.Vector{0, 0}}))
	items, err := p.db.Items.Search(t.Context(), alice.Items(authhooks.Search), store.ItemQuery{Near: store.Vector{5, 0}})
	is(t, err, nil)
	if s := items[1].Score; s == nil || *s < 0.707 || *s > 0.708 {
		t.Errorf("score %v, want the cosine of 45 degrees", s)
	}
	put(alice, "east", `{"n":1}`) // left out from now on
	is(t, p.db.Items.Delete(t.Context(), alice.Items(authhooks.Delete), split("a"), "both"), nil)
	same(t, "after changes", []string{"a/north"}, p.found(t, alice, store.ItemQuery{Near: store.Vector{5, 0}}))

	// More than is kept at one time.
	for i := range 300 {
		put(alice, fmt.Sprintf("many%03d", i), `{"many":true}`, store.Vector{1, float32(i)}, store.Vector{-1, float32(i)})
	}
	want := []string{"a/many000", "a/many001", "a/many002"}
	if diff := cmp.Diff(want, p.found(t, alice, store.ItemQuery{Near: store.Vector{1, 0}, Limit: 3})); diff != "" {
		t.Errorf("the nearest of many (-want +got):\n%s", diff)
	}
	if got := p.found(t, alice, store.ItemQuery{Near: store.Vector{1, 0}, Limit: 1000}); len(got) != 301 {
		t.Errorf("%d found, want 301", len(got))
	}
}
