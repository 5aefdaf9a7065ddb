package graphs

import (
	"context"
	"iter"
)

// Transformer makes events of a run's events: counts, sums, what a screen wants to know. It sees every event of the run in order,
// those of subgraphs too. One is made for each run and used by one goroutine.
type Transformer interface {
	// See returns what is told after an event, usually [KindCustom] with a name of its own; it must not change the event.
	See(e Event) []Event
	// End returns what is told last; failure is nil, or why the run ends.
	End(failure error) []Event
}

// WithTransformer lets new make a [Transformer] for each run that has a reader. It sees messages even if the reader did not ask for them.
func WithTransformer(new func() Transformer) Option {
	return func(d *definition) { d.transformers = append(d.transformers, new) }
}

// CustomEvent is what a Transformer tells on the channel custom:name; v has to be JSON.
func CustomEvent(name string, v any) (Event, error) {
	raw, err := encodeValue(v)
	if err != nil {
		return Event{}, err
	}
	return Event{Kind: KindCustom, Custom: &CustomSent{Name: name, Value: raw}}, nil
}

// transformed is a run's stream with what its transformers tell.
func (g *graph) transformed(ctx context.Context, in Input, cfg Config) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		made := make([]Transformer, 0, len(g.transformers)+1)
		for _, makeOne := range g.transformers {
			made = append(made, makeOne())
		}
		if cfg.Trace {
			made = append(made, newTracer(cfg, in))
		}
		wanted := cfg.Messages
		if len(g.transformers) > 0 {
			cfg.Messages = true
		}
		stopped := false
		tell := func(list []Event, at Event) bool {
			for _, e := range list {
				e.At = at.At
				if stopped = stopped || !yield(e, nil); stopped {
					return false
				}
			}
			return true
		}
		last := Event{}
		var failure error
		for e, err := range g.stream(ctx, in, cfg) {
			if err != nil {
				failure = err
				break
			}
			last = e
			hidden := !wanted && (e.Kind == KindChunk || e.Kind == KindMessage) || e.routed != nil
			if !hidden && !yield(e, nil) {
				return
			}
			for _, t := range made {
				if !tell(t.See(e), e) {
					return
				}
			}
		}
		for _, t := range made {
			if !tell(t.End(failure), last) {
				return
			}
		}
		if failure != nil {
			yield(Event{}, failure)
		}
	}
}
