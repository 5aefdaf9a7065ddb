package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

// A tangle is a random graph of nodes and subgraphs that lead on by edges, routers, Commands and Sends, come back to themselves, and
// leave subgraphs by Commands to the parent. Nodes write what they were given, ask, and fail a few times. The reference runs it one
// task after the other on a plain list.
type tangle struct {
	Nodes  []*knot
	Starts []string
}

// knot is a node of a tangle.
type knot struct {
	Name string
	Sub  *tangle
	// Asks is how often it interrupts, Failures how often it fails, Loops how often it wants to be in the state before it goes on.
	Asks, Failures, Loops int
	// Edges are followed always; one of Routes is, and Gotos and Sends once it has stopped looping.
	Edges, Routes, Gotos []string
	Sends                []string // arguments for the worker
	Worker               string
	// Up is the node of the parent to which it goes in place of all that.
	Up       string
	Deferred bool
}

type tangleState struct {
	Items []string `json:"items" reduce:"append"`
	Seed  string   `json:"seed"`
}

type tangleInput struct {
	Seed string `json:"seed"`
}

type tangleOutput struct {
	Items []string `json:"items"`
}

func drawTangle(t *rapid.T, prefix string, depth int, above []string) *tangle {
	g := &tangle{}
	worker := &knot{Name: prefix + "w", Asks: rapid.IntRange(0, 1).Draw(t, "asks")}
	if depth > 0 && rapid.Bool().Draw(t, "worker is a graph") {
		worker.Sub = drawTangle(t, prefix+"w.", depth-1, nil)
	}
	var before []*knot
	used := false
	stages := rapid.IntRange(1, 3).Draw(t, "stages")
	for i := range stages {
		var stage []*knot
		var next []string // where a subgraph may go when it is left
		if i+1 < stages {
			next = []string{fmt.Sprintf("%s%d0", prefix, i+1)}
		}
		for j := range rapid.IntRange(1, 2).Draw(t, "width") {
			n := &knot{Name: fmt.Sprintf("%s%d%d", prefix, i, j)}
			kind := rapid.IntRange(0, 5).Draw(t, "kind")
			switch {
			case kind == 0 && depth > 0:
				n.Sub = drawTangle(t, n.Name+".", depth-1, next)
			case kind == 1:
				n.Loops = rapid.IntRange(1, 2).Draw(t, "loops")
			case kind == 2:
				for k := range rapid.IntRange(1, 3).Draw(t, "sends") {
					n.Sends = append(n.Sends, fmt.Sprintf("%s/%d", n.Name, k))
				}
				n.Worker, used = worker.Name, true
			}
			if n.Sub == nil {
				n.Asks = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "asks")
				n.Failures = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "failures")
			}
			n.Deferred = i > 0 && rapid.IntRange(0, 4).Draw(t, "deferred") == 0
			stage = append(stage, n)
		}
		var names []string
		for _, n := range stage {
			names = append(names, n.Name)
		}
		for k, n := range before {
			switch way := rapid.IntRange(0, 2).Draw(t, "way"); {
			case way == 0 || n.Sub != nil || k == 0: // somebody has to lead there for certain
				n.Edges = names
			case way == 1:
				n.Gotos = names
			default:
				n.Routes = names
			}
		}
		if i == 0 {
			g.Starts = names
		}
		g.Nodes, before = append(g.Nodes, stage...), stage
	}
	if last := before[len(before)-1]; len(before) == 1 && len(g.Starts) == 1 && last.Sub == nil && len(above) > 0 && rapid.Bool().Draw(t, "up") {
		last.Up, last.Loops, last.Sends = rapid.SampledFrom(above).Draw(t, "target"), 0, nil
	}
	if used {
		g.Nodes = append(g.Nodes, worker)
	}
	return g
}

// wrote is what a node writes: its name, the answers that it got, and what it was given.
func (n *knot) wrote(s tangleState) string {
	return fmt.Sprint(n.Name, strings.Repeat("!", n.Asks), "@", len(s.Items), s.Seed)
}

// comesBack reports whether a node is to be led to again by itself.
func (n *knot) comesBack(s tangleState) bool {
	seen := 0
	for _, item := range s.Items {
		if strings.HasPrefix(item, n.Name+"@") || strings.HasPrefix(item, n.Name+"!") {
			seen++
		}
	}
	return seen < n.Loops
}

// route is what a router makes of the state with the node's own writes.
func (n *knot) route(s tangleState) string { return n.Routes[len(s.Items)%len(n.Routes)] }

