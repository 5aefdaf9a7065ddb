package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// Where a graph begins may depend on its input.
func ExampleStateGraph_AddConditionalEdges_start() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("first", verse("first")).AddNode("next", verse("next")).
		AddConditionalEdges(graphs.Start, func(_ context.Context, s Poem) (string, error) {
			if len(s.Lines) == 0 {
				return "first", nil
			}
			return "next", nil
		}, "first", "next"))
	for _, begin := range []Poem{{}, {Lines: []string{"there"}}} {
		poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: begin}, graphs.Config{})
		fmt.Println(poem.Lines, err)
	}
	// Output:
	// [first] <nil>
	// [there next] <nil>
}

// A node says itself where the graph goes on, together with its update.
func ExampleCommand_goto() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("choose", func(_ context.Context, s Poem) (graphs.Update, error) {
			return graphs.Command{Update: graphs.Patch(Poem{Lines: []string{"chosen:"}}), Goto: []string{"moon"}}, nil
		}, graphs.Goes("sun", "moon")).
		AddNode("sun", verse("sun")).AddNode("moon", verse("moon")).
		AddEdge(graphs.Start, "choose"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [chosen: moon] <nil>
}

// A node of a subgraph hands over to a node of the graph around it.
func ExampleCommand_parent() {
	sales := graphs.NewStateGraph[Poem]().
		AddNode("talk", func(context.Context, Poem) (graphs.Update, error) {
			return graphs.Command{Graph: graphs.Parent, Update: graphs.Patch(Poem{Lines: []string{"not my job"}}), Goto: []string{"support"}}, nil
		}).
		AddEdge(graphs.Start, "talk")
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddSubgraph("sales", sales, graphs.Goes("support")).AddNode("support", verse("how can I help?")).
		AddEdge(graphs.Start, "sales"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [not my job how can I help?] <nil>
}

// A loop that does not end by itself ends with an error; a node can see it coming.
func ExampleConfig_recursionLimit() {
	forever := func(patient bool) graphs.Runnable {
		return mustCompile(graphs.NewStateGraph[Poem]().
			AddNode("again", func(ctx context.Context, s Poem) (graphs.Update, error) {
				if patient || graphs.RuntimeFrom(ctx).Remaining > 0 {
					return graphs.Command{Update: graphs.Patch(Poem{Lines: []string{"again"}}), Goto: []string{"again"}}, nil
				}
				return graphs.Patch(Poem{Lines: []string{"enough"}}), nil
			}, graphs.Goes("again")).
			AddEdge(graphs.Start, "again"))
	}
	cfg := graphs.Config{RecursionLimit: 3}
	_, err := graphs.Invoke[Poem](context.Background(), forever(true), graphs.Input{Value: Poem{}}, cfg)
	fmt.Println(errors.Is(err, graphs.ErrGraphRecursion))
	poem, err := graphs.Invoke[Poem](context.Background(), forever(false), graphs.Input{Value: Poem{}}, cfg)
	fmt.Println(poem.Lines, err)
	// Output:
	// true
	// [again again enough] <nil>
}

func ExampleMessagesState() {
	type Chat struct {
		graphs.MessagesState
		Topic string `json:"topic"`
	}
	graph := mustCompile(graphs.NewStateGraph[Chat]().
		AddNode("answer", func(_ context.Context, s Chat) (graphs.Update, error) {
			answer := graphs.AI("You said: " + s.Messages[len(s.Messages)-1].Text())
			return graphs.Patch(Chat{MessagesState: graphs.MessagesState{Messages: []graphs.Message{answer}}}), nil
		}).
		AddNode("forget", func(_ context.Context, s Chat) (graphs.Update, error) {
			return graphs.Set{"messages": []graphs.Message{graphs.Remove(s.Messages[0].ID)}}, nil
		}).
		AddEdge(graphs.Start, "answer").AddEdge("answer", "forget"))
	input := json.RawMessage(`{"messages": [{"role": "user", "content": "hello"}, {"role": "user", "content": "anybody?"}]}`)
	chat, err := graphs.Invoke[Chat](context.Background(), graph, graphs.Input{Value: input}, graphs.Config{})
	for _, m := range chat.Messages {
		fmt.Println(m.Type, m.Text())
	}
	fmt.Println(err)
	// Output:
	// human anybody?
	// ai You said: anybody?
	// <nil>
}

// An ephemeral value lives for one step; an untracked one is in no checkpoint.
func ExampleStateGraph_channels() {
	type State struct {
		Hint  string         `json:"hint" channel:"ephemeral"`
		Conn  map[string]int `json:"conn" channel:"untracked"`
		Votes map[string]int `json:"votes" reduce:"merge"`
		Seen  []string       `json:"seen" reduce:"append"`
	}
	look := func(_ context.Context, s State) (graphs.Update, error) {
		return graphs.Set{"seen": []string{fmt.Sprintf("hint=%q conn=%d", s.Hint, s.Conn["n"])}, "votes": map[string]int{s.Hint: 1}}, nil
	}
	graph := mustCompile(graphs.NewStateGraph[State]().
		AddNode("open", func(context.Context, State) (graphs.Update, error) {
			return graphs.Patch(State{Hint: "look left", Conn: map[string]int{"n": 7}}), nil
		}).
		AddNode("left", look).AddNode("right", look).
		AddEdge(graphs.Start, "open").AddEdge("open", "left").AddEdge("left", "right"))
	saver := memory.New()
	end, err := graphs.Invoke[State](context.Background(), graph, graphs.Input{Value: State{}}, graphs.Config{Saver: saver})
	fmt.Println(end.Seen, err)
	shot, err := graphs.ReadState(context.Background(), saver, "", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(shot.Values))
	// Output:
	// [hint="look left" conn=7 hint="" conn=7] <nil>
	// {"seen":["hint=\"look left\" conn=7","hint=\"\" conn=7"],"votes":{"":1,"look left":1}}
}

// Two nodes ask at the same time; each answer names its question.
func ExampleInterrupt_several() {
	ask := func(what string) func(context.Context, Poem) (graphs.Update, error) {
		return func(ctx context.Context, _ Poem) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, what)
			if err != nil {
				return nil, err
			}
			return graphs.Patch(Poem{Lines: []string{what + " " + answer}}), nil
		}
	}
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("a", ask("name?")).AddNode("b", ask("city?")).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b"))
	ctx, thread := context.Background(), graphs.Config{Saver: memory.New()}
	_, err := graphs.Invoke[Poem](ctx, graph, graphs.Input{Value: Poem{}}, thread)
	var paused *graphs.PausedError
	if !errors.As(err, &paused) {
		fmt.Println(err)
		return
	}
	answers := map[string]string{}
	for i, q := range paused.Interrupts {
		answers[q.ID] = []string{"Ann", "Rome"}[i]
	}
	resume, err := json.Marshal(answers)
	if err != nil {
		fmt.Println(err)
		return
	}
	poem, err := graphs.Invoke[Poem](ctx, graph, graphs.Input{Command: &graphs.InputCommand{Resume: resume, HasResume: true}}, thread)
	fmt.Println(poem.Lines, err)
	// Output: [name? Ann city? Rome] <nil>
}

