package graphs

import (
	"bytes"
	"encoding/json"
)

// partialCalls reads the calls that can be named already, with as much of their arguments as is there.
func partialCalls(chunks []ToolCallChunk) []ToolCall {
	var calls []ToolCall
	for _, c := range chunks {
		if c.Name == "" {
			continue
		}
		calls = append(calls, ToolCall{ID: c.ID, Name: c.Name, Args: partialObject([]byte(c.Args))})
	}
	return calls
}

// partialObject completes the beginning of a JSON object; nil if nothing of it can be kept.
func partialObject(text []byte) json.RawMessage {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return nil
	}
	whole, cut := complete(text)
	for _, candidate := range [][]byte{whole, cut} {
		if raw, err := compactJSON(candidate); err == nil && raw[0] == '{' {
			return raw
		}
	}
	return nil
}

// complete closes what is open at the end of text: as it stands, and cut after the last member that is whole.
func complete(text []byte) (whole, cut []byte) {
	var open, openAtCut []byte
	quoted, escaped, end := false, false, 0
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			open = append(open, c+2) // '{'+2 is '}', '['+2 is ']'
			end, openAtCut = i+1, bytes.Clone(open)
		case c == '}' || c == ']':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case c == ',':
			end, openAtCut = i, bytes.Clone(open)
		}
	}
	whole = bytes.Clone(text)
	if escaped {
		whole = whole[:len(whole)-1]
	}
	if quoted {
		whole = append(whole, '"')
	}
	return closed(whole, open), closed(bytes.Clone(text[:end]), openAtCut)
}

func closed(text, open []byte) []byte {
	for i := len(open) - 1; i >= 0; i-- {
		text = append(text, open[i])
	}
	return text
}
