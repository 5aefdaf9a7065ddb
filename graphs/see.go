package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// SeeState lets what runs in a node read the graph's state by [StateFrom], also when the node has an input of its own or was
// started by a Send.
func SeeState() NodeOption { return func(n *nodeDef) { n.sees = true } }

type stateKey struct{}

// WithState lets [StateFrom] answer state. Who runs tools in a node sets it.
func WithState(ctx context.Context, state any) context.Context {
	return context.WithValue(ctx, stateKey{}, state)
}

// StateFrom returns the state of the graph as it was before the step, for what runs inside of a node but is not given it, such as
// a tool: a model neither sees nor sets it. S is the state's type, or another struct with some of its keys, which are then read by
// way of JSON. The state is read-only. It is an error where nobody has provided a state: see [SeeState] and [WithState].
func StateFrom[S any](ctx context.Context) (S, error) {
	var s S
	state := ctx.Value(stateKey{})
	if rt := RuntimeFrom(ctx); state == nil && rt != nil {
		state = rt.task.seen
	}
	switch v := state.(type) {
	case nil:
		return s, errors.New("no state in this context: give the node the option graphs.SeeState()")
	case *S:
		return *v, nil
	case S:
		return v, nil
	}
	raw, err := json.Marshal(state)
	if err != nil {
		return s, fmt.Errorf("state: %w", err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("state as %T: %w", s, err)
	}
	return s, nil
}
