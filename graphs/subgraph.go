package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"strings"
)

// AddSubgraph adds a graph as a node. It gets the keys that both states have, runs under a namespace of its own (node:task, joined
// by '|'), and what it ends with is the node's update. Its interrupts, breakpoints and failures are those of the node; a run that
// resumes goes on inside.
func (g *StateGraph[S]) AddSubgraph(name string, source Source, opts ...NodeOption) *StateGraph[S] {
	n := nodeDef{name: name, in: reflect.TypeFor[S](), sub: source}
	for _, opt := range opts {
		opt(&n)
	}
	g.def.nodes = append(g.def.nodes, n)
	return g
}

// Load implements [Source]: a compiled graph is its own.
func (g *graph) Load(context.Context, *ServerRuntime) (Runnable, error) { return g, nil }

// Settings implements [Source].
func (g *graph) Settings() json.RawMessage { return g.schemas.Context }

// toParent is how a Command with Graph: Parent leaves a subgraph.
type toParent struct{ command Command }

func (e *toParent) Error() string {
	return "Command.Graph is graphs.Parent, but the graph is not inside another one"
}

// Class returns the class that clients see, if there is no parent.
func (e *toParent) Class() string { return "InvalidUpdateError" }

// subgraphOf loads a graph that is to run inside of this one.
func (r *run) subgraphOf(ctx context.Context, source Source) (*graph, error) {
	made, err := source.Load(ctx, &ServerRuntime{
		Config: r.cfg, User: r.cfg.User, Store: r.cfg.Store, AccessContext: "threads.create_run", IsForExecution: true,
	})
	if err != nil {
		return nil, fmt.Errorf("load subgraph: %w", err)
	}
	sub, ok := made.(*graph)
	if !ok {
		return nil, fmt.Errorf("subgraph is a %T; want a graph of this package", made)
	}
	return sub, nil
}

// shared are the values that a subgraph takes over. It is made by the coordinator, for the task's goroutine.
func (r *run) shared() (Set, error) {
	values := Set{}
	for i := range r.g.channels {
		ch, c := &r.g.channels[i], &r.cells[i]
		if !c.ok || !ch.isState() {
			continue
		}
		val, err := c.value(ch)
		if err != nil {
			return nil, err
		}
		if val != nil {
			val = clip(reflect.ValueOf(val)).Interface()
		}
		values[ch.name] = val
	}
	return values, nil
}

// nested runs a task's subgraph, from its input or from where it stopped, and returns its end state as an update.
func (r *run) nested(ctx context.Context, t *task) (Update, error) {
	child, err := r.descendInto(ctx, t, t.node.sub, "", t.inputOf)
	var up *toParent
	switch {
	case errors.As(err, &up):
		return up.command, nil
	case err != nil || child.halted:
		return nil, err
	}
	return child.output(r.g)
}

// descendInto runs a graph inside of a task until it ends or halts, and the task with it. call is which of the graphs that the node
// calls it is, input what it begins with, if it has not begun before.
func (r *run) descendInto(ctx context.Context, t *task, source Source, call string, input func(*graph) (any, error)) (*run, error) {
	sub, err := r.subgraphOf(ctx, source)
	if err != nil {
		return nil, err
	}
	child := r.child(t, sub, callSpace(r.space(t), call))
	if t.origin != "" && t.questions.descend(call) {
		if err := child.startFrom(ctx, t, call); err != nil {
			return nil, err
		}
	}
	in, err := child.beginning(ctx, t, input)
	if err != nil {
		return nil, err
	}
	if err := child.all(ctx, in); err != nil {
		return nil, err
	}
	if child.halted {
		t.questions.halt(child.tasks)
	}
	return child, nil
}

// child makes the run of a graph that a task runs, in the namespace ns.
func (r *run) child(t *task, sub *graph, ns string) *run {
	cfg := r.cfg
	cfg.CheckpointNS, cfg.CheckpointID, cfg.InterruptBefore, cfg.InterruptAfter = ns, "", nil, nil
	cfg.CheckpointMap = map[string]string{r.ns: r.cp.ID}
	maps.Copy(cfg.CheckpointMap, r.parents)
	if cfg.Saver != nil {
		cfg.Saver = &relay{to: cfg.Saver, run: r, task: t}
	}
	child := sub.newRun(cfg)
	child.encode, child.replay, child.slots = r.encode, r.replay, r.slots
	if r.yield != nil {
		child.yield = func(e Event, _ error) bool { return r.tell(t, signal{event: e, relayed: true}) }
	}
	return child
}

// startFrom lets a nested run go on from where the same call was when the task had another id, or from another checkpoint than its
// newest.
func (r *run) startFrom(ctx context.Context, t *task, call string) error {
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
	if origin != r.ns {
		r.origin = origin
	}
	r.cfg.CheckpointID = base
	return nil
}

