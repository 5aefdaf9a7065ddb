package graphs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"unicode/utf8"
)

// MarshalJSON writes the flat form of the wire (streaming.md §2.1).
func (m Message) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil), nil }

// AppendJSON appends what MarshalJSON writes, on one line and without the check that json.Marshal makes: the raw fields
// must be valid JSON, as they are in every message that was read from JSON.
func (m Message) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"type":`...)
	dst = appendString(dst, string(m.Type))
	dst = appendField(dst, "id", m.ID)
	dst = append(dst, `,"content":`...)
	dst = m.Content.AppendJSON(dst)
	dst = appendField(dst, "name", m.Name)
	if m.Type == TypeAI || len(m.ToolCalls) > 0 || len(m.InvalidToolCalls) > 0 {
		dst = append(dst, `,"tool_calls":`...)
		dst = appendArray(dst, m.ToolCalls, ToolCall.appendJSON)
		dst = append(dst, `,"invalid_tool_calls":`...)
		dst = appendArray(dst, m.InvalidToolCalls, InvalidToolCall.appendJSON)
	}
	if m.UsageMetadata != nil {
		dst = append(dst, `,"usage_metadata":`...)
		dst = m.UsageMetadata.appendJSON(dst)
	}
	if m.Type == TypeTool || m.ToolCallID != "" {
		dst = append(dst, `,"tool_call_id":`...)
		dst = appendString(dst, m.ToolCallID)
	}
	dst = appendField(dst, "status", m.Status)
	if m.Artifact != nil {
		dst = append(dst, `,"artifact":`...)
		dst = appendRaw(dst, m.Artifact)
	}
	dst = append(dst, `,"additional_kwargs":`...)
	dst = appendObject(dst, m.AdditionalKwargs)
	dst = append(dst, `,"response_metadata":`...)
	dst = appendObject(dst, m.ResponseMetadata)
	dst = m.appendExtra(dst)
	return append(dst, '}')
}

// appendExtra leaves out names that are written already; usage_metadata is in Extra when it has a form that Usage cannot hold.
func (m Message) appendExtra(dst []byte) []byte {
	return appendPairs(dst, m.Extra, func(key string) bool {
		switch key {
		case "type", "id", "content", "name", "tool_calls", "invalid_tool_calls", "tool_call_id", "status", "artifact",
			"additional_kwargs", "response_metadata":
			return true
		case "usage_metadata":
			return m.UsageMetadata != nil
		}
		return false
	})
}

// MarshalJSON writes a string or an array.
func (c Content) MarshalJSON() ([]byte, error) { return c.AppendJSON(nil), nil }

// AppendJSON appends what MarshalJSON writes.
func (c Content) AppendJSON(dst []byte) []byte {
	if c.Blocks == nil {
		return appendString(dst, c.Text)
	}
	return appendArray(dst, c.Blocks, func(raw json.RawMessage, dst []byte) []byte { return appendRaw(dst, raw) })
}

// UnmarshalJSON reads a string, an array of blocks or null, which is the empty string.
func (c *Content) UnmarshalJSON(data []byte) error {
	raw, err := compactJSON(data)
	if err != nil {
		return err
	}
	*c, err = readContent(raw)
	return err
}

func readContent(raw json.RawMessage) (Content, error) {
	switch raw[0] {
	case 'n':
		return Content{}, nil
	case '"':
		text, err := readString(raw)
		return Content{Text: text}, err
	case '[':
		return Content{Blocks: slices.AppendSeq([]json.RawMessage{}, elements(raw))}, nil
	}
	return Content{}, fmt.Errorf("%w: content must be a string or a list of blocks", ErrMessage)
}

// MarshalJSON writes the form of streaming.md §2.2.
func (t ToolCall) MarshalJSON() ([]byte, error) { return t.appendJSON(nil), nil }

func (t ToolCall) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"name":`...)
	dst = appendString(dst, t.Name)
	dst = append(dst, `,"args":`...)
	if t.Args == nil {
		dst = append(dst, `{}`...)
	} else {
		dst = appendRaw(dst, t.Args)
	}
	dst = append(dst, `,"id":`...)
	dst = appendNullable(dst, t.ID)
	dst = append(dst, `,"type":"tool_call"`...)
	dst = appendPairs(dst, t.Extra, isCallField)
	return append(dst, '}')
}

// MarshalJSON writes the form of streaming.md §2.2.
func (t InvalidToolCall) MarshalJSON() ([]byte, error) { return t.appendJSON(nil), nil }

