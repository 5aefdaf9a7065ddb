package graphs_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// Golden f03_time_travel.
func TestTimeTravel(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	run(t, g, value(hello), graphs.Config{Saver: s})
	old := checkpointAt(t, s, 1)
	res := run(t, g, graphs.Input{}, graphs.Config{Saver: s, CheckpointID: old})
	if got := texts(t, res.Values["messages"]); got != "hello begin tool_call__begin end" {
		t.Errorf("messages: %s", got)
	}
	lines := history(t, s)
	want := []line{{"loop", "4", "", lines[0].Values, 1}, {"loop", "3", "agent", lines[0].Values, 2}, {"fork", "2", "tool", "interrupt messages", 5}}
	if diff := cmp.Diff(want, lines[:3]); diff != "" {
		t.Error(diff)
	}
	run(t, g, value(`{"messages":"branch"}`), graphs.Config{Saver: s, CheckpointID: old})
	lines = history(t, s)
	at := slices.IndexFunc(lines, func(l line) bool { return l.Source == "input" })
	if lines[at].Step != "2" || lines[lines[at].Parent].Step != "1" {
		t.Errorf("input from an old checkpoint: %+v", lines[at])
	}
	_, err := graphs.Invoke[agentState](t.Context(), g, graphs.Input{}, graphs.Config{Saver: s, CheckpointID: "nope"})
	if !errors.Is(err, graphs.ErrNoCheckpoint) {
		t.Errorf("unknown checkpoint: %v", err)
	}
}

// checkpointAt returns the id of the oldest checkpoint of a step.
func checkpointAt(t testing.TB, s graphs.Saver, step int) string {
	t.Helper()
	id := ""
	for shot, err := range graphs.ReadHistory(t.Context(), s, graphs.ListQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if string(shot.Metadata["step"]) == fmt.Sprint(step) {
			id = shot.ID
		}
	}
	return id
}

// Golden f02_update_fork, b03_thread_supersteps.
func TestWrite(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	run(t, g, value(hello), graphs.Config{Saver: s})
	old := checkpointAt(t, s, 1)
	write := func(cfg graphs.Config, updates ...graphs.NodeUpdate) {
		t.Helper()
		cfg.Saver = s
		cp, err := g.Write(t.Context(), []graphs.Superstep{{Updates: updates}}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := s.Get(t.Context(), "", "")
		if err != nil || saved.ID != cp.ID {
			t.Fatalf("newest is %v (%v), not %s", saved, err, cp.ID)
		}
	}
	steps := []struct {
		name   string
		cfg    graphs.Config
		update graphs.NodeUpdate
		want   line
	}{
		{"default node", graphs.Config{}, graphs.NodeUpdate{Values: raw(`{"keyOne":"v1"}`)}, line{"update", "4", "", "interrupt keyOne messages sharedStateFromStoreConfig", 1}},
		{"as tool", graphs.Config{}, graphs.NodeUpdate{Values: raw(`{"keyTwo":"v2"}`), AsNode: "tool"}, line{"update", "5", "agent", "interrupt keyOne keyTwo messages sharedStateFromStoreConfig", 1}},
		{"as end", graphs.Config{}, graphs.NodeUpdate{AsNode: graphs.End}, line{"update", "6", "", "interrupt keyOne keyTwo messages sharedStateFromStoreConfig", 1}},
		{"fork", graphs.Config{CheckpointID: old}, graphs.NodeUpdate{Values: raw(`{"messages":["forked"]}`), AsNode: "tool"}, line{"update", "2", "agent", "interrupt messages", 6}},
		{"copy", graphs.Config{CheckpointID: old}, graphs.NodeUpdate{AsNode: "__copy__"}, line{"fork", "2", "tool", "interrupt messages", 8}},
		{"empty", graphs.Config{}, graphs.NodeUpdate{}, line{"update", "3", "tool", "interrupt messages", 1}},
		{"input", graphs.Config{}, graphs.NodeUpdate{Values: raw(`{"messages":["x"]}`), AsNode: "__input__"}, line{"input", "4", "__start__", "interrupt messages", 1}},
	}
	for _, tt := range steps {
		write(tt.cfg, tt.update)
		if diff := cmp.Diff(tt.want, history(t, s)[0]); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	_, err := g.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{{AsNode: "nope"}}}}, graphs.Config{Saver: s})
	if !errors.Is(err, graphs.ErrUnknownNode) {
		t.Errorf("unknown node: %v", err)
	}
	res := run(t, g, graphs.Input{}, graphs.Config{Saver: s})
	if got := texts(t, res.Values["messages"]); got != "hello begin x begin tool_call__begin end" {
		t.Errorf("run after __input__: %s", got)
	}
}

