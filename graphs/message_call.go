package graphs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// UnmarshalJSON reads a call in LangChain's or in OpenAI's form; arguments that are no object are an error.
func (t *ToolCall) UnmarshalJSON(data []byte) error {
	raw, err := compactJSON(data)
	if err != nil {
		return err
	}
	call, invalid, err := readCall(raw)
	if err != nil {
		return err
	}
	if invalid != nil {
		return fmt.Errorf("%w: tool call %q: %s", ErrMessage, invalid.Name, invalid.Error)
	}
	*t = call
	return nil
}

// UnmarshalJSON reads the form that MarshalJSON writes.
func (t *InvalidToolCall) UnmarshalJSON(data []byte) error {
	raw, err := compactJSON(data)
	if err != nil {
		return err
	}
	*t, err = readInvalidCall(raw)
	return err
}

func readCalls(raw json.RawMessage) (calls []ToolCall, invalid []InvalidToolCall, err error) {
	if string(raw) == "null" {
		return nil, nil, nil
	}
	if raw[0] != '[' {
		return nil, nil, fmt.Errorf("%w: want a list", ErrMessage)
	}
	for item := range elements(raw) {
		call, bad, err := readCall(item)
		if err != nil {
			return nil, nil, err
		}
		if bad != nil {
			invalid = append(invalid, *bad)
			continue
		}
		calls = append(calls, call)
	}
	return calls, invalid, nil
}

func readCall(raw json.RawMessage) (ToolCall, *InvalidToolCall, error) {
	if !isObject(raw) {
		return ToolCall{}, nil, fmt.Errorf("%w: a tool call must be an object", ErrMessage)
	}
	var call ToolCall
	args := json.RawMessage("null")
	for key, value := range fields(raw) {
		var err error
		switch key {
		case "id":
			call.ID, err = readString(value)
		case "name":
			call.Name, err = readString(value)
		case "args":
			args = value
		case "type": // always tool_call
		case "function":
			call.Name, args, err = readFunction(value)
		default:
			call.Extra = with(call.Extra, key, value)
		}
		if err != nil {
			return ToolCall{}, nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	switch args[0] {
	case '{':
		call.Args = args
		return call, nil, nil
	case 'n':
		call.Args = json.RawMessage("{}")
		return call, nil, nil
	case '"':
		text, err := readString(args)
		if err != nil {
			return ToolCall{}, nil, err
		}
		if call.Args, err = parseArgs(text); err != nil {
			return ToolCall{}, &InvalidToolCall{ID: call.ID, Name: call.Name, Args: text, Error: err.Error(), Extra: call.Extra}, nil
		}
		return call, nil, nil
	}
	return ToolCall{}, nil, fmt.Errorf("%w: args of a tool call must be an object", ErrMessage)
}

// readFunction reads {"name", "arguments"}.
func readFunction(raw json.RawMessage) (name string, args json.RawMessage, err error) {
	args = json.RawMessage("null")
	if !isObject(raw) {
		return "", args, fmt.Errorf("%w: want an object", ErrMessage)
	}
	for key, value := range fields(raw) {
		switch key {
		case "name":
			if name, err = readString(value); err != nil {
				return "", args, err
			}
		case "arguments":
			args = value
		}
	}
	return name, args, nil
}

// parseArgs reads the text of a call's arguments; no text means no arguments.
func parseArgs(text string) (json.RawMessage, error) {
	trimmed := bytes.TrimSpace([]byte(text))
	if len(trimmed) == 0 {
		return json.RawMessage("{}"), nil
	}
	raw, err := compactJSON(trimmed)
	if err != nil || raw[0] != '{' {
		return nil, fmt.Errorf("arguments are not a JSON object")
	}
	return raw, nil
}

func readInvalidCalls(raw json.RawMessage) (calls []InvalidToolCall, err error) {
	if string(raw) == "null" {
		return nil, nil
	}
	if raw[0] != '[' {
		return nil, fmt.Errorf("%w: want a list", ErrMessage)
	}
	for item := range elements(raw) {
		call, err := readInvalidCall(item)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

func readInvalidCall(raw json.RawMessage) (InvalidToolCall, error) {
	var call InvalidToolCall
	if !isObject(raw) {
		return call, fmt.Errorf("%w: an invalid tool call must be an object", ErrMessage)
	}
	for key, value := range fields(raw) {
		var err error
		switch key {
		case "id":
			call.ID, err = readString(value)
		case "name":
			call.Name, err = readString(value)
		case "args":
			call.Args, err = readString(value)
		case "error":
			call.Error, err = readString(value)
		case "type": // always invalid_tool_call
		default:
			call.Extra = with(call.Extra, key, value)
		}
		if err != nil {
			return call, fmt.Errorf("%s: %w", key, err)
		}
	}
	return call, nil
}

// readUsage returns nil if raw has anything that Usage cannot hold.
func readUsage(raw json.RawMessage) *Usage {
	if string(raw) == "null" {
		return nil
	}
	usage := new(Usage)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if decoder.Decode(usage) != nil {
		return nil
	}
	return usage
}

func readMap(raw json.RawMessage) (map[string]json.RawMessage, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	if !isObject(raw) {
		return nil, fmt.Errorf("%w: want an object", ErrMessage)
	}
	var out map[string]json.RawMessage
	for key, value := range fields(raw) {
		if out == nil {
			out = make(map[string]json.RawMessage)
		}
		out[key] = value
	}
	return out, nil
}

func notNull(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// with returns a copy of fields that has one more.
func with(fields map[string]json.RawMessage, key string, value json.RawMessage) map[string]json.RawMessage {
	out := maps.Clone(fields)
	if out == nil {
		out = make(map[string]json.RawMessage, 1)
	}
	out[key] = value
	return out
}