func (t InvalidToolCall) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"name":`...)
	dst = appendNullable(dst, t.Name)
	dst = append(dst, `,"args":`...)
	dst = appendString(dst, t.Args)
	dst = append(dst, `,"id":`...)
	dst = appendNullable(dst, t.ID)
	dst = append(dst, `,"error":`...)
	dst = appendNullable(dst, t.Error)
	dst = append(dst, `,"type":"invalid_tool_call"`...)
	dst = appendPairs(dst, t.Extra, isCallField)
	return append(dst, '}')
}

func isCallField(key string) bool {
	return key == "name" || key == "args" || key == "id" || key == "type" || key == "error"
}

func (u *Usage) appendJSON(dst []byte) []byte {
	raw, err := json.Marshal(u)
	if err != nil { // ints and maps of ints: cannot fail
		return append(dst, "null"...)
	}
	return append(dst, raw...)
}

func appendArray[T any](dst []byte, list []T, item func(T, []byte) []byte) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item(v, dst)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, fields map[string]json.RawMessage) []byte {
	open := len(dst)
	dst = appendPairs(append(dst, '{'), fields, nil)
	if len(dst) > open+1 { // drop the comma of the first pair
		dst = slices.Delete(dst, open+1, open+2)
	}
	return append(dst, '}')
}

// appendPairs appends `,"key":value` for each field in the order of keys, but for those that skip names.
func appendPairs(dst []byte, fields map[string]json.RawMessage, skip func(string) bool) []byte {
	if len(fields) == 0 {
		return dst
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if skip != nil && skip(key) {
			continue
		}
		dst = append(dst, ',')
		dst = appendString(dst, key)
		dst = append(dst, ':')
		dst = appendRaw(dst, fields[key])
	}
	return dst
}

// appendRaw keeps the output on one line: a frame of a stream depends on it.
func appendRaw(dst []byte, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return append(dst, "null"...)
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 && !hasLineSeparator(raw) {
		return append(dst, raw...)
	}
	flat, err := compactJSON(raw)
	if err != nil {
		return append(dst, raw...)
	}
	return append(dst, flat...)
}

func appendField(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	dst = append(dst, '"', ':')
	return appendString(dst, value)
}

func appendNullable(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. U+2028 and U+2029 are escaped, since some readers of streams split lines there.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				dst = appendEscaped(append(dst, s[start:i]...), c)
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// compactJSON checks data and returns a copy without white space and line separators, so that what is kept of it can be
// written into a frame as it is.
func compactJSON(data []byte) (json.RawMessage, error) {
	var buf bytes.Buffer
	buf.Grow(len(data))
	if err := json.Compact(&buf, data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	raw := buf.Bytes()
	if hasLineSeparator(raw) {
		raw = bytes.ReplaceAll(raw, []byte("\u2028"), []byte(`\u2028`))
		raw = bytes.ReplaceAll(raw, []byte("\u2029"), []byte(`\u2029`))
	}
	return raw, nil
}

func hasLineSeparator(raw []byte) bool {
	return bytes.Contains(raw, []byte("\u2028")) || bytes.Contains(raw, []byte("\u2029"))
}

// fields yields the members of an object, elements the items of an array; raw must come from compactJSON.
// The values are parts of raw.
func fields(raw json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for i := 1; i < len(raw) && raw[i] != '}'; {
			end := valueEnd(raw, i)
			key, err := readString(raw[i:end])
			if err != nil {
				return
			}
			start := end + 1 // after the colon
			end = valueEnd(raw, start)
			if !yield(key, raw[start:end:end]) {
				return
			}
			i = end
			if raw[i] == ',' {
				i++
			}
		}
	}
}

func elements(raw json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for i := 1; i < len(raw) && raw[i] != ']'; {
			end := valueEnd(raw, i)
			if !yield(raw[i:end:end]) {
				return
			}
			i = end
			if raw[i] == ',' {
				i++
			}
		}
	}
}

// valueEnd returns the index after the value that starts at i of compact, valid JSON.
func valueEnd(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			i = stringEnd(raw, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':':
			i++
		default:
			for i < len(raw) && raw[i] != ',' && raw[i] != ']' && raw[i] != '}' {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

func stringEnd(raw []byte, i int) int {
	for i++; i < len(raw); {
		end := bytes.IndexByte(raw[i:], '"')
		if end < 0 {
			return len(raw)
		}
		escape := bytes.IndexByte(raw[i:i+end], '\\')
		if escape < 0 {
			return i + end + 1
		}
		i += escape + 2
	}
	return len(raw)
}

// readString reads a JSON string; null is the empty string.
func readString(raw json.RawMessage) (string, error) {
	if string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		return "", fmt.Errorf("%w: want a string", ErrMessage)
	}
	body := raw[1 : len(raw)-1]
	if bytes.IndexByte(body, '\\') < 0 && utf8.Valid(body) {
		return string(body), nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return s, nil
}
