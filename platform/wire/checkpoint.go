package wire

import (
	"encoding/json"
	"fmt"
)

// CheckpointConfig names a checkpoint (rest.md 2.4). In answers all four keys are there; an empty CheckpointID
// is null, a nil map is null. In requests ThreadID may be empty; if set it must agree with the URL.
type CheckpointConfig struct {
	ThreadID      string            `json:"thread_id"`
	CheckpointNS  string            `json:"checkpoint_ns"` // "" is the root graph
	CheckpointID  string            `json:"checkpoint_id"`
	CheckpointMap map[string]string `json:"checkpoint_map"` // namespace -> checkpoint id of every ancestor
}

// MarshalJSON writes null for an empty id, and leaves out an empty thread id, which only requests have.
func (c CheckpointConfig) MarshalJSON() ([]byte, error) {
	out := struct {
		ThreadID      string            `json:"thread_id,omitempty"`
		CheckpointNS  string            `json:"checkpoint_ns"`
		CheckpointID  *string           `json:"checkpoint_id"`
		CheckpointMap map[string]string `json:"checkpoint_map"`
	}{ThreadID: c.ThreadID, CheckpointNS: c.CheckpointNS, CheckpointMap: c.CheckpointMap}
	if c.CheckpointID != "" {
		out.CheckpointID = &c.CheckpointID
	}
	return json.Marshal(out)
}

// ID is the checkpoint that is meant: the one of that name, or else what the map says of the namespace; empty is the newest.
func (c CheckpointConfig) ID() string {
	if c.CheckpointID != "" {
		return c.CheckpointID
	}
	return c.CheckpointMap[c.CheckpointNS]
}

// Before is the checkpoint id that a history ends before. It reads the id itself, a checkpoint, or a config
// {configurable: {checkpoint_id}}, for each client sends another one (rest.md 4.8). Empty is absent.
type Before string

// UnmarshalJSON reads the three shapes.
func (b *Before) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var id string
	if err := json.Unmarshal(data, &id); err == nil {
		*b = Before(id)
		return nil
	}
	var object struct {
		CheckpointID string `json:"checkpoint_id"`
		Configurable struct {
			CheckpointID string `json:"checkpoint_id"`
		} `json:"configurable"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return fmt.Errorf("before: want a checkpoint id or a checkpoint, got %.40s", data)
	}
	*b = Before(object.CheckpointID)
	if *b == "" {
		*b = Before(object.Configurable.CheckpointID)
	}
	return nil
}
