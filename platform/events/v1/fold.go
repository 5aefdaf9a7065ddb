package v1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

// Fold makes frames of records. It is used by one goroutine, and gets the records of one run from its start and in order.
type Fold struct {
	options Options
	run     RunInfo
	base    func(ns, checkpointID string) (map[string]json.RawMessage, error)

	attempt  int
	spaces   map[string]*space // by namespace
	tasks    map[string]*task  // by task id
	halted   map[string]bool   // the tasks inside of which a breakpoint stopped
	messages *messages         // nil when no mode of messages was asked for
	ended    *graphs.RunEnded

	seq    int64
	at     int64 // of the record, in Unix microseconds
	frames []events.Frame
}

// task is a started task: what its frames need of its start.
type task struct {
	ns      string // of the graph that the task is in
	started *graphs.TaskStarted
}

// NewFold returns a fold at the start of a run. base loads the values of a checkpoint of a namespace; it is called when an attempt, or
// a graph inside it, starts from one.
func NewFold(o Options, run RunInfo, base func(ns, checkpointID string) (map[string]json.RawMessage, error)) *Fold {
	f := &Fold{options: o, run: run, base: base}
	f.reset()
	return f
}

func (f *Fold) reset() {
	f.spaces, f.tasks, f.halted, f.messages = map[string]*space{}, map[string]*task{}, map[string]bool{}, nil
	if f.options.has(wire.StreamMessages) || f.options.has(wire.StreamMessagesTuple) {
		f.messages = newMessages()
	}
}

// Apply returns the frames of one record. They are valid until the next call; their data is the caller's.
func (f *Fold) Apply(r events.Record) ([]events.Frame, error) {
	f.seq, f.at, f.frames = r.Seq, r.At, f.frames[:0]
	if r.Pause != nil && r.NS != "" {
		f.halted[r.NS[strings.LastIndexByte(r.NS, ':')+1:]] = true
	}
	if r.NS != "" && !f.options.Subgraphs && r.Trace == nil { // traces are of the whole run in any case (streaming.md §1.6)
		return nil, nil
	}
	if err := f.apply(r); err != nil {
		return nil, fmt.Errorf("%s event %d: %w", r.Kind, r.Seq, err)
	}
	return f.frames, nil
}

func (f *Fold) apply(r events.Record) error {
	switch {
	case r.RunStart != nil:
		return f.runStart(r.NS, r.RunStart)
	case r.TaskStart != nil:
		f.taskStart(r.NS, r.TaskStart)
	case r.Chunk != nil:
		f.chunk(r.Task, r.Chunk)
	case r.Message != nil:
		f.message(r.Task, r.Message)
	case r.Custom != nil:
		if f.options.has(wire.StreamCustom) && r.Custom.Name == "" { // named ones are of protocol v2
			f.emit(placeCustom, suffixed("custom", r.NS), events.AppendRaw(nil, r.Custom.Value))
		}
	case r.Tool != nil:
		f.tool(r.NS, r.Tool)
	case r.Trace != nil:
		if f.options.has(wire.StreamEvents) {
			f.emit(placeEvents, "events", f.traced(r.Event))
		}
	case r.TaskEnd != nil:
		f.taskEnd(r.NS, r.TaskEnd)
	case r.Step != nil:
		return f.step(r.NS, r.Step)
	case r.Pause != nil:
		f.pause(r.NS)
	case r.RunEnd != nil:
		f.runEnd(r.RunEnd)
	}
	return nil
}

// traced is a trace event with the state that its data lacks; that of a subgraph is known to readers of subgraphs only.
func (f *Fold) traced(e graphs.Event) []byte {
	dst := events.AppendRaw(nil, e.Trace)
	if e.TraceState == "" || e.NS != "" && !f.options.Subgraphs || !bytes.HasSuffix(dst, []byte("}}")) {
		return dst
	}
	dst = dst[:len(dst)-2] // data is the last member
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(events.AppendString(dst, e.TraceState), ':')
	s := f.space(e.NS)
	switch t := f.tasks[e.Task]; {
	case e.TraceState == "input" && t != nil:
		dst = s.appendInput(dst, t.started)
	case e.TraceState == "output" && s.output != nil:
		dst = s.state.AppendJSON(dst, s.output, false)
	default:
		dst = s.state.AppendJSON(dst, s.keys(), false)
	}
	return append(dst, "}}"...)
}

// emit adds a frame; data is one line of JSON that nobody else holds.
func (f *Fold) emit(place int64, event string, data []byte) {
	f.frames = append(f.frames, events.Frame{ID: 16*f.seq + place, Event: event, Data: data})
}

func suffixed(event, ns string) string {
	if ns == "" {
		return event
	}
	return event + "|" + ns
}

// runStart opens an attempt, or tells where a nested graph begins.
func (f *Fold) runStart(ns string, start *graphs.RunStarted) error {
	again := false
	if ns == "" {
		again = f.attempt != 0
		f.attempt = start.Attempt
		f.reset()
		f.emit(placeMetadata, "metadata", f.metadata())
	}
	var values map[string]json.RawMessage
	if start.Base != "" {
		var err error
		if values, err = f.base(ns, start.Base); err != nil {
			return fmt.Errorf("load checkpoint %s: %w", start.Base, err)
		}
	}
	s := newSpace(values, start.Output)
	s.checkpoint = start.Base
	f.spaces[ns] = s
	f.messages.know(s)
	if start.Resume || again && start.Base != "" {
		f.showValues(ns, s)
	}
	if start.From != nil { // the engine tells where it stands before it goes on
		s.step = start.From.Step
		f.saved(ns, s, start.From, start.Pending)
	}
	return nil
}

func (f *Fold) metadata() []byte {
	dst := append([]byte(nil), `{"run_id":`...)
	dst = events.AppendString(dst, f.run.RunID)
	dst = append(dst, `,"attempt":`...)
	dst = strconv.AppendInt(dst, int64(f.attempt), 10)
	if f.run.ThreadID != "" {
		dst = append(dst, `,"thread_id":`...)
		dst = events.AppendString(dst, f.run.ThreadID)
	}
	return append(dst, '}')
}

// pause shows a static breakpoint, which asks nothing. One inside of a subgraph is told by the root, which stops with it.
func (f *Fold) pause(ns string) {
	s := f.space(ns)
	s.paused = true
	if ns != "" {
		return
	}
	if f.options.has(wire.StreamUpdates) {
		f.emit(placeUpdates, "updates", []byte(`{"__interrupt__":[]}`))
	}
	if f.options.has(wire.StreamValues) {
		f.emit(placeValues, "values", s.values())
	}
}

func (f *Fold) runEnd(end *graphs.RunEnded) {
	f.ended = end
	if end.Error == nil {
		return
	}
	dst := append([]byte(nil), `{"error":`...)
	dst = events.AppendString(dst, end.Error.Class)
	dst = append(dst, `,"message":`...)
	dst = events.AppendString(dst, end.Error.Message)
	f.emit(placeError, "error", append(dst, '}'))
}

// Ended returns how the run ended, nil while it has not.
func (f *Fold) Ended() *graphs.RunEnded { return f.ended }

// Values returns the root values as the last values frame would show them: an object, with __interrupt__ when the run waits for
// answers.
func (f *Fold) Values() json.RawMessage {
	root := f.spaces[""]
	if root == nil {
		return json.RawMessage("{}")
	}
	return root.values()
}
