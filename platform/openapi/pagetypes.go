package openapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// typePart is a piece of the text that tells a type; Link is the schema that it names.
type typePart struct{ Text, Link string }

// typeOf tells a schema in words.
func typeOf(s *jsonschema.Schema) []typePart {
	switch {
	case s == nil:
		return nil
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return []typePart{{name, name}}
	case len(s.AnyOf) > 0:
		return anyTypes(s.AnyOf)
	case s.Enum != nil:
		return []typePart{{Text: choices(s.Enum)}}
	case s.Items != nil && (s.Type == "array" || slices.Contains(s.Types, "array")):
		return append(append([]typePart{{Text: "array of "}}, typeOf(s.Items)...), also(s)...)
	case s.AdditionalProperties != nil && s.AdditionalProperties.Not == nil:
		return append(append([]typePart{{Text: "object of "}}, typeOf(s.AdditionalProperties)...), also(s)...)
	case s.Type != "":
		return []typePart{{Text: s.Type + limits(s)}}
	case len(s.Types) > 0:
		return []typePart{{Text: strings.Join(s.Types, " or ") + limits(s)}}
	}
	return []typePart{{Text: "any JSON"}}
}

func anyTypes(of []*jsonschema.Schema) []typePart {
	var out []typePart
	for i, one := range of {
		if i > 0 {
			out = append(out, typePart{Text: " or "})
		}
		out = append(out, typeOf(one)...)
	}
	return out
}

// also are the other types of a schema that has several.
func also(s *jsonschema.Schema) []typePart {
	if slices.Contains(s.Types, "null") {
		return []typePart{{Text: " or null"}}
	}
	return nil
}

func choices(values []any) string {
	var out []string
	for _, v := range values {
		text, _ := json.Marshal(v) // it came of JSON
		out = append(out, string(text))
	}
	return strings.Join(out, " | ")
}

// limits tells format and bounds.
func limits(s *jsonschema.Schema) string {
	var out []string
	if s.Format != "" {
		out = append(out, s.Format)
	}
	for _, bound := range []struct {
		text  string
		value *float64
	}{{"≥ %v", s.Minimum}, {"> %v", s.ExclusiveMinimum}, {"≤ %v", s.Maximum}} {
		if bound.value != nil {
			out = append(out, fmt.Sprintf(bound.text, *bound.value))
		}
	}
	if s.Properties != nil && len(s.Properties) <= 6 {
		out = append(out, strings.Join(sortedKeys(s.Properties), ", "))
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// fieldsOf are an object's fields in their order.
func fieldsOf(s *jsonschema.Schema) []pageField {
	var out []pageField
	seen := map[string]bool{}
	for _, name := range append(slices.Clone(s.PropertyOrder), sortedKeys(s.Properties)...) {
		p := s.Properties[name]
		if p == nil || seen[name] {
			continue
		}
		seen[name] = true
		says := p.Description
		if p.Deprecated {
			says = strings.TrimSpace("Deprecated. " + says)
		}
		out = append(out, pageField{Name: name, Says: says, Required: slices.Contains(s.Required, name), Type: typeOf(p)})
	}
	return out
}
