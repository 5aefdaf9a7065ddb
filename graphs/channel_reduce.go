package graphs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// reduce applies a step's writes, which are in task-path order, to a cell and returns the new cell and, if encode is set, the
// patch that leads to it. shared says that others may hold the old value's array: appends then copy.
func (c *channel) reduce(old cell, writes []write, encode, shared bool) (cell, ChannelPatch, error) {
	for i := range writes {
		if writes[i].overwrite {
			return c.reduceOver(writes[i], writes, encode)
		}
	}
	if c.isList() && encode {
		if next, patch, ok := c.appendRaw(&old, writes); ok {
			return next, patch, nil
		}
	}
	switch c.kind {
	case appendList:
		return c.reduceAppend(old, writes, encode, shared)
	case addMessages:
		return c.reduceMessages(old, writes, encode, shared)
	case lastValue:
		if len(writes) > 1 {
			return cell{}, ChannelPatch{}, failf(ErrInvalidUpdate,
				"channel %q got %d writes in one step: give it a reducer (tag reduce) or let one node write it", c.name, len(writes))
		}
		return c.whole(writes[0].val, writes[0].raw, encode)
	}
	val, err := c.combine(old, writes)
	if err != nil {
		return cell{}, ChannelPatch{}, err
	}
	return c.whole(val, nil, encode)
}

// failure is an error of the channel: it says which one, and what it holds.
func (c *channel) failure(err error) error {
	return fmt.Errorf("channel %q (%s): %w", c.name, c.typ, err)
}

// merged calls the author's reducer, whose only way to refuse is a panic.
func (c *channel) merged(left, right any) (v any, err error) {
	defer func() {
		if err != nil {
			err = c.failure(err)
		}
	}()
	defer caught(&err)
	return c.merge(left, right), nil
}

// reduceOver lets an overwrite replace the value; what else was written in the step is dropped.
func (c *channel) reduceOver(over write, writes []write, encode bool) (cell, ChannelPatch, error) {
	overwrites := 0
	for i := range writes {
		if writes[i].overwrite {
			overwrites++
		}
	}
	switch {
	case overwrites > 1:
		return cell{}, ChannelPatch{}, failf(ErrInvalidUpdate, "channel %q got %d overwrites in one step: let one node overwrite it", c.name, overwrites)
	case c.kind == lastValue && len(writes) > 1:
		return cell{}, ChannelPatch{}, failf(ErrInvalidUpdate, "channel %q got %d writes in one step", c.name, len(writes))
	}
	val := over.val
	if val != nil {
		val = clip(reflect.ValueOf(val)).Interface() // the rest of the array is the node's
	}
	return c.whole(val, over.raw, encode)
}

// whole makes a cell of a value that replaces the old one.
func (c *channel) whole(val any, raw json.RawMessage, encode bool) (cell, ChannelPatch, error) {
	next := cell{val: val, decoded: true, raw: raw, ok: true}
	if !encode {
		return next, ChannelPatch{}, nil
	}
	set, err := next.encode()
	if err != nil {
		return cell{}, ChannelPatch{}, c.failure(err)
	}
	return next, ChannelPatch{Set: set}, nil
}

func (c *channel) reduceAppend(old cell, writes []write, encode, shared bool) (cell, ChannelPatch, error) {
	left := reflect.Zero(c.typ)
	if old.ok {
		val, err := old.value(c)
		if err != nil {
			return cell{}, ChannelPatch{}, err
		}
		if val != nil {
			left = reflect.ValueOf(val)
		}
	}
	patch := ChannelPatch{List: true, Keep: left.Len()}
	if shared {
		left = clip(left)
	}
	for i := range writes {
		if writes[i].val != nil {
			left = reflect.AppendSlice(left, reflect.ValueOf(writes[i].val))
		}
		if encode {
			patch.Add = append(patch.Add, writes[i].items...)
		}
	}
	if left.IsNil() {
		left = reflect.MakeSlice(c.typ, 0, 0)
	}
	return cell{val: left.Interface(), decoded: true, ok: true}, patch, nil
}

func (c *channel) reduceMessages(old cell, writes []write, encode, shared bool) (cell, ChannelPatch, error) {
	var left []Message
	if old.ok {
		val, err := old.value(c)
		if err != nil {
			return cell{}, ChannelPatch{}, err
		}
		left, _ = val.([]Message)
	}
	if shared {
		left = slices.Clip(left)
	}
	msgs, keep := left, len(left)
	for i := range writes {
		right, _ := writes[i].val.([]Message)
		merged, kept, err := mergeMessages(msgs, right, writes[i].fresh)
		if err != nil {
			return cell{}, ChannelPatch{}, c.failure(err)
		}
		msgs, keep = merged, min(keep, kept)
	}
	next := cell{val: msgs, decoded: true, ok: true}
	if !encode {
		return next, ChannelPatch{}, nil
	}
	patch, err := messagesPatch(keep, msgs, writes)
	if err != nil {
		return cell{}, ChannelPatch{}, c.failure(err)
	}
	return next, patch, nil
}

