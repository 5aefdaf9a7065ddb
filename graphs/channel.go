package graphs

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// reducer says how a channel takes writes.
type reducer int

const (
	lastValue reducer = iota
	appendList
	addMessages
	mergeMap
	addNumber
	custom
	barrier // a join: the names of the nodes that have arrived
)

var reducerNames = map[string]reducer{
	"": lastValue, "append": appendList, "messages": addMessages, "merge": mergeMap, "add": addNumber,
}

var messageType = reflect.TypeFor[[]Message]()

// channel is one key of a graph's state. It is immutable after Compile.
type channel struct {
	name  string
	typ   reflect.Type
	kind  reducer
	merge func(left, right any) any // custom only
	// initial is the value before the first write; nil when the channel is absent until then.
	initial any

	ephemeral, untracked, private bool
}

// isList reports whether patches of the channel may be told by items.
func (c *channel) isList() bool { return c.kind == appendList || c.kind == addMessages }

// isState reports whether the channel is a key of the state, not bookkeeping.
func (c *channel) isState() bool { return c.kind != barrier }

// stored reports whether checkpoints hold the channel.
func (c *channel) stored() bool { return !c.untracked }

// structField is a field of a state struct which names a channel.
type structField struct {
	channel string
	typ     reflect.Type
	index   []int
	tag     reflect.StructTag
	// own says that it is a field of the state itself.
	own bool
}

// structFields lists the fields of t that JSON would write, those of embedded structs in place.
func structFields(t reflect.Type) ([]structField, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct", t)
	}
	var fields []structField
	var mistakes []error
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			inner, err := structFields(f.Type)
			mistakes = append(mistakes, err)
			for _, in := range inner {
				in.index = append([]int{i}, in.index...)
				fields = append(fields, in)
			}
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer:
			mistakes = append(mistakes, fmt.Errorf("%s.%s: embed the struct, not a pointer", t, f.Name))
		case !f.IsExported():
			if f.Tag.Get("json") != "" || f.Tag.Get("reduce") != "" || f.Tag.Get("channel") != "" {
				mistakes = append(mistakes, fmt.Errorf("%s.%s has tags but is not exported", t, f.Name))
			}
		default:
			if name == "" {
				name = f.Name
			}
			fields = append(fields, structField{channel: name, typ: f.Type, index: []int{i}, tag: f.Tag})
		}
	}
	return fields, errors.Join(mistakes...)
}

// newChannel reads the tags of a field of the state.
func newChannel(f structField) (channel, error) {
	c := channel{name: f.channel, typ: f.typ}
	var mistakes []error
	complain := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("channel %q: "+format, append([]any{f.channel}, args...)...))
	}
	if c.name == "" {
		complain("a channel needs a name")
	}
	if strings.HasPrefix(c.name, "__") || strings.ContainsAny(c.name, ":") {
		complain("names with ':' or a leading '__' are the engine's; rename the field or its json tag")
	}
	kind, ok := reducerNames[f.tag.Get("reduce")]
	if !ok {
		complain("unknown tag reduce:%q; there are append, messages, merge, add", f.tag.Get("reduce"))
	}
	c.kind = kind
	if err := c.checkType(); err != nil {
		complain("%v", err)
	}
	for _, word := range strings.Split(f.tag.Get("channel"), ",") {
		switch word {
		case "":
		case "ephemeral":
			c.ephemeral = true
		case "untracked":
			c.untracked = true
		case "private":
			c.private = true
		default:
			complain("unknown tag channel:%q; there are ephemeral, untracked, private", word)
		}
	}
	if len(mistakes) == 0 {
		c.initial = c.emptyValue()
	}
	return c, errors.Join(mistakes...)
}

