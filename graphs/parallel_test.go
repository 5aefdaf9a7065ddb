package graphs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

type listState struct {
	Items  []string       `json:"items" reduce:"append"`
	Count  int            `json:"count" reduce:"add"`
	ByName map[string]int `json:"by_name" reduce:"merge"`
	Last   string         `json:"last"`
	Topics []string       `json:"topics"`
	Once   string         `json:"once" channel:"ephemeral"`
	Secret string         `json:"secret" channel:"private"`
	Local  string         `json:"local" channel:"untracked"`
}

func compile[S any](t testing.TB, g *graphs.StateGraph[S]) graphs.Runnable {
	t.Helper()
	r, err := g.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func invoke[S any](t testing.TB, g graphs.Runnable, in any, cfg graphs.Config) S {
	t.Helper()
	s, err := graphs.Invoke[S](t.Context(), g, graphs.Input{Value: in}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// says is a node that appends its own name.
func says(name string) func(context.Context, listState) (graphs.Update, error) {
	return func(context.Context, listState) (graphs.Update, error) {
		return graphs.Patch(listState{Items: []string{name}, Count: 1, ByName: map[string]int{name: 1}}), nil
	}
}

// Writes of a step are applied in the order of task paths, whoever is first to end.
func TestParallelNodesApplyInPathOrder(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("b", func(ctx context.Context, s listState) (graphs.Update, error) { close(first); return says("b")(ctx, s) }).
		AddNode("a", func(ctx context.Context, s listState) (graphs.Update, error) { <-first; return says("a")(ctx, s) }).
		AddNode("end", says("end")).
		AddEdge(graphs.Start, "b").AddEdge(graphs.Start, "a").
		AddEdge("a", "end").AddEdge("b", "end"))
	got := invoke[listState](t, g, listState{Items: []string{"in"}}, graphs.Config{})
	if diff := cmp.Diff([]string{"in", "a", "b", "end"}, got.Items); diff != "" {
		t.Error(diff)
	}
	if got.Count != 3 || len(got.ByName) != 3 {
		t.Errorf("count %d, by name %v", got.Count, got.ByName)
	}
}

// A join waits for branches of different length; without it the target would run twice.
func TestJoin(t *testing.T) {
	t.Parallel()
	s := memory.New()
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("a", says("a")).AddNode("b", says("b")).AddNode("b2", says("b2")).AddNode("end", says("end")).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b").AddEdge("b", "b2").
		AddJoin([]string{"a", "b2"}, "end"))
	cfg := graphs.Config{Saver: s, InterruptBefore: []string{"b2"}}
	res := run(t, g, value(`{}`), cfg) // the join is half done when the run stops
	if res.Paused == nil {
		t.Fatal("did not stop")
	}
	got, err := graphs.Invoke[listState](t.Context(), g, graphs.Input{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "b2", "end"}, got.Items); diff != "" {
		t.Error(diff)
	}
	again, err := graphs.Invoke[listState](t.Context(), g, value(`{}`), graphs.Config{Saver: s})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(8, len(again.Items)); diff != "" {
		t.Errorf("second round: %v", again.Items)
	}
}

func fanOut(work func(ctx context.Context, topic string) (graphs.Update, error), opts ...graphs.NodeOption) *graphs.StateGraph[listState] {
	return graphs.NewStateGraph[listState]().
		AddNode("plan", func(_ context.Context, s listState) (graphs.Update, error) {
			c := graphs.Command{}
			for _, topic := range s.Topics {
				c.Send = append(c.Send, graphs.Send{Node: "work", Arg: topic})
			}
			return c, nil
		}, graphs.Goes("work")).
		AddNodeOf("work", graphs.In(work), opts...).
		AddNode("sum", says("sum")).
		AddEdge(graphs.Start, "plan").AddEdge("work", "sum")
}

func TestSendFanOut(t *testing.T) {
	t.Parallel()
	g := compile(t, fanOut(func(_ context.Context, topic string) (graphs.Update, error) {
		return graphs.Patch(listState{Items: []string{topic}}), nil
	}))
	s := memory.New()
	res := run(t, g, value(`{"topics":["z","y","x"]}`), graphs.Config{Saver: s})
	if got := string(res.Values["items"]); got != `["z","y","x","sum"]` {
		t.Errorf("items: %s", got)
	}
	var paths, inputs []string
	for _, e := range res.Of(graphs.KindTaskStart) {
		if e.TaskStart.Name == "work" {
			paths = append(paths, strings.TrimSpace(fmt.Sprintln(e.TaskStart.Path...)))
			inputs = append(inputs, string(e.TaskStart.Input))
		}
	}
	if diff := cmp.Diff([]string{`"z"`, `"y"`, `"x"`}, inputs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"__pregel_push 0", "__pregel_push 1", "__pregel_push 2"}, paths); diff != "" {
		t.Error(diff)
	}
	if got := history(t, s)[1].Next; got != "sum" {
		t.Errorf("next: %s", got)
	}
	if got := history(t, s)[2].Next; got != "work work work" {
		t.Errorf("next: %s", got)
	}
}

