package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
			var call struct {
				Event, Name string
				RunID       string                     `json:"run_id"`
				Parents     []string                   `json:"parent_ids"`
				Data        map[string]json.RawMessage `json:"data"`
				Metadata    map[string]json.RawMessage `json:"metadata"`
				Tags        []string                   `json:"tags"`
			}
			if err := json.Unmarshal(e.Trace, &call); err != nil {
				t.Fatal(err)
			}
			if len(call.Tags) != 1 || call.Data == nil || call.Metadata == nil {
				t.Errorf("%s", e.Trace)
			}
			ids[call.RunID] = call.Name
			text := call.Event + " " + call.Name
			for _, id := range call.Parents {
				text += " <" + ids[id]
			}
			for key := range call.Data {
				text += " " + key
			}
			got = append(got, text)
		}
		want := []string{
			"on_chain_start chat", "on_chain_start agent <chat", "on_chain_start ask <chat <agent",
			"on_chat_model_start script <chat <agent <ask", "on_chat_model_stream script <chat <agent <ask chunk",
			"on_chat_model_stream script <chat <agent <ask chunk", "on_chat_model_stream script <chat <agent <ask chunk",
			"on_chat_model_end script <chat <agent <ask output", "on_chain_stream ask <chat <agent chunk", "on_chain_end ask <chat <agent output",
			"on_chain_stream agent <chat chunk", "on_chain_end agent <chat output", "on_chain_start tools <chat",
			"on_tool_start weather <chat <tools input", "on_tool_end weather <chat <tools output",
		}
		if fails {
			want = append(want, "on_chain_error tools <chat error", "on_chain_error chat error")
		} else {
			want = append(want, "on_chain_stream tools <chat chunk", "on_chain_end tools <chat output", "on_chain_end chat")
		}
		if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
			t.Errorf("fails=%v (-want +got):\n%s", fails, diff)
		}
	}
}
