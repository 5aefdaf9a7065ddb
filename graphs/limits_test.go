package graphs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

func untilDone(ctx context.Context, _ listState) (graphs.Update, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	ways := map[string]struct {
		graph *graphs.StateGraph[listState]
		cfg   graphs.Config
		node  string
	}{
		"a node": {graphs.NewStateGraph[listState]().AddNode("slow", untilDone, graphs.Timeout(time.Millisecond)).
			AddEdge(graphs.Start, "slow"), graphs.Config{}, "slow"},
		"a node among others": {graphs.NewStateGraph[listState]().AddNode("slow", untilDone, graphs.Timeout(time.Millisecond)).
			AddNode("other", untilDone).AddEdge(graphs.Start, "slow").AddEdge(graphs.Start, "other"), graphs.Config{}, "slow"},
		"a step": {graphs.NewStateGraph[listState]().AddNode("a", untilDone).AddNode("b", untilDone).
			AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b"), graphs.Config{StepTimeout: time.Millisecond}, ""},
		"a step of one": {
			graphs.NewStateGraph[listState]().AddNode("a", untilDone).AddEdge(graphs.Start, "a"),
			graphs.Config{StepTimeout: time.Millisecond},
			"",
		},
	}
	for name, way := range ways {
		g := compile(t, way.graph)
		check := func(t *testing.T, err error) {
			t.Helper()
			var late *graphs.TimeoutError
			if !errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded) || late.Node != way.node || graphs.FailureOf(err).Class != "TimeoutError" {
				t.Errorf("error %v (%+v), want a timeout of %q", err, graphs.FailureOf(err), way.node)
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := graphs.Invoke[listState](t.Context(), g, value(`{}`), way.cfg)
			check(t, err)
		})
		t.Run(name+", streamed", func(t *testing.T) {
			t.Parallel()
			var last error
			cfg := way.cfg
			cfg.Saver = memory.New()
			for _, err := range g.Stream(t.Context(), value(`{}`), cfg) {
				last = err
			}
			check(t, last)
		})
	}
}

func TestTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that no attempt is late but the one that waits for it
		attempts := 0
		g := compile(t, graphs.NewStateGraph[listState]().AddNode("slow", func(ctx context.Context, s listState) (graphs.Update, error) {
			if attempts++; attempts == 1 {
				return untilDone(ctx, s)
			}
			return graphs.Patch(listState{Items: []string{"in time"}}), nil
		}, graphs.Timeout(5*time.Millisecond), graphs.RetryWith(graphs.RetryPolicy{Attempts: 2, Initial: time.Microsecond})).
			AddEdge(graphs.Start, "slow"))
		if end := invoke[listState](t, g, listState{}, graphs.Config{}); len(end.Items) != 1 {
			t.Errorf("items %v", end.Items)
		}
	})
}

// A node that is cut off while it writes, since another has failed, has not failed itself.
func TestWritingWhileAnotherFails(t *testing.T) {
	t.Parallel()
	boom, writing := errors.New("boom"), make(chan struct{})
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("fails", func(context.Context, listState) (graphs.Update, error) {
			<-writing
			return nil, boom
		}).
		AddNode("writes", func(ctx context.Context, _ listState) (graphs.Update, error) {
			rt := graphs.RuntimeFrom(ctx)
			for once := sync.OnceFunc(func() { close(writing) }); ; once() {
				if err := rt.Write("word"); err != nil {
					return nil, err
				}
			}
		}, graphs.RetryWith(graphs.RetryPolicy{Attempts: 3, Initial: time.Hour})).
		AddEdge(graphs.Start, "fails").AddEdge(graphs.Start, "writes"))
	var last error
	for event, err := range g.Stream(t.Context(), value(`{}`), graphs.Config{Saver: memory.New()}) {
		if end := event.TaskEnd; end != nil && end.Name == "writes" {
			t.Errorf("the node that was cut off ended with %+v", end.Error)
		}
		last = err
	}
	var failed *graphs.NodeError
	if !errors.As(last, &failed) || failed.Node != "fails" || !errors.Is(last, boom) {
		t.Errorf("ended with %v", last)
	}
}

