package single

import (
	"context"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Remove takes back what was said, and says something else, which readers see before the node has returned.
var Remove = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("step1", scripted.Node(say("Step 1: To Remove"))).
	AddNode("step2", replace).
	AddNode("step3", scripted.Node(say("Step 3: To Keep"))).
	AddEdge(graphs.Start, "step1").
	AddEdge("step1", "step2").
	AddEdge("step2", "step3").
	AddEdge("step3", graphs.End)

func replace(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
	var update []graphs.Message
	for _, m := range s.Messages {
		if m.Type == graphs.TypeAI {
			update = append(update, graphs.Remove(m.ID))
		}
	}
	kept := graphs.AI("Step 2: To Keep")
	kept.ID = uuid.NewString()
	if err := graphs.RuntimeFrom(ctx).Message(kept, nil); err != nil {
		return nil, err
	}
	return graphs.Set{"messages": append(update, kept)}, nil
}
