package graphs

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
)

// Factory makes a graph for each run and each access to a state; c is the run's settings (see [ContextFrom]).
type Factory[C any] func(ctx context.Context, rt *ServerRuntime, c C) (Runnable, error)

// Load implements [Source]. rt must not be nil.
func (f Factory[C]) Load(ctx context.Context, rt *ServerRuntime) (Runnable, error) {
	var c C
	if err := readContext(rt.Config, &c); err != nil {
		return nil, err
	}
	return f(ctx, rt, c)
}

// Settings implements [Source].
func (f Factory[C]) Settings() json.RawMessage { return settingsOf(reflect.TypeFor[C]()) }

// Settings implements [Source]: the schema of [ContextSchema].
func (g *StateGraph[S]) Settings() json.RawMessage { return settingsOf(g.def.context) }

func settingsOf(t reflect.Type) json.RawMessage {
	if t == nil {
		return nil
	}
	raw, err := SchemaOf(t)
	if err != nil {
		return nil
	}
	return raw
}

// SourceOf returns what platform.json may name as a Source: a Source, a [Runnable], or a func() (Runnable, error), which is
// called here, once.
func SourceOf(v any) (Source, error) {
	switch v := v.(type) {
	case Source:
		return v, nil
	case Runnable:
		return fixed{v}, nil
	case func() (Runnable, error):
		r, err := v()
		if err != nil {
			return nil, err
		}
		return fixed{r}, nil
	}
	return nil, fmt.Errorf("%T is no graph; want *graphs.StateGraph, graphs.Runnable, graphs.Factory or func() (graphs.Runnable, error)", v)
}

type fixed struct{ made Runnable }

func (f fixed) Load(context.Context, *ServerRuntime) (Runnable, error) { return f.made, nil }

func (f fixed) Settings() json.RawMessage { return f.made.Schemas().Context }
