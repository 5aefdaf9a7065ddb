package store_test

import (
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

// BenchmarkStatelessRun is the life of a stateless run without its graph: made, claimed, committed with a segment and its end.
func BenchmarkStatelessRun(b *testing.B) {
	for name, config := range map[string]storetest.Backend{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) { benchStateless(b, storetest.Open(b, config(b))) })
	}
}

func benchStateless(b *testing.B, db *store.DB) {
	alice := storetest.Owner(b, "alice")
	assistant, err := db.Assistants.Create(b.Context(), alice.Assistants(authhooks.Create), nil, store.AssistantNew{GraphID: "agent"})
	if err != nil {
		b.Fatal(err)
	}
	run, create, read := alice.Threads(authhooks.CreateRun), alice.Threads(authhooks.Create), alice.Assistants(authhooks.Read)
	kwargs := store.JSON(`{"input":{"messages":[{"role":"user","content":"hello"}]},"config":{"configurable":{}}}`)
	segment := make([]byte, 2000)
	b.ResetTimer()
	b.ReportAllocs()
	b.SetParallelism(16) // a server's callers and workers
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := db.Runs.Create(b.Context(), run, read, store.RunNew{
				AssistantID: assistant.ID, Temporary: true, Kwargs: kwargs, Modes: []string{"values"},
				Implicit: &store.ImplicitThread{Scope: create},
			})
			if err != nil {
				b.Error(err)
				return
			}
			var c *store.Claimed
			for c == nil { // another may have taken this one, and left its own behind what this claim could see
				if c, err = db.Runs.Claim(b.Context(), "bench", time.Minute); err != nil {
					b.Error(err)
					return
				}
			}
			err = db.Runs.Commit(b.Context(), c.Lease, store.Batch{
				Segments: []store.Segment{{First: c.SeqFirst, Last: c.SeqFirst + 20, Data: segment}},
				Finish:   &store.Finish{Status: store.RunSuccess, KeepEventsFor: 10 * time.Minute},
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}
