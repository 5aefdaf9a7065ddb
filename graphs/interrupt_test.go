package graphs_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

// Several interrupts of one step are answered by id, one after the other; who has finished does not run again.
func TestInterruptsByID(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	g := compile(t, fanOut(func(ctx context.Context, topic string) (graphs.Update, error) {
		calls.Add(1)
		if topic == "free" {
			return graphs.Patch(listState{Items: []string{"free"}}), nil
		}
		answer, err := graphs.Interrupt[string](ctx, "approve "+topic)
		if err != nil {
			return nil, err
		}
		return graphs.Patch(listState{Items: []string{topic + "=" + answer}}), nil
	}))
	cfg := graphs.Config{Saver: memory.New()}
	res := run(t, g, value(`{"topics":["a","free","b"]}`), cfg)
	if len(res.Interrupts) != 2 || res.Interrupts[0].ID == res.Interrupts[1].ID {
		t.Fatalf("interrupts: %+v", res.Interrupts)
	}
	many := graphtest.Run(t, g, resume(`"yes"`), cfg)
	if !errors.Is(many.Err, graphs.ErrAmbiguousResume) {
		t.Errorf("one answer to two questions: %v", many.Err)
	}
	byValue := map[string]string{}
	for _, in := range res.Interrupts {
		byValue[string(in.Value)] = in.ID
	}
	half := run(t, g, resume(`{"`+byValue[`"approve b"`]+`":"no"}`), cfg)
	if len(half.Interrupts) != 1 || string(half.Interrupts[0].Value) != `"approve a"` {
		t.Fatalf("after one answer: %+v", half.Interrupts)
	}
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(half.Interrupts, shot.Interrupts); diff != "" {
		t.Error(diff)
	}
	done := run(t, g, resume(`{"`+byValue[`"approve a"`]+`":"yes"}`), cfg)
	if got := string(done.Values["items"]); got != `["a=yes","free","b=no","sum"]` {
		t.Errorf("items: %s", got)
	}
	if n := calls.Load(); n != 6 { // 3, then a and b, then a
		t.Errorf("%d calls of the node", n)
	}
}

// Several Interrupts of one node are answered in order, by one run each, and share an id.
func TestInterruptsOfOneNode(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("ask", func(ctx context.Context, _ listState) (graphs.Update, error) {
			name, err := graphs.Interrupt[string](ctx, "name?")
			if err != nil {
				return nil, err
			}
			age, err := graphs.Interrupt[int](ctx, "age?")
			if err != nil {
				return nil, err
			}
			return graphs.Patch(listState{Last: fmt.Sprint(name, age)}), nil
		}).AddEdge(graphs.Start, "ask"))
	cfg := graphs.Config{Saver: memory.New(), RunID: "r1"}
	first := run(t, g, value(`{}`), cfg)
	second := run(t, g, resume(`"Bob"`), cfg)
	if first.Interrupts[0].ID != second.Interrupts[0].ID || string(second.Interrupts[0].Value) != `"age?"` {
		t.Errorf("second question: %+v", second.Interrupts)
	}
	// The same command again, by a second attempt of its run: it is not an answer to the next question.
	cfg.Attempt = 2
	if res := run(t, g, resume(`"Bob"`), cfg); len(res.Interrupts) != 1 {
		t.Errorf("second attempt: %+v", res.Interrupts)
	}
	// An answer that does not fit fails the run and leaves the question open.
	cfg.RunID, cfg.Attempt = "r2", 1
	bad := graphtest.Run(t, g, resume(`"seven"`), cfg)
	var input *graphs.InputError
	if !errors.As(bad.Err, &input) || input.Type != "int" {
		t.Errorf("bad answer: %v", bad.Err)
	}
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil || !cmp.Equal(second.Interrupts, shot.Interrupts) {
		t.Errorf("after the bad answer: %v, %v", shot.Interrupts, err)
	}
	cfg.RunID = "r3"
	if res := run(t, g, resume(`7`), cfg); string(res.Values["last"]) != `"Bob7"` {
		t.Errorf("last: %s", res.Values["last"])
	}
}

// An interrupt whose error is swallowed pauses the node all the same, and what it returns is dropped.
func TestSwallowedInterrupt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		node func(ctx context.Context, s listState) (graphs.Update, error)
	}{
		{"swallowed", func(ctx context.Context, _ listState) (graphs.Update, error) {
			_, _ = graphs.Interrupt[string](ctx, "q")
			return graphs.Patch(listState{Last: "wrong"}), nil
		}},
		{"re-worded", func(ctx context.Context, _ listState) (graphs.Update, error) {
			if _, err := graphs.Interrupt[string](ctx, "q"); err != nil {
				return nil, errors.New("tool failed")
			}
			return nil, nil
		}},
		{"panic", func(ctx context.Context, _ listState) (graphs.Update, error) {
			if _, err := graphs.Interrupt[string](ctx, "q"); err != nil {
				panic(err)
			}
			return nil, nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := compile(t, graphs.NewStateGraph[listState]().AddNode("ask", tt.node, graphs.Retry(3)).AddEdge(graphs.Start, "ask"))
			res := run(t, g, value(`{}`), graphs.Config{Saver: memory.New()})
			if len(res.Interrupts) != 1 || res.Values["last"] != nil {
				t.Errorf("interrupts %+v, last %s", res.Interrupts, res.Values["last"])
			}
		})
	}
	t.Run("without a saver", func(t *testing.T) {
		t.Parallel()
		g := compile(t, graphs.NewStateGraph[listState]().AddNode("ask", tests[0].node).AddEdge(graphs.Start, "ask"))
		if res := graphtest.Run(t, g, value(`{}`), graphs.Config{}); !errors.Is(res.Err, graphs.ErrNoSaver) {
			t.Errorf("error: %v", res.Err)
		}
	})
}
