package graphs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

type outerState struct {
	Items []string `json:"items" reduce:"append"`
	Gp    string   `json:"gp"`
}

type innerState struct {
	Items []string `json:"items" reduce:"append"`
	Step  string   `json:"step"`
}

func enter(name string) func(context.Context, innerState) (graphs.Update, error) {
	return func(context.Context, innerState) (graphs.Update, error) {
		return graphs.Patch(innerState{Items: []string{name}, Step: name}), nil
	}
}

// threeLevels is the fixture `nested`; last is the node at its end.
func threeLevels(t testing.TB, last func(context.Context, innerState) (graphs.Update, error), opts ...graphs.Option) graphs.Runnable {
	t.Helper()
	child := graphs.NewStateGraph[innerState](opts...).AddNode("c_one", enter("c_one")).AddNode("c_two", last).
		AddEdge(graphs.Start, "c_one").AddEdge("c_one", "c_two")
	parent := graphs.NewStateGraph[innerState]().AddNode("p_one", enter("p_one")).AddSubgraph("p_two", child).
		AddEdge(graphs.Start, "p_one").AddEdge("p_one", "p_two")
	return compile(t, graphs.NewStateGraph[outerState]().
		AddNode("gp_one", func(context.Context, outerState) (graphs.Update, error) {
			return graphs.Patch(outerState{Items: []string{"gp_one"}, Gp: "one"}), nil
		}).
		AddSubgraph("gp_two", parent).
		AddEdge(graphs.Start, "gp_one").AddEdge("gp_one", "gp_two"))
}

// The subgraph shares a list, so items come back twice at each return, as the reference does it.
func TestNestedGraphs(t *testing.T) {
	t.Parallel()
	s := memory.New()
	res := run(t, threeLevels(t, enter("c_two")), value(`{}`), graphs.Config{Saver: s})
	inner := "gp_one p_one"
	child := inner + " c_one c_two"
	want := "gp_one " + inner + " " + child
	if got := strings.NewReplacer(`["`, "", `"]`, "", `","`, " ").Replace(string(res.Values["items"])); got != want {
		t.Errorf("items %s, want %s", got, want)
	}
	if _, ok := res.Values["step"]; ok {
		t.Error("a key that is not shared came out")
	}
	depth := map[int]int{}
	for _, e := range res.Of(graphs.KindStep) {
		if e.NS == "" {
			depth[0]++
			continue
		}
		depth[strings.Count(e.NS, "|")+1]++
		saved, err := s.Get(t.Context(), e.NS, e.Step.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		if len(saved.Parents) != strings.Count(e.NS, "|")+1 {
			t.Errorf("parents of %s: %v", e.NS, saved.Parents)
		}
	}
	if diff := cmp.Diff(map[int]int{0: 4, 1: 4, 2: 4}, depth); diff != "" {
		t.Error(diff)
	}
}

func TestNestedInterrupt(t *testing.T) {
	t.Parallel()
	for _, durability := range []graphs.Durability{graphs.DurabilityAsync, graphs.DurabilityExit} {
		t.Run(string(durability), func(t *testing.T) {
			t.Parallel()
			g := threeLevels(t, func(ctx context.Context, _ innerState) (graphs.Update, error) {
				var answers []string
				for _, q := range []string{"first?", "second?"} {
					answer, err := graphs.Interrupt[string](ctx, q)
					if err != nil {
						return nil, err
					}
					answers = append(answers, answer)
				}
				return graphs.Patch(innerState{Items: answers}), nil
			})
			cfg := graphs.Config{Saver: memory.New(), Durability: durability}
			first := run(t, g, value(`{}`), cfg)
			shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
			if err != nil {
				t.Fatal(err)
			}
			if len(shot.Interrupts) != 1 || shot.Tasks[0].Name != "gp_two" || string(shot.Interrupts[0].Value) != `"first?"` {
				t.Fatalf("state at the root: %+v", shot.Tasks)
			}
			for _, q := range first.Interrupts { // told at each level, with one id
				if q.ID != shot.Interrupts[0].ID {
					t.Errorf("ids differ: %+v", first.Interrupts)
				}
			}
			nested, err := graphs.ReadState(t.Context(), cfg.Saver, "gp_two:"+shot.Tasks[0].ID, "")
			if err != nil || nested.Next[0] != "p_two" {
				t.Fatalf("nested state: %+v, %v", nested, err)
			}
			second := run(t, g, resume(`"a"`), cfg)
			if string(second.Interrupts[0].Value) != `"second?"` {
				t.Fatalf("second question: %+v", second.Interrupts)
			}
			done := run(t, g, resume(`{"`+second.Interrupts[0].ID+`":"b"}`), cfg)
			if got := string(done.Values["items"]); !strings.HasSuffix(got, `"c_one","a","b"]`) {
				t.Errorf("items: %s", got)
			}
			for _, e := range done.Of(graphs.KindTaskStart) {
				if e.TaskStart.Name == "c_one" || e.TaskStart.Name == "gp_one" {
					t.Errorf("%s ran again", e.TaskStart.Name)
				}
			}
		})
	}
}

// Fixture `weather`: a breakpoint inside; an edit of the inner state before the run goes on.
func TestNestedBreakpointAndUpdate(t *testing.T) {
	t.Parallel()
	g := threeLevels(t, func(_ context.Context, s innerState) (graphs.Update, error) {
		return graphs.Patch(innerState{Items: []string{"saw " + s.Step}}), nil
	}, graphs.InterruptBefore("c_two"))
	cfg := graphs.Config{Saver: memory.New()}
	res := run(t, g, value(`{}`), cfg)
	if res.Paused == nil || res.Paused.When != "inside" || res.Paused.Nodes[0] != "gp_two" {
		t.Fatalf("paused: %+v", res.Paused)
	}
	ns := ""
	for _, e := range res.Of(graphs.KindPause) {
		if strings.Count(e.NS, "|") == 1 {
			ns = e.NS
		}
	}
	inner := cfg
	inner.CheckpointNS = ns // and no map, as callers may
	before, err := cfg.Saver.Get(t.Context(), ns, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{{Values: raw(`{"step":"the edit"}`)}}}}, inner); err != nil {
		t.Fatal(err)
	}
	after, err := cfg.Saver.Get(t.Context(), ns, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Parents, after.Parents); diff != "" || len(before.Parents) != 2 {
		t.Errorf("checkpoints around the update (-before +after):\n%s", diff)
	}
	done := run(t, g, graphs.Input{}, cfg)
	if got := string(done.Values["items"]); done.Paused != nil || !strings.HasSuffix(got, `"saw the edit"]`) {
		t.Errorf("items %s, paused %+v", got, done.Paused)
	}
}

