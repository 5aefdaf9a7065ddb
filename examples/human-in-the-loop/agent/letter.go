// Package agent has two graphs that stop and ask a person: one by a node of its own, one before tools that are marked.
package agent

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// State is the conversation and the letter.
type State struct {
	graphs.MessagesState
	Draft string `json:"draft"`
}

// Review is the question; the Studio and chat clients draw it. Decision is what Command{resume} must carry.
type Review struct {
	Question string `json:"question"`
	Draft    string `json:"draft"`
}

// Decision answers a Review.
type Decision struct {
	Approved bool   `json:"approved"`
	Edit     string `json:"edit,omitempty"`
}

// Letter is named by platform.json.
var Letter = graphs.NewStateGraph[State]().
	AddNode("draft", draft).
	AddNode("review", review).
	AddNode("send", send, graphs.Retry(3)).
	AddEdge(graphs.Start, "draft").
	AddEdge("draft", "review").
	AddConditionalEdges("review", route, "send", graphs.End).
	AddEdge("send", graphs.End)

func draft(context.Context, State) (graphs.Update, error) {
	return graphs.Patch(State{Draft: "Dear Bob, ..."}), nil
}

// review runs from its top again when the answer is there: put side effects after the Interrupt.
func review(ctx context.Context, s State) (graphs.Update, error) {
	d, err := graphs.Interrupt[Decision](ctx, Review{"Send this?", s.Draft})
	if err != nil {
		return nil, err // paused: not a failure
	}
	if !d.Approved {
		return graphs.Set{"draft": ""}, nil // Set writes zero values, Patch does not
	}
	if d.Edit != "" {
		return graphs.Patch(State{Draft: d.Edit}), nil
	}
	return nil, nil
}

func route(_ context.Context, s State) (string, error) {
	if s.Draft == "" {
		return graphs.End, nil
	}
	return "send", nil
}

func send(ctx context.Context, s State) (graphs.Update, error) {
	who := "nobody"
	if user := graphs.RuntimeFrom(ctx).User; user != nil {
		who = user.Identity
	}
	sent := graphs.AI("Sent as " + who + ": " + s.Draft)
	return graphs.Patch(State{MessagesState: graphs.MessagesState{Messages: []graphs.Message{sent}}}), nil
}
