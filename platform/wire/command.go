package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Command steers a run instead of giving it input (rest.md 2.7). Other keys, such as graph, are ignored.
type Command struct {
	Update Writes                    `json:"update,omitzero"`
	Resume Optional[json.RawMessage] `json:"resume,omitzero"` // the value, or a map {interrupt id: value}
	Goto   Goto                      `json:"goto,omitzero"`
}

// Empty reports whether the command asks for nothing. A null resume is indistinguishable from none (streaming.md 3.7).
func (c *Command) Empty() bool {
	resume := c.Resume.Set && !isNull(c.Resume.Value)
	return len(c.Update) == 0 && len(c.Goto) == 0 && !resume
}

// Write is one value for one channel.
type Write struct {
	Key   string
	Value json.RawMessage
}

// Writes is a command's update: an object, or a list of [key, value] where a key may come twice. Order is kept.
type Writes []Write

// MarshalJSON writes a list of pairs, which can say everything.
func (w Writes) MarshalJSON() ([]byte, error) {
	pairs := make([][2]any, len(w))
	for i, write := range w {
		pairs[i] = [2]any{write.Key, write.Value}
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON reads both forms.
func (w *Writes) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case isNull(data):
		return nil
	case data[0] == '{':
		return w.readObject(data)
	case data[0] == '[':
		return w.readPairs(data)
	}
	return errUpdate
}

var errUpdate = errors.New("command.update: want an object or a list of [key, value]")

// readObject goes by tokens, since a map would lose the order.
func (w *Writes) readObject(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	writes := Writes{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		writes = append(writes, Write{Key: key.(string), Value: value})
	}
	*w = writes
	return nil
}

func (w *Writes) readPairs(data []byte) error {
	var pairs [][]json.RawMessage
	if err := json.Unmarshal(data, &pairs); err != nil {
		return errUpdate
	}
	writes := make(Writes, len(pairs))
	for i, pair := range pairs {
		if len(pair) != 2 || json.Unmarshal(pair[0], &writes[i].Key) != nil {
			return errUpdate
		}
		writes[i].Value = pair[1]
	}
	*w = writes
	return nil
}

// Send starts a node with an input of its own.
type Send struct {
	Node  string          `json:"node"`
	Input json.RawMessage `json:"input"`
}

// Target is where a Goto leads: to the node Node, or, when Send is not nil, to a task of its own.
type Target struct {
	Node string
	Send *Send
}

// MarshalJSON writes a string or a Send.
func (t Target) MarshalJSON() ([]byte, error) {
	if t.Send != nil {
		return json.Marshal(t.Send)
	}
	return json.Marshal(t.Node)
}

// UnmarshalJSON reads a string or a Send.
func (t *Target) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &t.Node) == nil && t.Node != "" {
		return nil
	}
	var send Send
	if err := json.Unmarshal(data, &send); err != nil || send.Node == "" {
		return fmt.Errorf("command.goto: want a node's name or {node, input}, got %.40s", data)
	}
	t.Send = &send
	return nil
}

// Goto is the targets of a command. It reads one target or a list; null and [] are none.
type Goto []Target

// UnmarshalJSON reads one target or a list.
func (g *Goto) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if isNull(data) {
		return nil
	}
	if data[0] == '[' {
		var targets []Target
		if err := json.Unmarshal(data, &targets); err != nil {
			return err
		}
		*g = nil
		if len(targets) > 0 {
			*g = targets
		}
		return nil
	}
	var target Target
	if err := json.Unmarshal(data, &target); err != nil {
		return err
	}
	*g = Goto{target}
	return nil
}
