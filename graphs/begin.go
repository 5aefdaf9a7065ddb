package graphs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// begin loads the thread, tells readers where the run starts from and applies the input.
func (r *run) begin(ctx context.Context, in Input) error {
	saved, older, err := r.open(ctx, &in)
	if err != nil {
		return err
	}
	fresh := in.Value != nil
	if err := r.load(saved); err != nil {
		if !fresh || !errors.Is(err, ErrUnknownNode) {
			return err
		}
		r.tasks = nil // new input discards the tasks anyway
	}
	if r.origin != "" {
		r.adopt(saved)
	}
	cmd := in.Command
	if r.yield != nil {
		start := &RunStarted{RunID: r.cfg.RunID, Attempt: r.attempt, Output: r.g.outputNames}
		if r.cp != nil && r.origin == "" {
			start.Base = r.cp.ID
			start.Resume = !fresh && (cmd == nil || !cmd.moves())
		}
		if start.Resume && !older {
			r.goesOn(start)
		}
		if !r.emit(Event{Kind: KindRunStart, RunStart: start}) {
			return errStopped
		}
	}
	if err := r.input(ctx, in, older); err != nil {
		return err
	}
	for _, t := range r.tasks {
		t.paused, t.halted = nil, false // asked again, or answered
	}
	return nil
}

func (r *run) input(ctx context.Context, in Input, older bool) error {
	cmd := in.Command
	switch {
	case in.Value != nil:
		return r.beginInput(ctx, in.Value)
	case cmd != nil:
		return r.beginCommand(ctx, cmd, older)
	case r.cp == nil:
		return failf(ErrEmptyInput, "%v", ErrEmptyInput)
	}
	r.resuming = true
	if older {
		return r.fork(ctx)
	}
	r.descend(r.tasks)
	return nil
}

// open reads the checkpoint that the run starts from; older says that it is not the thread's newest. The second attempt of a
// run that had got as far as a checkpoint goes on from there: its input is taken away.
func (r *run) open(ctx context.Context, in *Input) (saved *Saved, older bool, err error) {
	if raw, ok := in.Value.(json.RawMessage); ok && isNull(raw) {
		in.Value = nil
	}
	if in.Value != nil && in.Command != nil {
		return nil, false, &InputError{Err: errors.New("input and command exclude each other")}
	}
	if in.Command != nil && in.Command.isEmpty() {
		return nil, false, failf(ErrEmptyCommand, "%v", ErrEmptyCommand)
	}
	if r.named() {
		r.metadata = runMetadata(r.cfg)
	}
	if r.cfg.Saver == nil {
		return nil, false, nil
	}
	newest, err := r.cfg.Saver.Get(ctx, r.ns, "")
	if err != nil && !errors.Is(err, ErrNoCheckpoint) {
		return nil, false, fmt.Errorf("read checkpoint: %w", err)
	}
	if newest != nil {
		r.newest = newest.ID
	}
	if newest != nil && r.attempt > 1 && r.cfg.RunID != "" && newest.RunID == r.cfg.RunID {
		*in, r.replay, r.origin = Input{}, nil, ""
		return newest, false, nil
	}
	id := r.cfg.CheckpointID
	if r.origin != "" {
		if saved, err = r.cfg.Saver.Get(ctx, r.origin, id); err != nil {
			return nil, false, fmt.Errorf("checkpoint %s of %s: %w", id, r.origin, err)
		}
		return saved, true, nil
	}
	if id == "" || newest != nil && newest.ID == id {
		return newest, false, nil
	}
	saved, err = r.cfg.Saver.Get(ctx, r.ns, id)
	if err != nil {
		return nil, false, fmt.Errorf("checkpoint %s: %w", id, err)
	}
	return saved, true, nil
}

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

// isEmpty reports whether the command says nothing; a resume of null is nothing (streaming.md §3.7).
func (c *InputCommand) isEmpty() bool { return !c.resumes() && !c.moves() }

func (c *InputCommand) resumes() bool { return c.HasResume && !isNull(c.Resume) }

func (c *InputCommand) moves() bool { return !isNull(c.Update) || len(c.Goto) > 0 }

// beginInput writes the input checkpoint. What the thread had planned is discarded.
func (r *run) beginInput(ctx context.Context, value any) error {
	writes, err := r.g.readInput(value)
	if err != nil {
		return err
	}
	p := plan{node: 0, writes: writes}
	if r.encode {
		if p.input, err = r.inputJSON(writes); err != nil {
			return err
		}
	}
	ap, err := r.apply(nil)
	if err != nil {
		return err
	}
	return r.commit(ctx, SourceInput, []plan{p}, ap)
}