type customError struct{ text string }

func (e *customError) Error() string { return e.text }

// A failure cancels the others; what had finished is kept, and a run without input repeats only the rest.
func TestFailureKeepsFinishedSiblings(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	var calls [3]atomic.Int64
	broken.Store(true)
	finished := make(chan struct{})
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("ok", func(ctx context.Context, s listState) (graphs.Update, error) {
			calls[0].Add(1)
			return says("ok")(ctx, s)
		}).
		AddNode("bad", func(ctx context.Context, s listState) (graphs.Update, error) {
			calls[1].Add(1)
			if broken.Load() {
				<-finished
				return nil, fmt.Errorf("while thinking: %w", &customError{"Boo!"})
			}
			return says("bad")(ctx, s)
		}).
		AddNode("slow", func(ctx context.Context, s listState) (graphs.Update, error) {
			calls[2].Add(1)
			if broken.Load() {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return says("slow")(ctx, s)
		}).
		AddNode("end", says("end")).
		AddEdge(graphs.Start, "ok").AddEdge(graphs.Start, "bad").AddEdge(graphs.Start, "slow").
		AddJoin([]string{"ok", "bad", "slow"}, "end"))
	s := memory.New()
	var failure error
	for e, err := range g.Stream(t.Context(), value(`{}`), graphs.Config{Saver: s}) {
		if err != nil {
			failure = err
			break
		}
		if e.Kind == graphs.KindTaskEnd && e.TaskEnd.Name == "ok" {
			close(finished)
		}
	}
	want := &graphs.Failure{Class: "customError", Message: "while thinking: Boo!"}
	if diff := cmp.Diff(want, graphs.FailureOf(failure)); diff != "" {
		t.Error(diff)
	}
	shot, err := graphs.ReadState(t.Context(), s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range shot.Tasks {
		switch {
		case task.Name == "bad" && !cmp.Equal(task.Error, want), task.Name == "ok" && task.Result == nil, task.Name == "slow" && task.Error != nil:
			t.Errorf("task: %+v", task)
		}
	}
	broken.Store(false)
	res := run(t, g, graphs.Input{}, graphs.Config{Saver: s})
	if got := string(res.Values["items"]); got != `["bad","ok","slow","end"]` {
		t.Errorf("items: %s", got)
	}
	if calls[0].Load() != 1 || calls[1].Load() != 2 || calls[2].Load() != 2 {
		t.Errorf("calls: ok %d, bad %d, slow %d", calls[0].Load(), calls[1].Load(), calls[2].Load())
	}
}

func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("a", func(context.Context, listState) (graphs.Update, error) { panic("ouch") }, graphs.Retry(5)).
		AddEdge(graphs.Start, "a"))
	res := graphtest.Run(t, g, value(`{}`), graphs.Config{})
	var panicked *graphs.PanicError
	if !errors.As(res.Err, &panicked) || !strings.Contains(string(panicked.Stack), "parallel_test.go") {
		t.Fatalf("error: %v", res.Err)
	}
	if diff := cmp.Diff(&graphs.Failure{Class: "PanicError", Message: "panic: ouch"}, graphs.FailureOf(res.Err)); diff != "" {
		t.Error(diff)
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		g := compile(t, graphs.NewStateGraph[listState]().
			AddNode("a", func(context.Context, listState) (graphs.Update, error) {
				if calls++; calls < 3 {
					return nil, errors.New("flaky")
				}
				return graphs.Patch(listState{Last: "ok"}), nil
			}, graphs.Retry(3)).
			AddEdge(graphs.Start, "a"))
		began := time.Now()
		if got := invoke[listState](t, g, listState{}, graphs.Config{}); got.Last != "ok" || calls != 3 {
			t.Errorf("last %q after %d calls", got.Last, calls)
		}
		if waited := time.Since(began); waited < 750*time.Millisecond || waited > 1500*time.Millisecond {
			t.Errorf("waited %v", waited)
		}
	})
}