func (c *channel) checkType() error {
	k := c.typ.Kind()
	switch c.kind {
	case appendList:
		if k != reflect.Slice {
			return fmt.Errorf(`reduce:"append" needs a slice, not %s`, c.typ)
		}
	case addMessages:
		if c.typ != messageType {
			return fmt.Errorf(`reduce:"messages" needs []graphs.Message, not %s`, c.typ)
		}
	case mergeMap:
		if k != reflect.Map {
			return fmt.Errorf(`reduce:"merge" needs a map, not %s`, c.typ)
		}
	case addNumber:
		if !isNumber(k) {
			return fmt.Errorf(`reduce:"add" needs a number, not %s`, c.typ)
		}
	}
	return nil
}

func isNumber(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}

// emptyValue is what a reduced channel holds before its first write; nil for the others.
func (c *channel) emptyValue() any {
	switch c.kind {
	case appendList, addMessages:
		return reflect.MakeSlice(c.typ, 0, 0).Interface()
	case mergeMap:
		return reflect.MakeMap(c.typ).Interface()
	case addNumber:
		return reflect.Zero(c.typ).Interface()
	}
	return nil
}

// decode reads JSON into the channel's Go type.
func (c *channel) decode(raw json.RawMessage) (any, error) {
	if c.typ == messageType {
		if msgs, ok := readOwnMessages(raw); ok {
			return msgs, nil
		}
		msgs, err := CoerceMessages(raw)
		if err != nil {
			return nil, c.inputError(err)
		}
		return msgs, nil
	}
	if c.kind == appendList && len(raw) > 0 && raw[0] != '[' && string(raw) != "null" && c.typ.Elem().Kind() != reflect.Uint8 {
		item := reflect.New(c.typ.Elem())
		if err := json.Unmarshal(raw, item.Interface()); err != nil {
			return nil, c.inputError(err)
		}
		return reflect.Append(reflect.MakeSlice(c.typ, 0, 1), item.Elem()).Interface(), nil
	}
	v := reflect.New(c.typ)
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		return nil, c.inputError(err)
	}
	return v.Elem().Interface(), nil
}

// coerce gives v the channel's Go type: one item of a list becomes a list, everything else goes by way of JSON.
func (c *channel) coerce(v any) (any, error) {
	if v != nil && reflect.TypeOf(v) == c.typ {
		return v, nil
	}
	switch one := v.(type) {
	case json.RawMessage:
		return c.decode(one)
	case Message:
		if c.typ == messageType {
			return []Message{one}, nil
		}
	}
	if c.kind == appendList && v != nil && reflect.TypeOf(v) == c.typ.Elem() {
		return reflect.Append(reflect.MakeSlice(c.typ, 0, 1), reflect.ValueOf(v)).Interface(), nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, c.inputError(err)
	}
	return c.decode(raw)
}

// holdsMessages reports whether the channel's values are a list of messages, or one.
func (c *channel) holdsMessages() bool {
	return c.typ == messageType || c.typ == reflect.TypeFor[Message]() || c.typ == reflect.TypeFor[*Message]()
}

// identify gives ids to messages that have none. fresh says that all of a list had none.
func (c *channel) identify(val any) (identified any, fresh bool) {
	if !c.holdsMessages() {
		return val, false
	}
	switch v := val.(type) {
	case []Message:
		return ensureIDs(v)
	case Message:
		if v.ID == "" && v.Type != "" {
			v.ID = messageID()
		}
		return v, false
	case *Message:
		if v == nil || v.ID != "" {
			return v, false
		}
		one := *v
		one.ID = messageID()
		return &one, false
	}
	return val, false
}

// messages are those that a value of the channel holds.
func (c *channel) messages(val any) []Message {
	if !c.holdsMessages() {
		return nil
	}
	switch v := val.(type) {
	case []Message:
		return v
	case Message:
		if v.Type != "" {
			return []Message{v}
		}
	case *Message:
		if v != nil {
			return []Message{*v}
		}
	}
	return nil
}

func (c *channel) inputError(err error) error {
	return &InputError{Channel: c.name, Type: c.typ.String(), Err: err}
}
