// Package echo is a graph of one node that says back what it was told.
package echo

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// Graph answers "echo: " and the last message's text.
var Graph = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("echo", echo).
	AddEdge(graphs.Start, "echo").
	AddEdge("echo", graphs.End)

func echo(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
	last := ""
	if n := len(s.Messages); n > 0 {
		last = s.Messages[n-1].Text()
	}
	return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI("echo: " + last)}}), nil
}
