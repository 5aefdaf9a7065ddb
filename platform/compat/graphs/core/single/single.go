// Package single has graphs of one node.
package single

import (
	"context"
	"fmt"
	"time"

	"github.com/locutory/locutory/graphs"
)

func one[S any](name string, node func(context.Context, S) (graphs.Update, error), opts ...graphs.Option) *graphs.StateGraph[S] {
	return graphs.NewStateGraph[S](opts...).AddNode(name, node).AddEdge(graphs.Start, name).AddEdge(name, graphs.End)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CustomError is how Error ends.
type CustomError struct{}

// Error implements error.
func (*CustomError) Error() string { return "Boo!" }

// Error fails after a second.
var Error = one("error_node", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
	if err := pause(ctx, time.Second); err != nil {
		return nil, err
	}
	return nil, &CustomError{}
})

// Delayed is the state of Delay.
type Delayed struct {
	graphs.MessagesState
	Delay int `json:"delay"`
}

// Delay takes the time that it is told, in milliseconds. One that is to be seen while it lasts takes longer: busy machines see it late.
var Delay = one("long_running", func(ctx context.Context, s Delayed) (graphs.Update, error) {
	d := time.Duration(s.Delay) * time.Millisecond
	if seen := 300 * time.Millisecond; d > seen {
		d = max(d, min(3*d, 4*time.Second))
	}
	if err := pause(ctx, d); err != nil {
		return nil, err
	}
	return graphs.Set{"messages": []graphs.Message{graphs.Human(fmt.Sprintf("finished after %dms", s.Delay))}}, nil
})

// Named is the state of Dynamic.
type Named struct {
	Node     string   `json:"node"`
	Messages []string `json:"messages" reduce:"append"`
}

// Naming are its settings.
type Naming struct {
	NodeName string `json:"nodeName" default:"default"`
}

// Dynamic has a node whose name is a setting.
var Dynamic = graphs.Factory[Naming](func(_ context.Context, _ *graphs.ServerRuntime, n Naming) (graphs.Runnable, error) {
	return one(n.NodeName, func(context.Context, Named) (graphs.Update, error) {
		return graphs.Patch(Named{Node: n.NodeName, Messages: []string{n.NodeName}}), nil
	}).Compile()
})

// Asked and Answered are what Runtime takes and gives.
type (
	Asked struct {
		Message string `json:"message"`
		Model   string `json:"model" jsonschema:"one of: openai, anthropic, unknown"`
	}
	Answered struct {
		Model string `json:"model" jsonschema:"one of: openai, anthropic, unknown"`
	}
)

// Runtime tells which model its context names.
var Runtime = one("model", func(ctx context.Context, _ Asked) (graphs.Update, error) {
	settings, err := graphs.ContextFrom[Answered](ctx)
	return graphs.Set{"model": settings.Model}, err
}, graphs.ContextSchema[Answered]())

// Counted is the state of Schema.
type Counted struct {
	graphs.MessagesState
	Count int `json:"count"`
}

// Schema counts its answers.
var Schema = one("agent", func(_ context.Context, s Counted) (graphs.Update, error) {
	return graphs.Set{"messages": []graphs.Message{graphs.AI(fmt.Sprintf("Response %d", s.Count+1))}, "count": s.Count + 1}, nil
}, graphs.Default("count", 0))

// Texts is the state of Registry.
type Texts struct {
	Messages []string `json:"messages" reduce:"append"`
	Count    int      `json:"count"`
	Status   string   `json:"status" jsonschema:"one of: idle, processing, done"`
}

// Registry is done.
var Registry = one("agent", func(_ context.Context, s Texts) (graphs.Update, error) {
	return graphs.Set{"count": s.Count + 1, "status": "done"}, nil
})

// Things is the state of Plain.
type Things struct {
	Items   []string `json:"items"`
	Counter int      `json:"counter"`
	Label   string   `json:"label"`
}

// Plain counts.
var Plain = one("agent", func(_ context.Context, s Things) (graphs.Update, error) {
	return graphs.Set{"counter": s.Counter + 1}, nil
})
