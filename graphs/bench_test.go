package graphs_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

type benchState struct {
	graphs.MessagesState
	Step int `json:"step" reduce:"add"`
}

func one(context.Context, benchState) (graphs.Update, error) {
	return graphs.Patch(benchState{Step: 1}), nil
}

func chain(b testing.TB, n int) graphs.Runnable {
	g := graphs.NewStateGraph[benchState]()
	from := graphs.Start
	for i := range n {
		name := fmt.Sprint("n", i)
		g.AddNode(name, one).AddEdge(from, name)
		from = name
	}
	return compile(b, g)
}

func star(b testing.TB, n int) graphs.Runnable {
	g := graphs.NewStateGraph[benchState]().AddNode("first", one).AddNode("last", one).AddEdge(graphs.Start, "first")
	for i := range n {
		name := fmt.Sprint("n", i)
		g.AddNode(name, one).AddEdge("first", name).AddEdge(name, "last")
	}
	return compile(b, g)
}

func loop(b testing.TB, n int) graphs.Runnable {
	return compile(b, graphs.NewStateGraph[benchState]().AddNode("n", one).AddEdge(graphs.Start, "n").
		AddConditionalEdges("n", func(_ context.Context, s benchState) (string, error) {
			if s.Step < n {
				return "n", nil
			}
			return graphs.End, nil
		}, "n", graphs.End))
}

func BenchmarkInvoke(b *testing.B) {
	for _, bench := range []struct {
		name  string
		graph graphs.Runnable
	}{
		{"one", chain(b, 1)},
		{"chain10", chain(b, 10)},
		{"star10", star(b, 10)},
		{"loop100", loop(b, 100)},
	} {
		in := benchState{MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("hi")}}}
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/saver=%v", bench.name, kept), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					cfg := graphs.Config{RecursionLimit: 200}
					if kept {
						cfg.Saver = memory.New()
					}
					if _, err := graphs.Invoke[benchState](b.Context(), bench.graph, graphs.Input{Value: in}, cfg); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(bench.name+"/stream", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range bench.graph.Stream(b.Context(), graphs.Input{Value: in}, graphs.Config{RecursionLimit: 200}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// A turn in a long conversation costs what is new, beside reading the old; a node that does not look at it does not even pay that.
func BenchmarkLongThread(b *testing.B) {
	answer := graphs.Set{"messages": graphs.AI("an answer of some length, as they are")}
	reads := graphs.In(func(context.Context, benchState) (graphs.Update, error) { return answer, nil })
	blind := graphs.In(func(context.Context, struct {
		Step int `json:"step"`
	},
	) (graphs.Update, error) {
		return answer, nil
	})
	for name, node := range map[string]graphs.Handler{"reads": reads, "blind": blind} {
		g := compile(b, graphs.NewStateGraph[benchState]().AddNodeOf("n", node).AddEdge(graphs.Start, "n"))
		for _, n := range []int{10, 1000} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) { longThread(b, g, n) })
		}
	}
}

func longThread(b *testing.B, g graphs.Runnable, n int) {
	var msgs []graphs.Message
	for range n {
		msgs = append(msgs, graphs.Human("a question of some length, as they are"))
	}
	base := memory.New()
	cfg := graphs.Config{Saver: base}
	if _, err := graphs.Invoke[benchState](b.Context(), g, graphs.Input{Value: graphs.Set{"messages": msgs}}, cfg); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		cfg.Saver = base.Clone()
		b.StartTimer()
		for e, err := range g.Stream(b.Context(), graphs.Input{Value: graphs.Set{"messages": "next"}}, cfg) {
			if err != nil || e.Kind == "" {
				b.Fatal(err)
			}
		}
	}
}