func TestNestedFailureGoesOnInside(t *testing.T) {
	t.Parallel()
	broken := true
	g := threeLevels(t, func(ctx context.Context, s innerState) (graphs.Update, error) {
		if broken {
			return nil, &customError{"Boo!"}
		}
		return enter("c_two")(ctx, s)
	})
	cfg := graphs.Config{Saver: memory.New()}
	res := graphtest.Run(t, g, value(`{}`), cfg)
	if diff := cmp.Diff(&graphs.Failure{Class: "customError", Message: "Boo!"}, graphs.FailureOf(res.Err)); diff != "" {
		t.Fatal(diff)
	}
	broken = false
	done := run(t, g, graphs.Input{}, cfg)
	for _, e := range done.Of(graphs.KindTaskStart) {
		if e.TaskStart.Name == "c_one" {
			t.Error("c_one ran again")
		}
	}
	if got := string(done.Values["items"]); !strings.HasSuffix(got, `"c_one","c_two"]`) {
		t.Errorf("items: %s", got)
	}
}

func TestCommandToParent(t *testing.T) {
	t.Parallel()
	left := 0
	child := graphs.NewStateGraph[innerState]().AddNode("leave", func(context.Context, innerState) (graphs.Update, error) {
		left++
		return graphs.Command{Graph: graphs.Parent, Update: graphs.Set{"gp": "left"}, Goto: []string{"after"}}, nil
	}, graphs.Retry(3)).AddEdge(graphs.Start, "leave")
	g := compile(t, graphs.NewStateGraph[outerState]().AddSubgraph("sub", child, graphs.Goes("after")).
		AddNode("after", func(_ context.Context, s outerState) (graphs.Update, error) {
			return graphs.Patch(outerState{Items: []string{"after " + s.Gp}}), nil
		}).AddEdge(graphs.Start, "sub"))
	res := run(t, g, value(`{}`), graphs.Config{Saver: memory.New()})
	if got := string(res.Values["items"]); got != `["after left"]` || left != 1 { // to leave is no failure
		t.Errorf("items: %s; the node ran %d times", got, left)
	}
	alone := graphtest.Run(t, compile(t, child), value(`{}`), graphs.Config{})
	if f := graphs.FailureOf(alone.Err); f == nil || f.Class != "InvalidUpdateError" {
		t.Errorf("without a parent: %v", alone.Err)
	}
}

