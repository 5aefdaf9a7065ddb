package graphs

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Names for [NodeUpdate].AsNode that are no nodes.
const (
	asInput = "__input__" // the values are a new input
	asCopy  = "__copy__"  // the checkpoint is copied: a fork
)

// Write implements [Runnable]. All steps are checked and written in order; a mistake in a later one leaves the earlier ones.
func (g *graph) Write(ctx context.Context, steps []Superstep, cfg Config) (*Checkpoint, error) {
	if cfg.Saver == nil {
		return nil, failf(ErrNoSaver, "%v", ErrNoSaver)
	}
	if len(steps) == 0 {
		return nil, &InputError{Err: errors.New("no updates")}
	}
	inner, err := g.within(cfg.CheckpointNS)
	if err != nil {
		return nil, err
	}
	g = inner
	var last *Checkpoint
	for i, s := range steps {
		r := g.newRun(cfg)
		if i > 0 {
			r.cfg.CheckpointID = ""
		}
		if err := r.write(ctx, s.Updates); err != nil {
			if len(steps) > 1 {
				err = fmt.Errorf("superstep %d: %w", i, err)
			}
			return nil, err
		}
		last = r.cp
	}
	return last, nil
}

// write applies one superstep.
func (r *run) write(ctx context.Context, updates []NodeUpdate) error {
	r.keep.durability, r.writing = DurabilityAsync, true
	saved, older, err := r.open(ctx, &Input{})
	if err != nil {
		return err
	}
	if err := r.load(saved); err != nil && !errors.Is(err, ErrUnknownNode) {
		return err
	}
	if saved != nil { // what is around it is where it was
		r.parents = saved.Parents
	}
	if len(updates) == 1 {
		if done, err := r.writeSpecial(ctx, saved, &updates[0]); done {
			return err
		}
	}
	if !older {
		if err := r.applyFinished(); err != nil {
			return err
		}
	}
	outs := make([]*outcome, 0, len(updates))
	for i := range updates {
		out, err := r.updateOutcome(ctx, &updates[i])
		if err != nil {
			return err
		}
		outs = append(outs, out)
	}
	ap, err := r.apply(outs)
	if err != nil {
		return err
	}
	r.merge(&ap)
	plans, err := r.hold(r.successors(outs, ap.joined), &ap)
	if err != nil {
		return err
	}
	return r.commit(ctx, SourceUpdate, plans, ap)
}

// writeSpecial handles updates that are for no node.
func (r *run) writeSpecial(ctx context.Context, saved *Saved, u *NodeUpdate) (done bool, err error) {
	null := isNull(u.Values) && u.Command == nil
	switch {
	case u.AsNode == asInput:
		if null {
			u.Values = []byte("{}")
		}
		return true, r.beginInput(ctx, u.Values)
	case u.AsNode == asCopy:
		return true, r.writeCopy(ctx, saved)
	case u.AsNode == End && null:
		if err := r.applyFinished(); err != nil {
			return true, err
		}
		ap, err := r.apply(nil)
		if err != nil {
			return true, err
		}
		if _, err := r.hold(nil, &ap); err != nil { // the nodes that wait are let go, and nobody plans them
			return true, err
		}
		r.merge(&ap)
		return true, r.commit(ctx, SourceUpdate, nil, ap)
	case u.AsNode == "" && null:
		plans := make([]plan, len(r.tasks))
		for i, t := range r.tasks {
			plans[i] = r.again(t)
		}
		return true, r.commit(ctx, SourceUpdate, plans, applied{})
	}
	return false, nil
}

// writeCopy makes a sibling of the checkpoint: same values, same tasks, its parent's child.
func (r *run) writeCopy(ctx context.Context, saved *Saved) error {
	if saved == nil {
		return failf(ErrInvalidUpdate, "as_node %s: there is no checkpoint to copy", asCopy)
	}
	plans := make([]plan, len(r.tasks))
	for i, t := range r.tasks {
		plans[i] = r.again(t)
	}
	r.parent = &saved.ParentID
	return r.commit(ctx, SourceFork, plans, applied{})
}

// applyFinished applies what tasks of the checkpoint had finished before the others stopped; where they lead is dropped with the rest.
func (r *run) applyFinished() error {
	var outs []*outcome
	for _, t := range r.tasks {
		if t.done && t.node.name != Start {
			outs = append(outs, &t.out)
		}
	}
	if len(outs) == 0 {
		return nil
	}
	ap, err := r.apply(outs)
	ap.changed = slices.Clone(ap.changed) // the next apply uses it again
	r.early = &ap
	return err
}

// merge adds what applyFinished has changed to what is about to be committed.
func (r *run) merge(ap *applied) {
	e := r.early
	if e == nil {
		return
	}
	r.early = nil
	for _, at := range e.changed {
		ch := &r.g.channels[at]
		if !r.cells[at].ok {
			continue
		}
		second, again := ap.patch[ch.name]
		first := e.patch[ch.name]
		if again {
			if both, err := ComposePatch(first, second); err == nil {
				first = both
			}
		} else {
			ap.changed = append(ap.changed, at)
		}
		change := e.changes[ch.name]
		if ch.isState() {
			change.Patch = first
			if ap.patch == nil {
				ap.patch = map[string]ChannelPatch{}
			}
			ap.patch[ch.name] = first
		} else if c, ok := ap.changes[ch.name]; ok {
			change.Patch = c.Patch
		}
		if ap.changes == nil {
			ap.changes = map[string]Change{}
		}
		ap.changes[ch.name] = change
	}
}

// updateOutcome is an update as if its node had returned it.
func (r *run) updateOutcome(ctx context.Context, u *NodeUpdate) (out *outcome, err error) {
	defer caught(&err)
	name := u.AsNode
	if name == "" {
		last, err := r.lastWriter()
		if err != nil {
			return nil, err
		}
		name = last
	}
	switch {
	case name == End && !isNull(u.Values):
		return nil, failf(ErrInvalidUpdate, "as_node %s ends what is pending: values has to be null", name)
	case name == asInput, name == asCopy, name == End:
		return nil, failf(ErrInvalidUpdate, "as_node %s has to be the only update of its superstep", name)
	}
	at, err := r.g.find(name)
	if err != nil {
		return nil, failf(ErrUnknownNode, "as_node: the graph has no node %q; %s", name, r.g.names())
	}
	out = &outcome{from: name}
	if out.writes, err = r.g.readUpdate(u.Values); err != nil {
		return nil, err
	}
	if u.Command != nil {
		if err := r.readMoves(u.Command, out); err != nil {
			return nil, err
		}
	}
	if err := r.g.encode(out); err != nil {
		return nil, err
	}
	return out, r.follow(ctx, &r.g.nodes[at], false, out)
}

// lastWriter is the node that ran last; before any has, it is the start.
func (r *run) lastWriter() (string, error) {
	if r.cp == nil || len(r.cp.Seen) == 0 {
		return Start, nil
	}
	name, newest, tied := "", "", false
	for node, triggers := range r.cp.Seen {
		for _, version := range triggers {
			switch {
			case version > newest:
				name, newest, tied = node, version, false
			case version == newest && node != name:
				tied = true
			}
		}
	}
	if tied || name == "" {
		return "", failf(ErrAmbiguousUpdate, "%v", ErrAmbiguousUpdate)
	}
	return name, nil
}
