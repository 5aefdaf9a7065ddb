// Package savertest is the suite that every [graphs.Saver] has to pass.
//
//	func TestSaver(t *testing.T) {
//		savertest.Run(t, func(t *testing.T) graphs.Saver { return memory.New() })
//	}
package savertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/locutory/locutory/graphs"
)

// Run tests savers; open returns one for a new thread each time.
func Run(t *testing.T, open func(t *testing.T) graphs.Saver) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(t *testing.T, s graphs.Saver)
	}{
		{"empty", testEmpty},
		{"checkpoints come back whole", testWhole},
		{"versions are shared along a branch", testBranch},
		{"lists by patch", testLists},
		{"snapshots", testSnapshots},
		{"writes by kind", testWrites},
		{"writes of a commit belong to the parent", testCommitWrites},
		{"list", testList},
		{"namespaces", testNamespaces},
		{"graph", testGraph},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, open(t))
		})
	}
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

// id makes ids that sort as n does, in the form of checkpoint ids.
func id(n int) string { return fmt.Sprintf("1f1e6905-63c0-6%03x-8000-00155d012345", n) }

// set is a change to a whole value.
func set(text string) graphs.Change {
	return graphs.Change{
		Patch: graphs.ChannelPatch{Set: raw(text)},
		Whole: func() (json.RawMessage, error) { return raw(text), nil },
	}
}

func checkpoint(n, parent int, versions map[string]string) *graphs.Checkpoint {
	cp := &graphs.Checkpoint{
		ID: id(n), RunID: "5e2f1f0e-9c39-4b7e-8a54-31e9a2a0d0aa", Source: graphs.SourceLoop, Step: n,
		Metadata: map[string]json.RawMessage{"user": raw(`"alice"`)},
		Versions: versions, CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, n*1000, time.UTC),
	}
	if parent >= 0 {
		cp.ParentID = id(parent)
	}
	return cp
}