// moves are where a node goes by a Command.
func (n *knot) moves(s tangleState) (gotos, sends []string) {
	if n.comesBack(s) {
		return []string{n.Name}, nil
	}
	return n.Gotos, n.Sends
}

func (g *tangle) knot(name string) *knot {
	return g.Nodes[slices.IndexFunc(g.Nodes, func(n *knot) bool { return n.Name == name })]
}

// led is a task of the reference.
type led struct {
	node string
	arg  string
	sent bool
}

// reference runs a tangle step by step. up is where its parent goes on if it was left by a Command.
func (g *tangle) reference(s tangleState) (end []string, up string) {
	var waiting []string
	tasks := []led{}
	for _, name := range g.Starts {
		tasks = append(tasks, led{node: name})
	}
	for len(tasks) > 0 {
		var written []string
		var pulled []string
		var pushed []led
		for _, t := range tasks {
			n, in := g.knot(t.node), s
			if t.sent {
				in = tangleState{Seed: t.arg}
			}
			var items []string
			if n.Sub != nil {
				var to string
				if items, to = n.Sub.reference(tangleState{Seed: in.Seed}); to != "" {
					pulled = append(pulled, to)
				}
			} else {
				items = []string{n.wrote(in)}
				if n.Up != "" {
					return items, n.Up
				}
				gotos, sends := n.moves(in)
				pulled = append(pulled, gotos...)
				for _, arg := range sends {
					pushed = append(pushed, led{n.Worker, arg, true})
				}
			}
			pulled = append(pulled, n.Edges...)
			if len(n.Routes) > 0 {
				fresh := tangleState{Items: slices.Concat(s.Items, items)}
				pulled = append(pulled, n.route(fresh))
			}
			written = append(written, items...)
		}
		s.Items = slices.Concat(s.Items, written)
		tasks, waiting = g.next(pulled, pushed, waiting)
	}
	return s.Items, ""
}

// next orders the tasks that are led to; deferred nodes wait until there is nothing else.
func (g *tangle) next(pulled []string, pushed []led, waiting []string) ([]led, []string) {
	slices.Sort(pulled)
	var tasks []led
	for _, name := range slices.Compact(pulled) {
		if g.knot(name).Deferred {
			waiting = append(waiting, name)
			continue
		}
		tasks = append(tasks, led{node: name})
	}
	tasks = append(tasks, pushed...)
	if len(tasks) > 0 {
		return tasks, waiting
	}
	slices.Sort(waiting)
	for _, name := range slices.Compact(waiting) {
		tasks = append(tasks, led{node: name})
	}
	return tasks, nil
}

// chance counts what is left of each node's failures.
type chance struct {
	mu   sync.Mutex
	left map[string]int
}

func (c *chance) fails(n *knot) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.left[n.Name]; !ok {
		c.left[n.Name] = n.Failures
	}
	c.left[n.Name]--
	return c.left[n.Name] >= 0
}

func (g *tangle) build(c *chance, inner bool) *graphs.StateGraph[tangleState] {
	var opts []graphs.Option
	if inner {
		opts = append(opts, graphs.InputSchema[tangleInput](), graphs.OutputSchema[tangleOutput]())
	}
	b := graphs.NewStateGraph[tangleState](opts...)
	for _, n := range g.Nodes {
		opts := []graphs.NodeOption{graphs.Goes(slices.Concat(n.Gotos, n.moved())...)}
		if n.Deferred {
			opts = append(opts, graphs.Defer())
		}
		if n.Sub != nil {
			b.AddSubgraph(n.Name, n.Sub.build(c, true), opts...)
		} else {
			b.AddNode(n.Name, func(ctx context.Context, s tangleState) (graphs.Update, error) { return n.run(ctx, s, c) }, opts...)
		}
		for _, to := range n.Edges {
			b.AddEdge(n.Name, to)
		}
		if len(n.Routes) > 0 {
			b.AddConditionalEdges(n.Name, func(_ context.Context, s tangleState) (string, error) { return n.route(s), nil }, n.Routes...)
		}
	}
	for _, name := range g.Starts {
		b.AddEdge(graphs.Start, name)
	}
	return b
}

// moved are the nodes that a knot's Commands reach beside its Gotos.
func (n *knot) moved() (names []string) {
	if n.Loops > 0 {
		names = append(names, n.Name)
	}
	if n.Worker != "" {
		names = append(names, n.Worker)
	}
	return names
}

