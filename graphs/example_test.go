package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

type Trip struct {
	City  string   `json:"city"`
	Plans []string `json:"plans" reduce:"append"`
	Cost  float64  `json:"cost" reduce:"add"`
}

func Example() {
	graph, err := graphs.NewStateGraph[Trip]().
		AddNode("hotel", func(_ context.Context, s Trip) (graphs.Update, error) {
			return graphs.Patch(Trip{Plans: []string{"a hotel in " + s.City}, Cost: 120}), nil
		}).
		AddNode("train", func(_ context.Context, s Trip) (graphs.Update, error) {
			return graphs.Patch(Trip{Plans: []string{"a train to " + s.City}, Cost: 80}), nil
		}).
		AddNode("sum", func(_ context.Context, s Trip) (graphs.Update, error) {
			return graphs.Patch(Trip{Plans: []string{fmt.Sprint("in all ", s.Cost)}}), nil
		}).
		AddEdge(graphs.Start, "hotel").
		AddEdge(graphs.Start, "train").
		AddJoin([]string{"hotel", "train"}, "sum").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	trip, err := graphs.Invoke[Trip](context.Background(), graph, graphs.Input{Value: Trip{City: "Rome"}}, graphs.Config{})
	fmt.Println(trip.Plans, err)
	// Output: [a hotel in Rome a train to Rome in all 200] <nil>
}

func ExampleStateGraph_AddConditionalEdges() {
	type Count struct {
		N int `json:"n" reduce:"add"`
	}
	graph, err := graphs.NewStateGraph[Count]().
		AddNode("up", func(context.Context, Count) (graphs.Update, error) { return graphs.Patch(Count{N: 1}), nil }).
		AddEdge(graphs.Start, "up").
		AddConditionalEdges("up", func(_ context.Context, s Count) (string, error) {
			if s.N < 3 {
				return "up", nil
			}
			return graphs.End, nil
		}, "up", graphs.End).
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	count, err := graphs.Invoke[Count](context.Background(), graph, graphs.Input{Value: Count{}}, graphs.Config{})
	fmt.Println(count.N, err)
	// Output: 3 <nil>
}

type Letter struct {
	Draft string `json:"draft"`
	Sent  bool   `json:"sent"`
}

func ExampleInterrupt() {
	graph, err := graphs.NewStateGraph[Letter]().
		AddNode("review", func(ctx context.Context, s Letter) (graphs.Update, error) {
			ok, err := graphs.Interrupt[bool](ctx, "Send "+s.Draft+"?")
			if err != nil {
				return nil, err // paused: not a failure
			}
			return graphs.Set{"sent": ok}, nil
		}).
		AddEdge(graphs.Start, "review").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, thread := context.Background(), graphs.Config{Saver: memory.New()}

	_, err = graphs.Invoke[Letter](ctx, graph, graphs.Input{Value: Letter{Draft: "Dear Bob"}}, thread)
	var paused *graphs.PausedError
	if errors.As(err, &paused) {
		fmt.Printf("%s\n", paused.Interrupts[0].Value)
	}

	answer := &graphs.InputCommand{Resume: json.RawMessage("true"), HasResume: true}
	letter, err := graphs.Invoke[Letter](ctx, graph, graphs.Input{Command: answer}, thread)
	fmt.Println(letter.Sent, err)
	// Output:
	// "Send Dear Bob?"
	// true <nil>
}

func ExampleCommand() {
	type Poem struct {
		Lines []string `json:"lines" reduce:"append"`
	}
	graph, err := graphs.NewStateGraph[Poem]().
		AddNode("plan", func(context.Context, Poem) (graphs.Update, error) {
			return graphs.Command{Send: []graphs.Send{{Node: "write", Arg: "sun"}, {Node: "write", Arg: "moon"}}}, nil
		}, graphs.Goes("write")).
		AddNodeOf("write", graphs.In(func(_ context.Context, topic string) (graphs.Update, error) {
			return graphs.Patch(Poem{Lines: []string{"a line on the " + topic}}), nil
		})).
		AddEdge(graphs.Start, "plan").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [a line on the sun a line on the moon] <nil>
}

func ExampleReduce() {
	type Bid struct {
		Best int `json:"best"`
	}
	bid := func(n int) func(context.Context, Bid) (graphs.Update, error) {
		return func(context.Context, Bid) (graphs.Update, error) { return graphs.Patch(Bid{n}), nil }
	}
	graph, err := graphs.NewStateGraph[Bid](graphs.Reduce("best", func(a, b int) int { return max(a, b) }), graphs.Default("best", 5)).
		AddNode("ann", bid(7)).AddNode("bob", bid(3)).
		AddEdge(graphs.Start, "ann").AddEdge(graphs.Start, "bob").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := graphs.Invoke[Bid](context.Background(), graph, graphs.Input{Value: Bid{}}, graphs.Config{})
	fmt.Println(got.Best, err)
	// Output: 7 <nil>
}

