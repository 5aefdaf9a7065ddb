package v1

import (
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

func (f *Fold) taskStart(ns string, start *graphs.TaskStarted) {
	f.tasks[start.ID] = &task{ns: ns, started: start}
	if start.Hidden || !f.options.has(wire.StreamTasks) && !f.options.has(wire.StreamDebug) {
		return
	}
	dst := appendTaskHead(nil, start.ID, start.Name)
	dst = append(dst, `,"input":`...)
	if start.Input != nil {
		dst = events.AppendRaw(dst, start.Input)
	} else {
		dst = f.space(ns).appendInput(dst, start)
	}
	dst = append(dst, `,"triggers":`...)
	dst = appendStrings(dst, start.Triggers)
	if len(start.Metadata) > 0 {
		dst = append(dst, `,"metadata":`...)
		dst = appendObject(dst, start.Metadata)
	}
	f.happened(ns, wire.StreamTasks, "task", start.Step, append(dst, `,"interrupts":[]}`...))
}

// taskEnd shows one finished task; an interrupted one shows its questions as update and in the values.
func (f *Fold) taskEnd(ns string, end *graphs.TaskEnded) {
	if end.Hidden || end.Left {
		return
	}
	s := f.space(ns)
	if len(end.Interrupts) > 0 {
		s.interrupts = append(s.interrupts, end.Interrupts...)
	}
	if f.options.has(wire.StreamUpdates) {
		f.update(ns, s, end)
	}
	if len(end.Interrupts) > 0 && f.options.has(wire.StreamValues) {
		f.emit(placeValues, suffixed("values", ns), s.values())
	}
	if (f.options.has(wire.StreamTasks) || f.options.has(wire.StreamDebug)) && !end.Cached && !f.halted[end.ID] {
		f.result(ns, s, end)
	}
}

// update is streaming.md §1.5.2: the writes before any reducer, of output channels only.
func (f *Fold) update(ns string, s *space, end *graphs.TaskEnded) {
	dst := []byte{'{'}
	switch {
	case end.Error != nil, f.halted[end.ID]: // a breakpoint inside is told by the pause
		return
	case len(end.Interrupts) > 0:
		dst = append(dst, `"__interrupt__":`...)
		dst = appendInterrupts(dst, end.Interrupts)
	default:
		dst = events.AppendString(dst, end.Name)
		dst = append(dst, ':')
		dst = s.appendWrites(dst, end.Writes)
	}
	if end.Cached {
		dst = append(dst, `,"__metadata__":{"cached":true}`...)
	}
	f.emit(placeUpdates, suffixed("updates", ns), append(dst, '}'))
}

// appendWrites writes null for no write, an object of the writes, or a list of one object each when a channel was written twice.
func (s *space) appendWrites(dst []byte, writes []graphs.Write) []byte {
	shown, twice := s.shown(writes)
	switch {
	case len(shown) == 0:
		return append(dst, "null"...)
	case twice:
		for i, w := range shown {
			dst = append(dst, separator(i, '['), '{')
			dst = append(appendWrite(dst, w), '}')
		}
		return append(dst, ']')
	default:
		for i, w := range shown {
			dst = appendWrite(append(dst, separator(i, '{')), w)
		}
		return append(dst, '}')
	}
}

// shown returns the writes of output channels, and whether a channel is among them twice.
func (s *space) shown(writes []graphs.Write) (shown []graphs.Write, twice bool) {
	seen := make(map[string]bool, len(writes))
	for _, w := range writes {
		if s.shows(w.Channel) {
			shown = append(shown, w)
			twice = twice || seen[w.Channel]
			seen[w.Channel] = true
		}
	}
	return shown, twice
}

func appendWrite(dst []byte, w graphs.Write) []byte {
	dst = events.AppendString(dst, w.Channel)
	return events.AppendRaw(append(dst, ':'), w.Value)
}

// separator is what stands before the i-th element: the opening, or a comma.
func separator(i int, opening byte) byte {
	if i == 0 {
		return opening
	}
	return ','
}

// result is the second half of streaming.md §1.5.6. Repeated writes of a channel are gathered under $writes.
func (f *Fold) result(ns string, s *space, end *graphs.TaskEnded) {
	step := s.step + 1
	if t := f.tasks[end.ID]; t != nil {
		step = t.started.Step
	}
	dst := appendTaskHead(nil, end.ID, end.Name)
	dst = append(dst, `,"error":`...)
	dst = appendFailure(dst, end.Error)
	dst = append(dst, `,"result":`...)
	dst = appendResult(dst, s, end.Writes)
	dst = append(dst, `,"interrupts":`...)
	dst = appendInterrupts(dst, end.Interrupts)
	f.happened(ns, wire.StreamTasks, "task_result", step, append(dst, '}'))
}

func appendFailure(dst []byte, failure *graphs.Failure) []byte {
	if failure == nil {
		return append(dst, "null"...)
	}
	return events.AppendString(dst, failure.Class+": "+failure.Message)
}

func appendResult(dst []byte, s *space, writes []graphs.Write) []byte {
	shown, _ := s.shown(writes)
	var order []string
	byChannel := make(map[string][]json.RawMessage, len(shown))
	for _, w := range shown {
		if byChannel[w.Channel] == nil {
			order = append(order, w.Channel)
		}
		byChannel[w.Channel] = append(byChannel[w.Channel], w.Value)
	}
	dst = append(dst, '{')
	for i, channel := range order {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(events.AppendString(dst, channel), ':')
		values := byChannel[channel]
		if len(values) == 1 {
			dst = events.AppendRaw(dst, values[0])
			continue
		}
		dst = append(dst, `{"$writes":`...)
		for j, value := range values {
			dst = events.AppendRaw(append(dst, separator(j, '[')), value)
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, '}')
}

func appendTaskHead(dst []byte, id, name string) []byte {
	dst = append(dst, `{"id":`...)
	dst = events.AppendString(dst, id)
	dst = append(dst, `,"name":`...)
	return events.AppendString(dst, name)
}
