package wire

import (
	"encoding/json"
	"slices"
)

// RunStatus is where a run stands (rest.md 5.6). A run that paused on an interrupt has succeeded;
// interrupted means cancelled.
type RunStatus string

// The statuses.
const (
	RunPending     RunStatus = "pending"
	RunRunning     RunStatus = "running"
	RunSuccess     RunStatus = "success"
	RunErrored     RunStatus = "error"
	RunTimeout     RunStatus = "timeout"
	RunInterrupted RunStatus = "interrupted"
)

func (RunStatus) all() []RunStatus {
	return []RunStatus{RunPending, RunRunning, RunSuccess, RunErrored, RunTimeout, RunInterrupted}
}

// Valid reports whether s is one of the constants.
func (s RunStatus) Valid() bool { return slices.Contains(s.all(), s) }

// Ended reports whether the run is over.
func (s RunStatus) Ended() bool { return s.Valid() && s != RunPending && s != RunRunning }

// Run is an execution of an assistant on a thread (rest.md 2.6).
type Run struct {
	RunID             string            `json:"run_id"`
	ThreadID          string            `json:"thread_id"`
	AssistantID       string            `json:"assistant_id"`
	CreatedAt         Time              `json:"created_at"` // in the future with after_seconds
	UpdatedAt         Time              `json:"updated_at"`
	Status            RunStatus         `json:"status"`
	Metadata          Object            `json:"metadata"`
	Kwargs            json.RawMessage   `json:"kwargs"` // a RunKwargs
	MultitaskStrategy MultitaskStrategy `json:"multitask_strategy"`
	CancelReason      string            `json:"cancel_reason,omitzero"` // of a run that was cancelled
}

// MarshalJSON writes {} for nil kwargs.
func (r Run) MarshalJSON() ([]byte, error) {
	type plain Run
	if r.Kwargs == nil {
		r.Kwargs = json.RawMessage("{}")
	}
	return json.Marshal(plain(r))
}

// RunFields returns the names that a list of runs may select.
func RunFields() []string {
	return []string{
		"run_id", "thread_id", "assistant_id", "created_at", "updated_at",
		"status", "metadata", "kwargs", "multitask_strategy", "cancel_reason",
	}
}

// RunKwargs is what a run was asked to do, after merging. Principals and secrets never belong here.
type RunKwargs struct {
	Input           json.RawMessage `json:"input"`
	Command         *Command        `json:"command"`
	Config          Config          `json:"config"`
	Context         Object          `json:"context"`
	Webhook         Webhook         `json:"webhook,omitzero"`
	InterruptBefore Names           `json:"interrupt_before,omitzero"`
	InterruptAfter  Names           `json:"interrupt_after,omitzero"`
	StreamMode      StreamModes     `json:"stream_mode"`
	Subgraphs       bool            `json:"subgraphs"`
	Temporary       bool            `json:"temporary"`
	Resumable       bool            `json:"resumable"`
	Durability      Durability      `json:"durability,omitzero"`
	FeedbackKeys    FeedbackKeys    `json:"feedback_keys"`
	// Resuming says that a graph elsewhere, of which this run is a node, resumes: if the thread waits, the run goes on by Command, else it
	// begins with Input.
	Resuming bool `json:"resuming,omitzero"`
}

// UnmarshalJSON takes a null input for none.
func (k *RunKwargs) UnmarshalJSON(data []byte) error {
	type plain RunKwargs
	if err := json.Unmarshal(data, (*plain)(k)); err != nil {
		return err
	}
	k.Input = orAbsent(k.Input)
	return nil
}

// MultitaskStrategy says what a new run does to the unfinished ones of its thread (rest.md 5.4).
type MultitaskStrategy string

// The strategies; the default is enqueue.
const (
	MultitaskReject    MultitaskStrategy = "reject"
	MultitaskInterrupt MultitaskStrategy = "interrupt"
	MultitaskRollback  MultitaskStrategy = "rollback"
	MultitaskEnqueue   MultitaskStrategy = "enqueue"
)

func (MultitaskStrategy) all() []MultitaskStrategy {
	return []MultitaskStrategy{MultitaskReject, MultitaskInterrupt, MultitaskRollback, MultitaskEnqueue}
}

// Valid reports whether s is one of the constants.
func (s MultitaskStrategy) Valid() bool { return slices.Contains(s.all(), s) }
