package v1_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/wire"
)

// What these tests expect was seen of LangGraph 1.2 with the same graphs.

// thread runs graphs and folds their events as the server does.
type thread struct {
	t     *testing.T
	graph graphs.Runnable
	cfg   graphs.Config
	each  func(graphs.Event) // sees every event, if set
}

func threadOf(t *testing.T, g interface {
	Compile() (graphs.Runnable, error)
},
) *thread {
	t.Helper()
	made, err := g.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return &thread{t: t, graph: made, cfg: graphs.Config{Saver: memory.New(), Messages: true, ThreadID: "T1"}}
}

var someID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}`)

// masked are frames with # for each id.
func (th *thread) masked(o v1.Options, in graphs.Input) []string {
	th.t.Helper()
	list := th.frames(o, in)
	for i := range list {
		list[i] = someID.ReplaceAllString(list[i], "#")
	}
	return list
}

// frames runs the graph, and returns its frames but metadata, as "event data".
func (th *thread) frames(o v1.Options, in graphs.Input) []string {
	th.t.Helper()
	f := v1.NewFold(o, info, func(ns, id string) (map[string]json.RawMessage, error) {
		saved, err := th.cfg.Saver.Get(context.Background(), ns, id)
		if err != nil {
			return nil, err
		}
		return saved.Values, nil
	})
	var list []string
	seq := int64(0)
	for e, err := range th.graph.Stream(th.t.Context(), in, th.cfg) {
		if err != nil {
			return append(list, "failed "+err.Error())
		}
		if th.each != nil {
			th.each(e)
		}
		line, err := (events.Record{Seq: seq, Event: e}).AppendLine(nil)
		if err != nil {
			th.t.Fatal(err)
		}
		for r, err := range events.Lines(line) { // as it comes out of the log
			if err != nil {
				th.t.Fatal(err)
			}
			made, err := f.Apply(r)
			if err != nil {
				th.t.Fatal(err)
			}
			for _, frame := range made {
				if frame.Event != "metadata" {
					list = append(list, frame.Event+" "+string(frame.Data))
				}
			}
		}
		seq++
	}
	return list
}

func (th *thread) expect(title string, got []string, want ...string) {
	th.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		th.t.Errorf("%s (-want +got):\n%s", title, diff)
	}
}

func input(value string) graphs.Input { return graphs.Input{Value: json.RawMessage(value)} }

func resume(value string) graphs.Input {
	return graphs.Input{Command: &graphs.InputCommand{Resume: json.RawMessage(value), HasResume: true}}
}

type folded struct {
	A    string   `json:"a"`
	B    string   `json:"b"`
	List []string `json:"list" reduce:"append"`
}

func says(what string) func(context.Context, folded) (graphs.Update, error) {
	return func(context.Context, folded) (graphs.Update, error) { return graphs.Set{"list": []string{what}}, nil }
}

func asks(ctx context.Context, _ folded) (graphs.Update, error) {
	answer, err := graphs.Interrupt[string](ctx, "ok?")
	return graphs.Set{"list": []string{answer}}, err
}

// TestResumedStep: a run that goes on shows the values, the checkpoint with what its tasks have come to, and all tasks of the step as
// started; what was done before is an update without a result. Names of the engine's own are in none of it.
func TestResumedStep(t *testing.T) {
	t.Parallel()
	th := threadOf(t, graphs.NewStateGraph[folded]().
		AddNode("a", says("a")).AddNode("late", says("late"), graphs.Defer()).AddNode("ask", asks).AddNode("sib", says("sib")).
		AddEdge(graphs.Start, "a").AddEdge("a", "late").AddEdge("a", "ask").AddEdge("a", "sib"))
	o := v1.Options{Modes: []wire.StreamMode{wire.StreamValues, wire.StreamUpdates, wire.StreamTasks, wire.StreamCheckpoints}}
	th.frames(o, input(`{"a":"x"}`))
	got := th.masked(o, resume(`"yes"`))
	const (
		at     = `{"configurable":{"thread_id":"T1","checkpoint_ns":"","checkpoint_id":"#"}}`
		whole  = `{"thread_id":"T1","checkpoint_ns":"","checkpoint_id":"#","checkpoint_map":null}`
		around = `"checkpoint":` + whole + `,"parent_checkpoint":` + whole + `}`
	)
	th.expect("resumed", got[:5],
		`values {"a":"x","list":["a"]}`,
		`checkpoints {"config":`+at+`,"parent_config":`+at+`,"values":{"a":"x","list":["a"]},"metadata":{"source":"loop","step":1,"parents":{}},`+
			`"next":["ask","sib"],"tasks":[`+
			`{"id":"#","name":"ask","path":["__pregel_pull","ask"],"interrupts":[{"value":"ok?","id":"#"}],"state":null},`+
			`{"id":"#","name":"sib","path":["__pregel_pull","sib"],"result":{"list":["sib"]},"interrupts":[],"state":null}],`+around,
		`tasks {"id":"#","name":"ask","input":{"a":"x","list":["a"]},"triggers":["branch:to:ask"],"metadata":{"thread_id":"T1"},"interrupts":[]}`,
		`tasks {"id":"#","name":"sib","input":{"a":"x","list":["a"]},"triggers":["branch:to:sib"],"metadata":{"thread_id":"T1"},"interrupts":[]}`,
		`updates {"sib":{"list":["sib"]},"__metadata__":{"cached":true}}`,
	)
	if all := strings.Join(got, "\n"); strings.Contains(all, "wait:deferred") || strings.Count(all, `"name":"sib","error"`) != 0 {
		t.Errorf("the engine's own names, or a result of what did not run:\n%s", all)
	}
}

// TestCachedTask: streaming.md §3.8: a hit is announced like any task, then comes its update; it has no result. All tasks of the step are
// announced first.
func TestCachedTask(t *testing.T) {
	t.Parallel()
	th := threadOf(t, graphs.NewStateGraph[folded](graphs.WithCache(&memory.Cache{})).
		AddNode("x", func(context.Context, folded) (graphs.Update, error) { return graphs.Set{"b": "k"}, nil }, graphs.Cache(0)).
		AddNode("y", says("y")).AddEdge(graphs.Start, "x").AddEdge(graphs.Start, "y"))
	th.cfg.Saver = nil
	o := v1.Options{Modes: []wire.StreamMode{wire.StreamTasks, wire.StreamUpdates}}
	th.frames(o, input(`{"a":"x"}`))
	start := func(name string) string {
		return `tasks {"id":"#","name":"` + name + `","input":{"a":"x","list":[]},"triggers":["branch:to:` + name + `"],"metadata":{"thread_id":"T1"},"interrupts":[]}`
	}
	th.expect("a hit", th.masked(o, input(`{"a":"x"}`)),
		start("x"), start("y"),
		`updates {"x":{"b":"k"},"__metadata__":{"cached":true}}`,
		`updates {"y":{"list":["y"]}}`, `tasks {"id":"#","name":"y","error":null,"result":{"list":["y"]},"interrupts":[]}`)
}

// TestInputOfTask: a node with an input of its own shows what it reads, no more.
func TestInputOfTask(t *testing.T) {
	t.Parallel()
	type own struct {
		A string `json:"a"`
	}
	th := threadOf(t, graphs.NewStateGraph[folded]().
		AddNodeOf("x", graphs.In(func(_ context.Context, s own) (graphs.Update, error) { return graphs.Set{"b": s.A}, nil })).
		AddNodeOf("nothing", graphs.In(func(context.Context, struct{}) (graphs.Update, error) { return nil, nil })).
		AddEdge(graphs.Start, "x").AddEdge(graphs.Start, "nothing"))
	th.cfg.Trace, th.cfg.RunID = true, "R1"
	got := strings.Join(th.frames(v1.Options{Modes: []wire.StreamMode{wire.StreamTasks, wire.StreamEvents}}, input(`{"a":"x","b":"secret"}`)), "\n")
	for _, want := range []string{
		`"name":"x","input":{"a":"x"},`, `"name":"nothing","input":{},`, `"data":{"input":{"a":"x"}}`, `"data":{"input":{}}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "secret"); n != 1 { // the run's own input
		t.Errorf("what the nodes do not read is told %d times:\n%s", n, got)
	}
}