// messagesPatch keeps the first messages and adds the rest, as the writes' own JSON where it is theirs.
func messagesPatch(keep int, merged []Message, writes []write) (ChannelPatch, error) {
	patch := ChannelPatch{List: true, Keep: keep, Add: make([]json.RawMessage, 0, len(merged)-keep)}
	if len(writes) == 1 && len(merged)-keep == len(writes[0].items) && isTail(merged[keep:], writes[0].val) {
		patch.Add = writes[0].items
		return patch, nil
	}
	for i := keep; i < len(merged); i++ {
		raw, err := encodeMessage(&merged[i])
		if err != nil {
			return ChannelPatch{}, err
		}
		patch.Add = append(patch.Add, raw)
	}
	return patch, nil
}

// isTail reports whether the messages are those of the write, by id.
func isTail(tail []Message, val any) bool {
	right, _ := val.([]Message)
	for i := range tail {
		if tail[i].ID != right[i].ID {
			return false
		}
	}
	return true
}

// combine folds writes with the reducers that make a new whole value.
func (c *channel) combine(old cell, writes []write) (any, error) {
	var acc any
	if old.ok {
		val, err := old.value(c)
		if err != nil {
			return nil, err
		}
		acc = val
	}
	switch c.kind {
	case mergeMap:
		return c.mergeMaps(acc, writes), nil
	case barrier:
		return c.arrive(acc, writes), nil
	}
	has := old.ok
	if c.kind == custom && has && acc != nil { // a reducer that appends must not share its array
		acc = clip(reflect.ValueOf(acc)).Interface()
	}
	for i := range writes {
		switch {
		case !has:
			acc, has = writes[i].val, true
		case c.kind == addNumber:
			acc = add(c.typ, acc, writes[i].val)
		default:
			var err error
			if acc, err = c.merged(acc, writes[i].val); err != nil {
				return nil, err
			}
		}
	}
	return acc, nil
}

func (c *channel) mergeMaps(acc any, writes []write) any {
	merged := reflect.MakeMap(c.typ)
	put := func(v any) {
		if v == nil {
			return
		}
		for it := reflect.ValueOf(v).MapRange(); it.Next(); {
			merged.SetMapIndex(it.Key(), it.Value())
		}
	}
	put(acc)
	for i := range writes {
		put(writes[i].val)
	}
	return merged.Interface()
}

// arrive adds names to a barrier; they are kept sorted so that equal barriers have equal bytes.
func (c *channel) arrive(acc any, writes []write) any {
	seen, _ := acc.([]string)
	names := slices.Clone(seen)
	for i := range writes {
		for _, name := range writes[i].val.([]string) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func add(t reflect.Type, left, right any) any {
	switch l := left.(type) {
	case int:
		return l + right.(int)
	case float64:
		return l + right.(float64)
	}
	l, r, sum := reflect.ValueOf(left), reflect.ValueOf(right), reflect.New(t).Elem()
	switch {
	case sum.CanInt():
		sum.SetInt(l.Int() + r.Int())
	case sum.CanUint():
		sum.SetUint(l.Uint() + r.Uint())
	default:
		sum.SetFloat(l.Float() + r.Float())
	}
	return sum.Interface()
}

// ApplyPatch returns the value that p makes of old, the channel's JSON; nil when p is empty: the channel is gone.
// old may be nil for a channel that did not exist. Neither is changed.
func ApplyPatch(old json.RawMessage, p ChannelPatch) (json.RawMessage, error) {
	if p.Set != nil {
		return p.Set, nil
	}
	if !p.List {
		return nil, nil
	}
	if p.Keep == 0 {
		return joinItems(p.Add), nil
	}
	head, err := firstItems(old, p.Keep)
	if err != nil {
		return nil, err
	}
	out := make(json.RawMessage, 0, len(head)+itemsSize(p.Add)+1)
	out = append(out, head...)
	for _, item := range p.Add {
		out = append(out, ',')
		out = append(out, item...)
	}
	return append(out, ']'), nil
}

func itemsSize(items []json.RawMessage) int {
	size := len(items)
	for _, item := range items {
		size += len(item)
	}
	return size
}

// firstItems returns a JSON list up to the end of its n-th item, without the closing bracket. n is at least 1.
func firstItems(list json.RawMessage, n int) (json.RawMessage, error) {
	depth, seen, inString := 0, 0, false
	list = bytes.TrimSpace(list)
	for i := 0; i < len(list); i++ {
		switch b := list[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '[' || b == '{':
			depth++
		case b == ']' || b == '}':
			depth--
			if depth == 0 && seen == n-1 && len(bytes.TrimSpace(list[1:i])) > 0 {
				return list[:i], nil
			}
		case b == ',' && depth == 1:
			seen++
			if seen == n {
				return list[:i], nil
			}
		}
	}
	return nil, fmt.Errorf("patch keeps %d items of a list that has fewer: %.60s", n, list)
}

// ComposePatch returns the patch that does what first and then second do.
func ComposePatch(first, second ChannelPatch) (ChannelPatch, error) {
	switch {
	case !second.List:
		return second, nil
	case first.List:
		if second.Keep <= first.Keep {
			return second, nil
		}
		kept := min(second.Keep-first.Keep, len(first.Add))
		return ChannelPatch{List: true, Keep: first.Keep, Add: slices.Concat(first.Add[:kept], second.Add)}, nil
	}
	whole, err := ApplyPatch(first.Set, second)
	return ChannelPatch{Set: whole}, err
}
