package langchaingo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/chains"
)

// Chain makes a node of a chain: it gets the state's keys that it asks for, and its outputs are written under their names.
// An output whose key the state does not have is dropped, as everywhere. opts go with every call.
//
//	graphs.NewStateGraph[State]().AddNode("summarize", langchaingo.Chain[State](chain))
func Chain[S any](chain chains.Chain, opts ...chains.ChainCallOption) func(context.Context, S) (graphs.Update, error) {
	return func(ctx context.Context, state S) (graphs.Update, error) {
		inputs, err := inputsOf(chain, state)
		if err != nil {
			return nil, err
		}
		outputs, err := chains.Call(ctx, chain, inputs, opts...)
		if err != nil {
			return nil, fmt.Errorf("chain: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err // a chain may have taken a cancelled model's beginning for an answer
		}
		return graphs.Set(outputs), nil
	}
}

func inputsOf(chain chains.Chain, state any) (map[string]any, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("chain input: %w", err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("chain input: %w", err)
	}
	inputs := make(map[string]any)
	for _, key := range chain.GetInputKeys() {
		if value, ok := all[key]; ok {
			inputs[key] = value
		}
	}
	return inputs, nil
}
