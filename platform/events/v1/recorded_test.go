package v1_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/wire"
)

// recorder plays the scenarios of testdata/record.py with our engine.
type recorder struct {
	*thread
	subgraphs bool
	lines     []string
	ids       map[string]string
}

var allModes = []wire.StreamMode{wire.StreamValues, wire.StreamUpdates, wire.StreamTasks, wire.StreamCheckpoints}

func (r *recorder) run(in graphs.Input) {
	r.t.Helper()
	for _, line := range r.frames(v1.Options{Modes: allModes, Subgraphs: r.subgraphs}, in) {
		if strings.HasPrefix(line, "failed") {
			line = "failed"
		} else if line = r.bare(line); line == "" {
			continue
		}
		r.lines = append(r.lines, someID.ReplaceAllStringFunc(line, func(id string) string {
			if r.ids[id] == "" {
				r.ids[id] = "#" + strconv.Itoa(len(r.ids))
			}
			return r.ids[id]
		}))
	}
}

// bare is a frame without what only a server adds (streaming.md §1.5.6, §1.5.7), empty for the values of a breakpoint, which LangGraph
// tells as an update alone.
func (r *recorder) bare(line string) string {
	r.t.Helper()
	event, text, _ := strings.Cut(line, " ")
	var data map[string]any
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		r.t.Fatal(err)
	}
	switch mode, _, _ := strings.Cut(event, "|"); {
	case mode == "values" && strings.Contains(text, `"__interrupt__":[]`):
		return ""
	case mode == "tasks":
		if delete(data, "metadata"); data["input"] != nil {
			delete(data, "interrupts")
		}
		if data["error"] != nil {
			data["error"] = map[string]bool{"failed": true}
		}
	case mode == "checkpoints":
		delete(data, "checkpoint")
		delete(data, "parent_checkpoint")
		for _, task := range data["tasks"].([]any) {
			task := task.(map[string]any)
			delete(task, "path")
			if _, ok := task["error"]; ok {
				task["error"] = map[string]bool{"failed": true}
			}
			if inner, ok := task["checkpoint"].(map[string]any); ok {
				delete(inner, "checkpoint_id")
				delete(inner, "checkpoint_map")
			}
		}
	}
	raw, err := json.Marshal(data)
	if err != nil {
		r.t.Fatal(err)
	}
	return event + " " + string(raw)
}

func (r *recorder) history() {
	r.t.Helper()
	var all []string
	for shot, err := range graphs.ReadHistory(r.t.Context(), r.cfg.Saver, graphs.ListQuery{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		raw, err := json.Marshal([]any{shot.Metadata["source"], shot.Metadata["step"], shot.Next, shot.Values})
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, "history "+string(raw))
	}
	slices.Reverse(all)
	r.lines = append(r.lines, all...)
}

// at lets the next run begin at the checkpoint of a step.
func (r *recorder) at(step int) {
	r.t.Helper()
	for shot, err := range graphs.ReadHistory(r.t.Context(), r.cfg.Saver, graphs.ListQuery{}) {
		if err == nil && string(shot.Metadata["step"]) == strconv.Itoa(step) {
			r.cfg.CheckpointID = shot.ID
			return
		}
	}
	r.t.Fatalf("no step %d", step)
}

func (r *recorder) update(u graphs.NodeUpdate) {
	r.t.Helper()
	if _, err := r.graph.Write(r.t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{u}}}, r.cfg); err != nil {
		r.t.Fatal(err)
	}
}

func asking(question string) func(context.Context, folded) (graphs.Update, error) {
	return func(ctx context.Context, _ folded) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, question)
		return graphs.Set{"list": []string{answer}}, err
	}
}

type builder = *graphs.StateGraph[folded]

// inLine is a graph of three nodes of which the second may ask.
func inLine(question string, opts ...graphs.Option) builder {
	second := says("b")
	if question != "" {
		second = asking(question)
	}
	return graphs.NewStateGraph[folded](opts...).AddNode("a", says("a")).AddNode("b", second).AddNode("c", says("c")).
		AddSequence(graphs.Start, "a", "b", "c")
}

func threeDeep() builder {
	deep := graphs.NewStateGraph[folded]().AddNode("ask", asking("deep")).AddEdge(graphs.Start, "ask")
	inner := graphs.NewStateGraph[folded]().AddSubgraph("inner", deep).AddEdge(graphs.Start, "inner")
	return graphs.NewStateGraph[folded]().AddSubgraph("child", inner).AddNode("after", says("after")).AddSequence(graphs.Start, "child", "after")
}

func leadsOut() builder {
	sub := graphs.NewStateGraph[folded]().AddNode("s1", says("s1")).
		AddNode("s2", func(context.Context, folded) (graphs.Update, error) {
			return graphs.Command{Update: graphs.Set{"list": []string{"up"}}, Goto: []string{"b"}, Graph: graphs.Parent}, nil
		}).AddSequence(graphs.Start, "s1", "s2")
	return graphs.NewStateGraph[folded]().AddSubgraph("sub", sub, graphs.Goes("b")).AddNode("b", says("b")).AddEdge(graphs.Start, "sub")
}

