package graphs

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// A run from a checkpoint inside a subgraph goes on from the checkpoints around it: the root forks its own, and each task on the
// way goes on from the checkpoint that the next inner graph had then. Since a forked task has another id, and with it another
// namespace, an inner graph copies the state from the namespace that it had before: its origin.

// inward points a run at the outermost checkpoint of those that lead to CheckpointNS.
func (r *run) inward(ctx context.Context) error {
	ns, id := r.cfg.CheckpointNS, r.cfg.CheckpointID
	if ns == "" {
		return nil
	}
	if r.keep.saver == nil {
		return failf(ErrNoSaver, "%v", ErrNoSaver)
	}
	if err := r.g.leadsInto(ns); err != nil {
		return err
	}
	replay := maps.Clone(r.cfg.CheckpointMap)
	if replay == nil {
		replay = map[string]string{}
	}
	if id == "" {
		id = replay[ns]
	}
	saved, err := r.keep.saver.Get(ctx, ns, id)
	if err != nil {
		return fmt.Errorf("checkpoint %s of %s: %w", id, ns, err)
	}
	replay[ns] = saved.ID
	for outer, id := range saved.Parents {
		if replay[outer] == "" {
			replay[outer] = id
		}
	}
	r.replay = replay
	r.ns, r.keep.ns, r.parents = "", "", nil
	r.cfg.CheckpointNS, r.cfg.CheckpointID, r.cfg.CheckpointMap = "", replay[""], nil
	return nil
}

// leadsInto complains of a namespace that is none of the graph's, as far as that is known without a run.
func (g *graph) leadsInto(ns string) error {
	for segment := range strings.SplitSeq(ns, "|") {
		name, _, _ := strings.Cut(segment, ":")
		at, err := g.find(name)
		if err != nil {
			return err
		}
		n := &g.nodes[at]
		if n.sub == nil {
			return failf(ErrUnknownNode, "node %q is no subgraph", name)
		}
		if n.known == nil {
			return nil // made for each run
		}
		g = n.known
	}
	return nil
}

// former is the namespace that a task of the checkpoint that the run began from had.
func (r *run) former(t *task) string {
	if r.origin != "" {
		return joinNS(r.origin, t.plan.Name, t.plan.ID)
	}
	return r.space(t)
}

// descend tells tasks that are graphs where they go on from; old are the tasks in the checkpoint that the run began from.
func (r *run) descend(old []*task) {
	if len(r.replay) == 0 {
		return
	}
	for i, t := range r.tasks {
		if i >= len(old) || t.node.sub == nil {
			continue
		}
		ns := r.former(old[i])
		if id := r.replay[ns]; id != "" {
			t.origin, t.base = ns, id
		}
	}
}

// adopt takes over a state from another namespace: everything of it has to be written again.
func (r *run) adopt(saved *Saved) {
	saved.Versions = nil
	for i := range r.cells {
		r.cells[i].version = ""
	}
	r.defaults = true
	none := ""
	r.parent = &none
}