// beginning is what a nested run begins with: answers, nothing if it has begun before, else a fresh input.
func (r *run) beginning(ctx context.Context, t *task, input func(*graph) (any, error)) (Input, error) {
	if r.cfg.Saver != nil {
		var err error
		if r.origin == "" {
			_, err = r.cfg.Saver.Get(ctx, r.ns, "")
		}
		if err != nil && !errors.Is(err, ErrNoCheckpoint) {
			return Input{}, fmt.Errorf("read checkpoint: %w", err)
		}
		if err == nil && len(t.answers) > 0 {
			return Input{Command: &InputCommand{Resume: mustJSON(t.answers), HasResume: true}}, nil
		}
		if err == nil {
			return Input{}, nil
		}
	}
	value, err := input(r.g)
	return Input{Value: value}, err
}

// inputOf is what a task's subgraph gets: a Send's argument or the parent's values.
func (t *task) inputOf(sub *graph) (any, error) {
	if t.isPush() {
		raw := t.plan.Input
		if raw == nil {
			var err error
			if raw, err = json.Marshal(t.arg); err != nil {
				return nil, fmt.Errorf("argument of Send: %w", err)
			}
		}
		return raw, nil
	}
	values := Set{}
	parent := t.input.(Set)
	for _, at := range sub.input {
		if v, ok := parent[sub.channels[at].name]; ok {
			values[sub.channels[at].name] = v
		}
	}
	return values, nil
}

// output is the end state as far as the parent has its keys.
func (r *run) output(parent *graph) (Update, error) {
	values := Set{}
	for _, at := range r.g.output {
		ch, c := &r.g.channels[at], &r.cells[at]
		if _, ok := parent.byName[ch.name]; !ok || !c.ok {
			continue
		}
		val, err := c.value(ch)
		if err != nil {
			return nil, err
		}
		values[ch.name] = val
	}
	return values, nil
}

// relay is the saver of a nested run: its calls are made by the coordinator above, so that the saver at the root is called by one
// goroutine.
type relay struct {
	to   Saver
	run  *run
	task *task
}

func (s *relay) call(ctx context.Context, f func() error) error {
	if s.task.inline { // no coordinator takes turns with those that the node runs side by side
		s.task.calling.Lock()
		defer s.task.calling.Unlock()
		return s.task.questions.note(ctx, f())
	}
	err := ErrTaskOver
	done := make(chan struct{})
	if !s.run.tell(s.task, signal{do: func() {
		defer close(done) // also if the saver panics: then the coordinator waits for this task
		err = f()
	}}) {
		return ErrTaskOver
	}
	<-done
	return s.task.questions.note(ctx, err)
}

func (s *relay) Get(ctx context.Context, ns, id string) (saved *Saved, err error) {
	e := s.call(ctx, func() error { saved, err = s.to.Get(ctx, ns, id); return err })
	return saved, e
}

func (s *relay) List(ctx context.Context, q ListQuery) iter.Seq2[*Saved, error] {
	return func(yield func(*Saved, error) bool) {
		var all []*Saved
		err := s.call(ctx, func() error {
			for saved, err := range s.to.List(ctx, q) {
				if err != nil {
					return err
				}
				all = append(all, saved)
			}
			return nil
		})
		for _, saved := range all {
			if !yield(saved, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func (s *relay) Put(ctx context.Context, c Commit) error {
	return s.call(ctx, func() error { return s.to.Put(ctx, c) })
}

func (s *relay) PutWrites(ctx context.Context, ns, id, task string, w []Write) error {
	return s.call(ctx, func() error { return s.to.PutWrites(ctx, ns, id, task, w) })
}

func (s *relay) Sync(ctx context.Context) error {
	return s.call(ctx, func() error { return s.to.Sync(ctx) })
}

// Subgraphs lists the graphs that are nodes of r, by node, as far as they are known without a run; nil if there are none.
func Subgraphs(r Runnable) map[string]Runnable {
	g, ok := r.(*graph)
	if !ok {
		return nil
	}
	var subs map[string]Runnable
	for i := range g.nodes {
		if n := &g.nodes[i]; n.known != nil {
			if subs == nil {
				subs = map[string]Runnable{}
			}
			subs[n.name] = n.known
		}
	}
	return subs
}

// within returns the graph that a namespace belongs to.
func (g *graph) within(ns string) (*graph, error) {
	for segment := range strings.SplitSeq(ns, "|") {
		if segment == "" {
			continue
		}
		name, _, _ := strings.Cut(segment, ":")
		at, err := g.find(name)
		if err != nil {
			return nil, err
		}
		if g = g.nodes[at].known; g == nil {
			return nil, failf(ErrUnknownNode, "node %q is no subgraph that is known without a run", name)
		}
	}
	return g, nil
}
