package graphs

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// The operators of a filter over the values of items.
const (
	OpEqual          = "$eq"
	OpNotEqual       = "$ne"
	OpGreater        = "$gt"
	OpGreaterOrEqual = "$gte"
	OpLess           = "$lt"
	OpLessOrEqual    = "$lte"
)

// The limits of a filter: what every database puts into one statement.
const (
	maxFilterTerms = 128
	maxFilterDepth = 12
)

// StoreFilter is a filter that is sound. A value passes when all Members hold.
type StoreFilter struct{ Members []StoreMember }

// StoreMember is what is asked of one key of an object: that it is there and its value passes.
type StoreMember struct {
	Key string
	// Op is an operator, and Operand JSON as [json.Decoder.UseNumber] has it. "" asks for an object that Inner holds for.
	Op      string
	Operand any
	Inner   StoreFilter
}

// FilterError says that a filter cannot be used.
type FilterError struct{ Text string }

// Error is what clients are told.
func (e *FilterError) Error() string { return "filter: " + e.Text }

// ParseStoreFilter reads a filter over the values of items. Each key must be there, with a value that equals the filter's: text,
// numbers and lists as a whole, objects if they have at least what the filter's has. In the place of a value stand operators, all
// of which must hold: {"$gte": 3, "$lt": 7}. They are $eq and $ne for any JSON, $gt, $gte, $lt and $lte for numbers, and for
// text in the order of its code points. What has another type than the operand is not equal, and neither greater nor less. A key that is
// not there passes nothing, $ne neither. The error is a [*FilterError].
func ParseStoreFilter(filter map[string]any) (StoreFilter, error) {
	if len(filter) == 0 {
		return StoreFilter{}, nil
	}
	var doc any
	text, err := json.Marshal(filter)
	if err == nil {
		err = decodeNumbers(text, &doc)
	}
	if err != nil {
		return StoreFilter{}, &FilterError{err.Error()}
	}
	terms := 0
	if err := measureFilter(doc, &terms, 0); err != nil {
		return StoreFilter{}, err
	}
	return parseMembers("", doc.(map[string]any))
}

// parseMembers reads an object of keys; path is what stands before them.
func parseMembers(path string, doc map[string]any) (StoreFilter, error) {
	var f StoreFilter
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		if strings.HasPrefix(key, "$") {
			return f, &FilterError{fmt.Sprintf("%s%s: operators are the whole value of a key", path, key)}
		}
		members, err := parseMember(path+key, key, doc[key])
		if err != nil {
			return f, err
		}
		f.Members = append(f.Members, members...)
	}
	return f, nil
}

func parseMember(path, key string, want any) ([]StoreMember, error) {
	doc, ok := want.(map[string]any)
	if !ok {
		return []StoreMember{{Key: key, Op: OpEqual, Operand: want}}, nil
	}
	ops := slices.Sorted(maps.Keys(doc))
	if !slices.ContainsFunc(ops, func(k string) bool { return strings.HasPrefix(k, "$") }) {
		inner, err := parseMembers(path+".", doc)
		return []StoreMember{{Key: key, Inner: inner}}, err
	}
	var members []StoreMember
	for _, op := range ops {
		if err := checkOperator(path, op, doc[op]); err != nil {
			return nil, err
		}
		members = append(members, StoreMember{Key: key, Op: op, Operand: doc[op]})
	}
	return members, nil
}

func checkOperator(path, op string, operand any) error {
	switch op {
	case OpEqual, OpNotEqual:
		return nil
	case OpGreater, OpGreaterOrEqual, OpLess, OpLessOrEqual:
		switch operand.(type) {
		case string, json.Number:
			return nil
		}
		return &FilterError{fmt.Sprintf("%s: %s wants a number or text", path, op)}
	}
	return &FilterError{fmt.Sprintf("%s: unknown operator %s; there are $eq, $ne, $gt, $gte, $lt, $lte", path, op)}
}

// measureFilter refuses what would be too much for one statement.
func measureFilter(v any, terms *int, depth int) error {
	if *terms++; *terms > maxFilterTerms || depth > maxFilterDepth {
		return &FilterError{fmt.Sprintf("more than %d terms or %d levels", maxFilterTerms, maxFilterDepth)}
	}
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case map[string]any:
		items = slices.Collect(maps.Values(v))
	}
	for _, item := range items {
		if err := measureFilter(item, terms, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Match reports whether a value, an object in JSON, passes.
func (f StoreFilter) Match(value json.RawMessage) bool {
	if len(f.Members) == 0 {
		return true
	}
	var doc any
	return decodeNumbers(value, &doc) == nil && f.matches(doc)
}

func (f StoreFilter) matches(v any) bool {
	doc, ok := v.(map[string]any)
	if !ok {
		return false
	}
	for _, m := range f.Members {
		if value, there := doc[m.Key]; !there || !m.holds(value) {
			return false
		}
	}
	return true
}

func (m StoreMember) holds(v any) bool {
	switch m.Op {
	case "":
		return m.Inner.matches(v)
	case OpEqual:
		return sameJSON(v, m.Operand)
	case OpNotEqual:
		return !sameJSON(v, m.Operand)
	}
	order, ok := compareJSON(v, m.Operand)
	if !ok {
		return false
	}
	switch m.Op {
	case OpGreater:
		return order > 0
	case OpGreaterOrEqual:
		return order >= 0
	case OpLess:
		return order < 0
	default:
		return order <= 0
	}
}

// sameJSON compares JSON as [json.Decoder.UseNumber] has it; 1 and 1.0 are the same.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, sameJSON)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameJSON)
	case json.Number:
		order, ok := compareJSON(a, b)
		return ok && order == 0
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// compareJSON orders two numbers or two texts; other pairs have no order.
func compareJSON(a, b any) (int, bool) {
	if a, ok := a.(string); ok {
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	}
	x, y := numberOf(a), numberOf(b)
	if x == nil || y == nil {
		return 0, false
	}
	return x.Cmp(y), true
}

// numberOf returns a JSON number, nil for what is none.
func numberOf(v any) *big.Float {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	f, _, err := big.ParseFloat(string(n), 10, 4096, big.ToNearestEven)
	if err != nil {
		return nil
	}
	return f
}
