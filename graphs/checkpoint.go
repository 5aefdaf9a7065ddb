package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"time"
)

// ErrNoCheckpoint is returned by [Saver.Get] when the thread has no such checkpoint.
var ErrNoCheckpoint = errors.New("no such checkpoint")

// CheckpointSource says what made a checkpoint (streaming.md §3.3).
type CheckpointSource string

// The sources of checkpoints.
const (
	SourceInput  CheckpointSource = "input"
	SourceLoop   CheckpointSource = "loop"
	SourceUpdate CheckpointSource = "update"
	SourceFork   CheckpointSource = "fork"
)

// Names of the channels of pending writes that are not state.
const (
	ErrorChannel     = "__error__"
	InterruptChannel = "__interrupt__"
	ResumeChannel    = "__resume__"
	ScheduledChannel = "__scheduled__"
	NoWritesChannel  = "__no_writes__"
)

// Write is one write of a task to a channel, before the reducer.
type Write struct {
	Task    string          `json:"task,omitempty"`
	Channel string          `json:"channel"`
	Value   json.RawMessage `json:"value"`
}

// TaskPlan is a task that a checkpoint has scheduled. It is stored, so that reading a state never runs user code.
type TaskPlan struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Path     []any           `json:"path"`
	Triggers []string        `json:"triggers,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"`
	// Subgraph says that the node is a graph: the checkpoints of the task are in the namespace Name:ID below its own.
	Subgraph bool `json:"subgraph,omitempty"`
}

// Checkpoint is a state of a graph between two steps. ID is a UUIDv6: string order is time order.
type Checkpoint struct {
	ID       string
	NS       string
	ParentID string
	RunID    string
	Source   CheckpointSource
	Step     int
	// Metadata is what readers see beside source, step and parents: the run's metadata and plain configurable entries.
	Metadata map[string]json.RawMessage
	// Parents maps each outer namespace to its checkpoint, for a subgraph's checkpoint; nil at the root.
	Parents map[string]string
	// Versions maps every written channel to the id of the checkpoint that wrote its value.
	Versions map[string]string
	// Seen maps each node to the versions of its triggers when it last ran.
	Seen map[string]map[string]string
	Next []string
	// Tasks are the tasks of Next, in path order.
	Tasks     []TaskPlan
	CreatedAt time.Time
}

// Change is what [Saver.Put] stores of one channel: the patch against the value of version Base ("" when there was none).
type Change struct {
	Base  string
	Patch ChannelPatch
	// Whole encodes the whole new value, for a Saver that wants a snapshot instead of a patch. It captures an immutable value: it may
	// be called from any goroutine until Sync has returned.
	Whole func() (json.RawMessage, error)
}

// Commit is one checkpoint with everything that must become durable together with it. Nothing of it changes once it was put.
type Commit struct {
	Checkpoint *Checkpoint
	// Changes holds the channels that this checkpoint wrote; their version becomes Checkpoint.ID.
	Changes map[string]Change
	// Writes are writes of the parent checkpoint's tasks which were not put by PutWrites.
	Writes []Write
}

// Saved is a checkpoint as it is read back.
type Saved struct {
	Checkpoint
	// Values holds each written channel's value.
	Values map[string]json.RawMessage
	// Writes are the pending writes of the checkpoint's tasks, in the order they were put.
	Writes []Write
}

// ListQuery selects checkpoints of one namespace, newest first.
type ListQuery struct {
	NS string
	// Before is an exclusive upper bound, a checkpoint id; empty for none.
	Before string
	// Limit is the greatest number of results; 0 means all.
	Limit int
	// Metadata keeps only checkpoints whose metadata contains it (JSON containment).
	Metadata map[string]json.RawMessage
}

// WriteKind is the part of a task's writes that a channel belongs to: a channel that is no state is its own kind, all others are "".
func WriteKind(channel string) string {
	switch channel {
	case ErrorChannel, InterruptChannel, ResumeChannel, ScheduledChannel:
		return channel
	}
	return ""
}

// ReplaceWrites returns stored without the writes of the task that have a kind of writes, and then writes. It is what
// [Saver].PutWrites has to do; stored may be overwritten.
func ReplaceWrites(stored []Write, task string, writes []Write) []Write {
	kept := stored[:0]
	for _, w := range stored {
		replaced := w.Task == task && slices.ContainsFunc(writes, func(n Write) bool { return WriteKind(n.Channel) == WriteKind(w.Channel) })
		if !replaced {
			kept = append(kept, w)
		}
	}
	for _, w := range writes {
		w.Task = task
		kept = append(kept, w)
	}
	return kept
}

// Saver keeps the checkpoints of one thread. It is bound to the thread (and, on a server, to a lease): no method takes a thread id.
//
// The engine calls it from one goroutine at a time. Put and PutWrites may return before the data is durable; Sync waits until
// everything put before it is, and returns the first error. A Saver that has failed returns the same error from every later call.
// The engine yields a step or task.end event first and calls Put or PutWrites right after, so that a server can commit both together.
type Saver interface {
	// Get returns the checkpoint id of namespace ns, or its newest one when id is empty; ErrNoCheckpoint if there is none.
	Get(ctx context.Context, ns, id string) (*Saved, error)
	// List yields checkpoints newest first, with values and writes.
	List(ctx context.Context, q ListQuery) iter.Seq2[*Saved, error]
	// Put stores a checkpoint.
	Put(ctx context.Context, c Commit) error
	// PutWrites stores writes of one task of a checkpoint. Writes to ErrorChannel, InterruptChannel, ResumeChannel and
	// ScheduledChannel are four kinds, all others together a fifth: a kind replaces what the task had of it (see [ReplaceWrites]).
	PutWrites(ctx context.Context, ns, checkpointID, taskID string, writes []Write) error
	// Sync returns when all that was put is durable.
	Sync(ctx context.Context) error
}
