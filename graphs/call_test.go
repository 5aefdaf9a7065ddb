package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

type calledState struct {
	Topic string   `json:"topic"`
	Found []string `json:"found" reduce:"append"`
}

type callerState struct {
	Topics []string `json:"topics"`
	Texts  []string `json:"texts" reduce:"append"`
}

// finding is a graph of one node that asks about some topics.
func finding(ran *counter) *graphs.StateGraph[calledState] {
	return graphs.NewStateGraph[calledState]().
		AddNode("begin", func(_ context.Context, s calledState) (graphs.Update, error) {
			ran.add("begin " + s.Topic)
			return nil, nil
		}).
		AddNode("find", func(ctx context.Context, s calledState) (graphs.Update, error) {
			text := s.Topic
			if strings.HasPrefix(s.Topic, "?") {
				answer, err := graphs.Interrupt[string](ctx, s.Topic)
				if err != nil {
					return nil, err
				}
				text += "=" + answer
			}
			return graphs.Patch(calledState{Found: []string{text}}), nil
		}).
		AddEdge(graphs.Start, "begin").AddEdge("begin", "find")
}

type counter struct {
	mu   sync.Mutex
	seen []string
}

func (c *counter) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, s)
}

func (c *counter) sorted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.seen))
}

// calling is a graph whose one node calls the other one for each topic, one after the other or side by side.
func calling(t testing.TB, sub graphs.Source, parallel bool) graphs.Runnable {
	t.Helper()
	return compile(t, graphs.NewStateGraph[callerState]().
		AddNode("research", func(ctx context.Context, s callerState) (graphs.Update, error) {
			texts, errs := make([]string, len(s.Topics)), make([]error, len(s.Topics))
			ask := func(ctx context.Context, i int) {
				var end calledState
				if end, errs[i] = graphs.Call[calledState](ctx, sub, calledState{Topic: s.Topics[i]}); errs[i] == nil {
					texts[i] = strings.Join(end.Found, "+")
				}
			}
			before := make(chan struct{})
			close(before)
			var all sync.WaitGroup
			for i := range s.Topics {
				if !parallel {
					if ask(ctx, i); errs[i] != nil {
						return nil, errs[i]
					}
					continue
				}
				all.Go(func() { ask(graphs.WithTurn(ctx, i, before), i) })
			}
			all.Wait()
			return graphs.Patch(callerState{Texts: texts}), errors.Join(errs...)
		}).
		AddEdge(graphs.Start, "research"))
}

func TestCall(t *testing.T) {
	t.Parallel()
	for _, parallel := range []bool{false, true} {
		for _, saver := range []graphs.Saver{nil, memory.New()} {
			var ran counter
			graph := calling(t, finding(&ran), parallel)
			in := graphs.Input{Value: callerState{Topics: []string{"a", "b", "c"}}}
			res := run(t, graph, in, graphs.Config{Saver: saver})
			if got := string(res.Values["texts"]); res.Err != nil || got != `["a","b","c"]` {
				t.Fatalf("parallel %v: %s, %v", parallel, got, res.Err)
			}
			task := res.Of(graphs.KindTaskEnd)
			root := task[len(task)-1].Task
			spaces := map[string]bool{}
			for _, e := range res.Events {
				if e.NS != "" {
					spaces[e.NS] = true
				}
			}
			if len(spaces) != 3 || !spaces["research:"+root] {
				t.Errorf("namespaces %v; the first must be that of the task %s", spaces, root)
			}
			state, err := graphs.Invoke[callerState](t.Context(), graph, in, graphs.Config{Saver: saver})
			if diff := cmp.Diff([]string{"a", "b", "c"}, state.Texts[len(state.Texts)-3:]); diff != "" || err != nil {
				t.Errorf("invoked: %v %s", err, diff)
			}
		}
	}
}

