package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

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
	data, err := json.Marshal(in)
	if err == nil {
		return data, nil
	}
	if why := unencodableIn(reflect.ValueOf(in)); why != "" {
		return nil, fmt.Errorf("sdk: encode the request: %s", why)
	}
	return nil, fmt.Errorf("sdk: encode the request: %w", err)
}

// unencodableIn finds why a value of [JSON] in a request could not be made, "" when all were. Objects have none: theirs are Go values.
func unencodableIn(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		return unencodableIn(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if why := unencodableIn(v.Field(i)); why != "" {
				return why
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			if why, found := bytes.CutPrefix(v.Bytes(), []byte{unencodable}); found {
				return string(why)
			}
			return ""
		}
		for i := range v.Len() {
			if why := unencodableIn(v.Index(i)); why != "" {
				return why
			}
		}
	}
	return ""
}
