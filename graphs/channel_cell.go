package graphs

import (
	"encoding/json"
	"reflect"
)

// cell is the value of a channel: as JSON, as a Go value, or both. It is decoded on first read and encoded on first need,
// so a channel that nobody touches keeps its bytes. Only the coordinator of a run uses cells of the run; a value, once set,
// is never changed, but an append may grow the array behind it.
type cell struct {
	// version is the checkpoint that wrote the value; empty until a checkpoint has it.
	version string
	raw     json.RawMessage
	val     any
	decoded bool
	// tail is what was appended to raw, if that is not decoded.
	tail *tail
	// ok is false for a channel that was never written.
	ok bool
}

// value returns the Go value of a written channel.
func (c *cell) value(ch *channel) (any, error) {
	if c.decoded {
		return c.val, nil
	}
	v, err := ch.decode(c.raw)
	if err != nil {
		return nil, err
	}
	if c.tail != nil {
		v, c.raw, c.tail = c.tail.value(v), nil, nil
	}
	c.val, c.decoded = v, true
	return v, nil
}

// encode returns the JSON of a written channel.
func (c *cell) encode() (json.RawMessage, error) {
	if c.tail != nil {
		c.raw, c.tail = c.tail.json(c.raw), nil
	}
	if c.raw == nil {
		raw, err := encodeValue(c.val)
		if err != nil {
			return nil, err
		}
		c.raw = raw
	}
	return c.raw, nil
}

// json is encode for a channel that may not have been written; it is nil then.
func (c *cell) json(ch *channel) (json.RawMessage, error) {
	if !c.ok {
		return nil, nil
	}
	raw, err := c.encode()
	if err != nil {
		return nil, ch.inputError(err)
	}
	return raw, nil
}

// write is one write to a channel. Its value has the channel's type; raw and items are set if the run encodes.
type write struct {
	ch        int
	val       any
	raw       json.RawMessage
	items     []json.RawMessage
	overwrite bool
	// fresh says that all messages got their ids here.
	fresh bool
}

// encode makes the write's JSON: of a list, each item once.
func (w *write) encode(ch *channel) (err error) {
	switch {
	case ch.isList() && w.items == nil:
		if w.items, err = encodeItems(w.val); err == nil {
			w.raw = joinItems(w.items)
		}
	case !ch.isList() && w.raw == nil:
		w.raw, err = encodeValue(w.val)
	}
	if err != nil {
		return ch.inputError(err)
	}
	return nil
}

// stored returns the JSON that a saver keeps: an overwrite has to be known as one again.
func (w *write) stored() json.RawMessage {
	if !w.overwrite {
		return w.raw
	}
	raw := make(json.RawMessage, 0, len(w.raw)+len(overwriteKey)+5)
	raw = append(raw, `{"`+overwriteKey+`":`...)
	raw = append(raw, w.raw...)
	return append(raw, '}')
}

// decodeWrite reads a write that a saver kept or a client sent.
func decodeWrite(channels []channel, index int, raw json.RawMessage) (write, error) {
	ch := &channels[index]
	w := write{ch: index}
	if inner, ok := overwritten(raw); ok && ch.kind != lastValue {
		w.overwrite, raw = true, inner
	}
	val, err := ch.decode(raw)
	if err != nil {
		return w, err
	}
	w.val, w.fresh = ch.identify(val)
	return w, nil
}

func overwritten(raw json.RawMessage) (json.RawMessage, bool) {
	const head = `{"` + overwriteKey + `"`
	if len(raw) < len(head) || string(raw[:len(head)]) != head {
		return nil, false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || len(object) != 1 {
		return nil, false
	}
	return object[overwriteKey], true
}

func encodeItems(list any) ([]json.RawMessage, error) {
	if msgs, ok := list.([]Message); ok {
		items := make([]json.RawMessage, len(msgs))
		for i := range msgs {
			raw, err := encodeMessage(&msgs[i])
			if err != nil {
				return nil, err
			}
			items[i] = raw
		}
		return items, nil
	}
	v := reflect.ValueOf(list)
	if !v.IsValid() {
		return []json.RawMessage{}, nil
	}
	items := make([]json.RawMessage, v.Len())
	for i := range items {
		raw, err := encodeValue(v.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		items[i] = raw
	}
	return items, nil
}

func joinItems(items []json.RawMessage) json.RawMessage {
	size := len(items) + 1
	for _, item := range items {
		size += len(item)
	}
	out := append(make(json.RawMessage, 0, size+1), '[')
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	return append(out, ']')
}

// clip returns a slice whose capacity is its length, so that an append of the reader copies. Other values are returned as they are.
func clip(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Slice && v.Cap() > v.Len() {
		return v.Slice3(0, v.Len(), v.Len())
	}
	return v
}

// view knows how to fill a struct type from channels: field indexes are found once.
type view struct {
	typ    reflect.Type
	fields []viewField
}

type viewField struct {
	channel int
	index   []int
	// same says that the field has the channel's own type; otherwise values go by way of JSON.
	same bool
}

// fill makes a new value of the view's type from written channels and returns a pointer to it.
func (v *view) fill(channels []channel, cells []cell) (any, error) {
	if v.typ == valuesType {
		return fillValues(channels, cells)
	}
	p := reflect.New(v.typ)
	s := p.Elem()
	for i := range v.fields {
		f := &v.fields[i]
		c := &cells[f.channel]
		if !c.ok {
			continue
		}
		if err := f.set(s.FieldByIndex(f.index), &channels[f.channel], c); err != nil {
			return nil, err
		}
	}
	return p.Interface(), nil
}

func (f *viewField) set(field reflect.Value, ch *channel, c *cell) error {
	val, err := c.value(ch)
	if err != nil {
		return err
	}
	if val == nil {
		return nil
	}
	if f.same {
		field.Set(clip(reflect.ValueOf(val)))
		return nil
	}
	raw, err := c.encode()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
		return ch.inputError(err)
	}
	return nil
}
