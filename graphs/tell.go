package graphs

import "context"

// announce tells that the step's tasks begin, and then again what those that had finished before have written.
func (r *run) announce() bool {
	for _, t := range r.tasks {
		s := &TaskStarted{
			ID: t.plan.ID, Name: t.plan.Name, Step: r.cp.Step + 1, Path: t.plan.Path, Triggers: t.plan.Triggers,
			Reads: r.reads(t), Cached: t.done, Metadata: r.metadata, Hidden: t.node.name == Start,
		}
		if t.isPush() {
			s.Input = t.plan.Input
		}
		if !r.emit(Event{Kind: KindTaskStart, Task: t.plan.ID, TaskStart: s}) {
			return false
		}
	}
	for _, t := range r.tasks {
		if !t.done {
			continue
		}
		end := r.outcomeOf(t)
		if !r.emit(Event{Kind: KindTaskEnd, Task: t.plan.ID, TaskEnd: &end}) {
			return false
		}
	}
	return true
}

// outcomeOf is how a task ended before this run came to it.
func (r *run) outcomeOf(t *task) TaskEnded {
	return TaskEnded{ID: t.plan.ID, Name: t.plan.Name, Writes: r.g.shown(&t.out), Cached: true, Hidden: t.node.name == Start}
}

// reads names the channels that a task reads, nil for all of the state.
func (r *run) reads(t *task) []string {
	in := &t.node.in
	if t.isPush() || t.node.name == Start || t.node.sub != nil || in.typ == r.g.state.typ || in.typ == valuesType {
		return nil
	}
	names := make([]string, len(in.fields))
	for i, f := range in.fields {
		names[i] = r.g.channels[f.channel].name
	}
	return names
}

// goesOn tells readers where a run goes on from.
func (r *run) goesOn(start *RunStarted) {
	start.From = &StepTaken{
		Checkpoint: r.cp.ID, Parent: r.cp.ParentID, Step: r.cp.Step, Source: r.cp.Source, Next: r.cp.Next, Tasks: told(r.tasks),
	}
	for _, t := range r.tasks {
		switch {
		case t.node.name == Start:
		case t.done:
			start.Pending = append(start.Pending, r.outcomeOf(t))
		case len(t.paused) > 0 || t.failed != nil:
			start.Pending = append(start.Pending, TaskEnded{ID: t.plan.ID, Name: t.plan.Name, Interrupts: t.paused, Error: t.failed})
		}
	}
}

// conclude tells how a task has ended and has its pending writes saved. The writes of the last task of a step without trouble are
// saved with the step's checkpoint.
func (r *run) conclude(ctx context.Context, t *task, last bool) error {
	reading := r.yield != nil
	var end TaskEnded
	var writes []Write
	switch {
	case t.err != nil && r.ns != "" && isToParent(t.err):
		end.Left = true // no failure: it goes on above
	case t.err != nil:
		end.Error = FailureOf(t.err)
		if r.keep.saver == nil {
			break
		}
		writes = []Write{{Task: t.plan.ID, Channel: ErrorChannel, Value: mustJSON(end.Error)}}
		if t.refused != nil { // the answer was no good: the question is open again
			writes = append(writes,
				Write{Task: t.plan.ID, Channel: InterruptChannel, Value: mustJSON([]Interruption{*t.refused})},
				Write{Task: t.plan.ID, Channel: ResumeChannel, Value: mustJSON(answered{Values: t.questions.accepted()})})
		}
	case t.halted:
		end.Interrupts = append([]Interruption{}, t.paused...)
		writes = []Write{{Task: t.plan.ID, Channel: InterruptChannel, Value: mustJSON(end.Interrupts)}}
	default:
		t.done = true
		if err := r.remember(ctx, t); err != nil {
			return err
		}
		if !r.showMessages(t) {
			return errStopped
		}
		if reading {
			end.Writes = r.g.shown(&t.out)
		}
	}
	if reading {
		told := end
		told.ID, told.Name, told.Hidden = t.plan.ID, t.plan.Name, t.node.name == Start
		if !r.emit(Event{Kind: KindTaskEnd, Task: t.plan.ID, TaskEnd: &told}) {
			return errStopped
		}
	}
	if r.keep.saver == nil || t.done && t.node.name == Start {
		return nil // the start task's writes are its input, which the checkpoint holds
	}
	if t.done {
		writes = r.g.stored(t)
	}
	if len(writes) == 0 {
		return nil
	}
	if last {
		r.last = writes
		return nil
	}
	return r.keep.putWrites(ctx, r.cp.ID, t.plan.ID, writes)
}

// showMessages tells readers of messages what a node returned, unless they have seen it.
func (r *run) showMessages(t *task) bool {
	if !r.cfg.Messages || r.yield == nil || t.node.name == Start {
		return true
	}
	for i := range t.out.writes {
		w := &t.out.writes[i]
		msgs := r.g.channels[w.ch].messages(w.val)
		for j := range msgs {
			m := msgs[j]
			if r.shown[m.ID] && m.Type != TypeRemove {
				continue
			}
			if !r.emit(Event{Kind: KindMessage, Task: t.plan.ID, Message: &MessageSent{Message: m}}) {
				return false
			}
		}
	}
	return true
}
