package graphs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
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
	if rt.task.context.Err() != nil {
		return state, ErrTaskOver
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
	sub, err := r.subgraphOf(ctx, source)
	if err != nil {
		return nil, err
	}
	n := t.questions.call(partOf(ctx))
	child := r.child(t, sub, callSpace(r.space(t), n))
	if t.origin != "" && t.attempts == 1 { // another attempt goes on from its own
		if err := child.startFromCall(ctx, t, n); err != nil {
			return nil, err
		}
	}
	begin, err := child.beginning(ctx, t, child.origin != "", func() (any, error) { return in, nil })
	if err != nil {
		return nil, err
	}
	for _, key := range []any{turnKey{}, partKey{}, stateKey{}, toolCallKey{}} { // those are this node's
		ctx = context.WithValue(ctx, key, nil)
	}
	t.seat.lend(r.slots)
	defer t.seat.regain(ctx, r.slots)
	if err := child.all(ctx, begin); err != nil {
		var up *toParent
		if errors.As(err, &up) {
			return nil, &LeftError{Command: up.command}
		}
		return nil, err
	}
	if !child.halted {
		return child, nil
	}
	t.questions.mu.Lock()
	defer t.questions.mu.Unlock()
	t.halted = true
	for _, inner := range child.tasks {
		t.paused = append(t.paused, inner.paused...)
	}
	return nil, ErrInterrupted
}

// call counts the calls of one execution of a task, for each part of it; the first one of all has no name.
func (q *questions) call(part int) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.calls == nil {
		q.calls = map[int]int{}
	}
	n := q.calls[part]
	q.calls[part]++
	if part+n == 0 {
		return ""
	}
	return strconv.Itoa(part) + "." + strconv.Itoa(n)
}

// callSpace is the namespace of a task's call: the task's own for the first one, and one like it for each later one.
func callSpace(own, call string) string {
	if call == "" {
		return own
	}
	at := strings.LastIndexByte(own, ':') + 1
	return own[:at] + hashUUID(xxh3.HashString128(own[at:]+"\x00"+call))
}

// startFromCall lets a called graph go on from where the same call was when the task had another id.
func (r *run) startFromCall(ctx context.Context, t *task, call string) error {
	origin, base := callSpace(t.origin, call), t.base
	if call != "" {
		if _, err := r.cfg.Saver.Get(ctx, origin, ""); errors.Is(err, ErrNoCheckpoint) {
			return nil // it was not made
		} else if err != nil {
			return fmt.Errorf("read checkpoint: %w", err)
		}
		var err error
		if base, err = r.asked(ctx, origin, t.answers); err != nil {
			return err
		}
	}
	r.startFrom(origin, base)
	return nil
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
