package wire

import (
	"encoding/json"
	"slices"
)

// ThreadStreamMode is a kind of events that a thread's stream carries (rest.md 4.9).
type ThreadStreamMode string

// The modes of a thread's stream.
const (
	// ThreadRunModes is what each run's own stream carries, and run_done at its end; the default.
	ThreadRunModes ThreadStreamMode = "run_modes"
	// ThreadLifecycle is metadata at a run's start and run_done at its end.
	ThreadLifecycle ThreadStreamMode = "lifecycle"
	// ThreadStateUpdate is state_update for each write to the state by a caller.
	ThreadStateUpdate ThreadStreamMode = "state_update"
)

func (ThreadStreamMode) all() []ThreadStreamMode {
	return []ThreadStreamMode{ThreadRunModes, ThreadLifecycle, ThreadStateUpdate}
}

// Valid reports whether m is one of the constants.
func (m ThreadStreamMode) Valid() bool { return slices.Contains(m.all(), m) }

// RunDone is the data of the event run_done.
type RunDone struct {
	RunID    string    `json:"run_id"`
	ThreadID string    `json:"thread_id"`
	Status   RunStatus `json:"status"`
}

// StateWritten is the data of the event state_update. Values are the thread's when it was told, as GET /threads/{id} shows them.
type StateWritten struct {
	ThreadID   string           `json:"thread_id"`
	Checkpoint CheckpointConfig `json:"checkpoint"`
	Values     json.RawMessage  `json:"values"`
}