// TestMessagesOfSubgraph: who reads subgraphs is told a message of one there and not again; who does not gets it from the node around it.
func TestMessagesOfSubgraph(t *testing.T) {
	t.Parallel()
	inside := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("say", func(context.Context, graphs.MessagesState) (graphs.Update, error) {
			return graphs.Set{"messages": graphs.Message{Type: graphs.TypeAI, ID: "m-1", Content: graphs.Content{Text: "inside"}}}, nil
		}).
		AddNode("speak", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
			spoken, err := graphs.CallModel(ctx, graphtest.NewModel(graphtest.Words("spoken")), graphs.ModelRequest{})
			return graphs.Set{"messages": spoken}, err
		}).
		AddSequence(graphs.Start, "say", "speak")
	middle := graphs.NewStateGraph[graphs.MessagesState]().AddSubgraph("inner", inside).AddEdge(graphs.Start, "inner")
	for name, tt := range map[string]struct {
		subgraphs bool
		want      []string
	}{
		"with subgraphs": {true, []string{
			"messages|child:#|inner:# ai inside say", "messages|child:#|inner:# AIMessageChunk spoken speak", "messages|child:#|inner:# AIMessageChunk  speak",
		}},
		"without": {false, []string{"messages ai inside child", "messages ai spoken child"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th := threadOf(t, graphs.NewStateGraph[graphs.MessagesState]().AddSubgraph("child", middle).AddEdge(graphs.Start, "child"))
			var got []string
			for _, frame := range th.masked(v1.Options{Modes: []wire.StreamMode{wire.StreamMessagesTuple}, Subgraphs: tt.subgraphs}, input(`{"messages":"hi"}`)) {
				event, data, _ := strings.Cut(frame, " ")
				var pair [2]struct {
					Type, Content string
					Node          string `json:"langgraph_node"`
				}
				if err := json.Unmarshal([]byte(data), &pair); err != nil {
					t.Fatal(err)
				}
				got = append(got, strings.Join([]string{event, pair[0].Type, pair[0].Content, pair[1].Node}, " "))
			}
			th.expect("messages", got, tt.want...)
		})
	}
}

