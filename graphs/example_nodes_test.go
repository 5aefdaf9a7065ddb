package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// Poem is a state of lines.
type Poem struct {
	Lines []string `json:"lines" reduce:"append"`
}

// verse returns a node that adds a line.
func verse(text string) func(context.Context, Poem) (graphs.Update, error) {
	return func(context.Context, Poem) (graphs.Update, error) {
		return graphs.Patch(Poem{Lines: []string{text}}), nil
	}
}

// mustCompile is for graphs that are known to be right.
func mustCompile[S any](g *graphs.StateGraph[S]) graphs.Runnable {
	r, err := g.Compile()
	if err != nil {
		panic(err)
	}
	return r
}

func ExampleStateGraph_AddJoin() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("sun", verse("sun")).AddNode("moon", verse("moon")).AddNode("title", verse("both")).
		AddEdge(graphs.Start, "sun").AddEdge(graphs.Start, "moon").
		AddJoin([]string{"sun", "moon"}, "title"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [moon sun both] <nil>
}

// One branch is longer than the other; the deferred node waits for both, and runs once.
func ExampleDefer() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("short", verse("short")).AddNode("long", verse("long")).AddNode("longer", verse("longer")).
		AddNode("last", verse("last"), graphs.Defer()).
		AddEdge(graphs.Start, "short").AddEdge(graphs.Start, "long").
		AddEdge("long", "longer").
		AddEdge("short", "last").AddEdge("longer", "last"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [long short longer last] <nil>
}

func ExampleCache() {
	type Question struct {
		City    string `json:"city"`
		Weather string `json:"weather"`
	}
	asked := 0
	graph := mustCompile(graphs.NewStateGraph[Question](graphs.WithCache(&memory.Cache{Limit: 1000})).
		AddNode("forecast", func(_ context.Context, q Question) (graphs.Update, error) {
			asked++ // slow, or expensive
			return graphs.Patch(Question{Weather: "sunny in " + q.City}), nil
		}, graphs.Cache(time.Hour, "city")).
		AddEdge(graphs.Start, "forecast"))
	for _, city := range []string{"Rome", "Oslo", "Rome"} {
		q, err := graphs.Invoke[Question](context.Background(), graph, graphs.Input{Value: Question{City: city}}, graphs.Config{})
		fmt.Println(q.Weather, err)
	}
	fmt.Println("asked", asked, "times")
	// Output:
	// sunny in Rome <nil>
	// sunny in Oslo <nil>
	// sunny in Rome <nil>
	// asked 2 times
}

func ExampleRetry() {
	attempts := 0
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("flaky", func(ctx context.Context, s Poem) (graphs.Update, error) {
			if attempts++; attempts < 3 {
				return nil, errors.New("try again")
			}
			return verse("at last")(ctx, s)
		}, graphs.RetryWith(graphs.RetryPolicy{Attempts: 3, Initial: time.Microsecond})).
		AddEdge(graphs.Start, "flaky"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [at last] <nil>
}

func ExampleTimeout() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("slow", func(ctx context.Context, _ Poem) (graphs.Update, error) {
			<-ctx.Done() // what a node calls has to mind its context
			return nil, ctx.Err()
		}, graphs.Timeout(time.Millisecond)).
		AddEdge(graphs.Start, "slow"))
	_, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{})
	var late *graphs.TimeoutError
	fmt.Println(errors.As(err, &late), err)
	// Output: true node "slow": node "slow" took longer than 1ms
}

// The state is a map. Each key is declared with its Go type and how writes are taken.
func ExampleField() {
	graph := mustCompile(graphs.NewStateGraph[graphs.Values](
		graphs.Field[string]("topic"),
		graphs.Field[[]string]("lines", `reduce:"append"`)).
		AddNode("write", func(_ context.Context, s graphs.Values) (graphs.Update, error) {
			return graphs.Set{"lines": "a line on the " + graphs.Value[string](s, "topic")}, nil
		}).
		AddEdge(graphs.Start, "write"))
	end, err := graphs.Invoke[graphs.Values](context.Background(), graph, graphs.Input{Value: graphs.Values{"topic": "sun"}}, graphs.Config{})
	fmt.Println(end, err)
	// Output: map[lines:[a line on the sun] topic:sun] <nil>
}

