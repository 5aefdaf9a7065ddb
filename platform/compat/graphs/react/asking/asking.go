// Package asking has graphs whose nodes ask people before they go on.
package asking

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
)

// State is that of Graph and Nested.
type State struct {
	Request   string          `json:"request"`
	Decision  json.RawMessage `json:"decision"`
	Completed bool            `json:"completed"`
}

// Graph asks for approval of what it was requested to do.
var Graph = reviewing("Approve the outbound action?")

// Nested asks two graphs further in.
var Nested = within("child", within("inner", reviewing("Approve nested subgraph action?")))

func defaults() []graphs.Option {
	return []graphs.Option{graphs.Default("decision", json.RawMessage("null")), graphs.Default("completed", false)}
}

func reviewing(prompt string) *graphs.StateGraph[State] {
	return graphs.NewStateGraph[State](defaults()...).
		AddNode("review", func(ctx context.Context, s State) (graphs.Update, error) {
			decision, err := ask(ctx, prompt, s.Request)
			if err != nil {
				return nil, err
			}
			return graphs.Set{"decision": decision, "completed": true}, nil
		}).
		AddEdge(graphs.Start, "review").
		AddEdge("review", graphs.End)
}

func within(node string, inner graphs.Source) *graphs.StateGraph[State] {
	return graphs.NewStateGraph[State](defaults()...).AddSubgraph(node, inner).AddEdge(graphs.Start, node).AddEdge(node, graphs.End)
}

// ask returns the answer as an object.
func ask(ctx context.Context, prompt, request string) (json.RawMessage, error) {
	answer, err := graphs.Interrupt[json.RawMessage](ctx, map[string]string{"prompt": prompt, "request": request})
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(answer, &map[string]any{}) == nil && string(answer) != "null" {
		return answer, nil
	}
	return json.Marshal(map[string]json.RawMessage{"value": answer})
}
