package graphs_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

const turns = 200

var kilobyte = strings.Repeat("What is kept of it has to be about as much as was said. ", 18)[:1000]

// A conversation is kept about twice, as what was said and as the list, whatever the number of its turns.
func TestConversationSize(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("answer", func(context.Context, graphs.MessagesState) (graphs.Update, error) {
			return graphs.Set{"messages": graphs.AI(kilobyte)}, nil
		}).AddEdge(graphs.Start, "answer"))
	saver := memory.New()
	cfg := graphs.Config{Saver: saver, ThreadID: "00000000-0000-4000-8000-000000000000"}
	var end graphs.MessagesState
	for range turns {
		var err error
		end, err = graphs.Invoke[graphs.MessagesState](t.Context(), g, graphs.Input{Value: graphs.Set{"messages": kilobyte}}, cfg)
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(end.Messages) != 2*turns {
		t.Fatalf("%d messages, want %d", len(end.Messages), 2*turns)
	}
	raw, err := json.Marshal(end)
	if err != nil {
		t.Fatal(err)
	}
	checkpoints, size := saver.Size()
	if limit := len(raw)*5/2 + 600*checkpoints; size > limit {
		t.Errorf("%d bytes for a state of %d and %d checkpoints, want at most %d", size, len(raw), checkpoints, limit)
	}
	t.Logf("state %d bytes, %d checkpoints, kept %d bytes", len(raw), checkpoints, size)
}

// talk is a conversation in one run: ask and answer take turns. at is told the time of every step.
func talk(t testing.TB, steps int, at func()) graphs.Runnable {
	say := func(m func(string) graphs.Message) func(context.Context, graphs.MessagesState) (graphs.Update, error) {
		return func(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
			at()
			u := graphs.Set{"messages": m(kilobyte)}
			if len(s.Messages) >= steps {
				return graphs.Command{Update: u, Goto: []string{graphs.End}}, nil
			}
			return u, nil
		}
	}
	next := func(to string) func(context.Context, graphs.MessagesState) (string, error) {
		return func(_ context.Context, s graphs.MessagesState) (string, error) {
			if len(s.Messages) > steps {
				return graphs.End, nil
			}
			return to, nil
		}
	}
	return compile(t, graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("ask", say(graphs.Human)).AddNode("answer", say(func(text string) graphs.Message { return graphs.AI(text) })).
		AddEdge(graphs.Start, "ask").
		AddConditionalEdges("ask", next("answer"), "answer", graphs.End).
		AddConditionalEdges("answer", next("ask"), "ask", graphs.End))
}

// A step allocates the same, however many steps there were.
func TestStepAllocations(t *testing.T) {
	for _, kept := range []bool{false, true} {
		allocs := func(steps int) float64 {
			g := talk(t, steps, func() {})
			return testing.AllocsPerRun(10, func() {
				cfg := graphs.Config{RecursionLimit: 2 * steps}
				if kept {
					cfg.Saver = memory.New()
				}
				in := graphs.Input{Value: graphs.Set{"messages": "hi"}}
				if _, err := graphs.Invoke[graphs.MessagesState](t.Context(), g, in, cfg); err != nil {
					t.Fatal(err)
				}
			})
		}
		early, late := (allocs(100)-allocs(50))/50, (allocs(400)-allocs(350))/50
		t.Logf("saver=%v: %.1f allocations a step, later %.1f", kept, early, late)
		if late > early+1 {
			t.Errorf("saver=%v: %.1f allocations a step, later %.1f", kept, early, late)
		}
	}
}

// BenchmarkConversation is 200 turns of a kilobyte each way, each a run of its own.
func BenchmarkConversation(b *testing.B) {
	g := compile(b, graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("answer", func(context.Context, graphs.MessagesState) (graphs.Update, error) {
			return graphs.Set{"messages": graphs.AI(kilobyte)}, nil
		}).AddEdge(graphs.Start, "answer"))
	b.ReportAllocs()
	for b.Loop() {
		cfg := graphs.Config{Saver: memory.New()}
		for range turns {
			if _, err := graphs.Invoke[graphs.MessagesState](b.Context(), g, graphs.Input{Value: graphs.Set{"messages": kilobyte}}, cfg); err != nil {
				b.Fatal(err)
			}
		}
	}
}
