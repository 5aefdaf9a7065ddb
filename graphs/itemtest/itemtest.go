// Package itemtest is the suite that every [graphs.Store] has to pass.
//
//	func TestStore(t *testing.T) {
//		itemtest.Run(t, func(t *testing.T, now func() time.Time) graphs.Store { return &memory.Store{Now: now} })
//	}
package itemtest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
)

// Run tests stores; open returns an empty one each time, whose clock is now.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) graphs.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *place){
		"items":      testItems,
		"refusals":   testRefusals,
		"search":     testSearch,
		"filters":    testFilters,
		"namespaces": testNamespaces,
		"lives":      testLives,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
			p.Store = open(t, func() time.Time { return p.now })
			test(t, p)
		})
	}
}

type place struct {
	graphs.Store
	now time.Time
}

func (p *place) put(t *testing.T, namespace, key string, value any) {
	t.Helper()
	p.now = p.now.Add(time.Second)
	if err := p.Put(context.Background(), graphs.ItemPut{Namespace: split(namespace), Key: key, Value: value}); err != nil {
		t.Fatalf("put %s %s: %v", namespace, key, err)
	}
}

func (p *place) find(t *testing.T, q graphs.ItemSearch) []string {
	t.Helper()
	items, err := p.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("search %+v: %v", q, err)
	}
	out := []string{}
	for _, i := range items {
		out = append(out, strings.Join(i.Namespace, ".")+"/"+i.Key)
	}
	return out
}

func split(namespace string) []string {
	if namespace == "" {
		return nil
	}
	return strings.Split(namespace, ".")
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

type prefs struct {
	Color string `json:"color,omitempty"`
	Big   int64  `json:"big,omitempty"`
}

func testItems(t *testing.T, p *place) {
	p.put(t, "users.alice", "prefs", prefs{Color: "red", Big: 1<<53 + 1})
	first, err := p.Get(t.Context(), split("users.alice"), "prefs")
	if err != nil {
		t.Fatal(err)
	}
	var got prefs
	if err := first.Decode(&got); err != nil {
		t.Fatal(err)
	}
	same(t, "value", prefs{Color: "red", Big: 1<<53 + 1}, got)
	same(t, "namespace and key", []any{split("users.alice"), "prefs"}, []any{first.Namespace, first.Key})
	if !first.CreatedAt.Equal(p.now) || !first.UpdatedAt.Equal(p.now) || first.Score != nil {
		t.Errorf("made at %v, changed at %v, score %v; now it is %v", first.CreatedAt, first.UpdatedAt, first.Score, p.now)
	}
	p.put(t, "users.alice", "prefs", map[string]any{"other": nil})
	second, err := p.Get(t.Context(), split("users.alice"), "prefs")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(second.Value), " ", ""); got != `{"other":null}` {
		t.Errorf("a put merged: %s", got)
	}
	if !second.CreatedAt.Equal(first.CreatedAt) || !second.UpdatedAt.Equal(p.now) {
		t.Errorf("made at %v, changed at %v", second.CreatedAt, second.UpdatedAt)
	}
	for range 2 {
		if err := p.Delete(t.Context(), split("users.alice"), "prefs"); err != nil {
			t.Fatal(err)
		}
	}
	for _, ns := range []string{"users.alice", "users", ""} {
		if _, err := p.Get(t.Context(), split(ns), "prefs"); !errors.Is(err, graphs.ErrNoItem) {
			t.Errorf("%s: error %v, want ErrNoItem", ns, err)
		}
	}
}

