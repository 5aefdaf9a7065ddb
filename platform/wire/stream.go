package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// StreamMode is a kind of events that a run's stream carries (streaming.md 1.4).
type StreamMode string

// The stream modes. The event of messages-tuple is named messages.
const (
	StreamValues        StreamMode = "values"
	StreamMessages      StreamMode = "messages" // the older form: whole messages so far, three events
	StreamMessagesTuple StreamMode = "messages-tuple"
	StreamUpdates       StreamMode = "updates"
	StreamEvents        StreamMode = "events"
	StreamDebug         StreamMode = "debug"
	StreamTasks         StreamMode = "tasks"
	StreamCheckpoints   StreamMode = "checkpoints"
	StreamCustom        StreamMode = "custom"
	StreamTools         StreamMode = "tools"
)

func (StreamMode) all() []StreamMode {
	return []StreamMode{
		StreamValues, StreamMessages, StreamMessagesTuple, StreamUpdates, StreamEvents,
		StreamDebug, StreamTasks, StreamCheckpoints, StreamCustom, StreamTools,
	}
}

// Valid reports whether m is one of the constants.
func (m StreamMode) Valid() bool { return slices.Contains(m.all(), m) }

// StreamModes reads one mode or a list, without repeats. Null, "" and [] are nil, which means [StreamValues].
type StreamModes []StreamMode

// UnmarshalJSON reads one mode or a list.
func (m *StreamModes) UnmarshalJSON(data []byte) error {
	words, err := readWords(data)
	if err != nil {
		return errors.New("stream_mode: want a mode or a list of modes")
	}
	*m = nil
	for _, word := range words {
		if !slices.Contains(*m, StreamMode(word)) {
			*m = append(*m, StreamMode(word))
		}
	}
	return nil
}

// check refuses what is no mode. An empty word in a list is none, too: a stream of it would be silent.
func (m StreamModes) check() error {
	for _, mode := range m {
		if !mode.Valid() {
			return fmt.Errorf("stream_mode: %q is not one of %s", string(mode), list(mode.all()))
		}
	}
	return nil
}

// OrValues returns the modes, or values when there are none.
func (m StreamModes) OrValues() StreamModes {
	if len(m) == 0 {
		return StreamModes{StreamValues}
	}
	return m
}

// Names is a list of nodes to stop at, or every node: Names{"*"}.
type Names []string

// All reports whether every node is meant.
func (n Names) All() bool { return len(n) == 1 && n[0] == "*" }

// MarshalJSON writes "*" for every node.
func (n Names) MarshalJSON() ([]byte, error) {
	if n.All() {
		return []byte(`"*"`), nil
	}
	return json.Marshal([]string(n))
}

// UnmarshalJSON reads "*" or a list of names; null and [] are nil, an empty name is an error.
func (n *Names) UnmarshalJSON(data []byte) error {
	words, err := readWords(data)
	single := len(words) == 1 && bytes.TrimSpace(data)[0] == '"'
	if err != nil || slices.Contains(words, "") || single && words[0] != "*" {
		return errors.New(`interrupt_before, interrupt_after: want "*" or a list of node names`)
	}
	*n = words
	return nil
}

// FeedbackKeys reads one key or a list, without repeats; null, "" and [] are nil.
type FeedbackKeys []string

// UnmarshalJSON reads one key or a list.
func (k *FeedbackKeys) UnmarshalJSON(data []byte) error {
	words, err := readWords(data)
	if err != nil {
		return errors.New("feedback_keys: want a key or a list of keys")
	}
	*k = nil
	for _, word := range words {
		if !slices.Contains(*k, word) {
			*k = append(*k, word)
		}
	}
	return nil
}

// readWords reads a string or a list of strings; null, "" and [] are nil.
func readWords(data []byte) ([]string, error) {
	var word string
	if json.Unmarshal(data, &word) == nil {
		if word == "" {
			return nil, nil
		}
		return []string{word}, nil
	}
	var words []string
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, nil
	}
	return words, nil
}

// StreamMetadata is the data of a stream's first event, metadata, and of the first one of each new attempt.
type StreamMetadata struct {
	RunID    string `json:"run_id"`
	ThreadID string `json:"thread_id,omitempty"`
	Attempt  int    `json:"attempt"` // from 1
}
