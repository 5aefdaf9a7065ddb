package graphs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// plan is a task to be: it becomes one when its checkpoint has an id.
type plan struct {
	node    int
	push    bool
	trigger []string
	arg     any
	input   json.RawMessage
	writes  []write // the start task's
	// carried is the task of an earlier checkpoint that this one goes on with, id and all.
	carried *task
}

// applied is what a step's writes have made of the cells.
type applied struct {
	changed, dropped []int // channels
	joined           []int // nodes whose join is complete
	changes          map[string]Change
	patch            map[string]ChannelPatch
}

// prepare makes what the step's tasks get to read.
func (r *run) prepare() error {
	var inputs []any
	var types []*view
	for _, t := range r.tasks {
		if t.done {
			continue
		}
		if t.node.name == Start {
			if err := r.prepareStart(t); err != nil {
				return err
			}
			continue
		}
		if t.node.sub != nil {
			values, err := r.shared()
			if err != nil {
				return err
			}
			t.input = values
			continue
		}
		if t.isPush() {
			arg, err := t.argument()
			if err != nil {
				return err
			}
			t.input = arg
			continue
		}
		at := slices.IndexFunc(types, func(v *view) bool { return v.typ == t.node.in.typ })
		if at < 0 {
			in, err := t.node.in.fill(r.g.channels, r.cells)
			if err != nil {
				return fmt.Errorf("state of thread: %w", err)
			}
			at = len(types)
			types, inputs = append(types, &t.node.in), append(inputs, in)
		}
		t.input = inputs[at]
	}
	return nil
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
	outs := make([]*outcome, len(r.tasks))
	for i, t := range r.tasks {
		outs[i] = &t.out
	}
	ap, err := r.apply(outs)
	if err != nil {
		return err
	}
	return r.commit(ctx, SourceLoop, r.successors(outs, ap.joined), ap)
}

// apply reduces writes into the cells. Ephemeral values that nobody renews are dropped.
func (r *run) apply(outs []*outcome) (applied, error) {
	var ap applied
	for _, out := range outs {
		for i := range out.writes {
			at := out.writes[i].ch
			if len(r.scratch[at]) == 0 {
				ap.changed = append(ap.changed, at)
			}
			r.scratch[at] = append(r.scratch[at], out.writes[i])
		}
	}
	defer func() {
		for i := range r.scratch {
			clear(r.scratch[i])
			r.scratch[i] = r.scratch[i][:0]
		}
	}()
	slices.Sort(ap.changed)
	for i := range r.cells {
		ch, c := &r.g.channels[i], &r.cells[i]
		if ch.ephemeral && c.ok && len(r.scratch[i]) == 0 {
			*c = cell{version: c.version}
			ap.dropped = append(ap.dropped, i)
			r.note(&ap, i, "", ChannelPatch{})
		}
	}
	for _, at := range ap.changed {
		ch := &r.g.channels[at]
		old := r.cells[at]
		next, patch, err := ch.reduce(old, r.scratch[at], r.encode, false)
		if err != nil {
			return ap, err
		}
		r.cells[at] = next
		r.note(&ap, at, old.version, patch)
	}
	return ap, r.arrive(&ap, outs)
}

// note records a change for the saver and for readers.
func (r *run) note(ap *applied, at int, base string, patch ChannelPatch) {
	ch := &r.g.channels[at]
	if !r.encode || !ch.stored() {
		return
	}
	if ch.isState() {
		if ap.patch == nil {
			ap.patch = make(map[string]ChannelPatch, len(ap.changed))
		}
		ap.patch[ch.name] = patch
	}
	if r.keep.saver == nil || !r.cells[at].ok {
		return
	}
	if ap.changes == nil {
		ap.changes = make(map[string]Change, len(ap.changed))
	}
	if base == "" && patch.List && patch.Keep > 0 { // the items kept are in no checkpoint: the channel's default
		raw, err := r.cells[at].encode()
		if err == nil {
			patch = ChannelPatch{Set: raw}
		}
	}
	ap.changes[ch.name] = Change{Base: base, Patch: patch, Whole: func() (json.RawMessage, error) { return r.cells[at].encode() }}
}

// arrive marks joins and finds those that are complete; they begin anew.
func (r *run) arrive(ap *applied, outs []*outcome) error {
	if len(r.g.joins) == 0 {
		return nil
	}
	for _, out := range outs {
		for _, at := range out.joins {
			r.arriveAt(at, out)
		}
	}
	for i := range r.g.joins {
		j := &r.g.joins[i]
		writes := r.scratch[j.channel]
		if len(writes) == 0 {
			continue
		}
		ch, old := &r.g.channels[j.channel], r.cells[j.channel]
		next, patch, err := ch.reduce(old, writes, true, false)
		if err != nil {
			return err
		}
		if len(next.val.([]string)) < len(j.from) {
			r.cells[j.channel] = next
			ap.changed = append(ap.changed, j.channel)
			r.note(ap, j.channel, old.version, patch)
			continue
		}
		r.cells[j.channel] = cell{}
		ap.joined = append(ap.joined, j.to)
		if old.ok {
			ap.dropped = append(ap.dropped, j.channel)
		}
	}
	return nil
}

