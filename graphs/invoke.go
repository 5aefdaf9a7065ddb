package graphs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
)

// PausedError says that a run waits: for answers to Interrupts, or at the breakpoint before or after Nodes.
type PausedError struct {
	Interrupts []Interruption
	Nodes      []string
}

// Error says what went wrong, for people.
func (e *PausedError) Error() string {
	if len(e.Nodes) > 0 {
		return fmt.Sprintf("the run stopped at the breakpoint %v; run it again without input to go on", e.Nodes)
	}
	return fmt.Sprintf("the run waits for an answer to %s; resume it with a Command", e.Interrupts[0].Value)
}

// note remembers an event of the graph ns that says why a run does not go on.
func (e *PausedError) note(ev Event, ns string) {
	switch {
	case ev.NS != ns: // a subgraph's: told again by its node
	case ev.Kind == KindTaskEnd:
		e.Interrupts = append(e.Interrupts, ev.TaskEnd.Interrupts...)
	case ev.Kind == KindPause:
		e.Nodes = ev.Pause.Nodes
	}
}

func (e *PausedError) orNil() error {
	if len(e.Interrupts)+len(e.Nodes) == 0 {
		return nil
	}
	return e
}

// Invoke runs a graph to its end and returns its state as an S: the graph's own state type, or another struct with some of its
// keys. What was put into the Saver is durable then. A run that pauses returns the state with a [*PausedError].
func Invoke[S any](ctx context.Context, r Runnable, in Input, cfg Config) (S, error) {
	var state S
	own, ok := r.(*graph)
	if !ok {
		return invokeFold[S](ctx, r, in, cfg)
	}
	run := own.newRun(cfg)
	run.encode, run.outermost = cfg.Saver != nil, true
	if err := run.all(ctx, in); err != nil {
		return state, err
	}
	v, err := own.viewOf(reflect.TypeFor[S]())
	if err != nil {
		return state, err
	}
	p, err := v.fill(own.channels, run.cells)
	if err != nil {
		return state, err
	}
	state = *p.(*S)
	return state, settle(ctx, cfg, run.paused())
}

// paused says why a run does not go on.
func (r *run) paused() *PausedError {
	e := &PausedError{Nodes: r.stops}
	for _, t := range r.tasks {
		if t.halted {
			e.Interrupts = append(e.Interrupts, t.paused...)
		}
	}
	return e
}

func settle(ctx context.Context, cfg Config, paused *PausedError) error {
	if cfg.Saver != nil {
		if err := cfg.Saver.Sync(ctx); err != nil {
			return fmt.Errorf("sync: %w", err)
		}
	}
	return paused.orNil()
}

// invokeFold is Invoke for a Runnable that is not ours: the state is folded from its events.
func invokeFold[S any](ctx context.Context, r Runnable, in Input, cfg Config) (S, error) {
	var state S
	paused := &PausedError{}
	values := map[string]json.RawMessage{}
	for e, err := range r.Stream(ctx, in, cfg) {
		if err != nil {
			return state, err
		}
		paused.note(e, "")
		if err := fold(ctx, values, e, cfg); err != nil {
			return state, err
		}
	}
	if err := json.Unmarshal(objectOf(values), &state); err != nil {
		return state, fmt.Errorf("state: %w", err)
	}
	return state, settle(ctx, cfg, paused)
}

// fold follows the root state of a run.
func fold(ctx context.Context, values map[string]json.RawMessage, e Event, cfg Config) error {
	switch {
	case e.NS != "":
	case e.Kind == KindRunStart && e.RunStart.Base != "":
		saved, err := cfg.Saver.Get(ctx, "", e.RunStart.Base)
		if err != nil {
			return fmt.Errorf("base of the run: %w", err)
		}
		maps.Copy(values, saved.Values)
	case e.Kind == KindStep:
		for name, patch := range e.Step.Patch {
			value, err := ApplyPatch(values[name], patch)
			if err != nil {
				return fmt.Errorf("channel %q: %w", name, err)
			}
			if value == nil {
				delete(values, name)
				continue
			}
			values[name] = value
		}
	}
	return nil
}