func sending() builder {
	type arg struct {
		A string `json:"a"`
	}
	return graphs.NewStateGraph[folded]().
		AddNode("p", func(context.Context, folded) (graphs.Update, error) {
			return graphs.Command{Send: []graphs.Send{{Node: "w", Arg: arg{"arg"}}}}, nil
		}, graphs.Goes("w")).
		AddNodeOf("w", graphs.In(func(_ context.Context, s arg) (graphs.Update, error) {
			return graphs.Set{"list": []string{s.A}}, nil
		})).AddEdge(graphs.Start, "p")
}

// failing is a graph of two nodes of which one fails when the other's end was told.
func failing(known <-chan struct{}) builder {
	return graphs.NewStateGraph[folded]().
		AddNode("bad", func(context.Context, folded) (graphs.Update, error) {
			<-known
			return nil, errors.New("kaput")
		}).AddNode("ok", says("ok")).AddEdge(graphs.Start, "bad").AddEdge(graphs.Start, "ok")
}

// TestRecorded holds engine and fold to what LangGraph streams for the same graphs, and to the history that it leaves.
func TestRecorded(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/langgraph.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string][]string
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatal(err)
	}
	x, goOn, yes, other := input(`{"a":"x"}`), graphs.Input{}, resume(`"yes"`), input(`{"b":"new"}`)
	updates := func(values, node string) func(*recorder) {
		return func(r *recorder) {
			r.run(x)
			r.update(graphs.NodeUpdate{Values: json.RawMessage(values), AsNode: node})
			r.run(goOn)
			r.history()
		}
	}
	played := func(ins ...graphs.Input) func(*recorder) {
		return func(r *recorder) {
			for _, in := range ins {
				r.run(in)
			}
			r.history()
		}
	}
	again := func(in graphs.Input, before ...graphs.Input) func(*recorder) {
		return func(r *recorder) {
			for _, in := range before {
				r.run(in)
			}
			r.at(1)
			r.run(in)
			r.history()
		}
	}
	stopping := func() builder { return inLine("", graphs.InterruptBefore("b")) }
	known := make(chan struct{})
	scenarios := map[string]struct {
		graph     builder
		subgraphs bool
		play      func(*recorder)
	}{
		"before":            {stopping(), false, played(x, goOn)},
		"after":             {inLine("", graphs.InterruptAfter("a")), false, played(x, goOn)},
		"before all":        {inLine("", graphs.InterruptBefore("*")), false, played(x, goOn)},
		"ask":               {inLine("q"), false, played(x, yes)},
		"fresh input":       {inLine("q"), false, played(x, other)},
		"replay":            {inLine(""), false, again(goOn, x)},
		"fork with input":   {inLine(""), false, again(other, x)},
		"replay asks again": {inLine("q"), false, again(goOn, x, yes)},
		"nothing to do":     {inLine(""), false, func(r *recorder) { r.run(x); r.run(goOn) }},
		"nested":            {threeDeep(), true, played(x, yes)},
		"nested, root only": {threeDeep(), false, func(r *recorder) { r.run(x); r.run(yes) }},
		"command to parent": {leadsOut(), true, played(input(`{"a":"x","list":["0"]}`))},
		"send":              {sending(), false, played(x)},
		"recursion": {
			graphs.NewStateGraph[folded]().AddNode("a", says("a")).AddEdge(graphs.Start, "a").AddEdge("a", "a"), false,
			func(r *recorder) { r.cfg.RecursionLimit = 2; r.run(x); r.history() },
		},
		"failure": {failing(known), false, func(r *recorder) {
			r.each = func(e graphs.Event) {
				if e.TaskEnd != nil && e.TaskEnd.Name == "ok" && !e.TaskEnd.Cached {
					close(known)
				}
			}
			r.run(x)
			r.run(goOn)
		}},
		"update":            {stopping(), false, updates(`{"list":["u"]}`, "")},
		"update as a":       {stopping(), false, updates(`{"list":["u"]}`, "a")},
		"update as c":       {stopping(), false, updates(`{"list":["u"]}`, "c")},
		"update as end":     {stopping(), false, updates(`null`, "__end__")},
		"update of nothing": {stopping(), false, updates(`null`, "")},
		"update as copy":    {stopping(), false, updates(`null`, "__copy__")},
		"update as input": {inLine(""), false, func(r *recorder) {
			r.update(graphs.NodeUpdate{Values: json.RawMessage(`{"a":"x"}`), AsNode: "__input__"})
			r.history()
		}},
	}
	for name := range recorded {
		if _, ok := scenarios[name]; !ok {
			t.Errorf("recorded and not played: %s", name)
		}
	}
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th := threadOf(t, s.graph)
			th.cfg.Saver = memory.New()
			r := &recorder{thread: th, subgraphs: s.subgraphs, ids: map[string]string{}}
			s.play(r)
			if diff := cmp.Diff(recorded[name], r.lines); diff != "" {
				t.Errorf("LangGraph, ours (-want +got):\n%s", diff)
			}
		})
	}
}
