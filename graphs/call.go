package graphs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/zeebo/xxh3"
)

// Calls says that a node runs source by [Call], so that drawings can open it and clients find it among the assistant's subgraphs.
func Calls(source Source) NodeOption { return func(n *nodeDef) { n.calls = source } }

// Call runs another graph as a part of the node that ctx belongs to, and returns its end state as an S: the graph's own state type,
// or another struct with some of its keys. in is what [Input].Value may be.
//
// The first graph that a task calls runs in the task's own namespace, as one of [StateGraph.AddSubgraph] does: readers see what it
// does, its checkpoints are the thread's, and its interrupts pause the node. Then Call returns [ErrInterrupted]; return it. When the
// run goes on, the node runs again from its beginning, and the same Call goes on inside of its graph. So a node makes its calls in
// the same order each time; those that it makes side by side are told apart by [WithTurn].
//
// Calls end with the node: those that it has not waited for are cut off when it returns.
//
// A graph that leads out of itself by a Command to its parent makes Call return a [*LeftError].
//
// Without a run in ctx the graph runs by itself: a function that calls graphs can be tested as any other.
func Call[S any](ctx context.Context, source Source, in any) (S, error) {
	var state S
	rt := RuntimeFrom(ctx)
	if rt == nil {
		made, err := source.Load(ctx, &ServerRuntime{AccessContext: "threads.create_run", IsForExecution: true})
		if err != nil {
			return state, fmt.Errorf("load the called graph: %w", err)
		}
		return Invoke[S](ctx, made, Input{Value: in}, Config{})
	}
	child, err := rt.call(ctx, source, in)
	if err != nil {
		return state, err
	}
	v, err := child.g.viewOf(reflect.TypeFor[S]())
	if err != nil {
		return state, err
	}
	p, err := v.fill(child.g.channels, child.cells)
	if err != nil {
		return state, err
	}
	return *p.(*S), nil
}

// call runs a graph to its end, or returns ErrInterrupted.
func (rt *Runtime) call(ctx context.Context, source Source, in any) (*run, error) {
	r, t := rt.run, rt.task
	ctx, name, done := t.questions.call(ctx)
	if done == nil {
		return nil, ErrTaskOver
	}
	defer done()
	for _, key := range []any{turnKey{}, partKey{}, stateKey{}, toolCallKey{}} { // those are this node's
		ctx = context.WithValue(ctx, key, nil)
	}
	t.seat.lend(r.slots)
	defer t.seat.regain(t.questions.inner.node, r.slots)
	child, err := r.descendInto(ctx, t, source, name, func(*graph) (any, error) { return in, nil })
	var up *toParent
	switch {
	case errors.As(err, &up):
		return nil, &LeftError{Command: up.command}
	case err != nil:
		return nil, err
	case child.halted:
		return nil, ErrInterrupted
	}
	return child, nil
}

// callSpace is the namespace of a task's call: the task's own for the first one, and one like it for each later one.
func callSpace(own, call string) string {
	if call == "" {
		return own
	}
	at := strings.LastIndexByte(own, ':') + 1
	return own[:at] + hashUUID(xxh3.HashString128(own[at:]+"\x00"+call))
}

// LeftError says that a graph that was called led out of itself, by a [Command] to its parent. A node that returns Command goes where
// it leads, in the node's own graph.
type LeftError struct{ Command Command }

// Error says what went wrong, for people.
func (e *LeftError) Error() string {
	return "the called graph led out of itself by a Command to its parent"
}

// Class returns the class that clients see.
func (e *LeftError) Class() string { return "InvalidUpdateError" }
