// Package tools has agents whose tools tell of their calls, and one that counts them.
package tools

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
)

type place struct {
	Query string `json:"query"`
}

var weather = graphs.NewTool("weather", "Tells the weather.", func(_ context.Context, at place) (string, error) { return forecast(at.Query), nil })

func forecast(query string) string {
	query = strings.ToLower(query)
	if strings.Contains(query, "sf") || strings.Contains(query, "san francisco") {
		return "It's 60 degrees and foggy."
	}
	return "It's 90 degrees and sunny."
}

// Graph asks the weather and is done.
var Graph = loop("call_embed_1", prebuilt.ToolNode(weather))

// WithStats does the same by a node of its own, and tells at its end how many tools and tokens it took.
var WithStats = loop("call_stats_1", byHand, graphs.WithTransformer(func() graphs.Transformer { return &stats{} }))

func loop(call string, node func(context.Context, graphs.MessagesState) (graphs.Update, error), opts ...graphs.Option) *graphs.StateGraph[graphs.MessagesState] {
	ask := func(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
		said := graphs.AI("", graphs.ToolCall{ID: call, Name: "weather", Args: json.RawMessage(`{"query":"SF"}`)})
		if n := len(s.Messages); n > 0 && s.Messages[n-1].Type == graphs.TypeTool {
			said = graphs.AI("Done.")
		}
		return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{said}}), nil
	}
	next := func(_ context.Context, s graphs.MessagesState) (string, error) {
		if len(s.Messages[len(s.Messages)-1].ToolCalls) > 0 {
			return "tools", nil
		}
		return graphs.End, nil
	}
	return graphs.NewStateGraph[graphs.MessagesState](opts...).
		AddNode("agent", ask).AddNode("tools", node).
		AddEdge(graphs.Start, "agent").AddConditionalEdges("agent", next, "tools", graphs.End).AddEdge("tools", "agent")
}

func byHand(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
	var answers []graphs.Message
	for _, call := range s.Messages[len(s.Messages)-1].ToolCalls {
		var at place
		if err := json.Unmarshal(call.Args, &at); err != nil {
			return nil, err
		}
		answer := graphs.ToolResult(call.ID, forecast(at.Query))
		answer.Name = call.Name
		answers = append(answers, answer)
	}
	return graphs.Patch(graphs.MessagesState{Messages: answers}), nil
}

// stats is a transformer: it counts until the run ends.
type stats struct{ calls, tokens int }

// See implements [graphs.Transformer].
func (s *stats) See(e graphs.Event) []graphs.Event {
	if e.Tool != nil && e.Tool.Phase == "started" {
		s.calls++
	}
	if e.Chunk != nil && e.Chunk.Delta.UsageMetadata != nil {
		s.tokens += e.Chunk.Delta.UsageMetadata.InputTokens + e.Chunk.Delta.UsageMetadata.OutputTokens
	}
	return nil
}

// End implements [graphs.Transformer].
func (s *stats) End(error) []graphs.Event {
	calls, _ := graphs.CustomEvent("toolCallCount", s.calls) // numbers are JSON
	tokens, _ := graphs.CustomEvent("totalTokens", s.tokens)
	return []graphs.Event{calls, tokens}
}