// TestCallsOfOneTask: each graph that a task calls has a namespace of the same form, and everything that is told in one belongs together:
// readers tell two calls apart by it, and find the checkpoints of each under it.
func TestCallsOfOneTask(t *testing.T) {
	t.Parallel()
	called := graphs.NewStateGraph[folded]().AddNode("say", says("said")).AddEdge(graphs.Start, "say")
	th := threadOf(t, graphs.NewStateGraph[folded]().AddNode("calls", func(ctx context.Context, s folded) (graphs.Update, error) {
		for range 2 {
			if _, err := graphs.Call[folded](ctx, called, folded{A: s.A}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, graphs.Calls(called)).AddEdge(graphs.Start, "calls"))
	var spaces []string
	byNS := map[string]string{}
	for e, err := range th.graph.Stream(t.Context(), input(`{"a":"x"}`), th.cfg) {
		if err != nil {
			t.Fatal(err)
		}
		if e.NS == "" {
			continue
		}
		if someID.ReplaceAllString(e.NS, "#") != "calls:#" {
			t.Errorf("namespace %q", e.NS)
		}
		if byNS[e.NS] == "" {
			spaces = append(spaces, e.NS)
		}
		byNS[e.NS] += string(e.Kind) + " "
	}
	if len(spaces) != 2 || byNS[spaces[0]] != byNS[spaces[1]] || !strings.Contains(byNS[spaces[1]], "task.end") {
		t.Fatalf("told %v", byNS)
	}
	for _, ns := range spaces {
		state, err := graphs.ReadState(t.Context(), th.cfg.Saver, ns, "")
		if err != nil || string(state.Values) != `{"a":"x","list":["said"]}` {
			t.Errorf("%s: %v, %v", ns, state, err)
		}
	}
}

// TestTagsOfRun: the tags of a run are those of its model calls, too, before their own: readers see them, and nostream silences them all.
func TestTagsOfRun(t *testing.T) {
	t.Parallel()
	said := func(tags ...string) []string {
		th := threadOf(t, graphs.NewStateGraph[graphs.MessagesState]().
			AddNode("n", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
				req := graphs.ModelRequest{Tags: []string{"call"}}
				answer, err := graphs.CallModel(ctx, graphtest.NewModel(graphtest.Words("spoken")), req)
				return graphs.Set{"messages": answer}, err
			}).AddEdge(graphs.Start, "n"))
		th.cfg.Tags, th.cfg.Trace, th.cfg.RunID = tags, true, "R1"
		var found []string
		for _, frame := range th.masked(v1.Options{Modes: []wire.StreamMode{wire.StreamMessagesTuple, wire.StreamEvents}}, input(`{"messages":"hi"}`)) {
			if chunk := strings.Contains(frame, "AIMessageChunk"); chunk && strings.Contains(frame, "spoken") {
				found = append(found, frame[:strings.IndexByte(frame, ' ')]+" "+tagsIn.FindString(frame))
			}
		}
		return found
	}
	th := &thread{t: t}
	th.expect("tagged", said("mine"), `messages "tags":["mine","call"]`, `events "tags":["mine","call"]`)
	if got := said("nostream"); len(got) != 0 {
		t.Errorf("silenced, and told %v", got)
	}
}

var tagsIn = regexp.MustCompile(`"tags":\[[^]]*\]`)

type chatState struct {
	graphs.MessagesState
	Last  graphs.Message  `json:"last"`
	Draft *graphs.Message `json:"draft"`
}

// TestMessagesOfAnyKind: a message is told once, wherever in the state a node puts it, and of whatever type it is; what a thread has is
// no news to its next run.
func TestMessagesOfAnyKind(t *testing.T) {
	t.Parallel()
	said := func(kind graphs.MessageType, id string) graphs.Message {
		return graphs.Message{Type: kind, ID: id, Name: "x", Content: graphs.Content{Text: "text"}}
	}
	draft := said(graphs.TypeAI, "draft")
	th := threadOf(t, graphs.NewStateGraph[chatState]().
		AddNode("say", func(context.Context, chatState) (graphs.Update, error) {
			return graphs.Set{
				"messages": []graphs.Message{said(graphs.TypeFunction, "function"), said(graphs.TypeChat, "chat")},
				"last":     said(graphs.TypeAI, "last"), "draft": &draft,
			}, nil
		}).
		AddEdge(graphs.Start, "say"))
	tell := func() (list []string) {
		for _, frame := range th.frames(v1.Options{Modes: []wire.StreamMode{wire.StreamMessages, wire.StreamMessagesTuple}}, input(`{}`)) {
			event, data, _ := strings.Cut(frame, " ")
			for _, id := range regexp.MustCompile(`"id":"(\w+)"`).FindAllStringSubmatch(data, -1) {
				list = append(list, event+" "+id[1])
			}
		}
		return list
	}
	th.expect("first run", tell(), "messages function", "messages chat", "messages last", "messages draft",
		"messages/complete function", "messages/complete chat")
	th.expect("second run", tell(), "messages/complete function", "messages/complete chat")
	draft.ID = ""
	told := th.frames(v1.Options{Modes: []wire.StreamMode{wire.StreamMessagesTuple, wire.StreamUpdates}}, input(`{}`))
	id := regexp.MustCompile(`"id":"([-0-9a-f]{36})"`).FindStringSubmatch(told[0])
	if len(told) != 2 || id == nil || !strings.Contains(told[1], `"draft":{"type":"ai","id":"`+id[1]+`"`) {
		t.Errorf("a message without an id: %v", told)
	}
}

// TestWaitingBesideFinished: while one task of a step waits, what another has come to is told as an update and stands in the state as its
// result; the values are those of the checkpoint until the step is over.
func TestWaitingBesideFinished(t *testing.T) {
	t.Parallel()
	th := threadOf(t, graphs.NewStateGraph[folded]().AddNode("ask", asks).AddNode("sib", says("sib")).
		AddEdge(graphs.Start, "ask").AddEdge(graphs.Start, "sib"))
	got := th.masked(v1.Options{Modes: []wire.StreamMode{wire.StreamValues}}, input(`{"a":"x"}`))
	th.expect("waits", got, `values {"a":"x","list":[]}`, `values {"a":"x","list":[],"__interrupt__":[{"value":"ok?","id":"#"}]}`)
	state, err := graphs.ReadState(t.Context(), th.cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if string(state.Values) != `{"a":"x","list":[]}` || strings.Join(state.Next, " ") != "ask" || string(state.Tasks[1].Result) != `{"list":["sib"]}` {
		t.Errorf("state %s, next %v, result %s", state.Values, state.Next, state.Tasks[1].Result)
	}
	got = th.masked(v1.Options{}, resume(`"yes"`))
	th.expect("goes on", got, `values {"a":"x","list":[]}`, `values {"a":"x","list":["yes","sib"]}`)
}

// TestOutputOfGraph: readers of a stream see the keys of the output schema; who reads the state sees all.
func TestOutputOfGraph(t *testing.T) {
	t.Parallel()
	type answer struct {
		List []string `json:"list"`
	}
	th := threadOf(t, graphs.NewStateGraph[folded](graphs.OutputSchema[answer]()).
		AddNode("n", func(context.Context, folded) (graphs.Update, error) {
			return graphs.Set{"list": []string{"n"}, "b": "kept"}, nil
		}).
		AddEdge(graphs.Start, "n"))
	got := th.masked(v1.Options{Modes: []wire.StreamMode{wire.StreamValues, wire.StreamUpdates}}, input(`{"a":"x"}`))
	th.expect("stream", got, `values {"list":[]}`, `updates {"n":{"list":["n"]}}`, `values {"list":["n"]}`)
	state, err := graphs.ReadState(t.Context(), th.cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if string(state.Values) != `{"a":"x","b":"kept","list":["n"]}` {
		t.Errorf("state %s", state.Values)
	}
}
