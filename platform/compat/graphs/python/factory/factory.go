// Package factory has a graph that is made for each use of it.
package factory

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// State is what is echoed, and what the graph was made for.
type State struct {
	Text           string `json:"text"`
	AccessContext  string `json:"access_context"`
	IsForExecution bool   `json:"is_for_execution"`
}

// Graph echoes its text and tells what it was made for.
var Graph = graphs.Factory[struct{}](func(_ context.Context, rt *graphs.ServerRuntime, _ struct{}) (graphs.Runnable, error) {
	made := *rt
	return graphs.NewStateGraph[State]().
		AddNode("echo", func(_ context.Context, s State) (graphs.Update, error) {
			return graphs.Set{
				"text": s.Text + " echoed", "access_context": made.AccessContext, "is_for_execution": made.IsForExecution,
			}, nil
		}).
		AddSequence(graphs.Start, "echo", graphs.End).
		Compile()
})
