package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The limits of what a search extracts.
const (
	maxExtracts    = 10
	maxExtractPath = 256 // characters
)

// Path is where a value lies in a thread: values.messages[-1].content. It begins with one of [PathRoots]; [i] is an element
// of a list, from its end when i is below 0.
type Path struct {
	// Root is the field of the thread.
	Root  string
	steps []pathStep
}

// pathStep is a key of an object, or an index of a list.
type pathStep struct {
	key   string
	index int
	list  bool
}

// PathRoots returns the fields of a thread that a path may begin with.
func PathRoots() []string { return []string{"values", "metadata", "config", "interrupts"} }

// ParsePath reads a path.
func ParsePath(text string) (Path, error) {
	if len(text) > maxExtractPath {
		return Path{}, fmt.Errorf("a path of more than %d characters", maxExtractPath)
	}
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	p := Path{Root: text[:end]}
	if !slices.Contains(PathRoots(), p.Root) {
		return Path{}, fmt.Errorf("%q does not begin with one of %s", text, strings.Join(PathRoots(), ", "))
	}
	for rest := text[end:]; rest != ""; {
		step, after, ok := nextStep(rest)
		if !ok {
			return Path{}, fmt.Errorf("%q: want .name, [0] or [-1] at %q", text, rest)
		}
		p.steps, rest = append(p.steps, step), after
	}
	return p, nil
}

// nextStep reads one step at the start of text.
func nextStep(text string) (step pathStep, rest string, ok bool) {
	if inner, list := strings.CutPrefix(text, "["); list {
		number, rest, closed := strings.Cut(inner, "]")
		index, err := strconv.Atoi(number)
		return pathStep{index: index, list: true}, rest, closed && err == nil && number[0] != '+'
	}
	name := text[1:] // after the dot
	end := strings.IndexAny(name, ".[]")
	if end < 0 {
		end = len(name)
	}
	return pathStep{key: name[:end]}, name[end:], text[0] == '.' && end > 0
}

// In returns what lies at the path in the root's JSON, null when there is nothing.
func (p Path) In(root json.RawMessage) json.RawMessage {
	for _, step := range p.steps {
		root = step.in(root)
	}
	if len(root) == 0 {
		return json.RawMessage("null")
	}
	return root
}

func (s pathStep) in(v json.RawMessage) json.RawMessage {
	if !s.list {
		var object map[string]json.RawMessage
		_ = json.Unmarshal(v, &object) // what is no object has no such key
		return object[s.key]
	}
	var items []json.RawMessage
	_ = json.Unmarshal(v, &items)
	at := s.index
	if at < 0 {
		at += len(items)
	}
	if at < 0 || at >= len(items) {
		return nil
	}
	return items[at]
}

// Extract is what a search takes out of each thread: a path by its alias.
type Extract map[string]string

// Paths parses the paths.
func (e Extract) Paths() (map[string]Path, error) {
	if len(e) > maxExtracts {
		return nil, fmt.Errorf("extract: at most %d entries", maxExtracts)
	}
	paths := make(map[string]Path, len(e))
	for _, alias := range slices.Sorted(maps.Keys(e)) {
		path, err := ParsePath(e[alias])
		if err != nil {
			return nil, fmt.Errorf("extract.%s: %w", alias, err)
		}
		paths[alias] = path
	}
	return paths, nil
}

func (e Extract) validate() error {
	_, err := e.Paths()
	return err
}
