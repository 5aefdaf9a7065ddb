package graphs

import (
	"context"
	"fmt"
	"reflect"
	"strconv"

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
	ns := r.space(t)
	if n != "" {
		ns = joinNS(r.ns, t.plan.Name, callID(t.plan.ID, n))
	}
	child := r.child(t, sub, ns)
	if n == "" {
		child.startFrom(t.origin, t.base)
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

// callID is what the namespace of a task's later calls has in place of the task's id.
func callID(task, call string) string {
	b := xxh3.HashString128(task + "\x00" + call).Bytes()
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	return formatUUID(b)
}
