package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
)

// talking asks a model, reports on a tool and, if told so, fails.
func talking(t testing.TB, fails bool, opts ...graphs.Option) graphs.Runnable {
	model := graphtest.NewModel(graphtest.Turn{ID: "m1", Pieces: []string{"he", "llo"}, Usage: &graphs.Usage{InputTokens: 3, OutputTokens: 2, TotalTokens: 5}})
	inner := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("ask", func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
			answer, err := graphs.CallModel(ctx, model, graphs.ModelRequest{Messages: s.Messages})
			if err != nil {
				return nil, err
			}
			return graphs.Set{"messages": answer}, nil
		}).AddEdge(graphs.Start, "ask")
	return compile(t, graphs.NewStateGraph[graphs.MessagesState](opts...).
		AddSubgraph("agent", inner).
		AddNode("tools", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
			rt := graphs.RuntimeFrom(ctx)
			for _, r := range []graphs.ToolReported{
				{CallID: "c1", Name: "weather", Phase: "started", Data: raw(`{"city":"Rome"}`)},
				{CallID: "c1", Phase: "finished", Data: raw(`"sunny"`)},
			} {
				if err := rt.Tool(r); err != nil {
					return nil, err
				}
			}
			if fails {
				return nil, errors.New("no")
			}
			return nil, nil
		}).
		AddEdge(graphs.Start, "agent").AddEdge("agent", "tools"))
}

// stats counts tools and tokens.
type stats struct{ tools, tokens int }

func (s *stats) See(e graphs.Event) []graphs.Event {
	switch {
	case e.Tool != nil && e.Tool.Phase == "started":
		s.tools++
	case e.Chunk != nil && e.Chunk.Delta.UsageMetadata != nil:
		s.tokens += e.Chunk.Delta.UsageMetadata.TotalTokens
	}
	return nil
}

func (s *stats) End(error) []graphs.Event {
	var out []graphs.Event
	for name, n := range map[string]int{"toolCallCount": s.tools, "totalTokens": s.tokens} {
		e, err := graphs.CustomEvent(name, n)
		if err == nil {
			out = append(out, e)
		}
	}
	return out
}

// Totals are told at the end of a run, of a failed one too, whether or not the reader wants messages.
func TestTransformer(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		for _, messages := range []bool{false, true} {
			t.Run(fmt.Sprintf("fails=%v,messages=%v", fails, messages), func(t *testing.T) {
				t.Parallel()
				g := talking(t, fails, graphs.WithTransformer(func() graphs.Transformer { return &stats{} }))
				for range 2 { // each run counts for itself
					got, spoke, failed := map[string]string{}, false, error(nil)
					for e, err := range g.Stream(t.Context(), value(`{"messages":"hi"}`), graphs.Config{Messages: messages}) {
						failed = err
						spoke = spoke || e.Kind == graphs.KindChunk
						if e.Custom != nil {
							got[e.Custom.Name] = string(e.Custom.Value)
						}
					}
					if (failed != nil) != fails || spoke != messages {
						t.Errorf("failed %v, spoke %v", failed, spoke)
					}
					if diff := cmp.Diff(map[string]string{"toolCallCount": "1", "totalTokens": "5"}, got); diff != "" {
						t.Errorf("totals (-want +got):\n%s", diff)
					}
				}
			})
		}
	}
}

