package graphs

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// encodeValue is json.Marshal without its costs for what states are mostly made of.
func encodeValue(v any) (json.RawMessage, error) {
	switch v := v.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	case int:
		return strconv.AppendInt(make([]byte, 0, 20), int64(v), 10), nil
	case int64:
		return strconv.AppendInt(make([]byte, 0, 20), v, 10), nil
	case string:
		if isPlain(v) {
			raw := append(make(json.RawMessage, 0, len(v)+2), '"')
			return append(append(raw, v...), '"'), nil
		}
	case Message:
		return encodeMessage(&v)
	case []Message:
		return encodeMessages(v)
	}
	return json.Marshal(v)
}

// isPlain reports whether a string is its own JSON.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= utf8.RuneSelf, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

func encodeMessage(m *Message) (json.RawMessage, error) {
	if !m.isBare() {
		return json.Marshal(m)
	}
	return m.AppendJSON(make([]byte, 0, len(m.Content.Text)+len(m.Content.Text)/16+160)), nil
}

// isBare reports whether a message holds no JSON from elsewhere, which would have to be checked.
func (m *Message) isBare() bool {
	return m.Content.Blocks == nil && m.Artifact == nil && len(m.ToolCalls)+len(m.InvalidToolCalls) == 0 &&
		len(m.AdditionalKwargs)+len(m.ResponseMetadata)+len(m.Extra) == 0
}

func encodeMessages(msgs []Message) (json.RawMessage, error) {
	if msgs == nil {
		return json.RawMessage("null"), nil
	}
	size := 2
	for i := range msgs {
		size += len(msgs[i].Content.Text) + 160
	}
	raw := append(make(json.RawMessage, 0, size), '[')
	for i := range msgs {
		if i > 0 {
			raw = append(raw, ',')
		}
		m := &msgs[i]
		if m.isBare() {
			raw = m.AppendJSON(raw)
			continue
		}
		one, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		raw = append(raw, one...)
	}
	return append(raw, ']'), nil
}
