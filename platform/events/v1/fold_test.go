package v1_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/wire"
)

const question = `{"value":{"q":"ok?"},"id":"8ef2a3b5fd4f24ee1fe59e2ba922ec06"}`

func asked(id, name string) graphs.Event {
	return graphs.Event{Kind: graphs.KindTaskEnd, Task: id, TaskEnd: &graphs.TaskEnded{
		ID: id, Name: name, Interrupts: []graphs.Interruption{{Value: raw(`{"q":"ok?"}`), ID: "8ef2a3b5fd4f24ee1fe59e2ba922ec06"}},
	}}
}

func start(attempt int, base string, resume bool) graphs.Event {
	return graphs.Event{Kind: graphs.KindRunStart, RunStart: &graphs.RunStarted{
		RunID: "R1", Attempt: attempt, Base: base, Resume: resume, Output: []string{"foo", "list"},
	}}
}

func finish(status string, failure *graphs.Failure) graphs.Event {
	return graphs.Event{Kind: graphs.KindRunEnd, RunEnd: &graphs.RunEnded{Status: status, Error: failure}}
}

func within(ns string, e graphs.Event) graphs.Event {
	e.NS = ns
	return e
}

var valuesUpdates = []wire.StreamMode{wire.StreamValues, wire.StreamUpdates}