func TestSupersteps(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	_, err := g.Write(t.Context(), []graphs.Superstep{
		{Updates: []graphs.NodeUpdate{{Values: raw(`{"messages":[{"role":"user","content":"one"}],"keyOne":"a"}`), AsNode: "__input__"}}},
		{Updates: []graphs.NodeUpdate{{Values: raw(`{"messages":[{"role":"assistant","content":"two"}]}`), AsNode: "agent"}}},
	}, graphs.Config{Saver: s})
	if err != nil {
		t.Fatal(err)
	}
	want := []line{{"update", "0", "tool", "messages", 1}, {"input", "-1", "__start__", "messages", -1}}
	if diff := cmp.Diff(want, history(t, s)); diff != "" {
		t.Error(diff)
	}
}

// An edit of an interrupted thread keeps the node waiting (golden g01, exchange 15).
func TestUpdateOfInterruptedThread(t *testing.T) {
	t.Parallel()
	g, s := newAgent(t), memory.New()
	cfg := graphs.Config{Saver: s}
	run(t, g, value(`{"messages":"hello","interrupt":true}`), cfg)
	if _, err := g.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{{Values: raw(`{"interrupt":false}`)}}}}, cfg); err != nil {
		t.Fatal(err)
	}
	if got := history(t, s)[0]; got != (line{"update", "1", "agent", "interrupt messages", 1}) {
		t.Errorf("head: %+v", got)
	}
	res := run(t, g, graphs.Input{}, cfg)
	if got := texts(t, res.Values["messages"]); got != "hello begin tool_call__begin end" {
		t.Errorf("messages: %s", got)
	}
}

// TestUpdateBeforeJoin: whoever changes the part of a node on which a join has waited does not take back that the others have arrived.
func TestUpdateBeforeJoin(t *testing.T) {
	t.Parallel()
	for _, deferred := range []bool{false, true} {
		var opts []graphs.NodeOption
		if deferred {
			opts = append(opts, graphs.Defer())
		}
		g := compile(t, graphs.NewStateGraph[listState]().
			AddNode("p", says("p")).AddNode("q", says("q")).AddNode("r", says("r"), opts...).
			AddEdge(graphs.Start, "p").AddEdge(graphs.Start, "q").AddJoin([]string{"p", "q"}, "r"))
		for _, c := range []struct {
			name, as, next, items string
		}{
			{"one of them", "p", "r", `["p","q","edit","r"]`},
			{"the node itself", "r", "", `["p","q","edit"]`},
			{"the start", graphs.Start, "p q", `["p","q","edit","p","q","r"]`},
		} {
			t.Run(fmt.Sprint(c.name, " deferred ", deferred), func(t *testing.T) {
				t.Parallel()
				s := memory.New()
				run(t, g, value(`{}`), graphs.Config{Saver: s, InterruptBefore: []string{"r"}})
				steps := []graphs.Superstep{{Updates: []graphs.NodeUpdate{{Values: raw(`{"items":["edit"]}`), AsNode: c.as}}}}
				if _, err := g.Write(t.Context(), steps, graphs.Config{Saver: s}); err != nil {
					t.Fatal(err)
				}
				shot, err := graphs.ReadState(t.Context(), s, "", "")
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(shot.Next, " "); got != c.next {
					t.Errorf("next: %q, want %q", got, c.next)
				}
				res := run(t, g, graphs.Input{}, graphs.Config{Saver: s})
				if got := string(res.Values["items"]); got != c.items {
					t.Errorf("items: %s, want %s", got, c.items)
				}
			})
		}
	}
}
