package memory_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// Name is what the graph remembers of whom it talks to, in all of his threads.
type Name struct {
	Name string `json:"name"`
}

type greeting struct {
	Name
	Said string `json:"said"`
}

func greet(ctx context.Context, s greeting) (graphs.Update, error) {
	store, people := graphs.RuntimeFrom(ctx).Store, []string{"people"}
	if s.Name != (Name{}) {
		return graphs.Patch(greeting{Said: "Hello."}), store.Put(ctx, graphs.ItemPut{Namespace: people, Key: "me", Value: s.Name})
	}
	item, err := store.Get(ctx, people, "me")
	if errors.Is(err, graphs.ErrNoItem) {
		return graphs.Patch(greeting{Said: "Who are you?"}), nil
	} else if err != nil {
		return nil, err
	}
	var known Name
	if err := item.Decode(&known); err != nil {
		return nil, err
	}
	return graphs.Patch(greeting{Said: "Hello again, " + known.Name + "."}), nil
}

// A node remembers from one thread to the next. On a server the store is there by itself, as the user of the run.
func ExampleStore() {
	graph, err := graphs.NewStateGraph[greeting]().AddNode("greet", greet).AddEdge(graphs.Start, "greet").AddEdge("greet", graphs.End).Compile()
	if err != nil {
		log.Fatal(err)
	}
	store := &memory.Store{}
	for _, in := range []greeting{{}, {Name: Name{"Alice"}}, {}} {
		out, err := graphs.Invoke[greeting](context.Background(), graph, graphs.Input{Value: in}, graphs.Config{Store: store})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(out.Said)
	}
	// Output:
	// Who are you?
	// Hello.
	// Hello again, Alice.
}