// Fan-out to a subgraph, each with a question; breaking out in the middle leaves no goroutine.
func TestSendsToSubgraph(t *testing.T) {
	t.Parallel()
	worker := graphs.NewStateGraph[innerState]().AddNode("ask", func(ctx context.Context, s innerState) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, s.Step)
		if err != nil {
			return nil, err
		}
		return graphs.Patch(innerState{Items: []string{s.Step + answer}}), nil
	}).AddEdge(graphs.Start, "ask")
	g := compile(t, graphs.NewStateGraph[outerState]().
		AddNode("plan", func(context.Context, outerState) (graphs.Update, error) {
			c := graphs.Command{}
			for i := range 6 {
				c.Send = append(c.Send, graphs.Send{Node: "worker", Arg: innerState{Step: fmt.Sprint("w", i)}})
			}
			return c, nil
		}, graphs.Goes("worker")).
		AddSubgraph("worker", worker).AddEdge(graphs.Start, "plan"))
	cfg := graphs.Config{Saver: memory.New()}
	run(t, g, value(`{}`), cfg)
	if res := graphtest.Run(t, g, resume(`"x"`), cfg); !errors.Is(res.Err, graphs.ErrAmbiguousResume) {
		t.Errorf("one answer to six: %v", res.Err)
	}
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var answers []string
	for _, q := range shot.Interrupts {
		answers = append(answers, fmt.Sprintf(`"%s":"!"`, q.ID))
	}
	n := 0
	for _, err := range g.Stream(t.Context(), graphs.Input{}, cfg) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 12 {
			break
		}
	}
	done := run(t, g, resume("{"+strings.Join(answers, ",")+"}"), cfg)
	if got := string(done.Values["items"]); got != `["w0!","w1!","w2!","w3!","w4!","w5!"]` {
		t.Errorf("items: %s", got)
	}
}

// Golden a02_assistant_graph.
func TestDrawXray(t *testing.T) {
	t.Parallel()
	g := threeLevels(t, enter("c_two"), graphs.InterruptBefore("c_two"))
	tests := []struct {
		xray         int
		nodes, edges string
	}{
		{0, "__start__ gp_one gp_two __end__", "__start__>gp_one gp_one>gp_two gp_two>__end__"},
		{
			1, "__start__ gp_one gp_two:p_one gp_two:p_two __end__",
			"gp_two:p_one>gp_two:p_two __start__>gp_one gp_one>gp_two:p_one gp_two:p_two>__end__",
		},
		{
			9, "__start__ gp_one gp_two:p_one gp_two:p_two:c_one gp_two:p_two:c_two __end__",
			"gp_two:p_two:c_one>gp_two:p_two:c_two gp_two:p_one>gp_two:p_two:c_one __start__>gp_one gp_one>gp_two:p_one gp_two:p_two:c_two>__end__",
		},
	}
	for _, tt := range tests {
		d := g.Draw(tt.xray)
		var nodes, edges []string
		for _, n := range d.Nodes {
			nodes = append(nodes, n.ID)
			if stop := n.Metadata["__interrupt"]; strings.HasSuffix(n.ID, "c_two") && stop != "before" {
				t.Errorf("metadata of %s: %v", n.ID, n.Metadata)
			}
		}
		for _, e := range d.Edges {
			edges = append(edges, e.Source+">"+e.Target)
		}
		if got := strings.Join(nodes, " "); got != tt.nodes {
			t.Errorf("xray %d: nodes %s, want %s", tt.xray, got, tt.nodes)
		}
		if got := strings.Join(edges, " "); got != tt.edges {
			t.Errorf("xray %d: edges %s, want %s", tt.xray, got, tt.edges)
		}
	}
}

