// Package graphs has the names of the real one that a symbol may be of.
package graphs

import "context"

type Runnable interface{ Label() string }

type StateGraph[S any] struct{ Name string }

func New[S any](name string) *StateGraph[S] { return &StateGraph[S]{name} }

func (g *StateGraph[S]) Label() string { return g.Name }

type ServerRuntime struct{}

type Factory[C any] func(ctx context.Context, rt *ServerRuntime, c C) (Runnable, error)