// Breaking out and cancelling return when all goroutines have ended, though nodes are in the middle of talking.
func TestStopMidway(t *testing.T) {
	t.Parallel()
	talk := func(ctx context.Context, _ listState) (graphs.Update, error) {
		for {
			if err := graphs.RuntimeFrom(ctx).Write("bla"); err != nil {
				return nil, err
			}
		}
	}
	g := compile(t, graphs.NewStateGraph[listState]().AddNode("a", talk).AddNode("b", talk).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b"))
	t.Run("break", func(t *testing.T) {
		t.Parallel()
		n := 0
		for e, err := range g.Stream(t.Context(), value(`{}`), graphs.Config{Saver: memory.New()}) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind == graphs.KindCustom {
				if n++; n == 10 {
					break
				}
			}
		}
	})
	t.Run("cancel", func(t *testing.T) {
		t.Parallel()
		why := errors.New("lost the lease")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		n := 0
		res := graphtest.Result{}
		for e, err := range g.Stream(ctx, value(`{}`), graphs.Config{Saver: memory.New()}) {
			if res.Err = err; err != nil {
				break
			}
			if e.Kind == graphs.KindCustom {
				if n++; n == 10 {
					cancel(why)
				}
			}
		}
		if !errors.Is(res.Err, why) || !errors.Is(res.Err, context.Canceled) {
			t.Errorf("error: %v", res.Err)
		}
	})
}

// The last writers of a fan-out make as_node ambiguous.
func TestAmbiguousUpdate(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[listState]().AddNode("a", says("a")).AddNode("b", says("b")).
		AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b"))
	s := memory.New()
	run(t, g, value(`{}`), graphs.Config{Saver: s})
	_, err := g.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{{Values: raw(`{}`)}}}}, graphs.Config{Saver: s})
	if !errors.Is(err, graphs.ErrAmbiguousUpdate) {
		t.Errorf("error: %v", err)
	}
}

func TestGuardNamesTheNodeThatChangesItsInput(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[listState]().AddNode("good", says("good")).
		AddNode("bad", func(_ context.Context, s listState) (graphs.Update, error) {
			s.ByName["good"] = 7
			return nil, nil
		}).AddEdge(graphs.Start, "good").AddEdge("good", "bad"))
	res := graphtest.RunContext(graphtest.Guard(t.Context()), t, g, value(`{}`), graphs.Config{})
	if res.Err == nil || !strings.Contains(res.Err.Error(), `node "bad" changed the state`) {
		t.Errorf("error: %v", res.Err)
	}
	// Appending to a list is no change: the list that a node gets has no room.
	g = compile(t, graphs.NewStateGraph[listState]().
		AddNode("a", func(_ context.Context, s listState) (graphs.Update, error) {
			_ = append(s.Items, "a's own")
			return graphs.Patch(listState{Items: []string{"a"}}), nil
		}).
		AddNode("b", func(_ context.Context, s listState) (graphs.Update, error) {
			_ = append(s.Items, "b's own")
			return graphs.Patch(listState{Items: []string{"b"}}), nil
		}).AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b").AddEdge("a", "b"))
	got := invoke[listState](t, g, listState{Items: []string{"in"}}, graphs.Config{})
	if diff := cmp.Diff([]string{"in", "a", "b", "b"}, got.Items); diff != "" {
		t.Error(diff)
	}
}