// inputJSON is the input as the start task keeps it, with the ids that messages got.
func (r *run) inputJSON(writes []write) (json.RawMessage, error) {
	object := append(json.RawMessage{}, '{')
	for i := range writes {
		ch := &r.g.channels[writes[i].ch]
		if err := writes[i].encode(ch); err != nil {
			return nil, err
		}
		if i > 0 {
			object = append(object, ',')
		}
		object = append(object, quote(ch.name)...)
		object = append(object, ':')
		object = append(object, writes[i].stored()...)
	}
	return append(object, '}'), nil
}

// fork copies an older checkpoint to the front: the run replays from there, and what its tasks had written is forgotten.
func (r *run) fork(ctx context.Context) error {
	old := r.tasks
	plans := make([]plan, len(old))
	for i, t := range old {
		plans[i] = r.again(t)
	}
	if err := r.commit(ctx, SourceFork, plans, applied{}); err != nil {
		return err
	}
	r.descend(old)
	return nil
}

// again plans a task anew, in a later checkpoint and without its outcome.
func (r *run) again(t *task) plan {
	return plan{node: r.g.byNode[t.plan.Name], push: t.isPush(), trigger: t.plan.Triggers, arg: t.arg, input: t.plan.Input}
}

// beginCommand answers interrupts, and applies update and goto as an input checkpoint which carries on with pending tasks.
func (r *run) beginCommand(ctx context.Context, cmd *InputCommand, older bool) error {
	r.resuming = true
	found, err := r.answer(cmd, older)
	if err != nil {
		return err
	}
	if !cmd.moves() {
		if older {
			return r.forkAnswered(ctx, found)
		}
		r.descend(r.tasks)
		return r.putAnswers(ctx, found)
	}
	var out outcome
	if err := r.readMoves(cmd, &out); err != nil {
		return err
	}
	plans := make([]plan, 0, len(r.tasks)+len(out.gotos)+len(out.sends))
	for _, t := range r.tasks {
		p := r.again(t)
		p.carried = t
		plans = append(plans, p)
	}
	ap, err := r.apply([]*outcome{&out})
	if err != nil {
		return err
	}
	for _, p := range r.successors([]*outcome{&out}, nil) {
		if p.push || !slices.ContainsFunc(plans, func(c plan) bool { return !c.push && c.node == p.node && !c.carried.done }) {
			plans = append(plans, p)
		}
	}
	r.sortPlans(plans)
	if err := r.commit(ctx, SourceInput, plans, ap); err != nil {
		return err
	}
	for _, t := range r.tasks {
		if t.done {
			if err := r.keep.putWrites(ctx, r.cp.ID, t.plan.ID, r.g.stored(t)); err != nil {
				return err
			}
		}
	}
	return r.putAnswers(ctx, found)
}

// readMoves reads a command's update and goto.
func (r *run) readMoves(cmd *InputCommand, out *outcome) error {
	writes, err := r.g.readUpdate(cmd.Update)
	if err != nil {
		return err
	}
	out.writes = writes
	for _, to := range cmd.Goto {
		if to.Node == End {
			continue
		}
		at, err := r.g.find(to.Node)
		if err != nil || at == 0 {
			return failf(ErrUnknownNode, "goto: the graph has no node %q; %s", to.Node, r.g.names())
		}
		if to.Send {
			out.sends = append(out.sends, send{node: at, raw: orNull(to.Input)})
			continue
		}
		out.gotos = append(out.gotos, at)
	}
	return r.g.encode(out)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// readUpdate reads an update from outside: an object, or a list of objects and of [channel, value] pairs, which are several updates.
func (g *graph) readUpdate(raw json.RawMessage) ([]write, error) {
	raw = bytes.TrimSpace(raw)
	if isNull(raw) {
		return nil, nil
	}
	if raw[0] != '[' {
		return g.readObject(raw, g.stateChannels())
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, &InputError{Err: err}
	}
	var writes []write
	for _, item := range items {
		read := g.readPair
		if item[0] == '{' {
			read = func(raw json.RawMessage) ([]write, error) { return g.readObject(raw, g.stateChannels()) }
		}
		more, err := read(item)
		if err != nil {
			return nil, err
		}
		writes = append(writes, more...)
	}
	return writes, nil
}

// readPair reads a [channel, value] pair. One of a channel that there is not is no write.
func (g *graph) readPair(raw json.RawMessage) ([]write, error) {
	var pair []json.RawMessage
	var name string
	if json.Unmarshal(raw, &pair) != nil || len(pair) != 2 || json.Unmarshal(pair[0], &name) != nil {
		return nil, &InputError{Err: errors.New("want an object, or a list of objects and of [channel, value] pairs")}
	}
	at, ok := g.byName[name]
	if !ok || !g.channels[at].isState() {
		return nil, nil
	}
	w, err := decodeWrite(g.channels, at, pair[1])
	if err != nil {
		return nil, err
	}
	return []write{w}, nil
}
