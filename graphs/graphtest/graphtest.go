// Package graphtest helps to test graphs: it runs them, and lets them run so that what only fails on a server fails here.
//
//	res := graphtest.Run(t, graph, graphs.Input{Value: State{}}, graphs.Config{Saver: memory.New()})
//	if res.Err != nil { ... }
package graphtest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/internal/probe"
)

// RoundTrip returns a ctx under which every write of a node goes through JSON, as it does when a run goes on after a crash.
// A graph has to end in the same state with and without it.
func RoundTrip(ctx context.Context) context.Context { return probe.WithRoundTrip(ctx) }

// Guard returns a ctx under which a node that changes the state it was given, instead of returning an update, fails by name.
func Guard(ctx context.Context) context.Context { return probe.WithGuard(ctx) }

// Result is what a run has done.
type Result struct {
	Events []graphs.Event
	// Values is the state that the events came to.
	Values map[string]json.RawMessage
	// Interrupts are the questions that the run waits with.
	Interrupts []graphs.Interruption
	// Paused tells of a breakpoint; nil if none stopped the run.
	Paused *graphs.Paused
	Err    error
}

// Run runs a graph and folds its events, with t's context.
func Run(t testing.TB, r graphs.Runnable, in graphs.Input, cfg graphs.Config) Result {
	t.Helper()
	return RunContext(t.Context(), t, r, in, cfg)
}

// RunContext is Run under a context. A stream that cannot be folded fails the test.
func RunContext(ctx context.Context, t testing.TB, r graphs.Runnable, in graphs.Input, cfg graphs.Config) Result {
	t.Helper()
	res := Result{Values: map[string]json.RawMessage{}}
	for e, err := range r.Stream(ctx, in, cfg) {
		if err != nil {
			res.Err = err
			break
		}
		res.Events = append(res.Events, e)
		res.take(t, e, cfg)
	}
	return res
}

func (res *Result) take(t testing.TB, e graphs.Event, cfg graphs.Config) {
	t.Helper()
	if e.NS != "" {
		return // a subgraph's
	}
	switch e.Kind {
	case graphs.KindRunStart:
		if e.RunStart.Base == "" {
			return
		}
		saved, err := cfg.Saver.Get(context.Background(), "", e.RunStart.Base)
		if err != nil {
			t.Fatalf("base %s: %v", e.RunStart.Base, err)
		}
		for name, raw := range saved.Values {
			res.Values[name] = raw
		}
	case graphs.KindStep:
		for name, patch := range e.Step.Patch {
			value, err := graphs.ApplyPatch(res.Values[name], patch)
			if err != nil {
				t.Fatalf("step %d: channel %q: %v", e.Step.Step, name, err)
			}
			if value == nil {
				delete(res.Values, name)
				continue
			}
			res.Values[name] = value
		}
	case graphs.KindTaskEnd:
		res.Interrupts = append(res.Interrupts, e.TaskEnd.Interrupts...)
	case graphs.KindPause:
		res.Paused = e.Pause
	}
}

// Of returns the events of one kind.
func (res *Result) Of(kind graphs.Kind) []graphs.Event {
	var list []graphs.Event
	for _, e := range res.Events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}
