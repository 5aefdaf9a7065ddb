package graphs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Snapshot is a thread's state at a checkpoint (streaming.md §3.1). It is read without the graph: no user code runs.
type Snapshot struct {
	// Values is an object of the written state channels, by sorted key.
	Values json.RawMessage
	// Next names the nodes of the checkpoint's tasks; while some have finished and others have not, of those that have not.
	Next  []string
	Tasks []TaskState
	// ID, NS and ParentID are the checkpoint's; ParentID is empty for the first one.
	ID, NS, ParentID string
	// CheckpointMap maps NS and each outer namespace to its checkpoint; nil at the root.
	CheckpointMap map[string]string
	// Metadata holds source, step and parents beside what the run brought.
	Metadata  map[string]json.RawMessage
	CreatedAt time.Time
	// Interrupts are all questions that wait for an answer.
	Interrupts []Interruption
}

// TaskState is a task of a checkpoint.
type TaskState struct {
	ID, Name string
	Path     []any
	Error    *Failure
	// Interrupts are the questions that the task waits with; empty once it has finished.
	Interrupts []Interruption
	// Result is an object of what the task wrote, before reducers, nil while it has not finished. Repeated writes to a channel
	// are {"$writes": [...]}.
	Result json.RawMessage
	// NS is the namespace of the task's checkpoints, if its node is a graph: it has none before that has begun.
	NS string
}

// ReadState reads the checkpoint id of namespace ns, the newest one when id is empty; [ErrNoCheckpoint] if there is none.
func ReadState(ctx context.Context, s Saver, ns, id string) (*Snapshot, error) {
	saved, err := s.Get(ctx, ns, id)
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	return snapshot(saved)
}

// ReadHistory reads checkpoints, newest first.
func ReadHistory(ctx context.Context, s Saver, q ListQuery) iter.Seq2[*Snapshot, error] {
	return func(yield func(*Snapshot, error) bool) {
		for saved, err := range s.List(ctx, q) {
			if err != nil {
				yield(nil, fmt.Errorf("read history: %w", err))
				return
			}
			shot, err := snapshot(saved)
			if !yield(shot, err) || err != nil {
				return
			}
		}
	}
}

func snapshot(saved *Saved) (*Snapshot, error) {
	shot := &Snapshot{
		Values: objectOf(saved.Values), Next: []string{}, ID: saved.ID, NS: saved.NS, ParentID: saved.ParentID,
		Metadata: checkpointMetadata(&saved.Checkpoint), CreatedAt: saved.CreatedAt,
		Tasks: make([]TaskState, 0, len(saved.Tasks)), Interrupts: []Interruption{},
	}
	if saved.NS != "" {
		shot.CheckpointMap = maps.Clone(saved.Parents)
		if shot.CheckpointMap == nil {
			shot.CheckpointMap = map[string]string{}
		}
		shot.CheckpointMap[saved.NS] = saved.ID
	}
	for i := range saved.Tasks {
		state, err := taskState(&saved.Tasks[i], saved.Writes)
		if err != nil {
			return nil, fmt.Errorf("checkpoint %s: %w", saved.ID, err)
		}
		if saved.Tasks[i].Subgraph {
			state.NS = joinNS(saved.NS, state.Name, state.ID)
		}
		shot.Tasks = append(shot.Tasks, state)
		shot.Interrupts = append(shot.Interrupts, state.Interrupts...)
	}
	for i := range shot.Tasks {
		if shot.Tasks[i].Result == nil {
			shot.Next = append(shot.Next, shot.Tasks[i].Name)
		}
	}
	if len(shot.Next) == 0 {
		shot.Next = append(shot.Next, saved.Next...)
	}
	return shot, nil
}

// checkpointMetadata is what readers see: the run's metadata with source, step and parents.
func checkpointMetadata(cp *Checkpoint) map[string]json.RawMessage {
	m := make(map[string]json.RawMessage, len(cp.Metadata)+3)
	maps.Copy(m, cp.Metadata)
	m["source"] = quote(string(cp.Source))
	m["step"] = mustJSON(cp.Step)
	m["parents"] = json.RawMessage("{}")
	if len(cp.Parents) > 0 {
		m["parents"] = mustJSON(cp.Parents)
	}
	return m
}

// MetadataContains reports whether a checkpoint's metadata, with source, step and parents, contains want: objects by their keys, lists by
// their items, scalars by equality. Savers need it for [ListQuery].Metadata.
func MetadataContains(cp *Checkpoint, want map[string]json.RawMessage) bool {
	if len(want) == 0 {
		return true
	}
	have := checkpointMetadata(cp)
	for key, value := range want {
		if got, ok := have[key]; !ok || !contains(got, value) {
			return false
		}
	}
	return true
}

func contains(have, want json.RawMessage) bool {
	var h, w any
	if decodeNumbers(have, &h) != nil || decodeNumbers(want, &w) != nil {
		return false
	}
	return containsValue(h, w)
}

func decodeNumbers(raw json.RawMessage, v *any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(v)
}

func containsValue(have, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range w {
			if got, ok := h[key]; !ok || !containsValue(got, value) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok {
			return false
		}
		for _, value := range w {
			if !slices.ContainsFunc(h, func(got any) bool { return containsValue(got, value) }) {
				return false
			}
		}
		return true
	}
	return have == want
}

// objectOf writes channels as an object, without those that are no state.
func objectOf(values map[string]json.RawMessage) json.RawMessage {
	object := append(json.RawMessage{}, '{')
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !isStateName(name) {
			continue
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(object, quote(name)...)
		object = append(object, ':')
		object = append(object, values[name]...)
	}
	return append(object, '}')
}

// isStateName reports whether a name is a key of a state: the engine's own names hold a colon or begin with __.
func isStateName(name string) bool {
	return !strings.Contains(name, ":") && !strings.HasPrefix(name, "__")
}

func taskState(plan *TaskPlan, writes []Write) (TaskState, error) {
	state := TaskState{ID: plan.ID, Name: plan.Name, Path: plan.Path, Interrupts: []Interruption{}}
	done := false
	var failure *Failure
	result := map[string][]json.RawMessage{}
	for _, w := range writes {
		if w.Task != plan.ID {
			continue
		}
		switch w.Channel {
		case InterruptChannel:
			if err := json.Unmarshal(w.Value, &state.Interrupts); err != nil {
				return state, fmt.Errorf("task %s: %s: %w", plan.ID, w.Channel, err)
			}
		case ErrorChannel:
			if err := json.Unmarshal(w.Value, &failure); err != nil {
				return state, fmt.Errorf("task %s: %s: %w", plan.ID, w.Channel, err)
			}
		case ResumeChannel, ScheduledChannel:
		default:
			done = true
			if isStateName(w.Channel) {
				value := w.Value
				if inner, ok := overwritten(value); ok {
					value = inner
				}
				result[w.Channel] = append(result[w.Channel], value)
			}
		}
	}
	switch {
	case done:
		state.Result, state.Interrupts = resultOf(result), []Interruption{}
	case plan.Name == Start:
		state.Result = plan.Input
	default:
		state.Error = failure
	}
	return state, nil
}

func resultOf(writes map[string][]json.RawMessage) json.RawMessage {
	values := make(map[string]json.RawMessage, len(writes))
	for name, list := range writes {
		values[name] = list[0]
		if len(list) > 1 {
			values[name] = slices.Concat(json.RawMessage(`{"$writes":`), joinItems(list), json.RawMessage("}"))
		}
	}
	return objectOf(values)
}