// What search finds is for answer only: neither input, nor output, nor part of what other nodes read.
func ExampleField_private() {
	type Chat struct {
		Question string `json:"question"`
		Answer   string `json:"answer"`
	}
	type Found struct {
		Question string   `json:"question"`
		Pages    []string `json:"pages"`
	}
	graph := mustCompile(graphs.NewStateGraph[Chat](graphs.Field[[]string]("pages", `channel:"private"`)).
		AddNode("search", func(_ context.Context, s Chat) (graphs.Update, error) {
			return graphs.Set{"pages": []string{"a page on " + s.Question}}, nil
		}).
		AddNodeOf("answer", graphs.In(func(_ context.Context, in Found) (graphs.Update, error) {
			return graphs.Patch(Chat{Answer: fmt.Sprintf("%s, from %d page", in.Pages[0], len(in.Pages))}), nil
		})).
		AddEdge(graphs.Start, "search").AddEdge("search", "answer"))
	end, err := graphs.Invoke[Chat](context.Background(), graph, graphs.Input{Value: Chat{Question: "Go"}}, graphs.Config{})
	fmt.Println(end.Answer, err)
	// Output: a page on Go, from 1 page <nil>
}

func ExampleInputSchema() {
	type Question struct {
		Text string `json:"text"`
	}
	type Answer struct {
		Reply string `json:"reply"`
	}
	type Chat struct {
		Text  string `json:"text"`
		Notes string `json:"notes"`
		Reply string `json:"reply"`
	}
	graph := mustCompile(graphs.NewStateGraph[Chat](graphs.InputSchema[Question](), graphs.OutputSchema[Answer]()).
		AddNode("think", func(_ context.Context, s Chat) (graphs.Update, error) {
			return graphs.Patch(Chat{Notes: "about " + s.Text}), nil
		}).
		AddNode("reply", func(_ context.Context, s Chat) (graphs.Update, error) {
			return graphs.Patch(Chat{Reply: "I thought " + s.Notes}), nil
		}).
		AddEdge(graphs.Start, "think").AddEdge("think", "reply"))
	answer, err := graphs.Invoke[Answer](context.Background(), graph, graphs.Input{Value: Question{"Go"}}, graphs.Config{})
	fmt.Println(answer.Reply, err)
	// Output: I thought about Go <nil>
}

func ExampleOverwrite() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("forget", func(context.Context, Poem) (graphs.Update, error) {
			return graphs.Set{"lines": graphs.Overwrite([]string{"only this"})}, nil
		}).
		AddEdge(graphs.Start, "forget"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{Lines: []string{"a", "b"}}}, graphs.Config{})
	fmt.Println(poem.Lines, err)
	// Output: [only this] <nil>
}

func ExampleInterruptBefore() {
	graph := mustCompile(graphs.NewStateGraph[Poem](graphs.InterruptBefore("print")).
		AddNode("write", verse("a line")).AddNode("print", verse("printed")).
		AddEdge(graphs.Start, "write").AddEdge("write", "print"))
	ctx, thread := context.Background(), graphs.Config{Saver: memory.New()}
	poem, err := graphs.Invoke[Poem](ctx, graph, graphs.Input{Value: Poem{}}, thread)
	fmt.Println(poem.Lines, err)
	poem, err = graphs.Invoke[Poem](ctx, graph, graphs.Input{}, thread) // no input: go on
	fmt.Println(poem.Lines, err)
	// Output:
	// [a line] the run stopped at the breakpoint [print]; run it again without input to go on
	// [a line printed] <nil>
}

// A run from an older checkpoint forks the thread there.
func ExampleConfig_timeTravel() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("one", verse("one")).AddNode("two", verse("two")).
		AddEdge(graphs.Start, "one").AddEdge("one", "two"))
	ctx, saver := context.Background(), memory.New()
	if _, err := graphs.Invoke[Poem](ctx, graph, graphs.Input{Value: Poem{}}, graphs.Config{Saver: saver}); err != nil {
		fmt.Println(err)
		return
	}
	for shot, err := range graphs.ReadHistory(ctx, saver, graphs.ListQuery{}) {
		if err != nil || len(shot.Next) == 0 || shot.Next[0] != "two" {
			continue
		}
		poem, err := graphs.Invoke[Poem](ctx, graph, graphs.Input{}, graphs.Config{Saver: saver, CheckpointID: shot.ID})
		fmt.Println("again from before two:", poem.Lines, err)
		break
	}
	// Output: again from before two: [one two] <nil>
}

