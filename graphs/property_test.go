package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
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

// A random graph is layers of nodes. Each node of a layer leads to each of the next, by edges or by a join; nodes may send
// workers, ask, and fail a few times. The reference is written down without the engine: step by step, by path.
type randomNode struct {
	Name     string
	Sends    int
	Asks     bool
	Failures int
}

type randomGraph struct {
	Layers [][]randomNode
	Joined bool
	// Routed lets conditional edges lead instead of plain ones.
	Routed bool
	// Nested puts all of it into a node of another graph, which gives its list and gets it back twice.
	Nested bool
	// WorkerAsks are the workers that ask, by their number.
	WorkerAsks []bool
}

type randomState struct {
	graphs.MessagesState
	Items []string       `json:"items" reduce:"append"`
	Total int            `json:"total" reduce:"add"`
	Seen  map[string]int `json:"seen" reduce:"merge"`
	Last  string         `json:"last"`
}

func drawGraph(t *rapid.T) randomGraph {
	g := randomGraph{Joined: rapid.Bool().Draw(t, "joined"), Routed: rapid.Bool().Draw(t, "routed"), Nested: rapid.Bool().Draw(t, "nested")}
	for i := range rapid.IntRange(1, 4).Draw(t, "layers") {
		var layer []randomNode
		for j := range rapid.IntRange(1, 3).Draw(t, "width") {
			layer = append(layer, randomNode{
				Name:     fmt.Sprintf("n%d%d", i, j),
				Sends:    rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "sends"),
				Asks:     rapid.IntRange(0, 3).Draw(t, "asks") == 0,
				Failures: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "failures"),
			})
		}
		g.Layers = append(g.Layers, layer)
	}
	g.WorkerAsks = rapid.SliceOfN(rapid.Bool(), 3, 3).Draw(t, "worker asks")
	return g
}

// reference is the list of items that the graph has to end with.
func (g randomGraph) reference() []string {
	items := []string{"in"}
	var workers []string
	for _, layer := range append(slices.Clone(g.Layers), nil) {
		var sent []string
		for _, n := range layer {
			items = append(items, answered(n.Name, n.Asks))
			for k := range n.Sends {
				sent = append(sent, answered(fmt.Sprintf("w/%s/%d", n.Name, k), g.WorkerAsks[k]))
			}
		}
		items = append(items, workers...)
		workers = sent
	}
	return append(items, workers...)
}

func answered(name string, asks bool) string {
	if asks {
		return name + "!"
	}
	return name
}

var errInjected = errors.New("injected failure")

