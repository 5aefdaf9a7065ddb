package graphs

import (
	"context"
	"fmt"
	"slices"
)

// prepare makes what the step's tasks get to read. Tasks that read the same of the state share it.
func (r *run) prepare(ctx context.Context) (err error) {
	defer caught(&err)
	if len(r.tasks) > 1 && slices.ContainsFunc(r.tasks, func(t *task) bool { return len(t.node.branches) > 0 }) {
		for i := range r.cells { // routers read all of it, at the same time
			if c := &r.cells[i]; c.ok {
				if _, err := c.value(&r.g.channels[i]); err != nil {
					return err
				}
			}
		}
	}
	var made []*task
	if err := r.showState(); err != nil {
		return err
	}
	for _, t := range r.tasks {
		if err := r.recall(ctx, t); err != nil {
			return err
		}
		switch {
		case t.done:
			continue
		case t.node.name == Start:
			if err := r.prepareStart(t); err != nil {
				return err
			}
			continue
		case t.node.sub == nil && !t.isPush():
			if at := slices.IndexFunc(made, func(m *task) bool { return m.node.in.typ == t.node.in.typ }); at >= 0 {
				t.input = made[at].input
				continue
			}
		}
		in, err := r.inputFor(t)
		if err != nil {
			return err
		}
		if t.input = in; len(r.tasks) > 1 && t.node.sub == nil && !t.isPush() {
			made = append(made, t)
		}
	}
	return nil
}

// showState gives the state to the tasks of nodes that may see it.
func (r *run) showState() error {
	var state any
	for _, t := range r.tasks {
		if !t.node.sees {
			continue
		}
		if state == nil {
			var err error
			if state, err = r.g.state.fill(r.g.channels, r.cells); err != nil {
				return fmt.Errorf("state of thread: %w", err)
			}
		}
		t.seen = state
	}
	return nil
}

func (r *run) inputFor(t *task) (any, error) {
	switch {
	case t.node.sub != nil:
		return r.shared()
	case t.isPush():
		return t.argument()
	}
	in, err := t.node.in.fill(r.g.channels, r.cells)
	if err != nil {
		return nil, fmt.Errorf("state of thread: %w", err)
	}
	return in, nil
}

// prepareStart reads the input back from the checkpoint, if this run has not brought it.
func (r *run) prepareStart(t *task) error {
	if t.writes != nil || len(t.plan.Input) == 0 {
		return nil
	}
	writes, err := r.g.readObject(t.plan.Input, r.g.stateChannels())
	t.writes = writes
	return err
}

// advance applies what the tasks have written, in the order of their paths, and plans the next step.
func (r *run) advance(ctx context.Context) error {
	outs := r.outs[:0]
	for _, t := range r.tasks {
		outs = append(outs, &t.out)
	}
	r.outs = outs
	ap, err := r.apply(outs)
	if err != nil {
		return err
	}
	plans, err := r.hold(r.successors(outs, ap.joined), &ap)
	if err != nil {
		return err
	}
	return r.commit(ctx, SourceLoop, plans, ap)
}
