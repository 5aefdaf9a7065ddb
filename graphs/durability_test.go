package graphs_test

import (
	"context"
	"encoding/json"
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

// recorder writes down the calls of a saver, and between them the events that the consumer got.
type recorder struct {
	*memory.Saver
	calls []string
}

func (r *recorder) Put(ctx context.Context, c graphs.Commit) error {
	r.calls = append(r.calls, fmt.Sprint("put ", c.Checkpoint.Step))
	return r.Saver.Put(ctx, c)
}

func (r *recorder) PutWrites(ctx context.Context, ns, id, task string, w []graphs.Write) error {
	r.calls = append(r.calls, "writes "+w[0].Channel)
	return r.Saver.PutWrites(ctx, ns, id, task, w)
}

func (r *recorder) Sync(ctx context.Context) error {
	r.calls = append(r.calls, "sync")
	return r.Saver.Sync(ctx)
}

func TestDurability(t *testing.T) {
	t.Parallel()
	tests := []struct {
		durability graphs.Durability
		want       string
	}{
		{"", "step, put -1, step, put 0, task.end a, writes items, task.end b, step, put 1, task.end c, step, put 2"},
		{graphs.DurabilityAsync, "step, put -1, step, put 0, task.end a, writes items, task.end b, step, put 1, task.end c, step, put 2"},
		{graphs.DurabilitySync, "step, put -1, sync, step, put 0, sync, task.end a, writes items, sync, task.end b, step, put 1, sync, task.end c, step, put 2, sync"},
		{graphs.DurabilityExit, "step, step, task.end a, task.end b, step, task.end c, step, put 2"},
	}
	for _, tt := range tests {
		t.Run(string(tt.durability), func(t *testing.T) {
			t.Parallel()
			first := make(chan struct{})
			g := compile(t, graphs.NewStateGraph[listState]().AddNode("a", says("a")).
				AddNode("b", func(ctx context.Context, s listState) (graphs.Update, error) { <-first; return says("b")(ctx, s) }).
				AddNode("c", says("c")).AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b").AddJoin([]string{"a", "b"}, "c"))
			r := &recorder{Saver: memory.New()}
			for e, err := range g.Stream(t.Context(), value(`{"items":["in"]}`), graphs.Config{Saver: r, Durability: tt.durability}) {
				switch {
				case err != nil:
					t.Fatal(err)
				case e.Kind == graphs.KindStep:
					r.calls = append(r.calls, "step")
				case e.Kind == graphs.KindTaskEnd && !e.TaskEnd.Hidden:
					r.calls = append(r.calls, "task.end "+e.TaskEnd.Name)
					if e.TaskEnd.Name == "a" {
						close(first)
					}
				}
			}
			if got := strings.Join(r.calls, ", "); got != tt.want {
				t.Errorf("%s\nwant\n%s", got, tt.want)
			}
			shot, err := graphs.ReadState(t.Context(), r, "", "")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(shot.Values); got != `{"by_name":{"a":1,"b":1,"c":1},"count":3,"items":["in","a","b","c"]}` {
				t.Errorf("state: %s", got)
			}
		})
	}
}

// With exit, an error and an interrupt are ends too: what was reached is kept, and a later run goes on from there.
func TestExitKeepsWhatWasReached(t *testing.T) {
	t.Parallel()
	broken := true
	g := compile(t, graphs.NewStateGraph[listState]().AddNode("a", says("a")).AddNode("b", func(ctx context.Context, s listState) (graphs.Update, error) {
		if broken {
			return nil, errors.New("broken")
		}
		answer, err := graphs.Interrupt[string](ctx, "?")
		if err != nil {
			return nil, err
		}
		return says(answer)(ctx, s)
	}).AddEdge(graphs.Start, "a").AddEdge("a", "b"))
	cfg := graphs.Config{Saver: memory.New(), Durability: graphs.DurabilityExit}
	if res := graphtest.Run(t, g, value(`{}`), cfg); res.Err == nil {
		t.Fatal("did not fail")
	}
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if shot.Tasks[0].Error == nil || !slices.Equal(shot.Next, []string{"b"}) || shot.ParentID != "" {
		t.Errorf("after the error: %+v", shot)
	}
	broken = false
	if res := run(t, g, graphs.Input{}, cfg); len(res.Interrupts) != 1 {
		t.Errorf("interrupts: %+v", res.Interrupts)
	}
	res := run(t, g, resume(`"yes"`), cfg)
	if got := string(res.Values["items"]); got != `["a","yes"]` {
		t.Errorf("items: %s", got)
	}
	if n := len(history(t, cfg.Saver)); n != 2 {
		t.Errorf("%d checkpoints", n)
	}
}

// A resume may come with an update: it is applied first, as a checkpoint that goes on with the waiting tasks.
func TestResumeWithUpdate(t *testing.T) {
	t.Parallel()
	g := compile(t, fanOut(func(ctx context.Context, topic string) (graphs.Update, error) {
		if topic == "free" {
			return graphs.Patch(listState{Items: []string{"free"}}), nil
		}
		answer, err := graphs.Interrupt[string](ctx, "?")
		if err != nil {
			return nil, err
		}
		return graphs.Patch(listState{Items: []string{topic + answer}}), nil
	}))
	s := memory.New()
	cfg := graphs.Config{Saver: s}
	before := run(t, g, value(`{"topics":["free","a"]}`), cfg)
	in := resume(`"!"`)
	in.Command.Update = raw(`{"last":"edited","items":["first"]}`)
	res := run(t, g, in, cfg)
	if got := string(res.Values["items"]) + string(res.Values["last"]); got != `["first","free","a!","sum"]"edited"` {
		t.Errorf("values: %s", got)
	}
	for _, e := range res.Of(graphs.KindTaskEnd) {
		if e.TaskEnd.Name == "work" && e.TaskEnd.Writes[0].Value[2] == 'f' && !e.TaskEnd.Cached {
			t.Error("the finished task ran again")
		}
	}
	lines := history(t, s)
	if diff := cmp.Diff(line{"input", "2", "work work", "by_name count items last topics", 3}, lines[2]); diff != "" {
		t.Error(diff)
	}
	// Against the checkpoint where it waited, which is not the newest any more: a fork that runs on the answer.
	old := lines[3]
	if old.Next != "work" { // the one that waits
		t.Fatalf("line: %+v", old)
	}
	id := checkpointAt(t, s, 1)
	res = run(t, g, resume(`{"`+before.Interrupts[0].ID+`":"?"}`), graphs.Config{Saver: s, CheckpointID: id})
	if got := string(res.Values["items"]); got != `["free","a?","sum"]` {
		t.Errorf("items of the fork: %s", got)
	}
	if got := history(t, s)[2].Source; got != "fork" {
		t.Errorf("source: %s", got)
	}
}

func TestApplyPatch(t *testing.T) {
	t.Parallel()
	items := func(list ...string) graphs.ChannelPatch {
		p := graphs.ChannelPatch{List: true}
		for _, item := range list {
			p.Add = append(p.Add, raw(item))
		}
		return p
	}
	keep := func(n int, p graphs.ChannelPatch) graphs.ChannelPatch { p.Keep = n; return p }
	tests := []struct {
		name  string
		old   string
		patch graphs.ChannelPatch
		want  string
	}{
		{"set", `[1]`, graphs.ChannelPatch{Set: raw("null")}, "null"},
		{"gone", `[1]`, graphs.ChannelPatch{}, ""},
		{"new list", "", items(`1`, `"a"`), `[1,"a"]`},
		{"append", ` [ {"a":[1,2]} , "x,]\"" ] `, keep(2, items(`3`)), `[ {"a":[1,2]} , "x,]\"" ,3]`},
		{"replace", `[1,2,3]`, keep(1, items(`9`)), `[1,9]`},
		{"cut", `[1,2,3]`, keep(2, items()), `[1,2]`},
		{"empty", `[1]`, items(), `[]`},
		{"keeps too many", `[1]`, keep(2, items()), "error"},
		{"keeps of nothing", `[ ]`, keep(1, items()), "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := graphs.ApplyPatch(json.RawMessage(tt.old), tt.patch)
			if tt.want == "error" {
				if err == nil {
					t.Errorf("no error but %s", got)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("%s (%v), want %s", got, err, tt.want)
			}
		})
	}
}

// An update of a thread whose fan-out is half done keeps what has finished; the rest is dropped.
func TestUpdateOfHalfDoneStep(t *testing.T) {
	t.Parallel()
	for _, id := range []bool{false, true} { // clients name the newest checkpoint, or none
		g := compile(t, fanOut(func(ctx context.Context, topic string) (graphs.Update, error) {
			if topic == "free" {
				return graphs.Patch(listState{Items: []string{"free"}, Count: 2}), nil
			}
			_, err := graphs.Interrupt[string](ctx, "?")
			return nil, err
		}))
		cfg := graphs.Config{Saver: memory.New()}
		run(t, g, value(`{"topics":["free","a"],"items":["in"]}`), cfg)
		if id {
			cfg.CheckpointID = checkpointAt(t, cfg.Saver, 1)
		}
		if _, err := g.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{
			{Values: raw(`{"items":["edit"],"last":"x"}`), AsNode: "work"},
		}}}, cfg); err != nil {
			t.Fatal(err)
		}
		shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := string(shot.Values); got != `{"by_name":{},"count":2,"items":["in","free","edit"],"last":"x","topics":["free","a"]}` {
			t.Errorf("state: %s", got)
		}
		if !slices.Equal(shot.Next, []string{"sum"}) || len(shot.Interrupts) != 0 {
			t.Errorf("next %v, interrupts %v", shot.Next, shot.Interrupts)
		}
		res := run(t, g, graphs.Input{}, graphs.Config{Saver: cfg.Saver})
		if got := string(res.Values["items"]); got != `["in","free","edit","sum"]` {
			t.Errorf("items: %s", got)
		}
	}
}
