package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ThreadState is a thread at one checkpoint (rest.md 2.5, streaming.md 3.1). Nothing of it is null but
// CreatedAt and ParentCheckpoint, for clients index it without asking; nil fields are written as {} and [].
type ThreadState struct {
	Values           json.RawMessage   `json:"values"`
	Next             []string          `json:"next"`
	Tasks            []Task            `json:"tasks"`
	Checkpoint       CheckpointConfig  `json:"checkpoint"`
	Metadata         Object            `json:"metadata"`
	CreatedAt        *Time             `json:"created_at"`
	ParentCheckpoint *CheckpointConfig `json:"parent_checkpoint"`
	Interrupts       []Interrupt       `json:"interrupts"` // those of all tasks
}

// MarshalJSON fills in what is nil and adds the deprecated flat ids.
func (s ThreadState) MarshalJSON() ([]byte, error) {
	type plain ThreadState
	out := struct {
		plain
		CheckpointID       *string `json:"checkpoint_id"`
		ParentCheckpointID *string `json:"parent_checkpoint_id"`
	}{plain: plain(s)}
	if out.Values == nil {
		out.Values = json.RawMessage("{}")
	}
	out.Next, out.Tasks, out.Interrupts = orEmpty(s.Next), orEmpty(s.Tasks), orEmpty(s.Interrupts)
	if s.Checkpoint.CheckpointID != "" {
		out.CheckpointID = &s.Checkpoint.CheckpointID
	}
	if s.ParentCheckpoint != nil && s.ParentCheckpoint.CheckpointID != "" {
		out.ParentCheckpointID = &s.ParentCheckpoint.CheckpointID
	}
	return json.Marshal(out)
}

// stateValue is what the name of one of a state's values begins with where fields are selected.
const stateValue = "values."

// StateFields returns the names that a request for states may select; beside them, values.KEY is one of the values.
func StateFields() []string {
	return []string{"values", "next", "tasks", "checkpoint", "metadata", "created_at", "parent_checkpoint", "interrupts"}
}

// SelectsState checks the names of fields of states.
func SelectsState(fields []string) error {
	plain := slices.DeleteFunc(slices.Clone(fields), func(name string) bool {
		return strings.HasPrefix(name, stateValue) && name != stateValue
	})
	return selected(plain, append(StateFields(), stateValue+"KEY"))
}

// Only returns the state with the named fields alone, as [StateFields] names them; no names at all mean everything.
func (s ThreadState) Only(fields []string) (json.RawMessage, error) {
	var keys []string
	for _, name := range fields {
		if key, ok := strings.CutPrefix(name, stateValue); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 || slices.Contains(fields, "values") {
		return Project(s, fields)
	}
	values := map[string]json.RawMessage{}
	if json.Unmarshal(s.Values, &values) != nil || values == nil { // a list, which has no keys, or nothing
		values = map[string]json.RawMessage{}
	}
	maps.DeleteFunc(values, func(key string, _ json.RawMessage) bool { return !slices.Contains(keys, key) })
	kept, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("select values: %w", err)
	}
	s.Values = kept
	return Project(s, append(slices.Clone(fields), "values"))
}

// Task is a node that is to run next, or ran. All keys are always there.
type Task struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Path       []any             `json:"path"`
	Error      *string           `json:"error"`
	Interrupts []Interrupt       `json:"interrupts"`
	Checkpoint *CheckpointConfig `json:"checkpoint"` // of its subgraph, unless State holds it
	State      *ThreadState      `json:"state"`      // of its subgraph, when asked for
	Result     json.RawMessage   `json:"result"`
}

// MarshalJSON writes [] for what is nil.
func (t Task) MarshalJSON() ([]byte, error) {
	type plain Task
	t.Path, t.Interrupts = orEmpty(t.Path), orEmpty(t.Interrupts)
	return json.Marshal(plain(t))
}

// StateUpdate is the body of POST /threads/{id}/state. Values is an object or a list; null with AsNode marks
// the node as done without writes. Checkpoint wins over CheckpointID.
type StateUpdate struct {
	Values       Optional[json.RawMessage] `json:"values,omitzero"`
	AsNode       string                    `json:"as_node,omitzero"`
	Checkpoint   *CheckpointConfig         `json:"checkpoint,omitzero"`
	CheckpointID string                    `json:"checkpoint_id,omitzero"`
}

// Validate refuses values that are neither an object, a list nor null.
func (u *StateUpdate) Validate() error {
	if !u.Values.Set || isNull(u.Values.Value) {
		return nil
	}
	if first := u.Values.Value[0]; first != '{' && first != '[' {
		return errors.New("values: want an object, a list or null")
	}
	return nil
}

// StateUpdated is the answer of POST /threads/{id}/state. Configurable repeats the checkpoint for old clients.
type StateUpdated struct {
	Checkpoint   CheckpointConfig `json:"checkpoint"`
	Configurable CheckpointConfig `json:"configurable"`
}

// StateAt is the body of POST /threads/{id}/state/checkpoint. A nil checkpoint is the latest.
type StateAt struct {
	Checkpoint *CheckpointConfig `json:"checkpoint"`
	Subgraphs  bool              `json:"subgraphs,omitzero"`
	Select     []string          `json:"select,omitzero"` // of StateFields
}

// Validate checks the selected names.
func (a *StateAt) Validate() error { return SelectsState(a.Select) }

// HistorySearch is the body of POST /threads/{id}/history; answers are newest first. Before is exclusive,
// Metadata matches by containment, Checkpoint names the namespace, "" by default.
type HistorySearch struct {
	Limit      Limit             `json:"limit,omitzero"` // default 10
	Before     Before            `json:"before,omitzero"`
	Metadata   Object            `json:"metadata,omitzero"`
	Checkpoint *CheckpointConfig `json:"checkpoint,omitzero"`
	Select     []string          `json:"select,omitzero"` // of StateFields
}

// Validate checks the selected names.
func (h *HistorySearch) Validate() error { return SelectsState(h.Select) }
