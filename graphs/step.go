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

// prepare makes what the step's tasks get to read. Tasks that read the same of the state share it.
func (r *run) prepare(ctx context.Context) error {
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

// apply reduces writes into the cells. Ephemeral values that nobody renews are dropped. What it returns is good until the next apply.
func (r *run) apply(outs []*outcome) (applied, error) {
	ap := applied{changed: r.changed[:0]}
	defer func() { r.changed = ap.changed }()
	if len(outs) == 0 {
		r.forget(&ap)
		return ap, nil
	}
	if len(outs) == 1 && isOrdered(outs[0].writes) {
		return ap, r.applyOne(&ap, outs)
	}
	if r.scratch == nil {
		r.scratch = make([][]write, len(r.cells))
	}
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
		for _, at := range ap.changed {
			clear(r.scratch[at])
			r.scratch[at] = r.scratch[at][:0]
		}
	}()
	slices.Sort(ap.changed)
	r.forget(&ap)
	for _, at := range ap.changed {
		if err := r.reduce(&ap, at, r.scratch[at]); err != nil {
			return ap, err
		}
	}
	return ap, r.arrive(&ap, outs)
}

// isOrdered reports whether each channel is written once, in the order of channels: then no sorting is needed.
func isOrdered(writes []write) bool {
	for i := 1; i < len(writes); i++ {
		if writes[i].ch <= writes[i-1].ch {
			return false
		}
	}
	return true
}

// applyOne is apply for a single task.
func (r *run) applyOne(ap *applied, outs []*outcome) error {
	writes := outs[0].writes
	for i := range writes {
		ap.changed = append(ap.changed, writes[i].ch)
	}
	r.forget(ap)
	if ahead := outs[0].ahead; ahead != nil {
		for i := range ahead {
			r.replace(ap, writes[i].ch, ahead[i].cell, ahead[i].patch)
		}
		return r.arrive(ap, outs)
	}
	for i := range writes {
		if err := r.reduce(ap, writes[i].ch, writes[i:i+1]); err != nil {
			return err
		}
	}
	return r.arrive(ap, outs)
}

// forget drops ephemeral values that are not renewed.
func (r *run) forget(ap *applied) {
	for _, at := range r.g.ephemeral {
		if c := &r.cells[at]; c.ok && !slices.Contains(ap.changed, at) {
			*c = cell{version: c.version}
			ap.dropped = append(ap.dropped, at)
			r.note(ap, at, "", ChannelPatch{})
		}
	}
}

func (r *run) reduce(ap *applied, at int, writes []write) error {
	next, patch, err := r.g.channels[at].reduce(r.cells[at], writes, r.encode, false)
	if err != nil {
		return err
	}
	r.replace(ap, at, next, patch)
	return nil
}

func (r *run) replace(ap *applied, at int, next cell, patch ChannelPatch) {
	base := r.cells[at].version
	r.cells[at] = next
	r.note(ap, at, base, patch)
}

// note records a change for the saver and for readers.
func (r *run) note(ap *applied, at int, base string, patch ChannelPatch) {
	ch := &r.g.channels[at]
	if !r.encode || !ch.stored() {
		return
	}
	if ch.isState() && (r.yield != nil || r.writing) {
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
	value := r.cells[at] // a copy: the saver may ask at any time
	ap.changes[ch.name] = Change{Base: base, Patch: patch, Whole: value.encode}
}

// arrive marks joins and finds those that are complete; they begin anew.
func (r *run) arrive(ap *applied, outs []*outcome) error {
	for at := range r.g.joins {
		var writes []write
		j := &r.g.joins[at]
		for _, out := range outs {
			if slices.Contains(out.joins, at) {
				writes = append(writes, write{ch: j.channel, val: []string{out.from}})
			}
		}
		if len(writes) == 0 {
			continue
		}
		ch, old := &r.g.channels[j.channel], r.cells[j.channel]
		next, patch, err := ch.reduce(old, writes, r.encode, false)
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

// successors plans the tasks that outcomes lead to: nodes by name, then Sends in the order of their senders.
func (r *run) successors(outs []*outcome, joined []int) []plan {
	plans := r.plans[:0]
	for _, out := range outs {
		for _, to := range out.gotos {
			plans = r.lead(plans, to, r.g.nodes[to].triggers)
		}
	}
	for _, to := range joined {
		for i := range r.g.joins {
			if j := &r.g.joins[i]; j.to == to {
				plans = r.lead(plans, to, j.triggers)
			}
		}
	}
	if len(plans) > 1 {
		r.sortPlans(plans)
	}
	for _, out := range outs {
		for i := range out.sends {
			s := &out.sends[i]
			plans = append(plans, plan{node: s.node, push: true, trigger: pushTriggers, arg: s.arg, input: s.raw})
		}
	}
	r.plans = plans
	return plans
}

// lead plans a node; a node that is planned already has one more trigger. triggers are one name, which are shared.
func (r *run) lead(plans []plan, to int, triggers []string) []plan {
	for i := range plans {
		p := &plans[i]
		if p.node != to || p.push {
			continue
		}
		if !slices.Contains(p.trigger, triggers[0]) {
			p.trigger = append(p.trigger[:len(p.trigger):len(p.trigger)], triggers[0])
		}
		return plans
	}
	return append(plans, plan{node: to, trigger: triggers})
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

// told are the plans of tasks as readers get them: the input is told by task.start.
func told(tasks []*task) []TaskPlan {
	plans := make([]TaskPlan, len(tasks))
	for i, t := range tasks {
		plans[i] = TaskPlan{ID: t.plan.ID, Name: t.plan.Name, Path: t.plan.Path, Triggers: t.plan.Triggers}
	}
	return plans
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

// schedule makes the tasks of a checkpoint.
func (r *run) schedule(cp *Checkpoint, plans []plan) []*task {
	if len(plans) == 0 {
		cp.Next = []string{}
		return nil
	}
	made := make([]task, len(plans))
	tasks := make([]*task, len(plans))
	named, pushed := r.named(), 0
	if named {
		cp.Next = make([]string, len(plans))
	}
	for i := range plans {
		p, t := &plans[i], &made[i]
		n := &r.g.nodes[p.node]
		tasks[i], t.node, t.arg, t.writes = t, n, p.arg, p.writes
		t.plan = TaskPlan{Name: n.name, Path: n.path, Triggers: p.trigger, Input: p.input}
		if p.push {
			t.plan.Path = []any{pathPush, pushed}
			pushed++
		} else if len(p.trigger) == 0 {
			t.plan.Triggers = n.triggers
		}
		if c := p.carried; c != nil {
			t.plan.ID, t.done, t.restored, t.out, t.paused = c.plan.ID, c.done, c.restored, c.out, c.paused
			t.questions.answers, t.answers = c.questions.answers, c.answers
		}
		if !named {
			continue
		}
		cp.Next[i] = n.name
		if t.plan.ID == "" {
			t.plan.ID = taskID(cp.ID, r.ns, cp.Step+1, n.name, t.plan.Triggers[0], t.index())
		}
	}
	if r.keep.saver != nil {
		cp.Tasks = make([]TaskPlan, len(tasks))
		for i, t := range tasks {
			cp.Tasks[i] = t.plan
		}
	}
	return tasks
}

// identify gives a task an id if it has none because nobody was to see it.
func (r *run) identify(t *task) {
	if t.plan.ID == "" {
		id := checkpointIDs.next(r.cfg.Now(), r.cp.Step, "")
		t.plan.ID = taskID(id, r.ns, r.cp.Step+1, t.plan.Name, t.plan.Triggers[0], t.index())
	}
}
