package graphs

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// SchemaOf returns the JSON Schema of what t is in JSON. Names come from `json` tags; `jsonschema` says what a field means, and
// "one of: a, b" in it lists the values; `default` is its value when it is left out. A list of messages is marked as
// langgraph_type messages, by which clients know the chat (streaming.md §4.2). Types that contain themselves have no schema.
func SchemaOf(t reflect.Type) (json.RawMessage, error) {
	schema, err := schemaOf(t)
	if err != nil {
		return nil, err
	}
	return json.Marshal(schema)
}

func schemaOf(t reflect.Type) (*jsonschema.Schema, error) {
	known := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[Message]():         messageSchema(),
		reflect.TypeFor[[]Message]():       messagesSchema(),
		reflect.TypeFor[Content]():         {},
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[[]byte]():          {Type: "string", ContentEncoding: "base64"},
	}
	addOwnJSON(t, known, make(map[reflect.Type]bool))
	schema, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	if err := applyTags(t, schema, known); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	return schema, nil
}

func messageSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "object",
		Properties: map[string]*jsonschema.Schema{
			"type":    {Type: "string"},
			"content": {},
			"id":      {Type: "string"},
		},
		PropertyOrder: []string{"type", "content", "id"},
		Required:      []string{"type", "content"},
	}
}

func messagesSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "array", Items: messageSchema(),
		Extra: map[string]any{"langgraph_type": "messages"},
	}
}

// addOwnJSON finds the types that write their own JSON: text is a string, of the rest nothing is known.
func addOwnJSON(t reflect.Type, known map[reflect.Type]*jsonschema.Schema, seen map[reflect.Type]bool) {
	if seen[t] || known[t] != nil || t.PkgPath() == "time" || t.PkgPath() == "math/big" {
		return
	}
	seen[t] = true
	switch {
	case t.Kind() == reflect.Interface: // any JSON
	case t.Kind() != reflect.Pointer && writesJSON[json.Marshaler](t):
		known[t] = &jsonschema.Schema{}
		return
	case t.Kind() != reflect.Pointer && writesJSON[encoding.TextMarshaler](t):
		known[t] = &jsonschema.Schema{Type: "string"}
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		addOwnJSON(t.Elem(), known, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			addOwnJSON(t.Field(i).Type, known, seen)
		}
	}
}

func writesJSON[I any](t reflect.Type) bool {
	marshaler := reflect.TypeFor[I]()
	return t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler)
}

// applyTags walks type and schema side by side.
func applyTags(t reflect.Type, s *jsonschema.Schema, known map[reflect.Type]*jsonschema.Schema) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s == nil || known[t] != nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice:
		s.Type, s.Types = "array", nil // an empty list is written as null, but nobody should send that
		return applyTags(t.Elem(), s.Items, known)
	case reflect.Array:
		return applyTags(t.Elem(), s.Items, known)
	case reflect.Map:
		return applyTags(t.Elem(), s.AdditionalProperties, known)
	case reflect.Struct:
		if s.Properties == nil {
			return nil // time.Time and the like
		}
		s.AdditionalProperties = nil // unknown keys are ignored, not refused
		return applyFields(t, s, known)
	}
	return nil
}

func applyFields(t reflect.Type, s *jsonschema.Schema, known map[reflect.Type]*jsonschema.Schema) error {
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		property := s.Properties[name]
		if field.Anonymous || !field.IsExported() || property == nil {
			continue
		}
		if err := applyTags(field.Type, property, known); err != nil {
			return err
		}
		if err := describe(field, property); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if property.Default != nil {
			s.Required = without(s.Required, name)
		}
	}
	return nil
}

func without(names []string, name string) []string {
	var out []string
	for _, n := range names {
		if n != name {
			out = append(out, n)
		}
	}
	return out
}

func describe(field reflect.StructField, s *jsonschema.Schema) error {
	description, values, listed := strings.Cut(field.Tag.Get("jsonschema"), "one of:")
	s.Description = strings.TrimRight(strings.TrimSpace(description), " ,;:")
	if listed {
		target := s
		if s.Items != nil {
			target = s.Items // a list of values
		}
		for value := range strings.SplitSeq(values, ",") {
			v, err := tagValue(strings.TrimSpace(value), target)
			if err != nil {
				return err
			}
			var decoded any
			if err := json.Unmarshal(v, &decoded); err != nil {
				return err
			}
			target.Enum = append(target.Enum, decoded)
		}
	}
	text, ok := field.Tag.Lookup("default")
	if !ok {
		return nil
	}
	value, err := tagValue(text, s)
	s.Default = value
	return err
}

// tagValue reads a value in a tag: text for a string, JSON for everything else.
func tagValue(text string, s *jsonschema.Schema) (json.RawMessage, error) {
	if s.Type == "string" || len(s.Types) == 2 && s.Types[1] == "string" {
		return json.Marshal(text)
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%q is not JSON", text)
	}
	return bytes.Clone([]byte(text)), nil
}
