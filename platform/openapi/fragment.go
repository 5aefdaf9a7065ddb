package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Fragment is a part of an OpenAPI document about paths that are not in the server's table. Its paths are below the mount prefix.
type Fragment struct {
	// From names whose it is, for messages: "http.app".
	From string `json:"-"`
	// Paths are path item objects by path, "/login".
	Paths map[string]json.RawMessage `json:"paths"`
	// Components holds what the paths refer to; of OpenAPI's kinds of components, schemas are taken.
	Components struct {
		Schemas map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`
}

// merge adds fragments. An operation or a schema that is there already is an error: the server's own answers first, so the fragment's
// would not be true.
func (d *document) merge(fragments []Fragment) error {
	var wrong []error
	for _, f := range fragments {
		for _, path := range sortedKeys(f.Paths) {
			if err := d.add(path, f.Paths[path]); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", f.From, err))
			}
		}
		for _, name := range sortedKeys(f.Components.Schemas) {
			if d.Components.Schemas[name] != nil {
				wrong = append(wrong, fmt.Errorf("%s: components.schemas.%s is there already", f.From, name))
				continue
			}
			d.Components.Schemas[name] = f.Components.Schemas[name]
		}
	}
	return errors.Join(wrong...)
}

// add adds a path, or methods of one that is there.
func (d *document) add(path string, item json.RawMessage) error {
	var more, there map[string]json.RawMessage
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q is no path; it begins with a slash", path)
	}
	if json.Unmarshal(item, &more) != nil || more == nil {
		return fmt.Errorf("%s: want an object", path)
	}
	for other := range d.Paths {
		if other != path && shape(other) == shape(path) {
			return fmt.Errorf("%s is described as %s; write it so", path, other)
		}
	}
	if d.Paths[path] != nil {
		if err := json.Unmarshal(d.Paths[path], &there); err != nil {
			return err
		}
	}
	for _, key := range sortedKeys(more) {
		if there[key] != nil {
			return fmt.Errorf("%s %s is described already", strings.ToUpper(key), path)
		}
	}
	d.show(path, more)
	maps.Copy(more, there)
	var err error
	d.Paths[path], err = json.Marshal(more)
	return err
}

// show puts operations on the page, as far as they are written like ours; the document has them whole.
func (d *document) show(path string, methods map[string]json.RawMessage) {
	for _, method := range sortedKeys(methods) {
		o := &operation{method: strings.ToUpper(method), path: path}
		if !slices.Contains(strings.Fields("GET PUT POST DELETE OPTIONS HEAD PATCH TRACE"), o.method) {
			continue
		}
		if err := json.Unmarshal(methods[method], o); err != nil {
			o = &operation{method: o.method, path: path, Summary: "See /openapi.json"}
		}
		o.Tags = []string{"custom"}
		if o.ID == "" {
			o.ID = strings.Trim(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(method+path, "-"), "-")
		}
		o.Summary = strings.TrimSuffix(o.Summary, ".")
		d.operations = append(d.operations, o)
	}
}

// shape is a path without the names of its parameters: paths of one shape are the same.
func shape(path string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "{}")
}