func testRefusals(t *testing.T, p *place) {
	for _, ns := range [][]string{{"a", ""}, {""}, {"a.b"}, {"a", "b."}} {
		want := "Namespace labels cannot be empty or contain periods. Received: " + strings.Join(ns, ".")
		_, get := p.Get(t.Context(), ns, "k")
		_, search := p.Search(t.Context(), graphs.ItemSearch{Prefix: ns})
		_, prefix := p.ListNamespaces(t.Context(), graphs.NamespaceSearch{Prefix: ns})
		_, suffix := p.ListNamespaces(t.Context(), graphs.NamespaceSearch{Suffix: ns})
		put := p.Put(t.Context(), graphs.ItemPut{Namespace: ns, Key: "k", Value: prefs{}})
		for i, err := range []error{get, search, prefix, suffix, put, p.Delete(t.Context(), ns, "k")} {
			var refused *graphs.NamespaceError
			if !errors.As(err, &refused) || refused.Error() != want {
				t.Errorf("%d of %q: error %v, want %s", i, ns, err, want)
			}
		}
	}
	for name, put := range map[string]graphs.ItemPut{
		"no namespace": {Key: "k", Value: prefs{}}, "no key": {Namespace: split("a"), Value: prefs{}},
		"reserved": {Namespace: split("langgraph.a"), Key: "k", Value: prefs{}}, "no object": {Namespace: split("a"), Key: "k", Value: "text"},
		"no value": {Namespace: split("a"), Key: "k"}, "no JSON": {Namespace: split("a"), Key: "k", Value: map[string]any{"f": func() {}}},
		"long": {Namespace: []string{strings.Repeat("a", 2000)}, Key: "k", Value: prefs{}},
	} {
		if err := p.Put(t.Context(), put); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	for _, filter := range []map[string]any{
		{"a": map[string]any{"$in": []any{1}}},
		{"$eq": 1},
		{"a": map[string]any{"$gt": true}},
		{"a": map[string]any{"$gt": 1, "b": 2}},
		{"a": map[string]any{"b": map[string]any{"$like": "x"}}},
	} {
		var refused *graphs.FilterError
		if _, err := p.Search(t.Context(), graphs.ItemSearch{Filter: filter}); !errors.As(err, &refused) {
			t.Errorf("%v: error %v, want a FilterError", filter, err)
		}
	}
	same(t, "stored", []string{}, p.find(t, graphs.ItemSearch{}))
}

func testSearch(t *testing.T, p *place) {
	for _, ns := range []string{"a", "a.b", "a.b.c", "a-b", "ab", "b.a"} {
		p.put(t, ns, "k", prefs{})
	}
	p.put(t, "a", "k", prefs{})
	same(t, "last changed first", []string{"a/k", "b.a/k", "ab/k"}, p.find(t, graphs.ItemSearch{Limit: 3}))
	same(t, "page", []string{"ab/k", "a-b/k"}, p.find(t, graphs.ItemSearch{Limit: 2, Offset: 2}))
	same(t, "prefix", []string{"a/k", "a.b.c/k", "a.b/k"}, p.find(t, graphs.ItemSearch{Prefix: split("a")}))
	same(t, "no wildcard", []string{}, p.find(t, graphs.ItemSearch{Prefix: split("*")}))
	same(t, "a query that nothing is configured for", 6, len(p.find(t, graphs.ItemSearch{Query: "text"})))
}

func testFilters(t *testing.T, p *place) {
	for key, value := range map[string]string{
		"one": `{"n":1,"s":"a","o":{"x":1,"y":[1,{"z":2}]},"l":[1,2]}`,
		"two": `{"n":2.5,"s":"b","o":{"x":true},"l":[2,1],"b":false}`,
		"odd": `{"n":"1","s":null,"o":[],"l":{"0":1,"1":2}}`,
	} {
		p.put(t, "a", key, json.RawMessage(value))
	}
	for filter, want := range map[string][]string{
		`{}`: {"odd", "one", "two"}, `{"n":1}`: {"one"}, `{"n":1.0,"s":"a"}`: {"one"}, `{"n":"1"}`: {"odd"}, `{"s":null}`: {"odd"}, `{"b":null}`: {},
		`{"b":false}`: {"two"}, `{"l":[1,2]}`: {"one"}, `{"l":[1]}`: {}, `{"o":{}}`: {"one", "two"}, `{"o":{"x":1}}`: {"one"},
		`{"o":{"y":[1,{"z":2}]}}`: {"one"}, `{"o":{"y":[1,{}]}}`: {}, `{"o":{"$eq":{"x":true}}}`: {"two"}, `{"o":{"$ne":{"x":true}}}`: {"odd", "one"},
		`{"l":{"0":1}}`: {"odd"}, `{"n":{"$gt":1}}`: {"two"}, `{"n":{"$gte":1,"$lt":2.5}}`: {"one"}, `{"n":{"$lte":2.5}}`: {"one", "two"},
		`{"s":{"$gt":"a"}}`: {"two"}, `{"s":{"$gte":""}}`: {"one", "two"}, `{"n":{"$ne":1}}`: {"odd", "two"}, `{"b":{"$ne":1}}`: {"two"}, `{"o":{"x":{"$lt":2}}}`: {"one"},
	} {
		var form map[string]any
		if err := json.Unmarshal([]byte(filter), &form); err != nil {
			t.Fatal(err)
		}
		items, err := p.Search(t.Context(), graphs.ItemSearch{Filter: form})
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		got := []string{}
		for _, i := range items {
			got = append(got, i.Key)
		}
		slices.Sort(got)
		same(t, filter, want, got)
	}
}

func testNamespaces(t *testing.T, p *place) {
	for _, ns := range []string{"é.b", "b.a", "a", "a.b", "a.b.c", "a-b"} {
		p.put(t, ns, "k", prefs{})
		p.put(t, ns, "l", prefs{})
	}
	for name, test := range map[string]struct {
		q    graphs.NamespaceSearch
		want string
	}{
		"all":      {graphs.NamespaceSearch{}, "a-b a a.b a.b.c b.a é.b"},
		"page":     {graphs.NamespaceSearch{Limit: 2, Offset: 1}, "a a.b"},
		"depth":    {graphs.NamespaceSearch{MaxDepth: 1, Limit: 2, Offset: 1}, "a b"},
		"prefix":   {graphs.NamespaceSearch{Prefix: split("a")}, "a a.b a.b.c"},
		"wildcard": {graphs.NamespaceSearch{Prefix: split("*.b")}, "a.b a.b.c é.b"},
		"suffix":   {graphs.NamespaceSearch{Suffix: split("b.*")}, "a.b.c b.a"},
		"both":     {graphs.NamespaceSearch{Prefix: split("a"), Suffix: split("c"), MaxDepth: 2}, "a.b"},
		"none":     {graphs.NamespaceSearch{Prefix: split("c")}, ""},
	} {
		list, err := p.ListNamespaces(t.Context(), test.q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ns := range list {
			got = append(got, strings.Join(ns, "."))
		}
		if name == "suffix" { // b.a ends with b and another label, too
			slices.Sort(got)
		}
		same(t, name, test.want, strings.Join(got, " "))
	}
}

func testLives(t *testing.T, p *place) {
	put := graphs.ItemPut{Namespace: split("a"), Key: "k", Value: prefs{}, TTL: time.Minute}
	if err := p.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	p.now = p.now.Add(50 * time.Second)
	if _, err := p.Get(t.Context(), put.Namespace, put.Key); err != nil { // begins its life anew
		t.Fatal(err)
	}
	p.now = p.now.Add(50 * time.Second)
	no := false
	same(t, "alive", []string{"a/k"}, p.find(t, graphs.ItemSearch{RefreshTTL: &no}))
	p.now = p.now.Add(10 * time.Second)
	if _, err := p.Get(t.Context(), put.Namespace, put.Key); !errors.Is(err, graphs.ErrNoItem) {
		t.Errorf("error %v, want ErrNoItem", err)
	}
	same(t, "expired", []string{}, p.find(t, graphs.ItemSearch{}))
	list, err := p.ListNamespaces(t.Context(), graphs.NamespaceSearch{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "namespaces", [][]string{}, list)
	p.put(t, "a", "k", prefs{})
	item, err := p.Get(t.Context(), put.Namespace, put.Key)
	if err != nil || !item.CreatedAt.Equal(p.now) {
		t.Errorf("%+v, %v; want one made now", item, err)
	}
}