// Questions of called graphs pause the node; the answers find them, and what was done before is not done again.
func TestCallInterrupted(t *testing.T) {
	t.Parallel()
	for _, parallel := range []bool{false, true} {
		for _, reads := range []bool{false, true} {
			var ran counter
			graph := calling(t, finding(&ran), parallel)
			cfg := graphs.Config{ThreadID: "t", Saver: memory.New()}
			in := graphs.Input{Value: callerState{Topics: []string{"a", "?b", "?c"}}}
			step := func() []graphs.Interruption {
				if reads {
					res := run(t, graph, in, cfg)
					if res.Err != nil {
						t.Fatal(res.Err)
					}
					return res.Interrupts
				}
				_, err := graphs.Invoke[callerState](t.Context(), graph, in, cfg)
				var paused *graphs.PausedError
				if errors.As(err, &paused) {
					return paused.Interrupts
				}
				if err != nil {
					t.Fatal(err)
				}
				return nil
			}
			open := step()
			rounds := 0
			for ; len(open) > 0 && rounds < 5; rounds++ {
				answers := map[string]string{}
				for _, q := range open {
					answers[q.ID] = "for " + string(q.Value)
				}
				raw, err := json.Marshal(answers)
				if err != nil {
					t.Fatal(err)
				}
				in = graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: raw}}
				open = step()
			}
			if want := map[bool]int{false: 2, true: 1}[parallel]; rounds != want {
				t.Errorf("parallel %v: answered %d times, want %d", parallel, rounds, want)
			}
			shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
			if err != nil {
				t.Fatal(err)
			}
			var end callerState
			if err := json.Unmarshal(shot.Values, &end); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"a", `?b=for "?b"`, `?c=for "?c"`}, end.Texts); diff != "" {
				t.Errorf("parallel %v (-want +got):\n%s", parallel, diff)
			}
			if diff := cmp.Diff([]string{"begin ?b", "begin ?c", "begin a"}, ran.sorted()); diff != "" {
				t.Errorf("parallel %v: nodes ran (-want +got):\n%s", parallel, diff)
			}
		}
	}
}

// A node asks by itself while a graph that it called asks, too: each gets its own answer.
func TestCallAsksBesideItsNode(t *testing.T) {
	t.Parallel()
	var ran counter
	sub := finding(&ran)
	graph := compile(t, graphs.NewStateGraph[callerState]().
		AddNode("both", func(ctx context.Context, _ callerState) (graphs.Update, error) {
			own, err := graphs.Interrupt[string](ctx, "own")
			end, err2 := graphs.Call[calledState](ctx, sub, calledState{Topic: "?sub"})
			if err := errors.Join(err, err2); err != nil {
				return nil, err
			}
			return graphs.Patch(callerState{Texts: append(end.Found, own)}), nil
		}).
		AddEdge(graphs.Start, "both"))
	cfg := graphs.Config{Saver: memory.New()}
	asked := run(t, graph, graphs.Input{Value: callerState{}}, cfg).Interrupts
	var own, inner string
	for _, q := range asked {
		if string(q.Value) == `"own"` {
			own = q.ID
		} else {
			inner = q.ID
		}
	}
	if own == "" || inner == "" {
		t.Fatalf("asked %+v", asked)
	}
	raw, err := json.Marshal(map[string]string{own: "A", inner: "B"})
	if err != nil {
		t.Fatal(err)
	}
	res := run(t, graph, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: raw}}, cfg)
	if got := string(res.Values["texts"]); res.Err != nil || got != `["?sub=B","A"]` {
		t.Errorf("%s, %v", got, res.Err)
	}
}

func TestCallWithoutRun(t *testing.T) {
	t.Parallel()
	var ran counter
	end, err := graphs.Call[calledState](t.Context(), finding(&ran), calledState{Topic: "x"})
	if diff := cmp.Diff([]string{"x"}, end.Found); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestCallFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	sub := graphs.NewStateGraph[calledState]().
		AddNode("n", func(context.Context, calledState) (graphs.Update, error) { return nil, broken }).AddEdge(graphs.Start, "n")
	if res := graphtest.Run(t, calling(t, sub, true), graphs.Input{Value: callerState{Topics: []string{"a", "b"}}}, graphs.Config{Saver: memory.New()}); !errors.Is(res.Err, broken) {
		t.Errorf("got %v", res.Err)
	}
}

func TestCallCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	sub := graphs.NewStateGraph[calledState]().
		AddNode("n", func(ctx context.Context, _ calledState) (graphs.Update, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}).AddEdge(graphs.Start, "n")
	res := graphtest.RunContext(ctx, t, calling(t, sub, true), graphs.Input{Value: callerState{Topics: []string{"a", "b"}}}, graphs.Config{Saver: memory.New()})
	if !errors.Is(res.Err, context.Canceled) {
		t.Errorf("got %v", res.Err)
	}
}