// A run goes on from a checkpoint inside of a subgraph: what came before it does not run again.
func ExampleConfig_replayInside() {
	step := func(name string) func(context.Context, Poem) (graphs.Update, error) {
		return func(ctx context.Context, s Poem) (graphs.Update, error) {
			fmt.Println("ran", name)
			return verse(name)(ctx, s)
		}
	}
	inner := graphs.NewStateGraph[Poem]().AddNode("draft", step("draft")).AddNode("print", step("print")).
		AddEdge(graphs.Start, "draft").AddEdge("draft", "print")
	graph := mustCompile(graphs.NewStateGraph[Poem]().AddNode("plan", step("plan")).AddSubgraph("write", inner).
		AddEdge(graphs.Start, "plan").AddEdge("plan", "write"))
	ctx, saver := context.Background(), memory.New()
	inside := ""
	for event, err := range graph.Stream(ctx, graphs.Input{Value: Poem{}}, graphs.Config{Saver: saver}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if event.NS != "" {
			inside = event.NS
		}
	}
	for shot, err := range graphs.ReadHistory(ctx, saver, graphs.ListQuery{NS: inside}) {
		if err != nil || len(shot.Next) == 0 || shot.Next[0] != "print" {
			continue
		}
		fmt.Println("again")
		at := graphs.Config{Saver: saver, CheckpointNS: shot.NS, CheckpointID: shot.ID, CheckpointMap: shot.CheckpointMap}
		if _, err := graphs.Invoke[Poem](ctx, graph, graphs.Input{}, at); err != nil {
			fmt.Println(err)
		}
		break
	}
	// Output:
	// ran plan
	// ran draft
	// ran print
	// again
	// ran print
}

// With exit, a run puts one checkpoint, at its end.
func ExampleConfig_durability() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().AddNode("one", verse("one")).AddNode("two", verse("two")).
		AddEdge(graphs.Start, "one").AddEdge("one", "two"))
	for _, durability := range []graphs.Durability{graphs.DurabilitySync, graphs.DurabilityExit} {
		saver := memory.New()
		cfg := graphs.Config{Saver: saver, Durability: durability}
		if _, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, cfg); err != nil {
			fmt.Println(err)
			return
		}
		checkpoints, _ := saver.Size()
		fmt.Println(durability, checkpoints)
	}
	// Output:
	// sync 4
	// exit 1
}

// What clients know of a graph before they run it. A list of messages is marked: the studio shows it as a chat.
func ExampleRunnable_schemas() {
	graph := mustCompile(graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("n", func(context.Context, graphs.MessagesState) (graphs.Update, error) { return nil, nil }).
		AddEdge(graphs.Start, "n"))
	var schema struct {
		Properties map[string]struct {
			Is string `json:"langgraph_type"`
		}
	}
	err := json.Unmarshal(graph.Schemas().Input, &schema)
	fmt.Println(schema.Properties["messages"].Is, err)
	// Output: messages <nil>
}

// A graph may be made for each run, from its settings.
func ExampleFactory() {
	type Settings struct {
		Lines int `json:"lines" default:"1"`
	}
	source := graphs.Factory[Settings](func(_ context.Context, _ *graphs.ServerRuntime, s Settings) (graphs.Runnable, error) {
		g, from := graphs.NewStateGraph[Poem](), graphs.Start
		for i := range s.Lines {
			name := fmt.Sprint("line", i+1)
			g.AddNode(name, verse(name)).AddEdge(from, name)
			from = name
		}
		return g.Compile()
	})
	cfg := graphs.Config{Context: json.RawMessage(`{"lines": 2}`)}
	graph, err := source.Load(context.Background(), &graphs.ServerRuntime{Config: cfg})
	if err != nil {
		fmt.Println(err)
		return
	}
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, cfg)
	fmt.Println(poem.Lines, err)
	// Output: [line1 line2] <nil>
}
