package asking

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
)

// OnceState is that of Once.
type OnceState struct {
	Request        string          `json:"request"`
	Decision       json.RawMessage `json:"decision"`
	CompletedTurns int             `json:"completedTurns"`
}

// Once asks in the first run of a thread; the answer holds for those that follow.
var Once = graphs.NewStateGraph[OnceState](graphs.Default("decision", json.RawMessage("null")), graphs.Default("completedTurns", 0)).
	AddNode("review", func(ctx context.Context, s OnceState) (graphs.Update, error) {
		update := graphs.Set{"completedTurns": s.CompletedTurns + 1}
		if len(s.Decision) == 0 || bytes.Equal(s.Decision, []byte("null")) {
			decision, err := ask(ctx, "Approve the outbound action?", s.Request)
			if err != nil {
				return nil, err
			}
			update["decision"] = decision
		}
		return update, nil
	}).
	AddEdge(graphs.Start, "review").
	AddEdge("review", graphs.End)
