package compat

import (
	"context"
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// tower is a graph whose node is a graph, whose node calls a graph that asks.
func tower(name string) platform.Graph {
	asking := graphs.NewStateGraph[lines]().AddNode("ask", func(ctx context.Context, _ lines) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, "go on?")
		return graphs.Patch(lines{Lines: []string{answer}}), err
	}).AddEdge(graphs.Start, "ask")
	calling := graphs.NewStateGraph[lines]().AddNode("call", func(ctx context.Context, _ lines) (graphs.Update, error) {
		end, err := graphs.Call[lines](ctx, asking, lines{})
		return graphs.Patch(end), err
	}, graphs.Calls(asking)).AddEdge(graphs.Start, "call")
	return platform.Graph{ID: name, Source: graphs.NewStateGraph[lines]().AddSubgraph("floor", calling).AddEdge(graphs.Start, "floor"), Symbol: "./" + name + ":Graph"}
}

// nestedState is what clients read of a state (streaming.md §3.1).
type nestedState struct {
	Tasks []struct {
		ID         string
		Name       string
		Checkpoint *statePlace
		State      *nestedState
		Interrupts []graphs.Interruption
	}
	Metadata   struct{ Parents map[string]string }
	Checkpoint statePlace
	Parent     *statePlace `json:"parent_checkpoint"`
}

type statePlace struct {
	ThreadID string            `json:"thread_id"`
	NS       string            `json:"checkpoint_ns"`
	ID       *string           `json:"checkpoint_id"`
	Map      map[string]string `json:"checkpoint_map"`
}

// TestNestedState: with subgraphs, each task that is a graph, or is known to call one, has its state, down to the question; each checkpoint
// inside names all those around it, and so does its parent. Without, a task says where to look.
func TestNestedState(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(tower("tower")), uri)
		id := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", `{"assistant_id": "tower", "input": {}}`)

		var flat nestedState
		s.must(200, alice, "GET", "/threads/"+id+"/state", "").into(t, &flat)
		if len(flat.Tasks) != 1 || flat.Tasks[0].State != nil {
			t.Fatalf("without subgraphs: %+v", flat)
		}
		want := statePlace{ThreadID: id, NS: "floor:" + flat.Tasks[0].ID}
		if diff := cmp.Diff(&want, flat.Tasks[0].Checkpoint); diff != "" {
			t.Errorf("where the task's checkpoints are (-want +got):\n%s", diff)
		}

		var state nestedState
		s.must(200, alice, "GET", "/threads/"+id+"/state?subgraphs=true", "").into(t, &state)
		around, level := map[string]string{}, &state
		for _, name := range []string{"floor", "call", "ask"} {
			if len(level.Tasks) != 1 || level.Tasks[0].Name != name || len(level.Tasks[0].Interrupts) != 1 {
				t.Fatalf("want a task %s that asks: %+v", name, level)
			}
			if name == "ask" {
				break
			}
			task := level.Tasks[0]
			if task.State == nil || task.Checkpoint != nil {
				t.Fatalf("the task %s has no state, or a checkpoint beside it: %+v", name, task)
			}
			around[level.Checkpoint.NS] = *level.Checkpoint.ID
			level = task.State
			if diff := cmp.Diff(around, level.Metadata.Parents); diff != "" {
				t.Errorf("parents of %s (-want +got):\n%s", name, diff)
			}
			for _, at := range []*statePlace{&level.Checkpoint, level.Parent} {
				whole := maps.Clone(around)
				whole[at.NS] = *at.ID
				if diff := cmp.Diff(whole, at.Map); diff != "" {
					t.Errorf("map of %s in %s (-want +got):\n%s", *at.ID, name, diff)
				}
			}
		}
		// It can be read, and gone on from, by what was told of it.
		at, err := json.Marshal(level.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		var inner nestedState
		s.must(200, alice, "POST", "/threads/"+id+"/state/checkpoint", `{"checkpoint": `+string(at)+`}`).into(t, &inner)
		if diff := cmp.Diff(level, &inner); diff != "" {
			t.Errorf("read by its own checkpoint (-nested +read):\n%s", diff)
		}
		if end := s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", `{"assistant_id": "tower", "command": {"resume": "yes"}}`).told(t); end != "yes" {
			t.Errorf("ended with %q", end)
		}
		s.must(404, bob, "GET", "/threads/"+id+"/state?subgraphs=true", "")
		s.must(404, bob, "POST", "/threads/"+id+"/state/checkpoint", `{"checkpoint": `+string(at)+`}`)
	})
}
