package graphs_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
)

// A node calls another graph for each of some things; readers see those runs as children of the node's task.
func ExampleCall() {
	type Word struct {
		Text string `json:"text"`
	}
	type Words struct {
		All []string `json:"all"`
		Out []string `json:"out" reduce:"append"`
	}
	greet := graphs.NewStateGraph[Word]().
		AddNode("greet", func(_ context.Context, s Word) (graphs.Update, error) {
			return graphs.Patch(Word{Text: "Hello, " + s.Text + "!"}), nil
		}).
		AddEdge(graphs.Start, "greet")
	graph, err := graphs.NewStateGraph[Words]().
		AddNode("each", func(ctx context.Context, s Words) (graphs.Update, error) {
			var out []string
			for _, text := range s.All {
				end, err := graphs.Call[Word](ctx, greet, Word{Text: text})
				if err != nil {
					return nil, err
				}
				out = append(out, end.Text)
			}
			return graphs.Patch(Words{Out: out}), nil
		}, graphs.Calls(greet)).
		AddEdge(graphs.Start, "each").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	words, err := graphs.Invoke[Words](context.Background(), graph, graphs.Input{Value: Words{All: []string{"Ada", "Bob"}}}, graphs.Config{})
	fmt.Println(words.Out, err)
	// Output: [Hello, Ada! Hello, Bob!] <nil>
}

// Map and reduce from a conditional edge: a task for each topic. The tasks see the whole state beside what they were sent.
func ExampleStateGraph_AddRouter() {
	type Jokes struct {
		Topics []string `json:"topics"`
		Jokes  []string `json:"jokes" reduce:"append"`
	}
	joke := func(ctx context.Context, topic string) (graphs.Update, error) {
		all, err := graphs.StateFrom[Jokes](ctx)
		if err != nil {
			return nil, err
		}
		return graphs.Patch(Jokes{Jokes: []string{fmt.Sprintf("%s, one of %d", topic, len(all.Topics))}}), nil
	}
	graph, err := graphs.NewStateGraph[Jokes]().
		AddNodeOf("joke", graphs.In(joke), graphs.SeeState()).
		AddRouter(graphs.Start, func(_ context.Context, s Jokes) (graphs.Command, error) {
			var c graphs.Command
			for _, topic := range s.Topics {
				c.Send = append(c.Send, graphs.Send{Node: "joke", Arg: topic})
			}
			return c, nil
		}, "joke").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	jokes, err := graphs.Invoke[Jokes](context.Background(), graph, graphs.Input{Value: Jokes{Topics: []string{"cats", "dogs"}}}, graphs.Config{})
	fmt.Println(jokes.Jokes, err)
	// Output: [cats, one of 2 dogs, one of 2] <nil>
}

// A model answers with a Go value. The scripted one forgets a field at first, and is told.
func ExampleCallModelFor() {
	type Weather struct {
		City  string `json:"city"`
		Sunny bool   `json:"sunny"`
	}
	answer := func(args string) graphtest.Turn {
		return graphtest.Ask(graphs.ToolCall{ID: "1", Name: "Weather", Args: json.RawMessage(args)})
	}
	model := graphtest.NewModel(answer(`{"city":"Rome"}`), answer(`{"city":"Rome","sunny":true}`))
	ask := graphs.ModelRequest{Messages: []graphs.Message{graphs.Human("What is it like in Rome?")}}
	weather, err := graphs.CallModelFor[Weather](context.Background(), model, ask, 3)
	fmt.Printf("%+v %v\n", weather, err)
	// Output: {City:Rome Sunny:true} <nil>
}
