package graphs

import (
	"fmt"
	"reflect"
)

// Values is a state without a struct: NewStateGraph[Values] with one [Field] option for each key. A node gets all keys that have
// been written, each with its Go type.
type Values map[string]any

// Value returns the key's value as a T, the zero value if it is not there. It panics if the key holds another type.
func Value[T any](s Values, key string) T {
	v, ok := s[key]
	if !ok || v == nil {
		var zero T
		return zero
	}
	return v.(T)
}

// Field adds a channel that the state's type has no field for: a key of [Values], or one that only nodes with an input type of
// their own read. tags are those of a state's field, like `reduce:"append"`; see [StateGraph].
func Field[T any](name string, tags ...reflect.StructTag) Option {
	return func(d *definition) {
		f := structField{channel: name, typ: reflect.TypeFor[T]()}
		for _, tag := range tags {
			f.tag += tag + " "
		}
		d.fields = append(d.fields, f)
	}
}

var valuesType = reflect.TypeFor[Values]()

// stateFields lists what the state's type and the Field options declare.
func (c *compiler) stateFields() []structField {
	if c.d.state == valuesType {
		if len(c.d.fields) == 0 {
			c.complain(`a graph over graphs.Values has no keys; add options like graphs.Field[string]("topic")`)
		}
		return c.d.fields
	}
	fields, err := structFields(c.d.state)
	if err != nil {
		c.complain("state: %w", err)
	}
	for i := range fields {
		fields[i].own = true
	}
	return append(fields, c.d.fields...)
}

// fillValues makes the state as a map.
func fillValues(channels []channel, cells []cell) (any, error) {
	values := Values{}
	for i := range channels {
		ch, c := &channels[i], &cells[i]
		if !c.ok || !ch.isState() {
			continue
		}
		val, err := c.value(ch)
		if err != nil {
			return nil, err
		}
		if val != nil {
			val = clip(reflect.ValueOf(val)).Interface()
		}
		values[ch.name] = val
	}
	return &values, nil
}

// schemaType is a struct that has the JSON of a state of this type.
func (c *compiler) schemaType() reflect.Type {
	if c.d.state != valuesType {
		return c.d.state
	}
	fields := make([]reflect.StructField, len(c.d.fields))
	for i, f := range c.d.fields {
		tag := reflect.StructTag(fmt.Sprintf("json:%q %s", f.channel, f.tag))
		fields[i] = reflect.StructField{Name: fmt.Sprint("F", i), Type: f.typ, Tag: tag}
	}
	return reflect.StructOf(fields)
}
