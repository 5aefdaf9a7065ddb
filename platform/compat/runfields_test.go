package compat

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// lines is a state that tells which nodes have run.
type lines struct {
	Lines []string `json:"lines" reduce:"append"`
}

func line(text string) func(context.Context, lines) (graphs.Update, error) {
	return func(context.Context, lines) (graphs.Update, error) {
		return graphs.Patch(lines{Lines: []string{text}}), nil
	}
}

// press is a graph with a graph in it: plan, then write, which is draft and print.
func press(name string, inner ...graphs.Option) platform.Graph {
	write := graphs.NewStateGraph[lines](inner...).AddNode("draft", line("draft")).AddNode("print", line("print")).
		AddEdge(graphs.Start, "draft").AddEdge("draft", "print").AddEdge("print", graphs.End)
	graph := graphs.NewStateGraph[lines]().AddNode("plan", line("plan")).AddSubgraph("write", write).
		AddEdge(graphs.Start, "plan").AddEdge("plan", "write").AddEdge("write", graphs.End)
	return platform.Graph{ID: name, Source: graph, Symbol: "./" + name + ":Graph"}
}

// printed is what the press has printed in all: a nested graph ends with the lines it began with, too.
const printed = "plan plan draft print"

// told is the lines of a state.
func (a answer) told(t *testing.T) string {
	t.Helper()
	var state lines
	a.into(t, &state)
	return strings.Join(state.Lines, " ")
}

// place is where a checkpoint is, as answers tell it.
type place struct {
	Next       []string        `json:"next"`
	Checkpoint json.RawMessage `json:"checkpoint"`
	Tasks      []struct {
		Checkpoint *struct {
			NS string `json:"checkpoint_ns"`
		} `json:"checkpoint"`
	} `json:"tasks"`
	Metadata struct {
		Source string `json:"source"`
	} `json:"metadata"`
}

func (p place) id(t *testing.T) string {
	t.Helper()
	return answer{Body: p.Checkpoint}.field(t, "checkpoint_id")
}

// history is a thread's, newest first; body says of which namespace.
func (s *server) history(thread, body string) []place {
	s.t.Helper()
	var states []place
	s.must(200, alice, "POST", "/threads/"+thread+"/history", body).into(s.t, &states)
	return states
}

// before is the newest state whose next node is that one.
func before(t *testing.T, states []place, node string) place {
	t.Helper()
	for _, state := range states {
		if len(state.Next) == 1 && state.Next[0] == node {
			return state
		}
	}
	t.Fatalf("no state before %s in %+v", node, states)
	return place{}
}

// TestRunFields covers rest.md §5.2: what fields of a run's body do.
func TestRunFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// more are the fields, of a run of the graph press unless graph says another; {thread} is the run's thread.
		graph, more string
		lines       string   // the run's own
		next        []string // afterwards
		states      int      // of the history; 0 is not looked at
	}{
		{name: "none", lines: printed, next: []string{}, states: 4},
		{name: "interrupt_before", more: `"interrupt_before": ["write"]`, lines: "plan", next: []string{"write"}},
		{name: "interrupt_before all", more: `"interrupt_before": "*"`, lines: "", next: []string{"plan"}},
		{name: "interrupt_before is of the outer graph", more: `"interrupt_before": ["print"]`, lines: printed, next: []string{}},
		{name: "interrupt_after", more: `"interrupt_after": ["plan"]`, lines: "plan", next: []string{"write"}},
		{name: "interrupt_after all", more: `"interrupt_after": "*"`, lines: "plan", next: []string{"write"}},
		{name: "a breakpoint of the inner graph", graph: "halting", lines: "plan", next: []string{"write"}},
		{name: "durability async", more: `"durability": "async"`, lines: printed, next: []string{}, states: 4},
		{name: "durability sync", more: `"durability": "sync"`, lines: printed, next: []string{}, states: 4},
		{name: "durability exit", more: `"durability": "exit"`, lines: printed, next: []string{}, states: 1},
		{name: "checkpoint_during", more: `"checkpoint_during": true`, lines: printed, next: []string{}, states: 4},
		{name: "not checkpoint_during", more: `"checkpoint_during": false`, lines: printed, next: []string{}, states: 1},
		{name: "durability wins", more: `"checkpoint_during": false, "durability": "sync"`, lines: printed, next: []string{}, states: 4},
		{name: "command wins over input", more: `"command": {"update": {"lines": ["told"]}, "goto": "write"}`, lines: "told told draft print", next: []string{}},
		{name: "if_not_exists", more: `"if_not_exists": "create"`, lines: printed, next: []string{}},
	}
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("press"), press("halting", graphs.InterruptAfter("draft"))), uri)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				graph, more := "press", ""
				if tt.graph != "" {
					graph = tt.graph
				}
				if tt.more != "" {
					more = ", " + tt.more
				}
				thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
				if strings.Contains(tt.more, "if_not_exists") {
					s.must(204, alice, "DELETE", "/threads/"+thread, "")
				}
				got := s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", `{"assistant_id": "`+graph+`", "input": {}`+more+`}`)
				if told := got.told(t); told != tt.lines {
					t.Errorf("the run told %q, want %q: %s", told, tt.lines, got.Body)
				}
				var state place
				s.must(200, alice, "GET", "/threads/"+thread+"/state", "").into(t, &state)
				if diff := cmp.Diff(tt.next, state.Next); diff != "" {
					t.Errorf("next (-want +got):\n%s", diff)
				}
				if states := s.history(thread, `{"limit": 100}`); tt.states > 0 && len(states) != tt.states {
					t.Errorf("the history has %d states, want %d", len(states), tt.states)
				}
			})
		}
	})
}

