package graphs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// plain is a saver that is not safe for concurrent use: the race detector tells who calls it beside the run.
type plain struct {
	graphs.Saver
	calls int
}

func (s *plain) Get(ctx context.Context, ns, id string) (*graphs.Saved, error) {
	s.calls++
	return s.Saver.Get(ctx, ns, id)
}

func (s *plain) Put(ctx context.Context, c graphs.Commit) error {
	s.calls++
	return s.Saver.Put(ctx, c)
}

// A node that returns before the graphs that it called have ended cuts them off: none goes on beside the rest of the run.
func TestCallLeftBehind(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{false, true} {
		t.Run(fmt.Sprint("reads=", reads), func(t *testing.T) {
			t.Parallel()
			begun := make(chan struct{})
			var open atomic.Int32
			stuck := graphs.NewStateGraph[calledState]().AddNode("n", func(ctx context.Context, _ calledState) (graphs.Update, error) {
				open.Add(1)
				begun <- struct{}{}
				<-ctx.Done()
				for range 20 {
					runtime.Gosched() // so that a run which goes on would be seen
				}
				open.Add(-1)
				return nil, ctx.Err()
			}).AddEdge(graphs.Start, "n")
			var ran counter
			quick := finding(&ran)
			var left sync.WaitGroup
			var late error
			graph := compile(t, graphs.NewStateGraph[callerState]().
				AddNode("leave", func(ctx context.Context, _ callerState) (graphs.Update, error) {
					rt, foreign := graphs.RuntimeFrom(ctx), context.WithoutCancel(ctx)
					left.Go(func() { _, _ = graphs.Call[calledState](foreign, stuck, calledState{}) })
					left.Go(func() {
						for ctx.Err() == nil {
							_, _ = graphs.Call[calledState](ctx, quick, calledState{Topic: "x"})
						}
						_, late = graphs.Call[calledState](foreign, quick, calledState{})
					})
					<-begun
					return nil, rt.Write("returned")
				}).
				AddNode("after", func(context.Context, callerState) (graphs.Update, error) {
					if n := open.Load(); n != 0 {
						t.Errorf("%d nodes of called graphs still run", n)
					}
					return graphs.Patch(callerState{Texts: []string{"after"}}), nil
				}).
				AddEdge(graphs.Start, "leave").AddEdge("leave", "after"))
			cfg, in := graphs.Config{Saver: &plain{Saver: memory.New()}}, graphs.Input{Value: callerState{}}
			if reads {
				if res := run(t, graph, in, cfg); string(res.Values["texts"]) != `["after"]` {
					t.Errorf("%s, %v", res.Values["texts"], res.Err)
				}
			} else if end := invoke[callerState](t, graph, callerState{}, cfg); len(end.Texts) != 1 {
				t.Errorf("%+v", end)
			}
			left.Wait()
			if !errors.Is(late, graphs.ErrTaskOver) {
				t.Errorf("called after the node had returned: %v", late)
			}
		})
	}
}

// slow is a saver that takes its time inside of graphs.
type slow struct{ graphs.Saver }

func (s *slow) Put(ctx context.Context, c graphs.Commit) error {
	if c.Checkpoint.NS == "" {
		return s.Saver.Put(ctx, c)
	}
	<-ctx.Done()
	return ctx.Err()
}

// A node may give up a graph that it has called, also while that is being saved; then it goes on.
func TestCallGivenUp(t *testing.T) {
	t.Parallel()
	var ran counter
	sub := finding(&ran)
	graph := compile(t, graphs.NewStateGraph[callerState]().
		AddNode("n", func(ctx context.Context, _ callerState) (graphs.Update, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			_, err := graphs.Call[calledState](ctx, sub, calledState{Topic: "a"})
			if !errors.Is(err, context.DeadlineExceeded) {
				return nil, fmt.Errorf("got %w", err)
			}
			return graphs.Patch(callerState{Texts: []string{"given up"}}), nil
		}).AddEdge(graphs.Start, "n"))
	end := invoke[callerState](t, graph, callerState{}, graphs.Config{Saver: &slow{memory.New()}})
	if diff := cmp.Diff([]string{"given up"}, end.Texts); diff != "" {
		t.Error(diff)
	}
}

// A node that has given up a graph counts again before it goes on.
func TestCallGivenUpKeepsTheLimit(t *testing.T) {
	t.Parallel()
	var busy, most atomic.Int32
	work := func(context.Context, listState) (graphs.Update, error) {
		now := busy.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		for range 100 {
			runtime.Gosched() // so that others would be seen
		}
		busy.Add(-1)
		return nil, nil
	}
	wide := graphs.NewStateGraph[listState]()
	for i := range 8 {
		name := fmt.Sprint("wide", i)
		wide.AddNode(name, work).AddEdge(graphs.Start, name)
	}
	g := graphs.NewStateGraph[listState]().
		AddNode("gives up", func(ctx context.Context, s listState) (graphs.Update, error) {
			for range 50 {
				given, giveUp := context.WithCancel(ctx)
				sub := graphs.NewStateGraph[listState]().AddNode("in", func(context.Context, listState) (graphs.Update, error) {
					giveUp()
					return nil, nil
				}).AddEdge(graphs.Start, "in")
				if _, err := graphs.Call[listState](given, sub, listState{}); !errors.Is(err, context.Canceled) {
					return nil, fmt.Errorf("got %w", err)
				}
				if _, err := work(ctx, s); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}).
		AddNode("waits", func(ctx context.Context, _ listState) (graphs.Update, error) {
			for range 50 {
				if _, err := graphs.Call[listState](ctx, wide, listState{}); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}).
		AddEdge(graphs.Start, "gives up").AddEdge(graphs.Start, "waits")
	invoke[listState](t, compile(t, g), listState{}, graphs.Config{MaxConcurrency: 2})
	if n := most.Load(); n > 2 || n < 1 {
		t.Errorf("%d ran at the same time", n)
	}
}
