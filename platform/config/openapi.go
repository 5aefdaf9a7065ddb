package config

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// OpenAPI is the section "auth.openapi": how the description of the API says what credentials a caller needs.
type OpenAPI struct {
	// Schemes are security scheme objects of OpenAPI by name, as they are written.
	Schemes map[string]json.RawMessage
	// Security are the requirements of all routes, any one of which is enough: scopes by scheme.
	Security []map[string][]string
	// Paths are those of single routes, by path and method in capitals.
	Paths map[string]map[string][]map[string][]string
}

func (r *reader) openapi(p place) *OpenAPI {
	o := &OpenAPI{Schemes: map[string]json.RawMessage{}}
	var used []place
	requirements := func(p place) []map[string][]string {
		var list []map[string][]string
		for _, element := range r.elements(p, "an array of security requirements") {
			one := map[string][]string{}
			entries, _ := r.members(element, "an object from security scheme to scopes")
			for _, entry := range entries {
				one[entry.name] = append([]string{}, r.texts(entry)...)
				used = append(used, entry)
			}
			list = append(list, one)
		}
		return list
	}
	r.object(p, fields{
		"securitySchemes": func(p place) { o.Schemes = r.schemes(p) },
		"security":        func(p place) { o.Security = requirements(p) },
		"paths": func(p place) {
			o.Paths = map[string]map[string][]map[string][]string{}
			entries, _ := r.members(p, "an object from path to methods")
			for _, entry := range entries {
				o.Paths[entry.name] = r.methods(entry, requirements)
			}
		},
	})
	for _, p := range used {
		if o.Schemes[p.name] != nil {
			continue
		}
		text := "there is no such security scheme"
		if near := Nearest(p.name, slices.Sorted(maps.Keys(o.Schemes))); near != "" {
			text += "; did you mean " + near + "?"
		}
		r.wrongKey(p, "%s", text)
	}
	return o
}

// schemes reads security schemes, of which the server needs to know that they are some.
func (r *reader) schemes(p place) map[string]json.RawMessage {
	types := []string{"apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"}
	valid := regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	entries, _ := r.members(p, "an object from name to security scheme")
	out := map[string]json.RawMessage{}
	for _, entry := range entries {
		if !valid.MatchString(entry.name) {
			r.wrongKey(entry, "a name has letters, digits, periods, hyphens and underscores only")
		}
		fields, ok := r.members(entry, "a security scheme")
		at := slices.IndexFunc(fields, func(f place) bool { return f.name == "type" })
		switch {
		case !ok:
		case at < 0:
			r.wrong(entry, `no "type"; want one of %s`, strings.Join(types, ", "))
		default:
			r.choice(fields[at], types...)
		}
		data, err := json.Marshal(carried(entry.value))
		if err != nil {
			r.wrong(entry, "%s", err)
		}
		out[entry.name] = data
	}
	return out
}

func (r *reader) methods(p place, requirements func(place) []map[string][]string) map[string][]map[string][]string {
	if !strings.HasPrefix(p.name, "/") {
		r.wrongKey(p, `a path begins with a slash, as in "/threads/{thread_id}"`)
	}
	known := []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"}
	out := map[string][]map[string][]string{}
	entries, _ := r.members(p, "an object from method to security requirements")
	for _, entry := range entries {
		method := strings.ToUpper(entry.name)
		if !slices.Contains(known, method) || entry.name != method && entry.name != strings.ToLower(method) {
			r.wrongKey(entry, "no such method; there are %s", strings.Join(known, ", "))
		}
		out[method] = requirements(entry)
	}
	return out
}

// carried is a value without its places, to be written again.
func carried(value any) any {
	switch value := value.(type) {
	case []member:
		out := make(map[string]any, len(value))
		for _, m := range value {
			out[m.key] = carried(m.value.value)
		}
		return out
	case []*node:
		out := make([]any, len(value))
		for i, n := range value {
			out[i] = carried(n.value)
		}
		return out
	}
	return value
}
