package graphs

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// readOwnMessages reads a list of messages in the form that [Message.AppendJSON] writes, which is what savers keep, and far
// cheaper than all forms that clients send. ok is false if the list has another form; its messages may have any.
func readOwnMessages(raw json.RawMessage) (msgs []Message, ok bool) {
	if len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']' || hasControl(raw) || hasLineSeparator(raw) || !utf8.Valid(raw) {
		return nil, false
	}
	r := ownReader{text: string(raw[:len(raw)-1]), at: 1}
	n := strings.Count(r.text, `{"type":"`)
	msgs = make([]Message, 0, n+n/8+4) // a run adds some
	for r.at < len(r.text) {
		if len(msgs) > 0 && !r.skip(",") {
			return nil, false
		}
		start := r.at
		m, ok := r.message()
		if !ok {
			end := valueEnd(raw, start)
			flat, err := compactJSON(raw[start:min(end, len(raw)-1)])
			if err != nil {
				return nil, false
			}
			if m, err = readMessage(flat); err != nil {
				return nil, false
			}
			r.at = end
		}
		msgs = append(msgs, m)
	}
	return msgs, true
}

// ownReader reads from one string of which the messages' strings are parts.
type ownReader struct {
	text string
	at   int
}

func (r *ownReader) skip(word string) bool {
	if !strings.HasPrefix(r.text[r.at:], word) {
		return false
	}
	r.at += len(word)
	return true
}

// word reads a string that is its own JSON.
func (r *ownReader) word() (string, bool) {
	if !r.skip(`"`) {
		return "", false
	}
	rest := r.text[r.at:]
	end := strings.IndexByte(rest, '"')
	if end < 0 || strings.IndexByte(rest[:end], '\\') >= 0 {
		return "", false
	}
	r.at += end + 1
	return rest[:end], true
}

// hasControl reports whether there is a control character, which JSON has only between its values. It looks at eight bytes at once.
func hasControl(raw []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(raw) >= 8; raw = raw[8:] {
		x := binary.LittleEndian.Uint64(raw)
		if (x-' '*ones)&^x&highs != 0 {
			return true
		}
	}
	for _, b := range raw {
		if b < ' ' {
			return true
		}
	}
	return false
}

// message reads a message without raw fields.
func (r *ownReader) message() (m Message, ok bool) {
	if !r.skip(`{"type":`) {
		return m, false
	}
	name, ok := r.word()
	if !ok {
		return m, false
	}
	switch m.Type = MessageType(name); m.Type {
	case TypeHuman, TypeAI, TypeSystem, TypeTool:
	default:
		return m, false
	}
	if r.skip(`,"id":`) {
		if m.ID, ok = r.word(); !ok {
			return m, false
		}
	}
	if !r.skip(`,"content":`) {
		return m, false
	}
	if m.Content.Text, ok = r.content(); !ok {
		return m, false
	}
	if r.skip(`,"name":`) {
		if m.Name, ok = r.word(); !ok {
			return m, false
		}
	}
	if m.Type == TypeAI && !r.skip(`,"tool_calls":[],"invalid_tool_calls":[]`) {
		return m, false
	}
	if m.Type == TypeTool && (!r.skip(`,"tool_call_id":`) || !r.toolFields(&m)) {
		return m, false
	}
	return m, r.skip(`,"additional_kwargs":{},"response_metadata":{}}`)
}

func (r *ownReader) toolFields(m *Message) (ok bool) {
	if m.ToolCallID, ok = r.word(); !ok || m.ToolCallID == "" {
		return false
	}
	if r.skip(`,"status":`) {
		m.Status, ok = r.word()
	}
	return ok
}

// content reads any string.
func (r *ownReader) content() (string, bool) {
	start := r.at
	if s, ok := r.word(); ok {
		return s, true
	}
	if r.at = start; !r.skip(`"`) {
		return "", false
	}
	for i := r.at; i < len(r.text); i++ {
		switch r.text[i] {
		case '\\':
			i++
		case '"':
			var s string
			r.at = i + 1
			err := json.Unmarshal([]byte(r.text[start:r.at]), &s)
			return s, err == nil
		}
	}
	return "", false
}