func (r *run) arriveAt(at int, out *outcome) {
	j := &r.g.joins[at]
	r.scratch[j.channel] = append(r.scratch[j.channel], write{ch: j.channel, val: []string{out.from}})
}

// successors plans the tasks that outcomes lead to: nodes by name, then Sends in the order of their senders.
func (r *run) successors(outs []*outcome, joined []int) []plan {
	var plans []plan
	add := func(to int, trigger string) {
		at := slices.IndexFunc(plans, func(p plan) bool { return p.node == to && !p.push })
		if at < 0 {
			plans = append(plans, plan{node: to, trigger: []string{trigger}})
		} else if !slices.Contains(plans[at].trigger, trigger) {
			plans[at].trigger = append(plans[at].trigger, trigger)
		}
	}
	for _, out := range outs {
		for _, to := range out.gotos {
			add(to, r.g.nodes[to].trigger)
		}
	}
	for _, to := range joined {
		for i := range r.g.joins {
			if j := &r.g.joins[i]; j.to == to {
				add(to, j.name)
			}
		}
	}
	r.sortPlans(plans)
	for _, out := range outs {
		for i := range out.sends {
			s := &out.sends[i]
			plans = append(plans, plan{node: s.node, push: true, trigger: []string{pathPush}, arg: s.arg, input: s.raw})
		}
	}
	return plans
}

func (r *run) sortPlans(plans []plan) {
	slices.SortStableFunc(plans, func(a, b plan) int {
		switch {
		case a.push != b.push && a.push:
			return 1
		case a.push != b.push:
			return -1
		case a.push:
			return 0
		}
		return cmp.Compare(r.g.nodes[a.node].name, r.g.nodes[b.node].name)
	})
}

// initial collects the defaults that no checkpoint has yet.
func (r *run) initial(ap *applied) {
	for i := range r.cells {
		c := &r.cells[i]
		if !c.ok || c.version != "" || !r.g.channels[i].stored() || slices.Contains(ap.changed, i) {
			continue
		}
		ap.changed = append(ap.changed, i)
		if !r.encode {
			continue
		}
		if raw, err := c.encode(); err == nil {
			r.note(ap, i, "", ChannelPatch{Set: raw})
		}
	}
}

// commit makes the next checkpoint of what was applied, tells readers, has it saved, and makes the tasks it plans.
func (r *run) commit(ctx context.Context, source CheckpointSource, plans []plan, ap applied) error {
	if r.cp == nil || r.defaults {
		r.initial(&ap)
		r.defaults = false
	}
	cp := r.checkpoint(source, ap)
	tasks := r.schedule(cp, plans)
	if !r.emit(Event{Kind: KindStep, Step: &StepTaken{
		Checkpoint: cp.ID, Parent: cp.ParentID, Step: cp.Step, Source: source, Next: cp.Next, Patch: ap.patch,
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
	for _, at := range ap.changed {
		r.cells[at].version = cp.ID
	}
	if r.keep.saver == nil {
		return cp
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

// schedule makes the tasks of a checkpoint.
func (r *run) schedule(cp *Checkpoint, plans []plan) []*task {
	tasks := make([]*task, len(plans))
	cp.Next = make([]string, len(plans))
	pushed := 0
	for i := range plans {
		p := &plans[i]
		n := &r.g.nodes[p.node]
		t := &task{node: n, arg: p.arg, writes: p.writes}
		t.plan = TaskPlan{Name: n.name, Path: n.path, Triggers: p.trigger, Input: p.input}
		at := 0
		if p.push {
			t.plan.Path = []any{pathPush, pushed}
			at = pushed
			pushed++
		} else if len(p.trigger) == 0 {
			t.plan.Triggers = []string{n.trigger}
		}
		if c := p.carried; c != nil {
			t.plan.ID, t.done, t.restored, t.out, t.paused = c.plan.ID, c.done, c.restored, c.out, c.paused
			t.questions.answers, t.answers = c.questions.answers, c.answers
		} else {
			t.plan.ID = taskID(cp.ID, r.ns, cp.Step+1, n.name, t.plan.Triggers[0], at)
		}
		t.ns = joinNS(r.ns, n.name, t.plan.ID)
		tasks[i], cp.Next[i] = t, n.name
	}
	if r.keep.saver != nil {
		cp.Tasks = make([]TaskPlan, len(tasks))
		for i, t := range tasks {
			cp.Tasks[i] = t.plan
		}
	}
	return tasks
}