func TestMaxConcurrency(t *testing.T) {
	t.Parallel()
	for _, streamed := range []bool{false, true} {
		t.Run(fmt.Sprintf("streamed=%v", streamed), func(t *testing.T) {
			t.Parallel()
			var busy, most atomic.Int32
			g := graphs.NewStateGraph[listState]()
			var want []string
			for i := range 9 {
				name := fmt.Sprint("n", i)
				want = append(want, name)
				g.AddNode(name, func(context.Context, listState) (graphs.Update, error) {
					now := busy.Add(1)
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					for range 100 {
						runtime.Gosched() // so that others would be seen
					}
					busy.Add(-1)
					return graphs.Patch(listState{Items: []string{name}}), nil
				}).AddEdge(graphs.Start, name)
			}
			cfg := graphs.Config{MaxConcurrency: 3}
			var got string
			if streamed {
				got = string(run(t, compile(t, g), value(`{}`), cfg).Values["items"])
				got = strings.NewReplacer(`["`, "", `"]`, "", `","`, " ").Replace(got)
			} else {
				got = strings.Join(invoke[listState](t, compile(t, g), listState{}, cfg).Items, " ")
			}
			if got != strings.Join(want, " ") {
				t.Errorf("items %s", got)
			}
			if n := most.Load(); n > 3 || n < 1 {
				t.Errorf("%d ran at the same time", n)
			}
		})
	}
}

// After a failure the tasks that have not begun never do.
func TestFailureKeepsOthersFromBeginning(t *testing.T) {
	t.Parallel()
	for _, saver := range []graphs.Saver{nil, memory.New()} {
		var ran atomic.Int32
		g := graphs.NewStateGraph[listState]()
		for i := range 5 {
			g.AddNode(fmt.Sprint("n", i), func(context.Context, listState) (graphs.Update, error) {
				ran.Add(1)
				return nil, errors.New("no")
			}).AddEdge(graphs.Start, fmt.Sprint("n", i))
		}
		_, err := graphs.Invoke[listState](t.Context(), compile(t, g), value(`{}`), graphs.Config{Saver: saver, MaxConcurrency: 1})
		var failed *graphs.NodeError
		if !errors.As(err, &failed) || failed.Node != "n0" || failed.Task == "" || ran.Load() != 1 {
			t.Errorf("%d ran, error %v (%+v)", ran.Load(), err, failed)
		}
	}
}

// A task's context ends with it, whether or not somebody had asked for Done while it ran.
func TestTaskContextEnds(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		var kept context.Context
		var rt *graphs.Runtime
		g := compile(t, graphs.NewStateGraph[listState]().AddNode("n", func(ctx context.Context, _ listState) (graphs.Update, error) {
			kept, rt = ctx, graphs.RuntimeFrom(ctx)
			if early {
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				if child.Err() != nil || rt == nil || graphs.RuntimeFrom(child) != rt {
					t.Error("a context of the context is not one")
				}
			}
			return nil, ctx.Err()
		}).AddEdge(graphs.Start, "n"))
		invoke[listState](t, g, listState{}, graphs.Config{})
		<-kept.Done()
		if !errors.Is(kept.Err(), context.Canceled) || !errors.Is(rt.Write("late"), graphs.ErrTaskOver) {
			t.Errorf("early=%v: context %v, write %v", early, kept.Err(), rt.Write("late"))
		}
	}
}

// The limit is the run's: graphs that are nodes, and graphs that nodes call, share it, and none of them waits for itself.
func TestMaxConcurrencyInside(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2} {
		for name, saver := range map[string]graphs.Saver{"bare": nil, "saved": memory.New()} {
			t.Run(fmt.Sprintf("%d/%s", limit, name), func(t *testing.T) {
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
					return graphs.Patch(listState{Items: []string{"x"}}), nil
				}
				inner := graphs.NewStateGraph[listState]()
				for i := range 4 {
					inner.AddNode(fmt.Sprint("i", i), work).AddEdge(graphs.Start, fmt.Sprint("i", i))
				}
				outer := graphs.NewStateGraph[listState]()
				for i := range 3 {
					outer.AddSubgraph(fmt.Sprint("sub", i), inner).AddEdge(graphs.Start, fmt.Sprint("sub", i))
					outer.AddNode(fmt.Sprint("call", i), func(ctx context.Context, s listState) (graphs.Update, error) {
						if _, err := work(ctx, s); err != nil {
							return nil, err
						}
						var both [2]error
						var calls sync.WaitGroup
						for part := range both {
							calls.Go(func() { _, both[part] = graphs.Call[listState](graphs.WithTurn(ctx, part, nil), inner, listState{}) })
						}
						calls.Wait()
						if err := errors.Join(both[:]...); err != nil {
							return nil, err
						}
						return work(ctx, s)
					}).AddEdge(graphs.Start, fmt.Sprint("call", i))
				}
				invoke[listState](t, compile(t, outer), listState{}, graphs.Config{MaxConcurrency: limit, Saver: saver})
				if n := int(most.Load()); n > limit || n < 1 {
					t.Errorf("%d ran at the same time, want at most %d", n, limit)
				}
			})
		}
	}
}
