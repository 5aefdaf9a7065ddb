package wire

import "encoding/json"

// RunEnded is the body of a webhook (rest.md 5.9): the run as it ended, with its final values if it got as far, and its error only if
// it failed. A run that was rolled back is interrupted, and is no more. Kwargs are without what may be secret.
type RunEnded struct {
	RunID             string            `json:"run_id"`
	ThreadID          string            `json:"thread_id"`
	AssistantID       string            `json:"assistant_id"`
	Status            RunStatus         `json:"status"`
	Metadata          Object            `json:"metadata"`
	Kwargs            json.RawMessage   `json:"kwargs"`
	MultitaskStrategy MultitaskStrategy `json:"multitask_strategy"`
	CreatedAt         Time              `json:"created_at"`
	UpdatedAt         Time              `json:"updated_at"`
	StartedAt         *Time             `json:"run_started_at"` // null for one that never started
	EndedAt           *Time             `json:"run_ended_at"`
	SentAt            Time              `json:"webhook_sent_at"`
	Values            json.RawMessage   `json:"values,omitempty"`
	Error             *RunError         `json:"error,omitempty"`
}