func TestFold(t *testing.T) {
	t.Parallel()
	bases := map[string]map[string]json.RawMessage{
		"c0":         {"list": raw("[1,\n 2]"), "hidden": raw(`"x"`)},
		"child:K1c9": {"deep": raw("[1]"), "private": raw("0")},
	}
	tests := []struct {
		name   string
		o      v1.Options
		events []graphs.Event
		want   []string // without the first metadata
		values string
	}{
		{
			"an interrupt shows the question as update and in the whole state",
			v1.Options{Modes: valuesUpdates},
			[]graphs.Event{
				start(1, "", false),
				step(-1, graphs.SourceInput, nil, graphs.Start), step(0, graphs.SourceLoop, patch{"list": add(0, `"in"`)}, "ask"),
				started("K1", "ask", 1), asked("K1", "ask"), finish("success", nil),
			},
			[]string{
				"values", `{"list":["in"]}`, "updates", `{"__interrupt__":[` + question + `]}`,
				"values", `{"list":["in"],"__interrupt__":[` + question + `]}`,
			},
			`{"list":["in"],"__interrupt__":[` + question + `]}`,
		},
		{
			"a resume shows the state before any node runs",
			v1.Options{Modes: valuesUpdates},
			[]graphs.Event{
				start(1, "c0", true), started("K1", "ask", 1), ended("K1", "ask", write("foo", `"yes"`)),
				step(1, graphs.SourceLoop, patch{"foo": set(`"yes"`)}),
			},
			[]string{"values", `{"list":[1,2]}`, "updates", `{"ask":{"foo":"yes"}}`, "values", `{"foo":"yes","list":[1,2]}`},
			`{"foo":"yes","list":[1,2]}`,
		},
		{
			"a base that is not resumed is not shown; input that changes nothing shows values all the same",
			v1.Options{Modes: valuesUpdates},
			[]graphs.Event{
				start(1, "c0", false), step(1, graphs.SourceInput, nil, graphs.Start), step(2, graphs.SourceLoop, nil, "a"),
				ended("K1", "a"), step(3, graphs.SourceLoop, patch{"hidden": set("1")}),
			},
			[]string{"values", `{"list":[1,2]}`, "updates", `{"a":null}`},
			`{"list":[1,2]}`,
		},
		{
			"a command's update is shown at once",
			v1.Options{Modes: valuesUpdates},
			[]graphs.Event{start(1, "c0", false), step(1, graphs.SourceInput, patch{"foo": set("1")})},
			[]string{"values", `{"foo":1,"list":[1,2]}`},
			`{"foo":1,"list":[1,2]}`,
		},
		{
			"a breakpoint inside says nothing of the node around it",
			v1.Options{Modes: valuesUpdates},
			[]graphs.Event{
				start(1, "", false), started("K1", "child", 1),
				within("child:K1", graphs.Event{Kind: graphs.KindPause, Pause: &graphs.Paused{Nodes: []string{"x"}, When: "before"}}),
				ended("K1", "child"),
				{Kind: graphs.KindPause, Pause: &graphs.Paused{Nodes: []string{"child"}, When: "inside"}},
			},
			[]string{"updates", `{"__interrupt__":[]}`, "values", `{"__interrupt__":[]}`},
			`{"__interrupt__":[]}`,
		},
		{
			"a static breakpoint",
			v1.Options{Modes: valuesUpdates},
			[]graphs.Event{
				start(1, "c0", true),
				{Kind: graphs.KindPause, Pause: &graphs.Paused{Nodes: []string{"a"}, When: "before"}},
			},
			[]string{"values", `{"list":[1,2]}`, "updates", `{"__interrupt__":[]}`, "values", `{"list":[1,2],"__interrupt__":[]}`},
			`{"list":[1,2],"__interrupt__":[]}`,
		},
		{
			"several writes of one channel, cached, hidden and failed tasks",
			v1.Options{Modes: []wire.StreamMode{wire.StreamUpdates, wire.StreamTasks}},
			[]graphs.Event{
				start(1, "", false),
				ended("K1", "a", write("list", "[1]"), write("list", "[2]"), write("foo", "3")),
				{Kind: graphs.KindTaskEnd, TaskEnd: &graphs.TaskEnded{ID: "K2", Name: "b", Writes: []graphs.Write{write("foo", "4")}, Cached: true}},
				{Kind: graphs.KindTaskEnd, TaskEnd: &graphs.TaskEnded{ID: "K3", Name: "__start__", Writes: []graphs.Write{write("foo", "5")}, Hidden: true}},
				{Kind: graphs.KindTaskEnd, TaskEnd: &graphs.TaskEnded{ID: "K4", Name: "c", Error: &graphs.Failure{Class: "ValueError", Message: "kaput"}}},
				finish("error", &graphs.Failure{Class: "ValueError", Message: "kaput"}),
			},
			[]string{
				"updates", `{"a":[{"list":[1]},{"list":[2]},{"foo":3}]}`,
				"tasks", `{"id":"K1","name":"a","error":null,"result":{"list":{"$writes":[[1],[2]]},"foo":3},"interrupts":[]}`,
				"updates", `{"b":{"foo":4},"__metadata__":{"cached":true}}`,
				"tasks", `{"id":"K4","name":"c","error":"ValueError: kaput","result":{},"interrupts":[]}`,
				"error", `{"error":"ValueError","message":"kaput"}`,
			},
			`{}`,
		},
		{
			"nested graphs carry their namespace",
			v1.Options{Modes: valuesUpdates, Subgraphs: true},
			[]graphs.Event{
				start(1, "", false),
				within("child:K1", step(0, graphs.SourceLoop, patch{"deep": set("1"), "branch:to:x": set("null")}, "x")),
				within("child:K1", ended("K2", "x", write("deep", "2"), write("branch:to:y", "null"))),
				ended("K1", "child", write("foo", "2")),
			},
			[]string{"values|child:K1", `{"deep":1}`, "updates|child:K1", `{"x":{"deep":2}}`, "updates", `{"child":{"foo":2}}`},
			`{}`,
		},
		{
			"a nested graph that goes on begins with its own base",
			v1.Options{Modes: valuesUpdates, Subgraphs: true},
			[]graphs.Event{
				start(1, "c0", true),
				within("child:K1", graphs.Event{Kind: graphs.KindRunStart, RunStart: &graphs.RunStarted{Attempt: 1, Base: "c9", Resume: true, Output: []string{"deep"}}}),
				within("child:K1", step(1, graphs.SourceLoop, patch{"deep": add(1, "2"), "private": set("1")})),
			},
			[]string{"values", `{"list":[1,2]}`, "values|child:K1", `{"deep":[1]}`, "values|child:K1", `{"deep":[1,2]}`},
			`{"list":[1,2]}`,
		},
		{
			"nested graphs are silent when they were not asked for",
			v1.Options{Modes: []wire.StreamMode{wire.StreamValues, wire.StreamMessagesTuple, wire.StreamCustom}},
			[]graphs.Event{
				start(1, "", false),
				within("child:K1", step(0, graphs.SourceLoop, patch{"deep": set("1")}, "x")),
				within("child:K1", chunk("K2", "M1", "no")), within("child:K1", custom(1)),
			},
			nil, `{}`,
		},
		{
			"a second attempt starts again from its base",
			v1.Options{Modes: []wire.StreamMode{wire.StreamValues}},
			[]graphs.Event{
				start(1, "", false), step(0, graphs.SourceLoop, patch{"list": add(0, "1", "2")}), step(1, graphs.SourceLoop, patch{"foo": set("9")}),
				start(2, "c0", false), step(1, graphs.SourceLoop, patch{"list": add(2, "3")}),
			},
			[]string{
				"values", `{"list":[1,2]}`, "values", `{"foo":9,"list":[1,2]}`,
				"metadata", `{"run_id":"R1","attempt":2,"thread_id":"T1"}`, "values", `{"list":[1,2]}`, "values", `{"list":[1,2,3]}`,
			},
			`{"list":[1,2,3]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := v1.NewFold(tt.o, info, func(ns, id string) (map[string]json.RawMessage, error) { return bases[ns+id], nil })
			var got []told
			for i, e := range tt.events {
				frames, err := f.Apply(events.Record{Seq: int64(i), Event: e})
				if err != nil {
					t.Fatal(err)
				}
				for _, frame := range frames {
					got = append(got, told{frame.Event, value(t, string(frame.Data))})
				}
			}
			all := append(want(t, "metadata", `{"run_id":"R1","attempt":1,"thread_id":"T1"}`), want(t, tt.want...)...)
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(value(t, tt.values), value(t, string(f.Values()))); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMessagesAreToldOnce covers streaming.md §1.5.4: what is in the state or was streamed is no news, removals always are.
func TestMessagesAreToldOnce(t *testing.T) {
	t.Parallel()
	base := func(string, string) (map[string]json.RawMessage, error) {
		return map[string]json.RawMessage{"list": raw("[%s]", human)}, nil
	}
	f := v1.NewFold(v1.Options{Modes: []wire.StreamMode{wire.StreamMessagesTuple}}, info, base)
	remove := graphs.Event{Kind: graphs.KindMessage, Task: "K1", Message: &graphs.MessageSent{Message: graphs.Message{Type: graphs.TypeRemove, ID: "in-1"}}}
	var got []string
	for i, e := range []graphs.Event{
		start(1, "c0", false), started("K1", "a", 1),
		sent(t, "K1", human), sent(t, "K1", begin), sent(t, "K1", begin), remove, chunk("K1", "M3", "en"), sent(t, "K1", end),
	} {
		frames, err := f.Apply(events.Record{Seq: int64(i), Event: e})
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range frames[:min(1, len(frames))] {
			var pair []struct{ Type, ID string }
			if frame.Event == "messages" && json.Unmarshal(frame.Data, &pair) == nil {
				got = append(got, pair[0].Type+" "+pair[0].ID)
			}
		}
	}
	if diff := cmp.Diff([]string{"ai M1", "remove in-1", "AIMessageChunk M3"}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestIDs: a frame's id does not depend on what else was asked for, so a stream can be taken up with other modes.
func TestIDs(t *testing.T) {
	t.Parallel()
	modes := []wire.StreamMode{
		wire.StreamValues, wire.StreamUpdates, wire.StreamMessagesTuple, wire.StreamMessages, wire.StreamCustom, wire.StreamTasks, wire.StreamTools,
		wire.StreamCheckpoints, wire.StreamDebug, wire.StreamEvents,
	}
	ids := func(modes ...wire.StreamMode) map[int64]string {
		out := map[int64]string{}
		f := v1.NewFold(v1.Options{Modes: modes}, info, noBase)
		for i, e := range agentRun(t) {
			frames, err := f.Apply(events.Record{Seq: int64(i), Event: e})
			if err != nil {
				t.Fatal(err)
			}
			for _, frame := range frames {
				if frame.ID>>4 != int64(i) {
					t.Errorf("frame %d does not lead back to record %d", frame.ID, i)
				}
				if out[frame.ID] != "" {
					t.Errorf("two frames with id %d", frame.ID)
				}
				out[frame.ID] = frame.Event + string(frame.Data)
			}
		}
		return out
	}
	all := ids(modes...)
	for _, mode := range modes {
		for id, frame := range ids(mode) {
			if all[id] != frame {
				t.Errorf("mode %s: frame %d is %s, with all modes %s", mode, id, frame, all[id])
			}
		}
	}
}

// TestLogged: records that went through the log make the same frames as those that were seen live.
func TestLogged(t *testing.T) {
	t.Parallel()
	o := v1.Options{Modes: []wire.StreamMode{wire.StreamValues, wire.StreamUpdates, wire.StreamMessagesTuple, wire.StreamTasks, wire.StreamCustom}}
	live := agentRun(t)
	var log []byte
	for i, e := range live {
		var err error
		if log, err = (events.Record{Seq: int64(i), Event: e}).AppendLine(log); err != nil {
			t.Fatal(err)
		}
	}
	var read []graphs.Event
	for r, err := range events.Lines(log) {
		if err != nil || r.Seq != int64(len(read)) {
			t.Fatalf("record %d: seq %d, %v", len(read), r.Seq, err)
		}
		read = append(read, r.Event)
	}
	got, _ := fold(t, o, read)
	expected, _ := fold(t, o, live)
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("frames (-live +logged):\n%s", diff)
	}
}

// TestOneLine: nothing that a graph says can break a frame.
func TestOneLine(t *testing.T) {
	t.Parallel()
	e := graphs.Event{Kind: graphs.KindCustom, Custom: &graphs.CustomSent{Value: raw("{\n \"a\": \"b\u2028c\"\r\n}")}}
	f := v1.NewFold(v1.Options{Modes: []wire.StreamMode{wire.StreamCustom}}, info, noBase)
	frames, err := f.Apply(events.Record{Seq: 1, Event: e})
	if err != nil || len(frames) != 1 || string(frames[0].Data) != `{"a":"b\u2028c"}` {
		t.Errorf("got %v, %v", frames, err)
	}
}

func BenchmarkFold200Tokens(b *testing.B) {
	list := []graphs.Event{
		{Kind: graphs.KindRunStart, RunStart: &graphs.RunStarted{RunID: "R1", Attempt: 1, Output: output}},
		step(-1, graphs.SourceInput, nil, graphs.Start), step(0, graphs.SourceLoop, patch{"messages": add(0, human)}, "agent"), started("K1", "agent", 1),
	}
	list = append(list, slices.Repeat([]graphs.Event{chunk("K1", "M1", "token ")}, 200)...)
	list = append(list, ended("K1", "agent", write("messages", "["+begin+"]")), step(1, graphs.SourceLoop, patch{"messages": add(1, begin)}))
	o := v1.Options{Modes: []wire.StreamMode{wire.StreamValues, wire.StreamMessagesTuple, wire.StreamUpdates}}
	b.ReportAllocs()
	for b.Loop() {
		f := v1.NewFold(o, info, noBase)
		for i, e := range list {
			if _, err := f.Apply(events.Record{Seq: int64(i), Event: e}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