// build makes the graph. failures counts what is left of each node's.
func (g randomGraph) build(t *rapid.T) graphs.Runnable {
	var mu sync.Mutex
	left := map[string]int{}
	fails := func(name string) bool {
		mu.Lock()
		defer mu.Unlock()
		left[name]--
		return left[name] >= 0
	}
	b := graphs.NewStateGraph[randomState]()
	said := func(ctx context.Context, name string, asks bool) (randomState, error) {
		if asks {
			mark, err := graphs.Interrupt[string](ctx, name)
			if err != nil {
				return randomState{}, err
			}
			name += mark
		}
		msg := graphs.AI(name)
		msg.ID = name
		return randomState{
			MessagesState: graphs.MessagesState{Messages: []graphs.Message{msg}},
			Items:         []string{name}, Total: 1, Seen: map[string]int{name: 1},
		}, nil
	}
	b.AddNodeOf("work", graphs.In(func(ctx context.Context, name string) (graphs.Update, error) {
		s, err := said(ctx, name, g.WorkerAsks[name[len(name)-1]-'0'])
		if err != nil {
			return nil, err
		}
		return graphs.Patch(s), nil
	}))
	for i, layer := range g.Layers {
		for _, n := range layer {
			left[n.Name] = n.Failures
			b.AddNode(n.Name, func(ctx context.Context, _ randomState) (graphs.Update, error) {
				s, err := said(ctx, n.Name, n.Asks)
				if err != nil {
					return nil, err
				}
				if fails(n.Name) {
					return nil, errInjected
				}
				c := graphs.Command{Update: graphs.Patch(s)}
				for k := range n.Sends {
					c.Send = append(c.Send, graphs.Send{Node: "work", Arg: fmt.Sprintf("w/%s/%d", n.Name, k)})
				}
				return c, nil
			}, graphs.Goes("work"))
			g.lead(b, i, n.Name)
		}
	}
	if g.Nested {
		b = graphs.NewStateGraph[randomState]().AddSubgraph("inner", b).AddEdge(graphs.Start, "inner")
	}
	r, err := b.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lead adds what leads to a node of a layer.
func (g randomGraph) lead(b *graphs.StateGraph[randomState], layer int, name string) {
	if layer == 0 {
		b.AddEdge(graphs.Start, name)
		return
	}
	var before []string
	for _, n := range g.Layers[layer-1] {
		before = append(before, n.Name)
	}
	if g.Joined {
		b.AddJoin(before, name)
		return
	}
	for _, from := range before {
		if !g.Routed {
			b.AddEdge(from, name)
			continue
		}
		b.AddConditionalEdges(from, func(_ context.Context, s randomState) (string, error) {
			if !sees(s, from) {
				return "", fmt.Errorf("the router of %s does not see what it wrote: %v", from, s.Items)
			}
			return name, nil
		}, name)
	}
}

// sees reports whether a state ends with what a node has written.
func sees(s randomState, from string) bool {
	item, id := s.Items[len(s.Items)-1], s.Messages[len(s.Messages)-1].ID
	return strings.TrimSuffix(item, "!") == from && item == id
}

var errCrash = errors.New("crash")

// crashing is a saver which keeps what it got in a queue and loses it when it crashes: at a call that chance chooses.
type crashing struct {
	to    *memory.Saver
	queue []func(context.Context) error
	// next says at each call what happens: crash, flush, or nothing.
	next func() (crash, flush bool)
	dead bool
}

func (c *crashing) call(ctx context.Context, op func(context.Context) error) error {
	crash, flush := c.next()
	if c.dead = c.dead || crash; c.dead {
		c.queue = nil
		return errCrash
	}
	if op != nil {
		c.queue = append(c.queue, op)
	}
	if !flush && op != nil {
		return nil
	}
	for _, op := range c.queue {
		if err := op(ctx); err != nil {
			return err
		}
	}
	c.queue = nil
	return nil
}

func (c *crashing) Get(ctx context.Context, ns, id string) (*graphs.Saved, error) {
	return c.to.Get(ctx, ns, id)
}

func (c *crashing) List(ctx context.Context, q graphs.ListQuery) iter.Seq2[*graphs.Saved, error] {
	return c.to.List(ctx, q)
}

func (c *crashing) Put(ctx context.Context, commit graphs.Commit) error {
	for name, change := range commit.Changes { // Whole may be called only before Put returns
		whole, err := change.Whole()
		if err != nil {
			return err
		}
		change.Whole = func() (json.RawMessage, error) { return whole, nil }
		commit.Changes[name] = change
	}
	return c.call(ctx, func(ctx context.Context) error { return c.to.Put(ctx, commit) })
}

func (c *crashing) PutWrites(ctx context.Context, ns, checkpoint, task string, writes []graphs.Write) error {
	return c.call(ctx, func(ctx context.Context) error { return c.to.PutWrites(ctx, ns, checkpoint, task, writes) })
}

func (c *crashing) Sync(ctx context.Context) error { return c.call(ctx, nil) }

// Whatever is asked, fails and crashes: with everything answered and tried again, a run ends in the state of the reference.
func TestRandomGraphs(t *testing.T) {
	t.Parallel()
	for _, roundTrip := range []bool{false, true} {
		t.Run(fmt.Sprintf("roundtrip=%v", roundTrip), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { checkRandomGraph(t, rt, roundTrip) })
		})
	}
}

