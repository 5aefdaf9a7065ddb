package authhooks

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Filter says which rows a call may reach, by their metadata. Filters are made by the functions of this package or by
// [ParseFilter]; the zero Filter is invalid, and no filter matches everything because something was left out.
//
// A key names one top-level key of the metadata, never a path. Values are compared as JSON: 1 equals 1.0, and neither
// equals true or "1".
type Filter struct{ node Node }

// Op is what a [Node] does; its text is the operator of the JSON form.
type Op string

// The operators. Those but the last three are leaves.
const (
	OpEq          Op = "$eq"          // Key has the one value
	OpIn          Op = "$in"          // Key has one of the values; of none: no row
	OpContains    Op = "$contains"    // Key is an array that has all the values, at least one
	OpContainsAny Op = "$containsAny" // Key is an array that has one of the values; of none: no row
	OpExists      Op = "$exists"      // Key is there, if only as null
	OpNone        Op = "$none"        // no row
	OpNot         Op = "$not"         // the one node is false
	OpAnd         Op = "$and"         // all nodes
	OpOr          Op = "$or"          // one of the nodes
)

// Node is a filter's tree for those who compile it to SQL: see [Filter.Node]. Read it only.
type Node struct {
	Op     Op
	Key    string
	Values []any // string, bool, int64 or float64; a float64 is never a whole number that fits int64
	Nodes  []Node
}

// Scalar is what metadata is compared with.
type Scalar interface {
	~string | ~bool | ~int | ~int64 | ~float64
}

// The limits of a filter.
const (
	maxDepth  = 8
	maxLeaves = 256
	maxValues = 1000
)

// Eq matches rows whose key has the value v.
func Eq[T Scalar](key string, v T) Filter { return leaf(OpEq, key, v) }

// In matches rows whose key has one of the values. In of nothing matches no row: a user without a team sees no team's rows.
func In[T Scalar](key string, vs ...T) Filter { return leaf(OpIn, key, vs...) }

// Contains matches rows whose key is an array that has all the values, in any order.
func Contains[T Scalar](key string, v T, more ...T) Filter {
	return leaf(OpContains, key, append([]T{v}, more...)...)
}

// ContainsAny matches rows whose key is an array that has one of the values. ContainsAny of nothing matches no row.
func ContainsAny[T Scalar](key string, vs ...T) Filter { return leaf(OpContainsAny, key, vs...) }

// Exists matches rows that have the key, if only as null.
func Exists(key string) Filter { return Filter{Node{Op: OpExists, Key: key}} }

// Not matches rows that f rejects. It does not match rows that f cannot judge since they lack its key: Not(Eq("team", "a")) is
// "another team", not "another team or none"; Or(Not(Eq("team", "a")), Not(Exists("team"))) is the latter.
func Not(f Filter) Filter { return Filter{Node{Op: OpNot, Nodes: []Node{f.node}}} }

// And matches rows that all filters match.
func And(f Filter, more ...Filter) Filter { return join(OpAnd, f, more) }

// Or matches rows that one of the filters matches.
func Or(f Filter, more ...Filter) Filter { return join(OpOr, f, more) }

// None matches no row.
func None() Filter { return Filter{Node{Op: OpNone}} }

func leaf[T Scalar](op Op, key string, vs ...T) Filter {
	values := make([]any, len(vs))
	for i, v := range vs {
		values[i] = v
		if s, ok := scalar(v); ok {
			values[i] = s
		}
	}
	return Filter{Node{Op: op, Key: key, Values: values}}
}

func join(op Op, f Filter, more []Filter) Filter {
	if len(more) == 0 {
		return f
	}
	nodes := []Node{f.node}
	for _, m := range more {
		nodes = append(nodes, m.node)
	}
	return Filter{Node{Op: op, Nodes: nodes}}
}

// Node returns the tree. It shares its slices with f: read it only. Compile only filters that [Filter.Validate] accepts.
func (f Filter) Node() Node { return f.node }

// Validate reports why f must not be used: the zero Filter anywhere in it, a key that is not 1 to 128 of A-Z a-z 0-9 _ . : -, a
// string that is not UTF-8 or has NUL, a number that JSON does not have, more than 8 levels, 256 leaves or 1000 values.
func (f Filter) Validate() error {
	var s size
	if err := s.check(f.node, 1); err != nil {
		return fmt.Errorf("invalid filter: %w", err)
	}
	return nil
}

// size counts what a filter has so far.
type size struct{ leaves, values int }

func (s *size) check(n Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("more than %d levels", maxDepth)
	}
	switch n.Op {
	case OpNot, OpAnd, OpOr:
		return s.checkBranch(n, depth)
	case OpEq, OpIn, OpContains, OpContainsAny, OpExists, OpNone:
		return s.checkLeaf(n)
	case "":
		return errors.New("it is empty")
	default:
		return fmt.Errorf("unknown operator %q", n.Op)
	}
}

func (s *size) checkBranch(n Node, depth int) error {
	if n.Op == OpNot && len(n.Nodes) != 1 || n.Op != OpNot && len(n.Nodes) < 2 {
		return fmt.Errorf("%s of %d filters", n.Op, len(n.Nodes))
	}
	for _, child := range n.Nodes {
		if err := s.check(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *size) checkLeaf(n Node) error {
	if s.leaves++; s.leaves > maxLeaves {
		return fmt.Errorf("more than %d conditions", maxLeaves)
	}
	if s.values += len(n.Values); s.values > maxValues {
		return fmt.Errorf("more than %d values", maxValues)
	}
	if n.Op == OpNone {
		return nil
	}
	if err := checkKey(n.Key); err != nil {
		return err
	}
	if n.Op == OpEq && len(n.Values) != 1 || n.Op == OpContains && len(n.Values) == 0 {
		return fmt.Errorf("%s of %q with %d values", n.Op, n.Key, len(n.Values))
	}
	for _, v := range n.Values {
		if err := checkValue(v); err != nil {
			return fmt.Errorf("%s of %q: %w", n.Op, n.Key, err)
		}
	}
	return nil
}

var keyPattern = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,128}$`)

func checkKey(key string) error {
	if !keyPattern.MatchString(key) {
		return fmt.Errorf("the key %q is not 1 to 128 of A-Z a-z 0-9 _ . : -", key)
	}
	return nil
}

func checkValue(v any) error {
	switch v := v.(type) {
	case bool, int64:
		return nil
	case string:
		return checkText(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is no JSON number", v)
		}
		return nil
	default:
		return fmt.Errorf("%T is no scalar", v)
	}
}

// checkText refuses what a database would store as something else, or not at all.
func checkText(s string) error {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return fmt.Errorf("%q is not UTF-8 without NUL", s)
	}
	return nil
}
