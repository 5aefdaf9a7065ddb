package graphs_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

type strictState struct {
	graphs.MessagesState
	One  int      `json:"one"`
	Odd  int      `json:"odd"`
	List []string `json:"list" reduce:"append"`
	Note note     `json:"note"`
}

type note struct {
	Text string `json:"text"`
}

// What a program does wrong while it runs is told with the node, the channel and the way out; what a client sends wrong with the
// channel and what it holds. A client is not told where in the engine that was.
func TestMistakesOfARun(t *testing.T) {
	t.Parallel()
	odd := graphs.Reduce("odd", func(left, right int) int {
		if right%2 == 0 {
			panic("only odd numbers")
		}
		return left + right
	})
	answer := func(u graphs.Update) *graphs.StateGraph[strictState] {
		return graphs.NewStateGraph[strictState](odd).AddNode("n", func(context.Context, strictState) (graphs.Update, error) { return u, nil }).
			AddEdge(graphs.Start, "n")
	}
	to := func(name string) func(context.Context, strictState) (string, error) {
		return func(context.Context, strictState) (string, error) { return name, nil }
	}
	two := answer(graphs.Set{"one": 1}).AddNode("m", func(context.Context, strictState) (graphs.Update, error) {
		return graphs.Set{"one": 2}, nil
	}).AddEdge(graphs.Start, "m")
	remove := graphs.Message{Type: graphs.TypeRemove, ID: "gone"}
	tests := []struct {
		name        string
		graph       *graphs.StateGraph[strictState]
		in          string
		class, text string
		node        string // of which the log says that it was
	}{
		{"unknown channel", answer(graphs.Set{"two": 1}), `{}`, "InvalidUpdateError", `Set: the state has no channel "two"; it has messages, one, odd, list, note`, "n"},
		{"no key", answer(graphs.Patch(struct{ X int }{1})), `{}`, "InvalidUpdateError", `Patch of struct { X int }: it has no field that is a key of the state`, "n"},
		{"type", answer(graphs.Set{"one": "x"}), `{}`, "InputError", `channel "one" (int): got a JSON string, want int`, "n"},
		{"type inside", answer(graphs.Set{"note": map[string]int{"text": 1}}), `{}`, "InputError", `channel "note" (graphs_test.note): text: got a JSON number, want string`, "n"},
		{"no JSON", answer(graphs.Set{"note": func() {}}), `{}`, "InputError", `channel "note" (graphs_test.note): json: unsupported type: func()`, "n"},
		{"no number of JSON", answer(graphs.Set{"note": map[string]any{"text": math.NaN()}}), `{}`, "InputError", `channel "note" (graphs_test.note): json: unsupported value: NaN`, "n"},
		{"no message", answer(graphs.Set{"messages": 1}), `{}`, "InputError", `channel "messages" ([]graphs.Message): not a message: 1: want a string, an object or a [role, content] pair`, "n"},
		{
			"two writers", two, `{}`, "InvalidUpdateError",
			`channel "one" got 2 writes in one step: give it a reducer (tag reduce) or let one node write it; it was written by "m", "n"`, "",
		},
		{"reducer", answer(graphs.Set{"odd": 2}), `{"odd":1}`, "PanicError", `channel "odd" (int): panic: only odd numbers`, "n"},
		{"removal", answer(graphs.Set{"messages": remove}), `{}`, "Error", `channel "messages" ([]graphs.Message): Attempting to delete a message with an ID that doesn't exist ('gone')`, "n"},
		{"goto", answer(graphs.Command{Goto: []string{"x"}}), `{}`, "InvalidUpdateError", `Command.Goto: the graph has no node "x"; there are n, __start__, __end__`, "n"},
		{"send", answer(graphs.Command{Send: []graphs.Send{{Node: "x"}}}), `{}`, "InvalidUpdateError", `Command.Send: the graph has no node "x"; there are n, __start__, __end__`, "n"},
		{"parent", answer(graphs.Command{Graph: graphs.Parent}), `{}`, "InvalidUpdateError", `Command.Graph is graphs.Parent, but the graph is not inside another one`, "n"},
		{
			"router", answer(nil).AddConditionalEdges("n", to("x")), `{}`, "InvalidUpdateError",
			`conditional edges of "n": the function returned "x", which is no node; there are n, __start__, __end__`, "n",
		},
		{
			"router's targets", answer(nil).AddConditionalEdges("n", to("n"), graphs.End), `{}`, "InvalidUpdateError",
			`conditional edges of "n": the function returned "n", which is not among its targets; add it to them`, "n",
		},
		{
			"loop", answer(nil).AddEdge("n", "n"), `{}`, "GraphRecursionError",
			`Recursion limit of 25 reached without hitting a stop condition. You can increase the limit by setting the "recursion_limit" config key. ` +
				`Next was "n": if that never ends, let an edge of it lead to __end__.`, "",
		},
		{"input", answer(nil), `[1]`, "InputError", "input: want an object with keys of the state: got a JSON array", ""},
		{"input's type", answer(nil), `{"one":"x"}`, "InputError", `channel "one" (int): got a JSON string, want int`, ""},
		{"input's message", answer(nil), `{"messages":[{"role":"alien","content":"z"}]}`, "InputError", `channel "messages" ([]graphs.Message): messages[0]: not a message: unknown role or type "alien": want human, user, ai, assistant, system, developer, tool, function, chat or remove`, ""},
		{"input's removal", answer(nil), `{"messages":[{"type":"remove","id":"gone"}]}`, "Error", `channel "messages" ([]graphs.Message): Attempting to delete a message with an ID that doesn't exist ('gone')`, ""},
		{"input's reducer", answer(nil), `{"odd":1}`, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := compile(t, tt.graph)
			for name, saver := range map[string]graphs.Saver{"bare": nil, "saved": memory.New()} {
				_, err := graphs.Invoke[strictState](t.Context(), g, value(tt.in), graphs.Config{Saver: saver})
				streamed := graphtest.Run(t, g, value(tt.in), graphs.Config{}).Err
				if tt.class == "" {
					if err != nil || streamed != nil {
						t.Errorf("%s: %v; %v", name, err, streamed)
					}
					continue
				}
				want := &graphs.Failure{Class: tt.class, Message: tt.text}
				for _, err := range []error{err, streamed} {
					if diff := cmp.Diff(want, graphs.FailureOf(err)); diff != "" {
						t.Errorf("%s (-want +got):\n%s", name, diff)
					}
					if tt.node != "" && !strings.HasPrefix(err.Error(), `node "`+tt.node+`": `) {
						t.Errorf("%s: the log does not name the node: %v", name, err)
					}
				}
			}
		})
	}
}
