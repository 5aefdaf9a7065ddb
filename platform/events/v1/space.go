package v1

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

// space is a namespace: a graph in execution.
type space struct {
	state  *events.State
	output []string // the channels that are shown, in order; nil when unknown: all
	// interrupts are the questions that were asked since the last step.
	interrupts []graphs.Interruption
	paused     bool // at a static breakpoint, since the last step
	// checkpoint is the newest one, empty while there is none, and step its number.
	checkpoint string
	step       int
	// input says that the last step took input, so that the next one shows values even if nothing came of it.
	input bool
}

func newSpace(values map[string]json.RawMessage, output []string) *space {
	return &space{state: events.NewState(values), output: output}
}

// space returns the namespace, which begins empty where no run.start told otherwise.
func (f *Fold) space(ns string) *space {
	s := f.spaces[ns]
	if s == nil {
		s = newSpace(nil, nil)
		f.spaces[ns] = s
	}
	return s
}

// shows reports whether a channel belongs to the output. What is no state (triggers of nodes, writes of the engine) never does.
func (s *space) shows(channel string) bool {
	if s.output != nil {
		return slices.Contains(s.output, channel)
	}
	return isState(channel)
}

// isState reports whether a name is a key of a state: those of the engine itself hold a colon or begin with __.
func isState(channel string) bool {
	return !strings.HasPrefix(channel, "__") && !strings.Contains(channel, ":")
}

// keys are the channels of the whole state that were ever written, sorted.
func (s *space) keys() []string {
	return slices.DeleteFunc(s.state.Names(), func(name string) bool { return !isState(name) })
}

// appendInput writes what a task reads of the state.
func (s *space) appendInput(dst []byte, start *graphs.TaskStarted) []byte {
	if start.Reads != nil {
		return s.state.AppendJSON(dst, start.Reads, false)
	}
	return s.state.AppendJSON(dst, s.keys(), false)
}

// values returns the output's object, with the open questions merged in (streaming.md §1.5.1, the Python form).
func (s *space) values() json.RawMessage {
	only := s.output
	if only == nil {
		only = slices.DeleteFunc(s.state.Names(), func(name string) bool { return !s.shows(name) })
	}
	stopped := s.paused || len(s.interrupts) > 0
	dst := s.state.AppendJSON(nil, only, stopped)
	if !stopped {
		return dst
	}
	if len(dst) > 1 {
		dst = append(dst, ',')
	}
	dst = append(dst, `"__interrupt__":`...)
	dst = appendInterrupts(dst, s.interrupts)
	return append(dst, '}')
}

func appendInterrupts(dst []byte, list []graphs.Interruption) []byte {
	dst = append(dst, '[')
	for i, interrupt := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"value":`...)
		dst = events.AppendRaw(dst, interrupt.Value)
		dst = append(dst, `,"id":`...)
		dst = events.AppendString(dst, interrupt.ID)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// step applies what a superstep changed. A step that hands input to the start node shows nothing, the one after it
// shows values in any case.
func (f *Fold) step(ns string, step *graphs.StepTaken) error {
	s := f.space(ns)
	if err := s.state.Apply(step.Patch); err != nil {
		return err
	}
	s.interrupts, s.paused, s.checkpoint, s.step = nil, false, step.Checkpoint, step.Step
	for id, t := range f.tasks {
		if t.ns == ns {
			delete(f.tasks, id)
		}
	}
	defer f.saved(ns, s, step, nil) // after the values
	took := step.Source == graphs.SourceInput
	show := s.input || took // what a command brought is there at once, other input after the start node
	s.input = took && slices.Contains(step.Next, graphs.Start)
	if s.input {
		return nil
	}
	f.messages.learn(step.Patch)
	for channel := range step.Patch {
		show = show || s.shows(channel)
	}
	if show {
		f.showValues(ns, s)
	}
	return nil
}

func (f *Fold) showValues(ns string, s *space) {
	if f.options.has(wire.StreamValues) {
		f.emit(placeValues, suffixed("values", ns), s.values())
	}
	f.complete(s)
}