func put(t *testing.T, s graphs.Saver, c graphs.Commit) {
	t.Helper()
	if err := s.Put(t.Context(), c); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if err := s.Sync(t.Context()); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

// putWrites puts writes of a task of the first checkpoint.
func putWrites(t *testing.T, s graphs.Saver, task string, writes ...graphs.Write) {
	t.Helper()
	if err := s.PutWrites(t.Context(), "", id(1), task, writes); err != nil {
		t.Fatalf("PutWrites: %v", err)
	}
	if err := s.Sync(t.Context()); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

func get(t *testing.T, s graphs.Saver, ns, id string) *graphs.Saved {
	t.Helper()
	saved, err := s.Get(t.Context(), ns, id)
	if err != nil {
		t.Fatalf("Get(%q, %q): %v", ns, id, err)
	}
	return saved
}

// equal compares with JSON as values: a database may write it in another way.
func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	isJSON := func(p cmp.Path) bool { return p.Last().Type() == reflect.TypeFor[json.RawMessage]() }
	opts := cmp.Options{
		cmp.FilterPath(isJSON, cmp.Comparer(sameJSON)),
		cmp.FilterPath(func(p cmp.Path) bool { return !isJSON(p) }, cmpopts.EquateEmpty()),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func sameJSON(a, b json.RawMessage) bool {
	if a == nil || b == nil {
		return (a == nil) == (b == nil)
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y)
}

func testEmpty(t *testing.T, s graphs.Saver) {
	for _, id := range []string{"", id(1)} {
		if _, err := s.Get(t.Context(), "", id); !errors.Is(err, graphs.ErrNoCheckpoint) {
			t.Errorf("Get(%q): %v, want ErrNoCheckpoint", id, err)
		}
	}
	for saved, err := range s.List(t.Context(), graphs.ListQuery{}) {
		t.Errorf("List of nothing yields %v, %v", saved, err)
	}
}

func testWhole(t *testing.T, s graphs.Saver) {
	cp := checkpoint(1, -1, map[string]string{"a": id(1), "join:x+y:z": id(1)})
	cp.Seen = map[string]map[string]string{"node": {"branch:to:node": id(0)}}
	cp.Next = []string{"work", "work"}
	cp.Parents = map[string]string{"": id(7)}
	cp.Tasks = []graphs.TaskPlan{
		{ID: "6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d01", Name: "work", Path: []any{"__pregel_pull", "work"}, Triggers: []string{"branch:to:work"}},
		{ID: "6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d02", Name: "work", Path: []any{"__pregel_push", 0.0}, Triggers: []string{"__pregel_push"}, Input: raw(`{"topic":"é "}`)},
	}
	put(t, s, graphs.Commit{Checkpoint: cp, Changes: map[string]graphs.Change{"a": set(`{"n":1.50,"t":"ü"}`), "join:x+y:z": set(`["x"]`)}})
	want := &graphs.Saved{Checkpoint: *cp, Values: map[string]json.RawMessage{"a": raw(`{"n":1.50,"t":"ü"}`), "join:x+y:z": raw(`["x"]`)}}
	for _, id := range []string{"", id(1)} {
		equal(t, "saved", want, get(t, s, "", id))
	}
	if _, err := s.Get(t.Context(), "", id(2)); !errors.Is(err, graphs.ErrNoCheckpoint) {
		t.Errorf("another id: %v", err)
	}
}

func testBranch(t *testing.T, s graphs.Saver) {
	put(t, s, graphs.Commit{Checkpoint: checkpoint(1, -1, map[string]string{"a": id(1), "b": id(1)}), Changes: map[string]graphs.Change{"a": set("1"), "b": set("null")}})
	put(t, s, graphs.Commit{Checkpoint: checkpoint(2, 1, map[string]string{"a": id(2), "b": id(1)}), Changes: map[string]graphs.Change{"a": set("2")}})
	fork := checkpoint(3, 1, map[string]string{"a": id(1), "b": id(1)})
	fork.Source = graphs.SourceFork
	put(t, s, graphs.Commit{Checkpoint: fork})
	put(t, s, graphs.Commit{Checkpoint: checkpoint(4, 3, map[string]string{"b": id(4)}), Changes: map[string]graphs.Change{"b": set("4")}})
	for n, want := range map[int]map[string]json.RawMessage{
		1: {"a": raw("1"), "b": raw("null")},
		2: {"a": raw("2"), "b": raw("null")},
		3: {"a": raw("1"), "b": raw("null")},
		4: {"b": raw("4")},
	} {
		equal(t, fmt.Sprint("values of ", n), want, get(t, s, "", id(n)).Values)
	}
	if head := get(t, s, "", ""); head.ID != id(4) || head.ParentID != id(3) {
		t.Errorf("head %s, parent %s", head.ID, head.ParentID)
	}
}

// list is a change of a list; whole is what it comes to.
func list(base string, keep int, whole string, add ...string) graphs.Change {
	c := graphs.Change{Base: base, Patch: graphs.ChannelPatch{List: true, Keep: keep}}
	for _, item := range add {
		c.Patch.Add = append(c.Patch.Add, raw(item))
	}
	c.Whole = func() (json.RawMessage, error) { return raw(whole), nil }
	return c
}

func testLists(t *testing.T, s graphs.Saver) {
	steps := []struct {
		parent int
		change graphs.Change
		want   string
	}{
		{-1, set(`[]`), `[]`},
		{0, list(id(0), 0, `["a, ]","b"]`, `"a, ]"`, `"b"`), `["a, ]","b"]`},
		{1, list(id(1), 2, `["a, ]","b",{"c":[1,2]}]`, `{"c":[1,2]}`), `["a, ]","b",{"c":[1,2]}]`},
		{2, list(id(2), 1, `["a, ]","x"]`, `"x"`), `["a, ]","x"]`},
		{3, list(id(3), 2, `["a, ]","x"]`), `["a, ]","x"]`},
		{4, list(id(4), 0, `[]`), `[]`},
		{2, list(id(2), 3, `["a, ]","b",{"c":[1,2]},4]`, `4`), `["a, ]","b",{"c":[1,2]},4]`}, // a branch
		{6, set(`[9]`), `[9]`},
		{7, list(id(7), 1, `[9,10]`, `10`), `[9,10]`},
	}
	for n, step := range steps {
		put(t, s, graphs.Commit{Checkpoint: checkpoint(n, step.parent, map[string]string{"l": id(n)}), Changes: map[string]graphs.Change{"l": step.change}})
	}
	for n, step := range steps {
		equal(t, fmt.Sprint("list ", n), map[string]json.RawMessage{"l": raw(step.want)}, get(t, s, "", id(n)).Values)
	}
}

// A long chain of patches reads as the list it stands for, whether or not the saver takes snapshots.
func testSnapshots(t *testing.T, s graphs.Saver) {
	whole := []int{}
	for n := range 300 {
		whole = append(whole, n)
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		base := ""
		if n > 0 {
			base = id(n - 1)
		}
		if err := s.Put(t.Context(), graphs.Commit{
			Checkpoint: checkpoint(n, n-1, map[string]string{"l": id(n)}),
			Changes:    map[string]graphs.Change{"l": list(base, n, string(text), fmt.Sprint(n))},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 127, 128, 129, 299} {
		text, err := json.Marshal(whole[:n+1])
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprint("list ", n), map[string]json.RawMessage{"l": text}, get(t, s, "", id(n)).Values)
	}
}

func testWrites(t *testing.T, s graphs.Saver) {
	put(t, s, graphs.Commit{Checkpoint: checkpoint(1, -1, nil)})
	put(t, s, graphs.Commit{Checkpoint: checkpoint(2, 1, nil)})
	const a, b = "6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d01", "6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d02"
	w := func(channel, value string) graphs.Write { return graphs.Write{Channel: channel, Value: raw(value)} }
	putWrites(t, s, a, w(graphs.InterruptChannel, `[{"id":"x","value":1}]`))
	putWrites(t, s, b, w("list", `["b"]`), w("list", `["b2"]`), w("branch:to:end", `null`))
	putWrites(t, s, a, w(graphs.ErrorChannel, `{"error":"E","message":"m"}`))
	putWrites(t, s, a, w(graphs.ResumeChannel, `{"values":["yes"]}`), w(graphs.InterruptChannel, `[]`))
	putWrites(t, s, a, w("list", `["old"]`), w("last", `1`))
	putWrites(t, s, a, w("list", `["a"]`))
	want := map[string][]graphs.Write{
		a: {
			{Task: a, Channel: graphs.ErrorChannel, Value: raw(`{"error":"E","message":"m"}`)},
			{Task: a, Channel: graphs.ResumeChannel, Value: raw(`{"values":["yes"]}`)},
			{Task: a, Channel: graphs.InterruptChannel, Value: raw(`[]`)},
			{Task: a, Channel: "list", Value: raw(`["a"]`)},
		},
		b: {
			{Task: b, Channel: "list", Value: raw(`["b"]`)},
			{Task: b, Channel: "list", Value: raw(`["b2"]`)},
			{Task: b, Channel: "branch:to:end", Value: raw(`null`)},
		},
	}
	equal(t, "writes", want, byTask(get(t, s, "", id(1)).Writes))
	equal(t, "writes of another checkpoint", map[string][]graphs.Write{}, byTask(get(t, s, "", id(2)).Writes))
}

// byTask sorts the kinds that have one write, since savers may keep kinds in any order.
func byTask(writes []graphs.Write) map[string][]graphs.Write {
	m := map[string][]graphs.Write{}
	for _, channel := range []string{graphs.ErrorChannel, graphs.ResumeChannel, graphs.InterruptChannel, ""} {
		for _, w := range writes {
			if graphs.WriteKind(w.Channel) == channel {
				m[w.Task] = append(m[w.Task], w)
			}
		}
	}
	return m
}

func testCommitWrites(t *testing.T, s graphs.Saver) {
	const a, b = "6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d01", "6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d02"
	put(t, s, graphs.Commit{Checkpoint: checkpoint(1, -1, nil)})
	putWrites(t, s, a, graphs.Write{Task: a, Channel: "x", Value: raw("1")})
	put(t, s, graphs.Commit{
		Checkpoint: checkpoint(2, 1, map[string]string{"x": id(2)}), Changes: map[string]graphs.Change{"x": set("2")},
		Writes: []graphs.Write{{Task: b, Channel: "x", Value: raw("2")}},
	})
	equal(t, "writes", map[string][]graphs.Write{
		a: {{Task: a, Channel: "x", Value: raw("1")}}, b: {{Task: b, Channel: "x", Value: raw("2")}},
	}, byTask(get(t, s, "", id(1)).Writes))
	equal(t, "writes of the new one", map[string][]graphs.Write{}, byTask(get(t, s, "", id(2)).Writes))
}

func testList(t *testing.T, s graphs.Saver) {
	for n := range 5 {
		cp := checkpoint(n, n-1, map[string]string{"a": id(n)})
		cp.Metadata = map[string]json.RawMessage{"even": raw(fmt.Sprint(n%2 == 0)), "tags": raw(`["x",{"y":1}]`)}
		put(t, s, graphs.Commit{Checkpoint: cp, Changes: map[string]graphs.Change{"a": set(fmt.Sprint(n))}})
	}
	tests := []struct {
		name string
		q    graphs.ListQuery
		want []int
	}{
		{"all", graphs.ListQuery{}, []int{4, 3, 2, 1, 0}},
		{"limit", graphs.ListQuery{Limit: 2}, []int{4, 3}},
		{"before", graphs.ListQuery{Before: id(3)}, []int{2, 1, 0}},
		{"before and limit", graphs.ListQuery{Before: id(3), Limit: 1}, []int{2}},
		{"metadata", graphs.ListQuery{Metadata: map[string]json.RawMessage{"even": raw("true")}}, []int{4, 2, 0}},
		{"metadata and limit", graphs.ListQuery{Metadata: map[string]json.RawMessage{"even": raw("false")}, Limit: 1}, []int{3}},
		{"metadata, contained", graphs.ListQuery{Metadata: map[string]json.RawMessage{"tags": raw(`[{"y":1}]`)}}, []int{4, 3, 2, 1, 0}},
		{"metadata, step", graphs.ListQuery{Metadata: map[string]json.RawMessage{"step": raw("1")}}, []int{1}},
		{"metadata, none", graphs.ListQuery{Metadata: map[string]json.RawMessage{"even": raw(`"true"`)}}, nil},
		{"another namespace", graphs.ListQuery{NS: "n:1"}, nil},
	}
	for _, tt := range tests {
		var got []int
		for saved, err := range s.List(t.Context(), tt.q) {
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			equal(t, tt.name, map[string]json.RawMessage{"a": raw(fmt.Sprint(saved.Step))}, saved.Values)
			got = append(got, saved.Step)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	for _, err := range s.List(t.Context(), graphs.ListQuery{}) { // breaking out is no error
		if err != nil {
			t.Error(err)
		}
		break
	}
}

func testNamespaces(t *testing.T, s graphs.Saver) {
	put(t, s, graphs.Commit{Checkpoint: checkpoint(1, -1, map[string]string{"a": id(1)}), Changes: map[string]graphs.Change{"a": set("1")}})
	inner := checkpoint(2, -1, map[string]string{"a": id(2)})
	inner.NS = "sub:6a5ef26c-0b2e-5b52-a7b3-1d1c3c1c0d01"
	put(t, s, graphs.Commit{Checkpoint: inner, Changes: map[string]graphs.Change{"a": set("2")}})
	if got := get(t, s, "", ""); got.ID != id(1) || string(got.Values["a"]) != "1" {
		t.Errorf("root: %+v", got)
	}
	if got := get(t, s, inner.NS, ""); got.ID != id(2) || got.NS != inner.NS || string(got.Values["a"]) != "2" {
		t.Errorf("inner: %+v", got)
	}
	if _, err := s.Get(t.Context(), "", id(2)); !errors.Is(err, graphs.ErrNoCheckpoint) {
		t.Errorf("inner id at the root: %v", err)
	}
}

type graphState struct {
	graphs.MessagesState
	Items []string `json:"items" reduce:"append"`
	N     int      `json:"n"`
}

// A conversation with an interrupt, a crash of a sibling and a fork runs on what the saver gives back.
func testGraph(t *testing.T, s graphs.Saver) {
	broken := true
	g, err := graphs.NewStateGraph[graphState]().
		AddNode("count", func(_ context.Context, s graphState) (graphs.Update, error) {
			return graphs.Patch(graphState{N: s.N + 1, MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.AI("n")}}}), nil
		}).
		AddNode("ask", func(ctx context.Context, _ graphState) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, "ok?")
			if err != nil {
				return nil, err
			}
			return graphs.Patch(graphState{Items: []string{answer}}), nil
		}).
		AddNode("fail", func(context.Context, graphState) (graphs.Update, error) {
			if broken {
				return nil, errors.New("broken")
			}
			return graphs.Patch(graphState{Items: []string{"mended"}}), nil
		}).
		AddEdge(graphs.Start, "count").AddEdge("count", "ask").AddEdge("ask", "fail").Compile()
	if err != nil {
		t.Fatal(err)
	}
	cfg := graphs.Config{Saver: s, Durability: graphs.DurabilitySync}
	step := func(in graphs.Input) error {
		t.Helper()
		_, err := graphs.Invoke[graphState](t.Context(), g, in, cfg)
		return err
	}
	var paused *graphs.PausedError
	if err := step(graphs.Input{Value: raw(`{"messages":"hi","items":["in"]}`)}); !errors.As(err, &paused) {
		t.Fatalf("did not pause: %v", err)
	}
	if err := step(graphs.Input{Command: &graphs.InputCommand{Resume: raw(`"yes"`), HasResume: true}}); err == nil {
		t.Fatal("did not fail")
	}
	broken = false
	if err := step(graphs.Input{}); err != nil {
		t.Fatal(err)
	}
	shot, err := graphs.ReadState(t.Context(), s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var state graphState
	if err := json.Unmarshal(shot.Values, &state); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"in", "yes", "mended"}, state.Items); diff != "" || state.N != 1 || len(state.Messages) != 2 {
		t.Errorf("state %+v %s", state, diff)
	}
}
