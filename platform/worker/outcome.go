package worker

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
)

// outcome is where the root graph stands: what the thread's row says when the run ends. It is a fold of the events, so it is exact
// without another look at the database.
type outcome struct {
	bases  map[string]*graphs.Saved // the checkpoints that were read, until the run has started
	baseID string
	state  *events.State
	output []string
	next   []string
	asked  map[string][]graphs.Interruption
	known  bool // state and output are of this run
}

func newOutcome() *outcome {
	return &outcome{bases: map[string]*graphs.Saved{}, asked: map[string][]graphs.Interruption{}}
}

// watch returns s, and remembers the root checkpoints that are read through it before the run starts.
func (o *outcome) watch(s graphs.Saver) graphs.Saver { return &watched{s, o} }

type watched struct {
	graphs.Saver
	outcome *outcome
}

// Get implements graphs.Saver.
func (w *watched) Get(ctx context.Context, ns, id string) (*graphs.Saved, error) {
	saved, err := w.Saver.Get(ctx, ns, id)
	if err == nil && ns == "" && w.outcome.bases != nil {
		w.outcome.bases[saved.ID] = saved
	}
	return saved, err
}

// base takes a checkpoint as the state of the thread, nil for none.
func (o *outcome) base(saved *graphs.Saved) {
	o.state, o.next, o.baseID = events.NewState(nil), nil, ""
	clear(o.asked)
	if saved == nil {
		return
	}
	o.baseID, o.next = saved.ID, saved.Next
	o.state = events.NewState(saved.Values)
	for _, w := range saved.Writes {
		var list []graphs.Interruption
		if w.Channel == graphs.InterruptChannel && json.Unmarshal(w.Value, &list) == nil && len(list) > 0 {
			o.asked[w.Task] = list
		}
	}
}

// apply follows one event.
func (o *outcome) apply(e graphs.Event) error {
	switch {
	case e.NS != "":
	case e.RunStart != nil:
		o.base(o.bases[e.RunStart.Base])
		o.bases = nil
		o.output, o.known = e.RunStart.Output, true
	case e.TaskEnd != nil && len(e.TaskEnd.Interrupts) > 0:
		o.asked[e.TaskEnd.ID] = e.TaskEnd.Interrupts
	case e.TaskEnd != nil:
		delete(o.asked, e.TaskEnd.ID)
	case e.Step != nil:
		o.next = e.Step.Next
		clear(o.asked)
		return o.state.Apply(e.Step.Patch)
	}
	return nil
}

// values are the root values, nil when the run did not get to know them.
func (o *outcome) values() json.RawMessage {
	if !o.known {
		return nil
	}
	return o.state.AppendJSON(nil, o.output, false)
}

// questions is {task: [interrupt]}.
func (o *outcome) questions() json.RawMessage {
	data, err := json.Marshal(o.asked)
	if err != nil { // raw values that a node's JSON was made of
		return json.RawMessage("{}")
	}
	return data
}