// A reader that has enough gets nothing more.
func TestTransformedStreamStops(t *testing.T) {
	t.Parallel()
	g := talking(t, false, graphs.WithTransformer(func() graphs.Transformer { return &stats{} }))
	for n := 1; ; n++ {
		seen := 0
		for _, err := range g.Stream(t.Context(), value(`{"messages":"hi"}`), graphs.Config{Messages: true, Trace: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == n {
				break
			}
		}
		if seen < n {
			return // the whole stream
		}
	}
}

// traced is a trace event as clients read it.
type traced struct {
	Event, Name string
	RunID       string   `json:"run_id"`
	Parents     []string `json:"parent_ids"`
	Tags        []string
	Metadata    map[string]json.RawMessage
	Data        map[string]json.RawMessage
}

func TestTrace(t *testing.T) {
	t.Parallel()
	cfg := graphs.Config{Trace: true, Messages: true, RunID: "run", GraphID: "chat", Tags: []string{"x"}}
	for _, fails := range []bool{false, true} {
		var got []string
		ids := map[string]string{"run": "run"}
		for e, err := range talking(t, fails).Stream(t.Context(), value(`{"messages":"hi"}`), cfg) {
			if err != nil || e.Trace == nil {
				continue
			}
			var call traced
			if err := json.Unmarshal(e.Trace, &call); err != nil {
				t.Fatal(err)
			}
			if call.Data == nil || string(call.Metadata["run_id"]) != `"run"` || !strings.HasSuffix(string(e.Trace), "}}") {
				t.Errorf("%s", e.Trace)
			}
			ids[call.RunID] = call.Name
			text := call.Event + " " + call.Name + " #" + strings.Join(call.Tags, "#")
			for _, id := range call.Parents {
				text += " <" + ids[id]
			}
			for _, key := range slices.Sorted(maps.Keys(call.Data)) {
				text += " " + key
			}
			if e.TraceState != "" {
				text += " +" + e.TraceState
			}
			got = append(got, text)
		}
		want := []string{
			"on_chain_start LangGraph #x input",
			"on_chain_start agent #x#graph:step:1 <LangGraph +input",
			"on_chain_start ask #x#graph:step:1 <LangGraph <agent +input",
			"on_chat_model_start script #x <LangGraph <agent <ask",
			"on_chat_model_stream script #x <LangGraph <agent <ask chunk",
			"on_chat_model_stream script #x <LangGraph <agent <ask chunk",
			"on_chat_model_stream script #x <LangGraph <agent <ask chunk",
			"on_chat_model_end script #x <LangGraph <agent <ask output",
			"on_chain_end ask #x#graph:step:1 <LangGraph <agent output +input",
			"on_chain_end agent #x#graph:step:1 <LangGraph output +input",
			"on_chain_start tools #x#graph:step:2 <LangGraph +input",
			"on_tool_start weather #x <LangGraph <tools input",
			"on_tool_end weather #x <LangGraph <tools output",
		}
		if fails {
			want = append(want, "on_chain_error tools #x#graph:step:2 <LangGraph error +input", "on_chain_error LangGraph #x error")
		} else {
			want = append(want, "on_chain_end tools #x#graph:step:2 <LangGraph output +input", "on_chain_end LangGraph #x +output")
		}
		if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
			t.Errorf("fails=%v (-want +got):\n%s", fails, diff)
		}
	}
}

func leadOn(context.Context, listState) (string, error) { return "w", nil }

// Routers are calls of their node; a Send's argument is its node's input; nothing of a trace is told to whom did not ask.
func TestTraceOfRouters(t *testing.T) {
	t.Parallel()
	send := func(context.Context, listState) (graphs.Command, error) {
		return graphs.Command{Send: []graphs.Send{{Node: "w", Arg: listState{Count: 7}}}}, nil
	}
	g := compile(t, graphs.NewStateGraph[listState]().AddNode("n", says("n")).AddNode("w", says("w")).AddEdge(graphs.Start, "n").
		AddConditionalEdges("n", leadOn, "w").AddRouter("n", send, "w"))
	for _, asked := range []bool{false, true} {
		var got []string
		ids := map[string]bool{}
		for e, err := range g.Stream(t.Context(), value(`{}`), graphs.Config{Trace: asked, RunID: "run"}) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != graphs.KindTrace {
				continue
			}
			var call traced
			if err := json.Unmarshal(e.Trace, &call); err != nil {
				t.Fatalf("%q: %v", e.Trace, err)
			}
			ids[call.RunID] = true
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", call.Event, call.Name, call.Data["input"], call.Data["output"])))
		}
		if !asked {
			if len(got) > 0 {
				t.Errorf("traces that nobody asked for: %v", got)
			}
			continue
		}
		want := []string{
			`on_chain_start LangGraph {}`, `on_chain_start n`, `on_chain_start leadOn`, `on_chain_end leadOn  "w"`,
			`on_chain_start RunnableLambda`, `on_chain_end RunnableLambda  ["w"]`, `on_chain_end n  {"by_name":{"n":1},"count":1,"items":["n"]}`,
		}
		if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(ids) != 6 { // the graph, n, two routers, two of w
			t.Errorf("%d calls: %v", len(ids), got)
		}
		if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, `"count":7`) }) {
			t.Errorf("the argument of the Send is not told: %v", got)
		}
	}
}
