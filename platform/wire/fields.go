package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// knownFields caches the JSON names of each request type: reflect.Type -> []string. It only ever grows by
// the handful of types of this package.
var knownFields sync.Map

// UnknownFields returns the top-level keys of body that T does not have, sorted. T is a struct; body is an
// object, or null, or empty. The server names them in the header Locutory-Ignored-Fields.
func UnknownFields[T any](body []byte) ([]string, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(body, &keys); err != nil {
		return nil, bodyError(err)
	}
	known := fieldsOf(reflect.TypeFor[T]())
	var unknown []string
	for key := range keys {
		// encoding/json takes keys in any case, so such a key was not ignored.
		if !slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, key) }) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	return unknown, nil
}

func fieldsOf(t reflect.Type) []string {
	if known, ok := knownFields.Load(t); ok {
		return known.([]string)
	}
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	knownFields.Store(t, names)
	return names
}

// Project returns the JSON object of v with only the named top-level keys, for searches that select.
// Names that v does not have are left out; no names at all means everything.
func Project(v any, fields []string) (json.RawMessage, error) {
	whole, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("project: %w", err)
	}
	if len(fields) == 0 {
		return whole, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(whole, &object); err != nil {
		return nil, fmt.Errorf("project: %w", err)
	}
	for key := range object {
		if !slices.Contains(fields, key) {
			delete(object, key)
		}
	}
	return json.Marshal(object)
}

// ProjectAll projects each element; it never returns nil, so that an empty page is [].
func ProjectAll[T any](vs []T, fields []string) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, 0, len(vs))
	for _, v := range vs {
		raw, err := Project(v, fields)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}
