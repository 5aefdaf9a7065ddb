package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Event is one event of a run's stream.
type Event struct {
	Name string          // the mode, and the namespace of a subgraph after a "|": updates, messages|child:1c2...
	Data json.RawMessage // nil if the event had none
	ID   string          // "" if the server gave none; where a later JoinStream can go on
	Run  RunRef

	sifted bool // fresh holds the interrupts that the stream had not told before
	fresh  []Interrupt
}

// Mode returns the name without namespace.
func (e Event) Mode() string {
	mode, _, _ := strings.Cut(e.Name, "|")
	return mode
}

// Namespace returns the path of the subgraph that the event comes from, nil for the graph itself.
func (e Event) Namespace() []string {
	if parts := strings.Split(e.Name, "|"); len(parts) > 1 {
		return parts[1:]
	}
	return nil
}

// Decode reads the data into v.
func (e Event) Decode(v any) error {
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("sdk: event %s: %w", e.Name, err)
	}
	return nil
}

// Message returns the message and its metadata (langgraph_node, tags ...) of an event of [StreamMessages]; false for
// other events. Tokens of one message share its ID.
func (e Event) Message() (Message, Object, bool) {
	if e.Mode() != "messages" {
		return Message{}, nil, false
	}
	var tuple []json.RawMessage
	if json.Unmarshal(e.Data, &tuple) != nil || len(tuple) != 2 {
		return Message{}, nil, false
	}
	var message Message
	var metadata Object
	if json.Unmarshal(tuple[0], &message) != nil || json.Unmarshal(tuple[1], &metadata) != nil {
		return Message{}, nil, false
	}
	return message, metadata, true
}

// Token returns the piece of text that the model just said, of events of [StreamMessages]; false if the event
// has no such text.
func (e Event) Token() (string, bool) {
	message, _, ok := e.Message()
	if !ok || message.Type != "ai" && message.Type != "AIMessageChunk" {
		return "", false
	}
	text := message.Text()
	return text, text != ""
}

// Interrupts returns the questions that the graph asks by this event, of [StreamUpdates] or [StreamValues]. Within
// one stream each is returned once, though it comes in every mode and for every enclosing graph.
func (e Event) Interrupts() []Interrupt {
	if e.sifted {
		return e.fresh
	}
	return interruptsIn(e.Mode(), e.Data)
}

func interruptsIn(mode string, data json.RawMessage) []Interrupt {
	const key = "__interrupt__"
	// Most events have none, and states are large.
	if mode != "updates" && mode != "values" || !bytes.Contains(data, []byte(`"`+key+`"`)) {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		return nil
	}
	var interrupts []Interrupt
	if json.Unmarshal(object[key], &interrupts) != nil {
		return nil
	}
	return interrupts
}
