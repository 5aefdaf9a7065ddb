package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reader goes through the nodes of a file and collects what is wrong instead of stopping at it.
type reader struct{ mistakes []*Mistake }

// place is a value on its way through the reader: what it is, how people name it and where it stands.
type place struct {
	// path is the key in dots from the root, name its last part.
	path, name string
	key, pos   Pos
	value      any
}

// fields are the keys that an object may have.
type fields map[string]func(place)

// wrong records a mistake at the value, wrongKey one at its key.
func (r *reader) wrong(p place, format string, args ...any) { r.at(p.pos, p.path, format, args...) }

func (r *reader) wrongKey(p place, format string, args ...any) { r.at(p.key, p.path, format, args...) }

func (r *reader) at(pos Pos, path, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{Pos: pos, Path: path, Text: fmt.Sprintf(format, args...)})
}

// members returns an object's entries; a key that comes twice is a mistake, since only one of the two would count.
func (r *reader) members(p place, want string) ([]place, bool) {
	members, ok := p.value.([]member)
	if !ok {
		r.wrong(p, "%s; want %s", kind(p.value), want)
		return nil, false
	}
	first := map[string]Pos{}
	entries := make([]place, 0, len(members))
	for _, m := range members {
		entry := place{path: m.key, name: m.key, key: m.pos, pos: m.value.pos, value: m.value.value}
		if p.path != "" {
			entry.path = p.path + "." + m.key
		}
		if before, twice := first[m.key]; twice {
			r.wrongKey(entry, "written twice, first at line %d", before.Line)
			continue
		}
		first[m.key] = m.pos
		entries = append(entries, entry)
	}
	return entries, true
}

// object reads an object whose keys are known; any other key is a mistake with a suggestion. Refused keys are met, too,
// but never suggested.
func (r *reader) object(p place, known fields, refused ...fields) {
	entries, ok := r.members(p, "an object")
	if !ok {
		return
	}
	for _, entry := range entries {
		if read := find(entry.name, known, refused); read != nil {
			read(entry)
			continue
		}
		names := slices.Sorted(maps.Keys(known))
		text := "unknown key"
		if near := Nearest(entry.name, names); near != "" {
			text += "; did you mean " + near + "?"
		} else {
			text += "; there are " + strings.Join(names, ", ")
		}
		r.wrongKey(entry, "%s", text)
	}
}

func find(name string, known fields, refused []fields) func(place) {
	if read, ok := known[name]; ok {
		return read
	}
	for _, set := range refused {
		if read, ok := set[name]; ok {
			return read
		}
	}
	return nil
}

// text reads a string that is not empty.
func (r *reader) text(p place) string {
	s, ok := p.value.(string)
	if !ok {
		r.wrong(p, "%s; want a string", kind(p.value))
	} else if s == "" {
		r.wrong(p, "is empty")
	}
	return s
}

// texts reads an array of strings that are not empty.
func (r *reader) texts(p place) []string {
	var texts []string
	for _, element := range r.elements(p, "an array of strings") {
		texts = append(texts, r.text(element))
	}
	return texts
}

func (r *reader) elements(p place, want string) []place {
	nodes, ok := p.value.([]*node)
	if !ok {
		r.wrong(p, "%s; want %s", kind(p.value), want)
		return nil
	}
	elements := make([]place, len(nodes))
	for i, n := range nodes {
		name := fmt.Sprintf("%s[%d]", p.name, i)
		elements[i] = place{path: fmt.Sprintf("%s[%d]", p.path, i), name: name, key: n.pos, pos: n.pos, value: n.value}
	}
	return elements
}

func (r *reader) boolean(p place) bool {
	b, ok := p.value.(bool)
	if !ok {
		r.wrong(p, "%s; want true or false", kind(p.value))
	}
	return b
}

// whole reads a whole number from least upwards.
func (r *reader) whole(p place, least int64) int64 {
	number, ok := p.value.(json.Number)
	if !ok {
		r.wrong(p, "%s; want a whole number", kind(p.value))
		return 0
	}
	n, err := number.Int64()
	if err != nil || n < least {
		r.wrong(p, "%s; want a whole number of %d or more", number, least)
	}
	return n
}

// choice reads one of a few words.
func (r *reader) choice(p place, words ...string) string {
	s, ok := p.value.(string)
	if !ok || !slices.Contains(words, s) {
		got := kind(p.value)
		if ok {
			got = fmt.Sprintf("%q", s)
		}
		r.wrong(p, "%s; want \"%s\"", got, strings.Join(words, `" or "`))
	}
	return s
}

// refused is a key that others know and this server will not have, with the reason.
func (r *reader) refused(reason string) func(place) {
	return func(p place) { r.wrongKey(p, "%s", reason) }
}

// kind says what a value is, for people.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []*node:
		return "an array"
	default:
		return "an object"
	}
}