func (n *knot) run(ctx context.Context, s tangleState, c *chance) (graphs.Update, error) {
	for i := range n.Asks {
		mark, err := graphs.Interrupt[string](ctx, fmt.Sprint(n.Name, i))
		if err != nil {
			return nil, err
		}
		if mark != "!" {
			return nil, fmt.Errorf("answer %q", mark)
		}
	}
	if c.fails(n) {
		return nil, errInjected
	}
	update := graphs.Command{Update: graphs.Patch(tangleState{Items: []string{n.wrote(s)}})}
	if n.Up != "" {
		update.Graph, update.Goto = graphs.Parent, []string{n.Up}
		return update, nil
	}
	var sends []string
	update.Goto, sends = n.moves(s)
	for _, arg := range sends {
		update.Send = append(update.Send, graphs.Send{Node: n.Worker, Arg: tangleInput{Seed: arg}})
	}
	return update, nil
}

// Whatever is asked, fails and crashes, at any depth: with everything answered and tried again, a run ends in the state of the reference.
func TestRandomTangles(t *testing.T) {
	t.Parallel()
	for _, roundTrip := range []bool{false, true} {
		t.Run(fmt.Sprintf("roundtrip=%v", roundTrip), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { checkTangle(t, rt, roundTrip) })
		})
	}
}

func checkTangle(t *testing.T, rt *rapid.T, roundTrip bool) {
	var want []string
	g := rapid.Custom(func(t *rapid.T) *tangle { return drawTangle(t, "n", 2, nil) }).Filter(func(g *tangle) bool {
		want, _ = g.reference(tangleState{Items: []string{"in"}, Seed: "s"})
		return len(want) <= 200 // more than one wants to wait for
	}).Draw(rt, "tangle")
	graph, err := g.build(&chance{left: map[string]int{}}, false).Compile()
	if err != nil {
		rt.Fatal(err)
	}
	store := memory.New()
	cfg := graphs.Config{
		Durability: rapid.SampledFrom([]graphs.Durability{graphs.DurabilityAsync, graphs.DurabilitySync, graphs.DurabilityExit}).Draw(rt, "durability"),
		RunID:      "run-0", Attempt: 1, RecursionLimit: 300, MaxConcurrency: rapid.IntRange(0, 2).Draw(rt, "concurrency"),
	}
	ctx := t.Context()
	if roundTrip {
		ctx = graphtest.RoundTrip(ctx)
	}
	crashes := rapid.IntRange(0, 6).Draw(rt, "crashes")
	// What happens is drawn once: the order of a run's calls is not rapid's to shrink.
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
	first := graphs.Input{Value: raw(`{"items":["in"],"seed":"s"}`)}
	in := first
	for round := 1; ; round++ {
		if round > 2000 {
			rt.Fatal("does not end")
		}
		left := -1 // calls of the saver until it crashes
		if crashes > 0 {
			left = dice.IntN(40)
			crashes--
		}
		saver := &crashing{to: store, next: func() (bool, bool) {
			left--
			return left == 0, dice.IntN(4) > 0
		}}
		cfg.Saver = saver
		res := performTangle(ctx, t, graph, in, cfg, dice.IntN(2) == 0)
		if res.Err == nil || errors.Is(res.Err, errInjected) {
			if err := saver.Sync(ctx); err != nil {
				res.Err = err
			}
		}
		if errors.Is(res.Err, errCrash) {
			cfg.Attempt++
			continue
		}
		next, over := follow(rt, store, res, first, func() bool { return dice.IntN(2) == 0 })
		if over {
			break
		}
		in, cfg.RunID, cfg.Attempt = next, fmt.Sprint("run-", round), 1
	}
	end, err := graphs.ReadState(ctx, store, "", "")
	if err != nil {
		rt.Fatal(err)
	}
	var got tangleState
	if err := json.Unmarshal(end.Values, &got); err != nil {
		rt.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Items); diff != "" {
		rt.Fatalf("items (-want +got):\n%s", diff)
	}
}

func performTangle(ctx context.Context, t *testing.T, graph graphs.Runnable, in graphs.Input, cfg graphs.Config, streamed bool) graphtest.Result {
	if streamed {
		return graphtest.RunContext(ctx, t, graph, in, cfg)
	}
	_, err := graphs.Invoke[tangleState](ctx, graph, in, cfg)
	var paused *graphs.PausedError
	if errors.As(err, &paused) {
		err = nil
	}
	return graphtest.Result{Err: err}
}
