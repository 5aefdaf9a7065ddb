package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
)

// derived are the schemas of the components, and how they are written.
type derived struct {
	typed   map[string]*jsonschema.Schema
	written map[string]json.RawMessage
}

// schemas are the components of the types of package wire. They are the same for all servers and take a while to derive, so that is done
// once; nobody may change them.
var schemas = sync.OnceValues(func() (derived, error) {
	typed, err := deriveAll()
	out := derived{typed, map[string]json.RawMessage{}}
	for name, schema := range typed {
		if out.written[name], err = json.Marshal(schema); err != nil {
			return derived{}, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return out, err
})

func deriveAll() (map[string]*jsonschema.Schema, error) {
	out := map[string]*jsonschema.Schema{"Config": config(), "Checkpoint": checkpoint()}
	if err := derive(out, answered(), inAnswers(), answer); err != nil {
		return nil, err
	}
	if err := derive(out, asked(), inRequests(), request); err != nil {
		return nil, err
	}
	maps.Copy(out, rpcSchemas())
	for name, settle := range particulars() {
		if out[name] == nil {
			return nil, fmt.Errorf("there is no schema %s", name)
		}
		settle(out[name])
	}
	for of, fields := range selectable() {
		name := nameOf(of)
		part := out[name].CloneSchemas()
		part.Required = nil
		part.Description = "A " + strings.ToLower(name) + " with the selected fields alone."
		maps.DeleteFunc(part.Properties, func(name string, _ *jsonschema.Schema) bool { return !slices.Contains(fields, name) })
		part.PropertyOrder = slices.DeleteFunc(slices.Clone(part.PropertyOrder), func(name string) bool { return part.Properties[name] == nil })
		out["Selected"+name] = part
	}
	return out, nil
}

// derive adds the schemas of types. Where one holds another, it refers to it.
func derive(out map[string]*jsonschema.Schema, types []reflect.Type, known map[reflect.Type]*jsonschema.Schema, settle func(*jsonschema.Schema)) error {
	for _, t := range types {
		if known[t] == nil {
			known[t] = ref(nameOf(t))
		}
	}
	for _, t := range types {
		others := maps.Clone(known)
		delete(others, t)
		for field := range embedded(t) {
			delete(others, field)
		}
		s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: others})
		if err != nil {
			return fmt.Errorf("schema of %s: %w", t, err)
		}
		settle(s)
		out[nameOf(t)] = s
	}
	return nil
}

// embedded are the types whose fields are a type's own.
func embedded(t reflect.Type) map[reflect.Type]bool {
	out := map[reflect.Type]bool{}
	if t.Kind() != reflect.Struct {
		return out
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			out[f.Type] = true
		}
	}
	return out
}

// each calls visit for a schema and all that is in it, the inner ones first.
func each(s *jsonschema.Schema, visit func(*jsonschema.Schema)) {
	if s == nil {
		return
	}
	for _, p := range s.Properties {
		each(p, visit)
	}
	each(s.Items, visit)
	each(s.AdditionalProperties, visit)
	for _, list := range [][]*jsonschema.Schema{s.AnyOf, s.AllOf, s.OneOf} {
		for _, one := range list {
			each(one, visit)
		}
	}
	visit(s)
}

// answer makes a derived schema say what answers hold: a list is never null, nor is a field that may be left out, and ids are UUIDs.
func answer(s *jsonschema.Schema) {
	each(s, func(s *jsonschema.Schema) {
		mend(s)
		if s.Items != nil && slices.Contains(s.Types, "null") && s.Description == "" {
			s.Type, s.Types = "array", nil
		}
		for name, p := range s.Properties {
			if !slices.Contains(s.Required, name) {
				s.Properties[name] = certain(p)
			}
			if isID(name) && (p.Type == "string" || slices.Contains(p.Types, "string")) {
				p.Format = "uuid"
			}
		}
	})
}

func isID(name string) bool {
	return slices.Contains([]string{"thread_id", "run_id", "assistant_id", "cron_id", "checkpoint_id", "parent_checkpoint_id"}, name)
}

// request makes a derived schema say what requests may hold: other fields are ignored, and null is absent.
func request(s *jsonschema.Schema) {
	each(s, func(s *jsonschema.Schema) {
		mend(s)
		if s.Type == "object" && s.Properties != nil {
			s.AdditionalProperties = nil
		}
		for name, p := range s.Properties {
			if !slices.Contains(s.Required, name) {
				s.Properties[name] = nullable(p)
			} else {
				s.Properties[name] = certain(p)
			}
		}
	})
}

// mend puts right what derivation makes of a pointer to a type that is given: null beside a reference, and beside an enum without it.
func mend(s *jsonschema.Schema) {
	if !slices.Contains(s.Types, "null") {
		return
	}
	switch {
	case s.Ref != "":
		s.AnyOf, s.Ref, s.Types = []*jsonschema.Schema{{Ref: s.Ref}, {Type: "null"}}, "", nil
	case s.AnyOf != nil:
		s.AnyOf, s.Types = append(s.AnyOf, &jsonschema.Schema{Type: "null"}), nil
	case s.Enum != nil && !slices.Contains(s.Enum, nil):
		s.Enum = append(s.Enum, nil)
	}
}

// nullable returns s or null.
func nullable(s *jsonschema.Schema) *jsonschema.Schema {
	isNull := func(s *jsonschema.Schema) bool { return s.Type == "null" }
	switch {
	case s.Type == "null" || slices.Contains(s.Types, "null") || slices.ContainsFunc(s.AnyOf, isNull):
		return s
	case s.Ref != "":
		return anyOf(s, &jsonschema.Schema{Type: "null"})
	case s.AnyOf != nil:
		s.AnyOf = append(s.AnyOf, &jsonschema.Schema{Type: "null"})
	case s.Type != "":
		s.Types, s.Type = []string{s.Type, "null"}, ""
		if s.Enum != nil {
			s.Enum = append(s.Enum, nil)
		}
	}
	return s
}

// certain returns s without null.
func certain(s *jsonschema.Schema) *jsonschema.Schema {
	s.Types = slices.DeleteFunc(s.Types, func(t string) bool { return t == "null" })
	if len(s.Types) == 1 {
		s.Type, s.Types = s.Types[0], nil
	}
	s.Enum = slices.DeleteFunc(s.Enum, func(v any) bool { return v == nil })
	s.AnyOf = slices.DeleteFunc(s.AnyOf, func(s *jsonschema.Schema) bool { return s.Type == "null" })
	if len(s.AnyOf) == 1 {
		return s.AnyOf[0]
	}
	return s
}
