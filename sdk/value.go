package sdk

import (
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/platform/wire"
)

// unencodable begins a JSON value that could not be made. No valid JSON begins so, and it says why when it is sent.
const unencodable = '\x00'

// JSON encodes v for a field that carries any JSON, such as RunCreate.Input. A value that cannot be encoded
// fails the call that sends it.
func JSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return append(json.RawMessage{unencodable}, err.Error()...)
	}
	return data
}

// Resume is the answer to the question of a paused graph: any value, or a map from interrupt ids to values
// when several questions are open.
func Resume(answer any) *Command {
	return &Command{Resume: wire.Some(JSON(answer))}
}

// Goto is a command that leads to the named nodes.
func Goto(nodes ...string) *Command {
	command := new(Command)
	for _, node := range nodes {
		command.Goto = append(command.Goto, wire.Target{Node: node})
	}
	return command
}

// Values are the values of a [StateUpdate]; nil marks the node as done without writes.
func Values(v any) wire.Optional[json.RawMessage] { return wire.Some(JSON(v)) }

// encode makes a request's body.
func encode(in any) ([]byte, error) {
	for _, raw := range carried(in) {
		if len(raw) > 0 && raw[0] == unencodable {
			return nil, fmt.Errorf("sdk: encode the request: %s", raw[1:])
		}
	}
	data, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("sdk: encode the request: %w", err)
	}
	return data, nil
}

func carried(in any) []json.RawMessage {
	switch in := in.(type) {
	case RunCreate:
		if in.Command == nil {
			return []json.RawMessage{in.Input}
		}
		return []json.RawMessage{in.Input, in.Command.Resume.Value}
	case FeedbackCreate:
		return []json.RawMessage{in.Score, in.Value, in.Correction}
	case StateUpdate:
		return []json.RawMessage{in.Values.Value}
	}
	return nil
}
