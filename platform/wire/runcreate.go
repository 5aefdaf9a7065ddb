package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// RunCreate is the body of every call that starts a run (rest.md 5.2). AssistantID is an assistant's or a
// graph's id and required. A nil Input continues from the checkpoint; a Command wins over Input.
type RunCreate struct {
	AssistantID       string            `json:"assistant_id"`
	Input             json.RawMessage   `json:"input,omitempty"`
	Command           *Command          `json:"command,omitzero"`
	Metadata          Object            `json:"metadata,omitzero"`
	Config            Config            `json:"config,omitzero"`
	Context           Object            `json:"context,omitzero"`
	Checkpoint        *CheckpointConfig `json:"checkpoint,omitzero"`    // fork or replay from here; wins over CheckpointID
	CheckpointID      string            `json:"checkpoint_id,omitzero"` // the older form
	StreamMode        StreamModes       `json:"stream_mode,omitzero"`
	StreamSubgraphs   bool              `json:"stream_subgraphs,omitzero"`
	StreamResumable   bool              `json:"stream_resumable,omitzero"`
	FeedbackKeys      FeedbackKeys      `json:"feedback_keys,omitzero"`
	InterruptBefore   Names             `json:"interrupt_before,omitzero"`
	InterruptAfter    Names             `json:"interrupt_after,omitzero"`
	MultitaskStrategy MultitaskStrategy `json:"multitask_strategy,omitzero"`
	IfNotExists       IfNotExists       `json:"if_not_exists,omitzero"`
	OnDisconnect      OnDisconnect      `json:"on_disconnect,omitzero"`
	OnCompletion      OnCompletion      `json:"on_completion,omitzero"` // stateless runs only
	AfterSeconds      float64           `json:"after_seconds,omitzero"`
	Webhook           Webhook           `json:"webhook,omitzero"`
	Durability        Durability        `json:"durability,omitzero"`
	CheckpointDuring  *bool             `json:"checkpoint_during,omitzero"` // deprecated: true is async, false is exit
	LangsmithTracer   *LangsmithTracer  `json:"langsmith_tracer,omitzero"`
}

// UnmarshalJSON takes a null input for none.
func (r *RunCreate) UnmarshalJSON(data []byte) error {
	type plain RunCreate
	if err := json.Unmarshal(data, (*plain)(r)); err != nil {
		return err
	}
	r.Input = orAbsent(r.Input)
	return nil
}

// Validate checks what needs no database.
func (r *RunCreate) Validate() error {
	if r.AssistantID == "" {
		return errors.New("assistant_id is required")
	}
	if r.AfterSeconds < 0 {
		return errors.New("after_seconds: want a number not below 0")
	}
	return errors.Join(
		r.StreamMode.check(),
		oneOf("multitask_strategy", r.MultitaskStrategy), oneOf("if_not_exists", r.IfNotExists),
		oneOf("on_disconnect", r.OnDisconnect), oneOf("on_completion", r.OnCompletion),
		oneOf("durability", r.Durability), checkFeedbackKeys(r.FeedbackKeys),
	)
}

// EffectiveDurability returns the durability, minding the deprecated checkpoint_during; async by default.
func (r *RunCreate) EffectiveDurability() Durability {
	switch {
	case r.Durability != "":
		return r.Durability
	case r.CheckpointDuring != nil && !*r.CheckpointDuring:
		return DurabilityExit
	default:
		return DurabilityAsync
	}
}

// LangsmithTracer names where a run's trace goes. The server has no such place: what is not empty is refused.
type LangsmithTracer struct {
	ProjectName string `json:"project_name,omitempty"`
	ExampleID   string `json:"example_id,omitempty"`
}

// UnmarshalJSON takes false for none.
func (t *LangsmithTracer) UnmarshalJSON(data []byte) error {
	if string(data) == "false" {
		return nil
	}
	type plain LangsmithTracer
	return json.Unmarshal(data, (*plain)(t))
}

// Webhook is a URL reference that is told of a run's end: 1 to 65536 characters; "" is absent.
type Webhook string

// UnmarshalJSON refuses the empty string, which API explorers send.
func (w *Webhook) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("webhook: want a URL, got %.40s", data)
	}
	if n := utf8.RuneCountInString(s); n < 1 || n > 65536 {
		return errors.New("webhook: want 1 to 65536 characters")
	}
	*w = Webhook(s)
	return nil
}

// IfNotExists says what a run on a missing thread does.
type IfNotExists string

// The answers to a missing thread; the default is to reject, which is a 404.
const (
	IfNotExistsReject IfNotExists = "reject"
	IfNotExistsCreate IfNotExists = "create"
)

func (IfNotExists) all() []IfNotExists { return []IfNotExists{IfNotExistsReject, IfNotExistsCreate} }

// Valid reports whether e is one of the constants.
func (e IfNotExists) Valid() bool { return slices.Contains(e.all(), e) }

// OnDisconnect says what happens to a run when the client of its stream or wait goes away.
type OnDisconnect string

// The answers to a lost client; the default is continue.
const (
	OnDisconnectContinue OnDisconnect = "continue"
	OnDisconnectCancel   OnDisconnect = "cancel"
)

func (OnDisconnect) all() []OnDisconnect {
	return []OnDisconnect{OnDisconnectContinue, OnDisconnectCancel}
}

// Valid reports whether d is one of the constants.
func (d OnDisconnect) Valid() bool { return slices.Contains(d.all(), d) }

// OnCompletion says what happens to the thread of a stateless run at its end.
type OnCompletion string

// The ends; the default is delete.
const (
	OnCompletionDelete OnCompletion = "delete"
	OnCompletionKeep   OnCompletion = "keep"
)

func (OnCompletion) all() []OnCompletion { return []OnCompletion{OnCompletionDelete, OnCompletionKeep} }

// Valid reports whether c is one of the constants.
func (c OnCompletion) Valid() bool { return slices.Contains(c.all(), c) }

// Durability says when a run's checkpoints are stored.
type Durability string

// The durabilities: while the next step runs, before it runs, or only at the end.
const (
	DurabilityAsync Durability = "async"
	DurabilitySync  Durability = "sync"
	DurabilityExit  Durability = "exit"
)

func (Durability) all() []Durability {
	return []Durability{DurabilityAsync, DurabilitySync, DurabilityExit}
}

// Valid reports whether d is one of the constants.
func (d Durability) Valid() bool { return slices.Contains(d.all(), d) }