func ExampleDrawing_Mermaid() {
	inner := graphs.NewStateGraph[Poem]().AddNode("spelling", verse("")).AddEdge(graphs.Start, "spelling")
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("write", verse("")).AddSubgraph("review", inner).
		AddEdge(graphs.Start, "write").
		AddConditionalEdges("write", func(context.Context, Poem) (string, error) { return "review", nil }, "review", graphs.End))
	fmt.Print(graph.Draw(1).Mermaid())
	// Output:
	// graph TD
	// 	n_5f_5fstart_5f_5f(["__start__"])
	// 	nwrite("write")
	// 	subgraph nreview_3a ["review"]
	// 		nreview_3aspelling("spelling")
	// 	end
	// 	n_5f_5fend_5f_5f(["__end__"])
	// 	n_5f_5fstart_5f_5f --> nwrite
	// 	nwrite -.-> nreview_3aspelling
	// 	nwrite -.-> n_5f_5fend_5f_5f
	// 	nreview_3aspelling --> n_5f_5fend_5f_5f
}

// lineCount tells how many lines were written, when the run ends.
type lineCount struct{ n int }

func (c *lineCount) See(e graphs.Event) []graphs.Event {
	if e.TaskEnd != nil {
		c.n += len(e.TaskEnd.Writes)
	}
	return nil
}

func (c *lineCount) End(error) []graphs.Event {
	e, err := graphs.CustomEvent("lineCount", c.n)
	if err != nil {
		return nil
	}
	return []graphs.Event{e}
}

func ExampleWithTransformer() {
	graph := mustCompile(graphs.NewStateGraph[Poem](graphs.WithTransformer(func() graphs.Transformer { return &lineCount{} })).
		AddNode("one", verse("one")).AddNode("two", verse("two")).
		AddEdge(graphs.Start, "one").AddEdge("one", "two"))
	for event, err := range graph.Stream(context.Background(), graphs.Input{Value: Poem{}}, graphs.Config{}) {
		if err == nil && event.Kind == graphs.KindCustom {
			fmt.Printf("%s: %s\n", event.Custom.Name, event.Custom.Value)
		}
	}
	// Output: lineCount: 2
}

func ExampleConfig_trace() {
	graph := mustCompile(graphs.NewStateGraph[Poem]().AddNode("one", verse("one")).AddEdge(graphs.Start, "one"))
	for event, err := range graph.Stream(context.Background(), graphs.Input{Value: Poem{}}, graphs.Config{Trace: true}) {
		var call struct {
			Event, Name string
			Data        json.RawMessage
		}
		if err != nil || event.Kind != graphs.KindTrace || json.Unmarshal(event.Trace, &call) != nil {
			continue
		}
		fmt.Println(call.Event, call.Name, string(call.Data))
	}
	// Output:
	// on_chain_start LangGraph {"input":{"lines":null}}
	// on_chain_start one {}
	// on_chain_end one {"output":{"lines":["one"]}}
	// on_chain_end LangGraph {}
}

// Three tasks, but never more than one at a time.
func ExampleConfig_maxConcurrency() {
	busy := make(chan struct{}, 1)
	work := func(ctx context.Context, s Poem) (graphs.Update, error) {
		select {
		case busy <- struct{}{}:
		default:
			return nil, errors.New("two at a time")
		}
		<-busy
		return verse("done")(ctx, s)
	}
	graph := mustCompile(graphs.NewStateGraph[Poem]().
		AddNode("a", work).AddNode("b", work).AddNode("c", work).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b").AddEdge(graphs.Start, "c"))
	poem, err := graphs.Invoke[Poem](context.Background(), graph, graphs.Input{Value: Poem{}}, graphs.Config{MaxConcurrency: 1})
	fmt.Println(poem.Lines, err)
	// Output: [done done done] <nil>
}
