package store_test

import (
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

func BenchmarkThreadCreate(b *testing.B) {
	db := storetest.Open(b, storetest.SQLite(b))
	create := storetest.Owner(b, "alice").Threads(authhooks.Create)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := db.Threads.Create(b.Context(), create, nil, store.ThreadNew{Metadata: map[string]any{"graph_id": "agent"}}); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkThreadGet(b *testing.B) {
	db := storetest.Open(b, storetest.SQLite(b))
	alice := storetest.Owner(b, "alice")
	row, err := db.Threads.Create(b.Context(), alice.Threads(authhooks.Create), nil, store.ThreadNew{Metadata: map[string]any{"graph_id": "agent"}})
	if err != nil {
		b.Fatal(err)
	}
	read := alice.Threads(authhooks.Read)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := db.Threads.Get(b.Context(), read, row.ID); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkThreadSearch pages through one user's threads among those of a hundred.
func BenchmarkThreadSearch(b *testing.B) {
	db := storetest.Open(b, storetest.SQLite(b))
	for i := range 100 {
		create := storetest.Owner(b, string(rune('a'+i%26))+string(rune('a'+i/26))).Threads(authhooks.Create)
		for range 100 {
			if _, err := db.Threads.Create(b.Context(), create, nil, store.ThreadNew{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	search := storetest.Owner(b, "ab").Threads(authhooks.Search)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := db.Threads.Search(b.Context(), search, store.ThreadQuery{}); err != nil {
			b.Fatal(err)
		}
	}
}