// A run that dies among its calls goes on with those that were not finished.
func TestCallAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, parallel := range []bool{false, true} {
		for _, durability := range []graphs.Durability{graphs.DurabilityAsync, graphs.DurabilitySync} {
			var ran counter
			var healed atomic.Bool
			sub := graphs.NewStateGraph[calledState]().
				AddNode("one", func(_ context.Context, s calledState) (graphs.Update, error) {
					ran.add("one " + s.Topic)
					return graphs.Patch(calledState{Found: []string{s.Topic}}), nil
				}).
				AddNode("two", func(_ context.Context, s calledState) (graphs.Update, error) {
					if s.Topic == "b" && !healed.Load() {
						return nil, errors.New("dead")
					}
					ran.add("two " + s.Topic)
					return graphs.Patch(calledState{Found: []string{"2"}}), nil
				}).
				AddEdge(graphs.Start, "one").AddEdge("one", "two")
			graph := calling(t, sub, parallel)
			cfg := graphs.Config{ThreadID: "t", RunID: "r", Saver: memory.New(), Durability: durability}
			in := graphs.Input{Value: callerState{Topics: []string{"a", "b"}}}
			if res := graphtest.Run(t, graph, in, cfg); res.Err == nil {
				t.Fatal("did not fail")
			}
			healed.Store(true)
			cfg.Attempt = 2
			res := graphtest.Run(t, graph, in, cfg)
			if got := string(res.Values["texts"]); res.Err != nil || got != `["a+2","b+2"]` {
				t.Fatalf("%s, %v", got, res.Err)
			}
			if diff := cmp.Diff([]string{"one a", "one b", "two a", "two b"}, ran.sorted()); diff != "" {
				t.Errorf("parallel %v: (-want +got):\n%s", parallel, diff)
			}
		}
	}
}

// Who answers an earlier question anew gets another end, without asking what was asked after it again.
func TestCallAnsweredAnew(t *testing.T) {
	t.Parallel()
	var ran counter
	graph := calling(t, finding(&ran), true)
	cfg := graphs.Config{ThreadID: "t", Saver: memory.New()}
	asked := run(t, graph, graphs.Input{Value: callerState{Topics: []string{"a", "?b", "?c"}}}, cfg)
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"first", "second"} {
		answers := map[string]string{}
		for _, q := range asked.Interrupts {
			answers[q.ID] = word
		}
		raw, err := json.Marshal(answers)
		if err != nil {
			t.Fatal(err)
		}
		res := run(t, graph, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: raw}}, cfg)
		if got, want := string(res.Values["texts"]), `["a","?b=`+word+`","?c=`+word+`"]`; got != want || len(res.Interrupts) > 0 {
			t.Fatalf("%s: got %s, asked %+v", word, got, res.Interrupts)
		}
		cfg.CheckpointID = shot.ID // the second time from where it was asked
	}
}

func TestCallLeadsOut(t *testing.T) {
	t.Parallel()
	sub := graphs.NewStateGraph[calledState]().
		AddNode("leave", func(context.Context, calledState) (graphs.Update, error) {
			return graphs.Command{Graph: graphs.Parent, Goto: []string{"there"}, Update: graphs.Set{"texts": []string{"left"}}}, nil
		}).AddEdge(graphs.Start, "leave")
	graph := compile(t, graphs.NewStateGraph[callerState]().
		AddNode("here", func(ctx context.Context, _ callerState) (graphs.Update, error) {
			_, err := graphs.Call[calledState](ctx, sub, calledState{})
			var left *graphs.LeftError
			if !errors.As(err, &left) {
				return nil, fmt.Errorf("got %w", err)
			}
			return left.Command, nil
		}, graphs.Goes("there")).
		AddNode("there", func(context.Context, callerState) (graphs.Update, error) {
			return graphs.Patch(callerState{Texts: []string{"there"}}), nil
		}).
		AddEdge(graphs.Start, "here"))
	res := run(t, graph, graphs.Input{Value: callerState{}}, graphs.Config{Saver: memory.New()})
	if got := string(res.Values["texts"]); got != `["left","there"]` {
		t.Errorf("got %s", got)
	}
}

// failing is a saver that fails inside of graphs.
type failing struct{ graphs.Saver }

var errDown = errors.New("the database is down")

func (s *failing) Put(ctx context.Context, c graphs.Commit) error {
	if c.Checkpoint.NS != "" {
		return errDown
	}
	return s.Saver.Put(ctx, c)
}

// A saver that fails fails the run, though the node takes the failure of the graph that it called for an answer.
func TestCallDoesNotHideTheSaver(t *testing.T) {
	t.Parallel()
	var ran counter
	sub := finding(&ran)
	for reads := range 2 {
		graph := compile(t, graphs.NewStateGraph[callerState]().
			AddNode("n", func(ctx context.Context, _ callerState) (graphs.Update, error) {
				if _, err := graphs.Call[calledState](ctx, sub, calledState{Topic: "a"}); err != nil {
					return graphs.Patch(callerState{Texts: []string{"told: " + err.Error()}}), nil
				}
				return nil, nil
			}).AddEdge(graphs.Start, "n"))
		cfg := graphs.Config{Saver: &failing{memory.New()}}
		var err error
		if reads == 1 {
			err = graphtest.Run(t, graph, graphs.Input{Value: callerState{}}, cfg).Err
		} else {
			_, err = graphs.Invoke[callerState](t.Context(), graph, graphs.Input{Value: callerState{}}, cfg)
		}
		if !errors.Is(err, errDown) {
			t.Errorf("got %v", err)
		}
	}
}
