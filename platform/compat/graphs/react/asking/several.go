package asking

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
)

// SeveralState is that of Several.
type SeveralState struct {
	Prompts   []string                   `json:"prompts"`
	Decisions map[string]json.RawMessage `json:"decisions" reduce:"merge"`
	Completed bool                       `json:"completed"`
}

type prompt struct {
	Prompt string `json:"prompt"`
}

// Several asks for each prompt, all at the same time.
var Several = graphs.NewStateGraph[SeveralState](graphs.Default("decisions", map[string]json.RawMessage{}), graphs.Default("completed", false)).
	AddNodeOf("review", graphs.In(func(ctx context.Context, p prompt) (graphs.Update, error) {
		answer, err := graphs.Interrupt[json.RawMessage](ctx, map[string]string{"prompt": "Approve action " + p.Prompt + "?", "action": p.Prompt})
		if err != nil {
			return nil, err
		}
		return graphs.Set{"decisions": map[string]json.RawMessage{p.Prompt: answer}}, nil
	})).
	AddNode("aggregate", func(context.Context, SeveralState) (graphs.Update, error) {
		return graphs.Set{"completed": true}, nil
	}).
	AddRouter(graphs.Start, func(_ context.Context, s SeveralState) (graphs.Command, error) {
		var all graphs.Command
		for _, text := range s.Prompts {
			all.Send = append(all.Send, graphs.Send{Node: "review", Arg: prompt{text}})
		}
		return all, nil
	}, "review").
	AddEdge("review", "aggregate").
	AddEdge("aggregate", graphs.End)
