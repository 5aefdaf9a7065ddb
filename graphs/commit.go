package graphs

import (
	"context"
	"maps"
)

// commit makes the next checkpoint of what was applied, tells readers, has it saved, and makes the tasks it plans.
func (r *run) commit(ctx context.Context, source CheckpointSource, plans []plan, ap applied) error {
	if r.cp == nil || r.defaults {
		r.initial(&ap)
		r.defaults = false
	}
	cp := r.checkpoint(source, ap)
	tasks := r.schedule(cp, plans)
	if r.yield != nil && !r.emit(Event{Kind: KindStep, Step: &StepTaken{
		Checkpoint: cp.ID, Parent: cp.ParentID, Step: cp.Step, Source: source, Next: cp.Next, Tasks: told(tasks), Patch: ap.patch,
	}}) {
		return errStopped
	}
	writes := r.last
	r.last, r.cp, r.tasks = nil, cp, tasks
	if r.keep.saver == nil {
		return nil
	}
	return r.keep.put(ctx, Commit{Checkpoint: cp, Changes: ap.changes, Writes: writes})
}

func (r *run) checkpoint(source CheckpointSource, ap applied) *Checkpoint {
	if !r.named() { // only the step counts
		if r.cp == nil {
			return &Checkpoint{Step: -1}
		}
		r.cp.Step++
		return r.cp
	}
	now := r.cfg.Now()
	cp := &Checkpoint{
		NS: r.ns, RunID: r.cfg.RunID, Source: source, Step: -1, Metadata: r.metadata, Parents: r.parents, CreatedAt: now,
	}
	if source == SourceUpdate {
		cp.Step = 0
	}
	if r.cp != nil {
		cp.ParentID, cp.Step = r.cp.ID, r.cp.Step+1
		cp.Versions, cp.Seen = r.cp.Versions, r.cp.Seen
	}
	cp.ID = checkpointIDs.next(now, cp.Step, r.newest)
	r.newest = cp.ID
	if r.parent != nil {
		cp.ParentID, r.parent = *r.parent, nil
	}
	if r.keep.saver == nil {
		return cp
	}
	for _, at := range ap.changed {
		r.cells[at].version = cp.ID
	}
	if len(ap.changed)+len(ap.dropped) > 0 {
		cp.Versions = r.versions(cp, ap)
	}
	if source == SourceLoop {
		cp.Seen = r.seen(cp.Seen)
	}
	return cp
}

func (r *run) versions(cp *Checkpoint, ap applied) map[string]string {
	versions := make(map[string]string, len(cp.Versions)+len(ap.changed))
	maps.Copy(versions, cp.Versions)
	for _, at := range ap.dropped {
		delete(versions, r.g.channels[at].name)
	}
	for _, at := range ap.changed {
		if ch := &r.g.channels[at]; ch.stored() {
			versions[ch.name] = cp.ID
		}
	}
	return versions
}

// seen notes that the tasks that have just run have seen their triggers: their versions are the checkpoint that planned them.
func (r *run) seen(before map[string]map[string]string) map[string]map[string]string {
	seen := make(map[string]map[string]string, len(before)+len(r.tasks))
	maps.Copy(seen, before)
	for _, t := range r.tasks {
		triggers := make(map[string]string, len(t.plan.Triggers))
		for _, name := range t.plan.Triggers {
			triggers[name] = r.cp.ID
		}
		seen[t.plan.Name] = triggers
	}
	return seen
}
