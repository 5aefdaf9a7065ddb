package v1

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

// saved is streaming.md §1.5.7, in full: the checkpoint that a step came to, or that a run goes on from with what tasks it has pending.
func (f *Fold) saved(ns string, s *space, step *graphs.StepTaken, pending []graphs.TaskEnded) {
	if !f.options.has(wire.StreamCheckpoints) && !f.options.has(wire.StreamDebug) {
		return
	}
	parents := f.parents(ns)
	inner := parents // a config says no more than it has to
	if ns == "" {
		inner = nil
	}
	dst := append([]byte(nil), `{"config":{"configurable":`...)
	dst = f.appendCheckpoint(dst, ns, step.Checkpoint, inner)
	dst = append(dst, `},"parent_config":`...)
	if step.Parent == "" {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, `{"configurable":`...)
		dst = append(f.appendCheckpoint(dst, ns, step.Parent, inner), '}')
	}
	dst = append(dst, `,"values":`...)
	dst = s.state.AppendJSON(dst, s.keys(), false)
	dst = append(dst, `,"metadata":{"source":`...)
	dst = events.AppendString(dst, string(step.Source))
	dst = append(dst, `,"step":`...)
	dst = strconv.AppendInt(dst, int64(step.Step), 10)
	dst = append(dst, `,"parents":`...)
	dst = appendObject(dst, parents)
	dst = append(dst, `},"next":`...)
	dst = appendStrings(dst, step.Next)
	dst = append(dst, `,"tasks":[`...)
	for i := range step.Tasks {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTaskHead(dst, step.Tasks[i].ID, step.Tasks[i].Name)
		dst = appendPath(append(dst, `,"path":`...), step.Tasks[i].Path)
		dst = appendPending(dst, s, step.Tasks[i].ID, pending)
		if task := &step.Tasks[i]; task.Subgraph {
			dst = f.appendInner(append(dst, `,"checkpoint":`...), ns, task.Name+":"+task.ID)
		} else {
			dst = append(dst, `,"state":null`...)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, `],"checkpoint":`...)
	dst = f.appendCheckpoint(dst, ns, step.Checkpoint, parents)
	dst = append(dst, `,"parent_checkpoint":`...)
	if step.Parent == "" {
		dst = append(dst, "null"...)
	} else {
		dst = f.appendCheckpoint(dst, ns, step.Parent, parents)
	}
	f.happened(ns, wire.StreamCheckpoints, "checkpoint", step.Step, append(dst, '}'))
}

// appendPending writes what a task has come to before its step is over: its result, what it asks, or why it failed.
func appendPending(dst []byte, s *space, id string, pending []graphs.TaskEnded) []byte {
	var asked []graphs.Interruption
	for i := range pending {
		end := &pending[i]
		if end.ID != id {
			continue
		}
		asked = end.Interrupts
		switch {
		case end.Error != nil:
			dst = appendFailure(append(dst, `,"error":`...), end.Error)
		case len(asked) == 0:
			dst = appendResult(append(dst, `,"result":`...), s, end.Writes)
		}
	}
	return appendInterrupts(append(dst, `,"interrupts":`...), asked)
}

// parents maps each outer namespace to the checkpoint that it has got to.
func (f *Fold) parents(ns string) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	for ns != "" {
		ns = ns[:max(0, strings.LastIndexByte(ns, '|'))]
		if s := f.spaces[ns]; s != nil && s.checkpoint != "" {
			all[ns] = events.AppendString(nil, s.checkpoint)
		}
	}
	return all
}

// appendCheckpoint writes where a checkpoint is; with parents, which are not nil, it is the object that clients send back.
func (f *Fold) appendCheckpoint(dst []byte, ns, id string, parents map[string]json.RawMessage) []byte {
	dst = append(dst, `{"thread_id":`...)
	dst = events.AppendString(dst, f.run.ThreadID)
	dst = append(dst, `,"checkpoint_ns":`...)
	dst = events.AppendString(dst, ns)
	dst = append(dst, `,"checkpoint_id":`...)
	dst = events.AppendString(dst, id)
	switch {
	case parents == nil:
	case ns == "":
		dst = append(dst, `,"checkpoint_map":null`...)
	default:
		whole := map[string]json.RawMessage{ns: events.AppendString(nil, id)}
		for outer, checkpoint := range parents {
			whole[outer] = checkpoint
		}
		dst = appendObject(append(dst, `,"checkpoint_map":`...), whole)
	}
	return append(dst, '}')
}

// appendInner writes where the checkpoints of a task's graph will be.
func (f *Fold) appendInner(dst []byte, ns, inner string) []byte {
	if ns != "" {
		inner = ns + "|" + inner
	}
	dst = append(dst, `{"thread_id":`...)
	dst = events.AppendString(dst, f.run.ThreadID)
	dst = append(dst, `,"checkpoint_ns":`...)
	return append(events.AppendString(dst, inner), `,"checkpoint_id":null,"checkpoint_map":null}`...)
}

func appendPath(dst []byte, path []any) []byte {
	raw, err := json.Marshal(path)
	if err != nil || path == nil {
		raw = []byte("[]")
	}
	return append(dst, raw...)
}

// happened emits the payload of a mode, and the same wrapped for mode debug (streaming.md §1.5.8). payload is not kept.
func (f *Fold) happened(ns string, mode wire.StreamMode, kind string, step int, payload []byte) {
	if f.options.has(mode) {
		place := int64(placeTasks)
		if mode == wire.StreamCheckpoints {
			place = placeCheckpoints
		}
		f.emit(place, suffixed(string(mode), ns), payload)
	}
	if !f.options.has(wire.StreamDebug) {
		return
	}
	dst := append(make([]byte, 0, len(payload)+96), `{"step":`...)
	dst = strconv.AppendInt(dst, int64(step), 10)
	dst = append(dst, `,"timestamp":"`...)
	dst = time.UnixMicro(f.at).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000-07:00")
	dst = append(dst, `","type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","payload":`...)
	dst = append(dst, payload...)
	f.emit(placeDebug, suffixed("debug", ns), append(dst, '}'))
}
