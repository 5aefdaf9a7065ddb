package graphs

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
)

// A list that was read from a checkpoint and that no node reads is not decoded in order to grow: what is appended is kept behind its
// JSON, and put together with it when somebody asks.

// tail is what was appended to a cell's raw list.
type tail struct {
	values []any // slices of the channel's type
	items  []json.RawMessage
	// length counts the items of the whole list.
	length int
}

// appendRaw appends writes to a list that is not decoded; ok is false if that cannot be done.
func (c *channel) appendRaw(old *cell, writes []write) (next cell, patch ChannelPatch, ok bool) {
	raw := old.raw
	if old.decoded || !old.ok || len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']' {
		return cell{}, patch, false
	}
	for i := range writes {
		if writes[i].items == nil || writes[i].val == nil || c.kind == addMessages && !old.lacks(writes[:i+1]) {
			return cell{}, patch, false
		}
	}
	more := tail{}
	if old.tail != nil {
		more = *old.tail
	} else {
		more.length = listLen(raw)
	}
	patch = ChannelPatch{List: true, Keep: more.length}
	for i := range writes {
		patch.Add = append(patch.Add, writes[i].items...)
		more.values = append(slices.Clip(more.values), writes[i].val)
	}
	more.items = append(slices.Clip(more.items), patch.Add...)
	more.length += len(patch.Add)
	return cell{raw: raw, tail: &more, ok: true}, patch, true
}

// lacks reports whether the messages of the last write are surely none of the list's, nor of the writes before it.
func (c *cell) lacks(writes []write) bool {
	w := &writes[len(writes)-1]
	if w.fresh {
		return true
	}
	const few = 4
	msgs := w.val.([]Message)
	if len(msgs) > few {
		return false
	}
	for i := range msgs {
		id := msgs[i].ID
		if id == "" || msgs[i].Type == TypeRemove || !isPlain(id) || bytes.Contains(c.raw, quote(id)) || hasID(msgs[:i], id) {
			return false
		}
		if c.tail != nil && slices.ContainsFunc(c.tail.values, func(v any) bool { return hasID(v.([]Message), id) }) {
			return false
		}
		if slices.ContainsFunc(writes[:len(writes)-1], func(w write) bool { return hasID(w.val.([]Message), id) }) {
			return false
		}
	}
	return true
}

func hasID(msgs []Message, id string) bool {
	return slices.ContainsFunc(msgs, func(m Message) bool { return m.ID == id })
}

// value decodes the whole list.
func (t *tail) value(head any) any {
	list := reflect.ValueOf(head)
	for _, v := range t.values {
		list = reflect.AppendSlice(list, reflect.ValueOf(v))
	}
	return list.Interface()
}

// json puts the whole list together.
func (t *tail) json(head json.RawMessage) json.RawMessage {
	rest := joinItems(t.items)
	switch {
	case len(t.items) == 0:
		return head
	case t.length == len(t.items):
		return rest
	}
	return slices.Concat(head[:len(head)-1], json.RawMessage(","), rest[1:])
}

// listLen counts the items of a JSON list.
func listLen(list json.RawMessage) int {
	depth, n := 0, 0
	for i := 0; i < len(list); {
		switch list[i] {
		case '"':
			i = stringEnd(list, i)
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 1 {
				n++
			}
		}
		i++
	}
	if n == 0 && len(bytes.TrimSpace(list[1:len(list)-1])) == 0 {
		return 0
	}
	return n + 1
}
