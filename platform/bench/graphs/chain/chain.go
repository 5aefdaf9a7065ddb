// Package chain is a graph of ten nodes in a row.
package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/locutory/locutory/graphs"
)

// State counts the steps that were taken.
type State struct {
	graphs.MessagesState
	Step int `json:"step"`
}

// Graph takes ten steps; configurable.delay_ms makes each of them take that long.
var Graph = build()

func build() *graphs.StateGraph[State] {
	g, before := graphs.NewStateGraph[State](), graphs.Start
	for i := range 10 {
		name := fmt.Sprintf("step%d", i+1)
		g.AddNode(name, step).AddEdge(before, name)
		before = name
	}
	return g.AddEdge(before, graphs.End)
}

func step(ctx context.Context, s State) (graphs.Update, error) {
	if err := pause(ctx); err != nil {
		return nil, err
	}
	said := graphs.AI(fmt.Sprintf("step %d", s.Step+1))
	return graphs.Patch(State{MessagesState: graphs.MessagesState{Messages: []graphs.Message{said}}, Step: s.Step + 1}), nil
}

func pause(ctx context.Context) error {
	var ms int
	if raw, ok := graphs.RuntimeFrom(ctx).Config.Configurable["delay_ms"]; ok {
		if err := json.Unmarshal(raw, &ms); err != nil {
			return fmt.Errorf("configurable.delay_ms: %w", err)
		}
	}
	if ms <= 0 {
		return nil
	}
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