// TestRunFromCheckpoint covers rest.md §5.10: a run goes on from a checkpoint, also inside of a subgraph, however it is named, and no later
// run does (§5.5).
func TestRunFromCheckpoint(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("press")), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread + "/runs/wait"
		s.must(200, alice, "POST", at, `{"assistant_id": "press", "input": {}}`)
		first := s.history(thread, `{"limit": 100}`)
		whole, half := before(t, first, "plan"), before(t, first, "write")
		inside := half.Tasks[0].Checkpoint
		if inside == nil {
			t.Fatalf("the task before the subgraph tells no checkpoint: %+v", half)
		}
		inner := before(t, s.history(thread, `{"limit": 100, "checkpoint": {"checkpoint_ns": "`+inside.NS+`"}}`), "print")
		var innermost struct {
			ID  string          `json:"checkpoint_id"`
			NS  string          `json:"checkpoint_ns"`
			Map json.RawMessage `json:"checkpoint_map"`
		}
		answer{Body: inner.Checkpoint}.into(t, &innermost)
		if innermost.NS != inside.NS || !strings.Contains(string(innermost.Map), half.id(t)) {
			t.Fatalf("the checkpoint inside is %s", inner.Checkpoint)
		}
		named := `"checkpoint": {"checkpoint_id": "` + innermost.ID + `", "checkpoint_ns": "` + innermost.NS + `"}`
		for _, tt := range []struct{ name, more, lines string }{
			{"checkpoint", `"checkpoint": {"checkpoint_id": "` + whole.id(t) + `"}`, printed},
			{"checkpoint_id", `"checkpoint_id": "` + half.id(t) + `"`, printed},
			{"checkpoint wins", `"checkpoint_id": "` + half.id(t) + `", "checkpoint": {"checkpoint_id": "` + whole.id(t) + `"}`, printed},
			{"an empty checkpoint is none", `"checkpoint_id": "` + half.id(t) + `", "checkpoint": {}`, printed},
			{"in the configurable", `"config": {"configurable": {"checkpoint_id": "` + half.id(t) + `", "checkpoint_ns": null, "checkpoint_map": null}}`, printed},
			{"with the whole checkpoint of the inner graph", `"checkpoint": ` + string(inner.Checkpoint), printed},
			{"without a map", named, printed},
			{"in the configurable, inside", `"config": {"configurable": {"checkpoint_id": "` + innermost.ID + `", "checkpoint_ns": "` + innermost.NS + `", "checkpoint_map": ` + string(innermost.Map) + `}}`, printed},
		} {
			t.Run(tt.name, func(t *testing.T) {
				done := s.must(200, alice, "POST", at, `{"assistant_id": "press", `+tt.more+`}`)
				if got := done.told(t); got != tt.lines {
					t.Errorf("told %q, want %q: %s", got, tt.lines, done.Body)
				}
				var next struct {
					Kwargs json.RawMessage `json:"kwargs"`
				}
				later := runID(t, s.must(200, alice, "POST", at, `{"assistant_id": "press", "input": {"lines": ["later"]}}`))
				run := s.must(200, alice, "GET", "/threads/"+thread+"/runs/"+later, "")
				run.into(t, &next)
				for _, kept := range []answer{{Body: next.Kwargs}, s.must(200, alice, "GET", "/threads/"+thread, "")} {
					for _, word := range []string{"checkpoint_id", "checkpoint_ns", "checkpoint_map"} {
						if strings.Contains(string(kept.Body), word) {
							t.Errorf("%s has stuck: %s", word, kept.Body)
						}
					}
				}
			})
		}
		t.Run("what came before does not run again", func(t *testing.T) {
			stream := string(s.must(200, alice, "POST", "/threads/"+thread+"/runs/stream",
				`{"assistant_id": "press", "stream_mode": "updates", "stream_subgraphs": true, "checkpoint": `+string(inner.Checkpoint)+`}`).Body)
			if !strings.Contains(stream, `{"print":`) || !strings.Contains(stream, "event: updates|write:") || strings.Contains(stream, `{"draft":`) || strings.Contains(stream, `{"plan":`) {
				t.Errorf("replayed:\n%s", stream)
			}
		})
		t.Run("only where it is asked for are subgraphs streamed", func(t *testing.T) {
			stream := string(s.must(200, alice, "POST", "/threads/"+thread+"/runs/stream",
				`{"assistant_id": "press", "stream_mode": "updates", "checkpoint": `+string(inner.Checkpoint)+`}`).Body)
			if strings.Contains(stream, "updates|") || !strings.Contains(stream, `{"write":`) {
				t.Errorf("streamed:\n%s", stream)
			}
		})
		t.Run("a fork inside", func(t *testing.T) {
			made := s.must(200, alice, "POST", "/threads/"+thread+"/state", `{"values": {"lines": ["forked"]}, "as_node": "draft", "checkpoint": `+string(inner.Checkpoint)+`}`)
			var fork struct {
				Checkpoint json.RawMessage `json:"checkpoint"`
			}
			made.into(t, &fork)
			got := s.must(200, alice, "POST", at, `{"assistant_id": "press", "checkpoint": `+string(fork.Checkpoint)+`}`)
			if told := got.told(t); !strings.HasSuffix(told, "draft forked print") {
				t.Errorf("told %q", told)
			}
		})
		for name, more := range map[string]string{
			"a number as namespace": `"config": {"configurable": {"checkpoint_ns": 7}}`, "a list as map": `"config": {"configurable": {"checkpoint_map": []}}`,
			"a number in the map": `"checkpoint": {"checkpoint_ns": "write:x", "checkpoint_map": {"": 3}}`, "a number as id": `"config": {"configurable": {"checkpoint_id": 7}}`,
		} {
			t.Run(name, func(t *testing.T) { s.must(422, alice, "POST", at, `{"assistant_id": "press", `+more+`}`) })
		}
		// Bob's own thread has none of Alice's checkpoints, whatever he calls them.
		foreign := s.must(200, bob, "POST", "/threads", `{}`).field(t, "thread_id")
		got := s.must(200, bob, "POST", "/threads/"+foreign+"/runs/wait", `{"assistant_id": "press", `+named+`}`)
		if body := string(got.Body); !strings.HasPrefix(body, `{"__error__":`) || strings.Contains(body, `"lines"`) {
			t.Errorf("a foreign checkpoint: %s", body)
		}
	})
}

