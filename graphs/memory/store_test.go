package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/itemtest"
	"github.com/locutory/locutory/graphs/memory"
)

func TestStore(t *testing.T) {
	t.Parallel()
	itemtest.Run(t, func(_ *testing.T, now func() time.Time) graphs.Store { return &memory.Store{Now: now} })
}

// TestRuntimeStore is a node that remembers from one thread to the next.
func TestRuntimeStore(t *testing.T) {
	t.Parallel()
	type state struct {
		Visits int `json:"visits"`
	}
	visit := func(ctx context.Context, _ state) (graphs.Update, error) {
		store, ns := graphs.RuntimeFrom(ctx).Store, []string{"visits"}
		var seen state
		if item, err := store.Get(ctx, ns, "alice"); err == nil {
			if err := item.Decode(&seen); err != nil {
				return nil, err
			}
		}
		seen.Visits++
		return graphs.Patch(seen), store.Put(ctx, graphs.ItemPut{Namespace: ns, Key: "alice", Value: seen})
	}
	graph, err := graphs.NewStateGraph[state]().AddNode("visit", visit).
		AddEdge(graphs.Start, "visit").AddEdge("visit", graphs.End).Compile()
	if err != nil {
		t.Fatal(err)
	}
	store := &memory.Store{}
	for want := 1; want < 4; want++ {
		got, err := graphs.Invoke[state](t.Context(), graph, graphs.Input{Value: state{}}, graphs.Config{Store: store})
		if err != nil || got.Visits != want {
			t.Fatalf("%+v, %v; want %d visits", got, err, want)
		}
	}
}
