// Package single has graphs of plain nodes: no tools, no questions, no graphs inside.
package single

import (
	"context"
	"errors"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

type node = func(context.Context, graphs.MessagesState) (graphs.Update, error)

func agent(fn node) *graphs.StateGraph[graphs.MessagesState] {
	return graphs.NewStateGraph[graphs.MessagesState]().AddNode("agent", fn).AddEdge(graphs.Start, "agent").AddEdge("agent", graphs.End)
}

// Text streams its answer.
var Text = agent(scripted.Node(scripted.NewTeller("Plan accepted.")))

// Error fails.
var Error = agent(func(context.Context, graphs.MessagesState) (graphs.Update, error) {
	return nil, errors.New("Intentional error for testing") //nolint:staticcheck // the wire's text
})

// Slow takes its time.
var Slow = agent(slow)

var done = scripted.Node(say("Done."))

func slow(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
	if err := scripted.Pause(ctx, 400*time.Millisecond); err != nil {
		return nil, err
	}
	return done(ctx, s)
}

// say is a model that says one thing.
func say(text string) scripted.Model {
	return scripted.Model{First: scripted.Line{Text: text}, Last: scripted.Line{Text: text}}
}

// StatefulState is that of Stateful.
type StatefulState struct {
	graphs.MessagesState
	Status string `json:"status"`
}

// Stateful is Slow, with a status beside the messages.
var Stateful = graphs.NewStateGraph[StatefulState](graphs.Default("status", "idle")).
	AddNode("agent", func(ctx context.Context, s StatefulState) (graphs.Update, error) {
		said, err := slow(ctx, s.MessagesState)
		if err != nil {
			return nil, err
		}
		return graphs.Updates{said, graphs.Set{"status": "final"}}, nil
	}).
	AddEdge(graphs.Start, "agent").
	AddEdge("agent", graphs.End)