// TestDrawXrayOfLoops: what was seen of LangGraph 1.2. A graph that does not begin or end with one node keeps its start and end: no way
// through it is lost, and none that depends looks as if it were always taken.
func TestDrawXrayOfLoops(t *testing.T) {
	t.Parallel()
	route := func(context.Context, listState) (string, error) { return graphs.End, nil }
	tests := []struct {
		name  string
		inner *graphs.StateGraph[listState]
		nodes string
		edges []string
	}{
		{
			"ends by a router",
			graphs.NewStateGraph[listState]().AddEdge(graphs.Start, "agent").AddEdge("tools", "agent").
				AddConditionalEdges("agent", route, "tools", graphs.End),
			"__start__ pre child:__start__ child:agent child:tools child:__end__ post __end__",
			[]string{"__start__>pre", "child:__end__>post", "child:__start__>child:agent", "child:agent?child:__end__", "child:agent?child:tools", "child:tools>child:agent", "post>__end__", "pre>child:__start__"},
		},
		{
			"may do nothing",
			graphs.NewStateGraph[listState]().AddConditionalEdges(graphs.Start, route, "agent", graphs.End).AddEdge("agent", "tools"),
			"__start__ pre child:__start__ child:agent child:tools child:__end__ post __end__",
			[]string{"__start__>pre", "child:__end__>post", "child:__start__?child:__end__", "child:__start__?child:agent", "child:agent>child:tools", "child:tools>child:__end__", "post>__end__", "pre>child:__start__"},
		},
		{
			"a line",
			graphs.NewStateGraph[listState]().AddEdge(graphs.Start, "agent").AddEdge("agent", "tools"),
			"__start__ pre child:agent child:tools post __end__",
			[]string{"__start__>pre", "child:agent>child:tools", "child:tools>post", "post>__end__", "pre>child:agent"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := compile(t, graphs.NewStateGraph[listState]().AddNode("pre", says("pre")).
				AddSubgraph("child", tt.inner.AddNode("agent", says("agent")).AddNode("tools", says("tools"))).
				AddNode("post", says("post")).AddEdge(graphs.Start, "pre").AddEdge("pre", "child").AddEdge("child", "post")).Draw(1)
			var nodes, edges []string
			for _, n := range d.Nodes {
				nodes = append(nodes, n.ID)
			}
			for _, e := range d.Edges {
				edges = append(edges, e.Source+map[bool]string{false: ">", true: "?"}[e.Conditional]+e.Target)
			}
			slices.Sort(edges)
			if got := strings.Join(nodes, " "); got != tt.nodes {
				t.Errorf("nodes %s, want %s", got, tt.nodes)
			}
			if diff := cmp.Diff(tt.edges, edges); diff != "" {
				t.Errorf("edges (-want +got):\n%s", diff)
			}
		})
	}
}

// brittle is a saver with a bug of its own.
type brittle struct{ *memory.Saver }

func (b *brittle) Put(ctx context.Context, c graphs.Commit) error {
	if c.Checkpoint.NS != "" && c.Checkpoint.Step > 0 {
		panic("a bug of the saver")
	}
	return b.Saver.Put(ctx, c)
}

// A panic of the saver inside of a subgraph reaches who runs the graph; it does not leave the run waiting for its own task.
func TestSaverPanicsInside(t *testing.T) {
	t.Parallel()
	inner := graphs.NewStateGraph[listState]().AddNode("n", says("n")).AddNode("m", says("m")).AddEdge(graphs.Start, "n").AddEdge("n", "m")
	g := compile(t, graphs.NewStateGraph[listState]().AddSubgraph("one", inner).AddSubgraph("two", inner).
		AddEdge(graphs.Start, "one").AddEdge(graphs.Start, "two"))
	defer func() {
		if v := recover(); v != "a bug of the saver" {
			t.Errorf("recovered %v", v)
		}
	}()
	for _, err := range g.Stream(t.Context(), value(`{}`), graphs.Config{Saver: &brittle{memory.New()}}) {
		if err != nil {
			t.Error(err)
		}
	}
	t.Error("the panic was swallowed")
}
