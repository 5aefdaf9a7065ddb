package graphs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

type trip struct {
	Stops []string `json:"stops" reduce:"append"`
}

// stop is a node that notes its name.
func stop(name string) func(context.Context, trip) (graphs.Update, error) {
	return func(context.Context, trip) (graphs.Update, error) {
		return graphs.Patch(trip{Stops: []string{name}}), nil
	}
}

func ExampleStateGraph_AddSequence() {
	graph := mustCompile(graphs.NewStateGraph[trip]().
		AddNode("rome", stop("rome")).AddNode("pisa", stop("pisa")).AddNode("milan", stop("milan")).
		AddSequence(graphs.Start, "rome", "pisa", "milan", graphs.End))
	end, err := graphs.Invoke[trip](context.Background(), graph, graphs.Input{Value: trip{}}, graphs.Config{})
	fmt.Println(end.Stops, err)
	// Output: [rome pisa milan] <nil>
}

// Of two nodes in parallel one fails. The run that goes on without input repeats that one only: what the other has written is kept.
func ExampleInvoke_goesOn() {
	closed, visits := true, 0
	graph := mustCompile(graphs.NewStateGraph[trip]().
		AddNode("museum", func(context.Context, trip) (graphs.Update, error) {
			if closed {
				return nil, errors.New("the museum is closed")
			}
			return graphs.Patch(trip{Stops: []string{"museum"}}), nil
		}).
		AddNode("cafe", func(context.Context, trip) (graphs.Update, error) {
			visits++
			return graphs.Patch(trip{Stops: []string{"cafe"}}), nil
		}).
		AddEdge(graphs.Start, "cafe").AddEdge(graphs.Start, "museum"))
	cfg := graphs.Config{Saver: memory.New(), MaxConcurrency: 1} // one after the other, by name
	_, err := graphs.Invoke[trip](context.Background(), graph, graphs.Input{Value: trip{}}, cfg)
	fmt.Println(err)
	closed = false
	end, err := graphs.Invoke[trip](context.Background(), graph, graphs.Input{}, cfg)
	fmt.Println(end.Stops, err, "visits of the cafe:", visits)
	// Output:
	// node "museum": the museum is closed
	// [cafe museum] <nil> visits of the cafe: 1
}