func checkRandomGraph(t *testing.T, rt *rapid.T, roundTrip bool) {
	g := drawGraph(rt)
	graph, store := g.build(rt), memory.New()
	cfg := graphs.Config{
		Durability: rapid.SampledFrom([]graphs.Durability{graphs.DurabilityAsync, graphs.DurabilitySync, graphs.DurabilityExit}).Draw(rt, "durability"),
		RunID:      "run-0", Attempt: 1, RecursionLimit: 50,
	}
	crashes := rapid.IntRange(0, 12).Draw(rt, "crashes")
	ctx := t.Context()
	if roundTrip {
		ctx = graphtest.RoundTrip(ctx)
	}
	first := graphs.Input{Value: raw(`{"items":["in"],"messages":[{"type":"human","content":"in","id":"in"}]}`)}
	in := first
	for round := 1; ; round++ {
		if round > 200 {
			rt.Fatal("does not end")
		}
		saver := &crashing{to: store, next: func() (bool, bool) {
			crash := crashes > 0 && rapid.IntRange(0, 4).Draw(rt, "crash") == 0
			if crash {
				crashes--
			}
			return crash, rapid.Bool().Draw(rt, "flush")
		}}
		cfg.Saver = saver
		res := perform(ctx, t, graph, in, cfg, rapid.Bool().Draw(rt, "streamed"))
		if res.Err == nil || errors.Is(res.Err, errInjected) {
			if err := saver.Sync(ctx); err != nil {
				res.Err = err
			}
		}
		if errors.Is(res.Err, errCrash) {
			cfg.Attempt++
			continue
		}
		next, over := follow(rt, store, res, first, func() bool { return rapid.Bool().Draw(rt, "answer") })
		if over {
			break
		}
		in, cfg.RunID, cfg.Attempt = next, fmt.Sprintf("run-%d", round), 1
	}
	checkState(rt, store, g)
}

// perform streams a run, or invokes it, which takes other ways through the engine.
func perform(ctx context.Context, t *testing.T, graph graphs.Runnable, in graphs.Input, cfg graphs.Config, streamed bool) graphtest.Result {
	if streamed {
		return graphtest.RunContext(ctx, t, graph, in, cfg)
	}
	_, err := graphs.Invoke[randomState](ctx, graph, in, cfg)
	var paused *graphs.PausedError
	if errors.As(err, &paused) {
		err = nil
	}
	return graphtest.Result{Err: err}
}

// Without a saver the engine takes its shortest ways; the state is the same.
func TestRandomGraphsWithoutSaver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := drawGraph(rt)
		for _, layer := range g.Layers {
			for i := range layer {
				layer[i].Asks, layer[i].Failures = false, 0
			}
		}
		clear(g.WorkerAsks)
		cfg := graphs.Config{RecursionLimit: 50, MaxConcurrency: rapid.IntRange(0, 3).Draw(rt, "concurrency")}
		in := graphs.Input{Value: raw(`{"items":["in"],"messages":[{"type":"human","content":"in","id":"in"}]}`)}
		end, err := graphs.Invoke[randomState](t.Context(), g.build(rt), in, cfg)
		if err != nil {
			rt.Fatal(err)
		}
		checkEnd(rt, end, g)
	})
}

// follow says what a client does after a run.
func follow(rt *rapid.T, store *memory.Saver, res graphtest.Result, first graphs.Input, answer func() bool) (in graphs.Input, over bool) {
	if res.Err != nil && !errors.Is(res.Err, errInjected) {
		rt.Fatalf("run: %v", res.Err)
	}
	shot, err := graphs.ReadState(context.Background(), store, "", "")
	if errors.Is(err, graphs.ErrNoCheckpoint) {
		return first, false
	}
	if err != nil {
		rt.Fatal(err)
	}
	if len(shot.Interrupts) == 0 {
		if res.Err == nil && len(shot.Next) > 0 {
			rt.Fatalf("the run has ended without an error, but next is %v", shot.Next)
		}
		return graphs.Input{}, res.Err == nil
	}
	answers := map[string]string{}
	for _, question := range shot.Interrupts {
		if len(answers) == 0 || answer() {
			answers[question.ID] = "!"
		}
	}
	text, err := json.Marshal(answers)
	if err != nil {
		rt.Fatal(err)
	}
	return resume(string(text)), false
}

func checkState(rt *rapid.T, store *memory.Saver, g randomGraph) {
	shot, err := graphs.ReadState(context.Background(), store, "", "")
	if err != nil {
		rt.Fatal(err)
	}
	var got randomState
	if err := json.Unmarshal(shot.Values, &got); err != nil {
		rt.Fatal(err)
	}
	checkEnd(rt, got, g)
}

func checkEnd(rt *rapid.T, got randomState, g randomGraph) {
	want := g.reference()
	items := want
	if g.Nested {
		items = append([]string{"in"}, want...)
	}
	if diff := cmp.Diff(items, got.Items); diff != "" {
		rt.Fatalf("items: %s", diff)
	}
	ids := []string{}
	for _, m := range got.Messages {
		ids = append(ids, m.ID)
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		rt.Fatalf("messages: %s", diff)
	}
	if got.Total != len(want)-1 || len(got.Seen) != len(want)-1 {
		rt.Fatalf("total %d, seen %d, want %d", got.Total, len(got.Seen), len(want)-1)
	}
}
