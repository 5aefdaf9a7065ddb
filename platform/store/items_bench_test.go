package store_test

import (
	"fmt"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

// BenchmarkItems works on 20,000 items of one owner, in 500 namespaces.
func BenchmarkItems(b *testing.B) {
	for name, backend := range map[string]storetest.Backend{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) { benchmarkItems(b, storetest.Open(b, backend(b)).Items) })
	}
}

func benchmarkItems(b *testing.B, items *store.Items) {
	mine := authhooks.Eq("owner", "alice")
	alice := storetest.Under(b, "alice", storetest.Says(&mine, map[string]any{"owner": "alice"}))
	n, put := 0, alice.Items(authhooks.Put)
	add := func() error {
		n++
		return items.Put(b.Context(), put, store.ItemNew{
			Namespace: []string{"users", fmt.Sprint(n % 500)}, Key: fmt.Sprint(n), Value: store.JSON(fmt.Sprintf(`{"text":"hello","n":%d}`, n)),
		})
	}
	for range 20_000 {
		if err := add(); err != nil {
			b.Fatal(err)
		}
	}
	filter, err := graphs.ParseStoreFilter(map[string]any{"n": 77})
	if err != nil {
		b.Fatal(err)
	}
	get, list := alice.Items(authhooks.Get), alice.Items(authhooks.ListNamespaces)
	search := func(q store.ItemQuery) func() error {
		scope := alice.Items(authhooks.Search)
		return func() error { _, err := items.Search(b.Context(), scope, q); return err }
	}
	for name, once := range map[string]func() error{
		"put":    add,
		"get":    func() error { _, err := items.Get(b.Context(), get, []string{"users", "7"}, "7", true); return err },
		"search": search(store.ItemQuery{}),
		"prefix": search(store.ItemQuery{Prefix: []string{"users", "7"}}),
		"filter": search(store.ItemQuery{Filter: filter}),
		"namespaces": func() error {
			_, err := items.ListNamespaces(b.Context(), list, store.NamespaceQuery{
				Limit: 100, Keep: func(ns []string) ([]string, bool) { return ns, true },
			})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := once(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