func ExampleRunnable_stream() {
	graph, err := graphs.NewStateGraph[Letter]().
		AddNode("send", func(ctx context.Context, _ Letter) (graphs.Update, error) {
			if err := graphs.RuntimeFrom(ctx).Write("sending"); err != nil {
				return nil, err
			}
			return graphs.Patch(Letter{Sent: true}), nil
		}).
		AddEdge(graphs.Start, "send").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	input := graphs.Input{Value: json.RawMessage(`{"draft": "Dear Bob"}`)}
	for event, err := range graph.Stream(context.Background(), input, graphs.Config{}) {
		switch {
		case err != nil:
			fmt.Println(err)
		case event.Kind == graphs.KindCustom:
			fmt.Printf("custom %s\n", event.Custom.Value)
		case event.Kind == graphs.KindStep:
			fmt.Println("step", event.Step.Step, "next", event.Step.Next)
		}
	}
	// Output:
	// step -1 next [__start__]
	// step 0 next [send]
	// custom "sending"
	// step 1 next []
}

func ExampleReadHistory() {
	saver := memory.New()
	graph, err := graphs.NewStateGraph[Letter]().
		AddNode("write", func(context.Context, Letter) (graphs.Update, error) {
			return graphs.Patch(Letter{Draft: "Dear Bob"}), nil
		}).
		AddEdge(graphs.Start, "write").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cfg := context.Background(), graphs.Config{Saver: saver}
	if _, err := graphs.Invoke[Letter](ctx, graph, graphs.Input{Value: Letter{}}, cfg); err != nil {
		fmt.Println(err)
		return
	}
	edit := graphs.NodeUpdate{Values: json.RawMessage(`{"draft": "Dear Alice"}`), AsNode: "write"}
	if _, err := graph.Write(ctx, []graphs.Superstep{{Updates: []graphs.NodeUpdate{edit}}}, cfg); err != nil {
		fmt.Println(err)
		return
	}
	for shot, err := range graphs.ReadHistory(ctx, saver, graphs.ListQuery{Limit: 2}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %s\n", shot.Metadata["source"], shot.Values)
	}
	// Output:
	// "update" {"draft":"Dear Alice"}
	// "loop" {"draft":"Dear Bob"}
}

func ExampleStateGraph_AddSubgraph() {
	type Review struct {
		Draft string   `json:"draft"`
		Marks []string `json:"marks" reduce:"append"`
	}
	review := graphs.NewStateGraph[Review]().
		AddNode("spelling", func(_ context.Context, s Review) (graphs.Update, error) {
			return graphs.Patch(Review{Marks: []string{"spelling of " + s.Draft}}), nil
		}).
		AddEdge(graphs.Start, "spelling")
	graph, err := graphs.NewStateGraph[Review]().
		AddSubgraph("review", review).
		AddEdge(graphs.Start, "review").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := graphs.Invoke[Review](context.Background(), graph, graphs.Input{Value: Review{Draft: "Dear Bob"}}, graphs.Config{})
	fmt.Println(got.Marks, err)
	for _, n := range graph.Draw(1).Nodes {
		fmt.Println(n.ID)
	}
	// Output:
	// [spelling of Dear Bob] <nil>
	// __start__
	// review:spelling
	// __end__
}

func ExampleContextFrom() {
	type Settings struct {
		Tone string `json:"tone" default:"friendly"`
	}
	graph, err := graphs.NewStateGraph[Letter](graphs.ContextSchema[Settings]()).
		AddNode("write", func(ctx context.Context, _ Letter) (graphs.Update, error) {
			s, err := graphs.ContextFrom[Settings](ctx)
			if err != nil {
				return nil, err
			}
			return graphs.Patch(Letter{Draft: "a " + s.Tone + " letter"}), nil
		}).
		AddEdge(graphs.Start, "write").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, settings := range []string{`{}`, `{"tone": "formal"}`} {
		cfg := graphs.Config{Context: json.RawMessage(settings)}
		letter, err := graphs.Invoke[Letter](context.Background(), graph, graphs.Input{Value: Letter{}}, cfg)
		fmt.Println(letter.Draft, err)
	}
	// Output:
	// a friendly letter <nil>
	// a formal letter <nil>
}
