package authhooks

import (
	"reflect"
	"slices"
)

// Match reports whether a row with this metadata passes f, with the logic of SQL: a condition on a key that the row lacks is
// neither true nor false, and only true passes, so such a row passes neither f nor Not(f). Exists is always true or false.
// A null is a value: it is there, and equals no scalar. The metadata may hold numbers of any Go type or [encoding/json.Number];
// an invalid f matches nothing.
func (f Filter) Match(metadata map[string]any) bool {
	return f.Validate() == nil && eval(f.node, metadata) == yes
}

// truth is Kleene's: no < unknown < yes, so that And is the least and Or the greatest.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func eval(n Node, metadata map[string]any) truth {
	switch n.Op {
	case OpNone:
		return no
	case OpNot:
		return -eval(n.Nodes[0], metadata)
	case OpAnd:
		least := yes
		for _, child := range n.Nodes {
			least = min(least, eval(child, metadata))
		}
		return least
	case OpOr:
		greatest := no
		for _, child := range n.Nodes {
			greatest = max(greatest, eval(child, metadata))
		}
		return greatest
	}
	value, ok := metadata[n.Key]
	if n.Op == OpExists {
		return truthOf(ok)
	}
	if !ok {
		return unknown
	}
	return truthOf(holds(n, value))
}

// holds judges a leaf on the value that the row has.
func holds(n Node, value any) bool {
	if n.Op == OpEq || n.Op == OpIn {
		return slices.ContainsFunc(n.Values, func(want any) bool { return equal(want, value) })
	}
	items, ok := list(value)
	if !ok {
		return false
	}
	has := func(want any) bool {
		return slices.ContainsFunc(items, func(item any) bool { return equal(want, item) })
	}
	if n.Op == OpContainsAny {
		return slices.ContainsFunc(n.Values, has)
	}
	return !slices.ContainsFunc(n.Values, func(want any) bool { return !has(want) })
}

// list returns the items of a JSON array.
func list(value any) ([]any, bool) {
	if items, ok := value.([]any); ok {
		return items, true
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 { // bytes are a string in JSON
		return nil, false
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = v.Index(i).Interface()
	}
	return items, true
}
