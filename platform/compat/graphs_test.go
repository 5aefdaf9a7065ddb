package compat

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// echo is a graph that says back what it was told.
func echo() platform.Graph {
	graph := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("echo", func(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
			last := ""
			if n := len(s.Messages); n > 0 {
				last = s.Messages[n-1].Text()
			}
			return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI("echo: " + last)}}), nil
		}).
		AddEdge(graphs.Start, "echo").
		AddEdge("echo", graphs.End)
	return platform.Graph{ID: "agent", Source: graph, Symbol: "./agent:Graph"}
}

// sighting is what a graph knows of its caller.
type sighting struct {
	Word         string                     `json:"word"` // the input, so that there is one
	Identity     string                     `json:"identity"`
	Permissions  []string                   `json:"permissions"`
	Configurable map[string]json.RawMessage `json:"configurable"`
}

// whoami is a graph that returns whom it takes its caller for.
func whoami() platform.Graph {
	graph := graphs.NewStateGraph[sighting]().
		AddNode("look", func(ctx context.Context, _ sighting) (graphs.Update, error) {
			rt := graphs.RuntimeFrom(ctx)
			seen := sighting{Configurable: rt.Config.Configurable}
			if rt.User != nil {
				seen.Identity, seen.Permissions = rt.User.Identity, rt.User.Permissions
			}
			return graphs.Patch(seen), nil
		}).
		AddEdge(graphs.Start, "look").
		AddEdge("look", graphs.End)
	return platform.Graph{ID: "whoami", Source: graph, Symbol: "./whoami:Graph"}
}

// reading is what a graph reads of its run's.
type reading struct {
	Word   string `json:"word"`
	UserID string `json:"user_id"`
}

// reader is a graph that returns its settings.
func reader() platform.Graph {
	graph := graphs.NewStateGraph[reading]().
		AddNode("read", func(ctx context.Context, _ reading) (graphs.Update, error) {
			read, err := graphs.ContextFrom[reading](ctx)
			return graphs.Patch(read), err
		}).
		AddEdge(graphs.Start, "read").
		AddEdge("read", graphs.End)
	return platform.Graph{ID: "reader", Source: graph, Symbol: "./reader:Graph"}
}

// gated is a graph that says "before", waits until the gate opens, and says "after".
func gated(gate <-chan struct{}) platform.Graph {
	graph := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("pass", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
			rt := graphs.RuntimeFrom(ctx)
			if err := rt.Write("before"); err != nil {
				return nil, err
			}
			select {
			case <-gate:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if err := rt.Write("after"); err != nil {
				return nil, err
			}
			return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI("passed")}}), nil
		}).
		AddEdge(graphs.Start, "pass").
		AddEdge("pass", graphs.End)
	return platform.Graph{ID: "gated", Source: graph, Symbol: "./gated:Graph"}
}

// nest is a state with whatever JSON a graph makes.
type nest struct {
	Word string          `json:"word"`
	Nest json.RawMessage `json:"nest"`
}

// nesting is a graph that returns JSON which no request may send.
func nesting(value string) platform.Graph {
	graph := graphs.NewStateGraph[nest]().
		AddNode("nest", func(context.Context, nest) (graphs.Update, error) {
			return graphs.Patch(nest{Nest: json.RawMessage(value)}), nil
		}).
		AddEdge(graphs.Start, "nest").
		AddEdge("nest", graphs.End)
	return platform.Graph{ID: "nesting", Source: graph, Symbol: "./nesting:Graph"}
}