// TestMaxConcurrency: config.max_concurrency of a run, or of its assistant, holds for the tasks of a step.
func TestMaxConcurrency(t *testing.T) {
	t.Parallel()
	const tasks = 6
	databases(t, func(t *testing.T, uri string) {
		var mu sync.Mutex
		running, peak, limit := 0, 0, 0
		all := make(chan struct{}) // closed once more have come than may
		enter := func(ctx context.Context, _ lines) (graphs.Update, error) {
			mu.Lock()
			running++
			if peak = max(peak, running); peak == limit+1 {
				close(all)
			}
			gate := all
			mu.Unlock()
			defer func() { mu.Lock(); running--; mu.Unlock() }()
			select {
			case <-gate:
			case <-time.After(50 * time.Millisecond): // long enough for one more to come, if it may
			case <-ctx.Done():
			}
			return graphs.Patch(lines{Lines: []string{"done"}}), nil
		}
		graph := graphs.NewStateGraph[lines]()
		for _, name := range strings.Split("abcdef", "") {
			graph.AddNode(name, enter).AddEdge(graphs.Start, name).AddEdge(name, graphs.End)
		}
		s := serve(t, privateChat(platform.Graph{ID: "fan", Source: graph, Symbol: "./fan:Graph"}), uri)
		own := s.must(200, alice, "POST", "/assistants", `{"graph_id": "fan", "config": {"max_concurrency": 3}}`).field(t, "assistant_id")
		for _, tt := range []struct {
			name, assistant, config string
			want                    int
		}{
			{"of the run", "fan", `{"max_concurrency": 2}`, 2},
			{"of the assistant", own, `{"max_concurrency": null}`, 3},
			{"of the run over the assistant's", own, `{"max_concurrency": 1}`, 1},
			{"none", "fan", `{}`, tasks},
		} {
			t.Run(tt.name, func(t *testing.T) {
				mu.Lock()
				peak, limit, all = 0, tt.want, make(chan struct{})
				if tt.want == tasks {
					limit = tasks - 1
				}
				mu.Unlock()
				done := s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "`+tt.assistant+`", "input": {}, "config": `+tt.config+`}`)
				mu.Lock()
				defer mu.Unlock()
				if peak != tt.want || done.told(t) != strings.Repeat("done ", tasks-1)+"done" {
					t.Errorf("%d tasks at a time, want %d: %s", peak, tt.want, done.Body)
				}
			})
		}
		s.must(422, alice, "POST", "/runs/wait", `{"assistant_id": "fan", "input": {}, "config": {"max_concurrency": 0}}`)
	})
}
