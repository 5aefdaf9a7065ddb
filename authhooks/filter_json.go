package authhooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// String returns the JSON form, or why there is none.
func (f Filter) String() string {
	text, err := f.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// MarshalJSON writes the form that [ParseFilter] reads: {"owner": {"$eq": "alice"}}, with $contains, $or and $and as other
// servers of this kind have them, and $in, $containsAny, $exists, $not and $none of our own. An invalid filter is an error.
func (f Filter) MarshalJSON() ([]byte, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(jsonForm(f.node)); err != nil {
		return nil, fmt.Errorf("write filter: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func jsonForm(n Node) map[Op]any {
	switch n.Op {
	case OpNone:
		return map[Op]any{OpNone: true}
	case OpNot:
		return map[Op]any{OpNot: jsonForm(n.Nodes[0])}
	case OpAnd, OpOr:
		forms := make([]any, len(n.Nodes))
		for i, child := range n.Nodes {
			forms[i] = jsonForm(child)
		}
		return map[Op]any{n.Op: forms}
	}
	var operand any = n.Values
	switch {
	case n.Op == OpExists:
		operand = true
	case n.Op == OpEq, n.Op == OpContains && len(n.Values) == 1:
		operand = n.Values[0]
	}
	return map[Op]any{Op(n.Key): map[Op]any{n.Op: operand}}
}

// ParseFilter reads the JSON form of a filter. Several keys, and several operators on one key, must all hold;
// {"owner": "alice"} is short for {"owner": {"$eq": "alice"}}. It is strict, since what is skipped widens: an empty object, an
// unknown operator, null, a nested object as value, a key given twice, $and or $or of fewer than two filters, and anything that
// [Filter.Validate] refuses are errors.
func ParseFilter(text []byte) (Filter, error) {
	if !utf8.Valid(text) { // the decoder would put another character in
		return Filter{}, errors.New("parse filter: it is not UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	node, err := p.filter(1)
	if err != nil {
		return Filter{}, fmt.Errorf("parse filter: %w", err)
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return Filter{}, errors.New("parse filter: there is more after it")
	}
	f := Filter{node}
	if err := f.Validate(); err != nil {
		return Filter{}, fmt.Errorf("parse filter: %w", err)
	}
	return f, nil
}

// parser reads token by token: encoding/json's maps would drop repeated keys.
type parser struct{ dec *json.Decoder }

// filter reads an object of keys and operators.
func (p parser) filter(depth int) (Node, error) {
	if depth > maxDepth {
		return Node{}, fmt.Errorf("more than %d levels", maxDepth)
	}
	if err := p.open('{', "a filter is an object"); err != nil {
		return Node{}, err
	}
	return p.members(func(name string) (Node, error) {
		switch op := Op(name); op {
		case OpNone:
			return Node{Op: OpNone}, p.yes(name)
		case OpNot:
			child, err := p.filter(depth + 1)
			return Node{Op: OpNot, Nodes: []Node{child}}, err
		case OpAnd, OpOr:
			return p.branch(op, depth)
		}
		return p.condition(name)
	})
}

// members reads the rest of an object, one condition a member, and joins them by $and.
func (p parser) members(read func(name string) (Node, error)) (Node, error) {
	var nodes []Node
	seen := map[string]bool{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return Node{}, err
		}
		name, _ := token.(string) // an object's names are strings
		if seen[name] {
			return Node{}, fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		node, err := read(name)
		if err != nil {
			return Node{}, err
		}
		nodes = append(nodes, node)
	}
	if _, err := p.dec.Token(); err != nil {
		return Node{}, err
	}
	switch len(nodes) {
	case 0:
		return Node{}, errors.New("an object is empty")
	case 1:
		return nodes[0], nil
	default:
		return Node{Op: OpAnd, Nodes: nodes}, nil
	}
}

// branch reads the array of $and or $or.
func (p parser) branch(op Op, depth int) (Node, error) {
	if err := p.open('[', string(op)+" takes an array"); err != nil {
		return Node{}, err
	}
	n := Node{Op: op}
	for p.dec.More() {
		child, err := p.filter(depth + 1)
		if err != nil {
			return Node{}, err
		}
		n.Nodes = append(n.Nodes, child)
	}
	_, err := p.dec.Token()
	return n, err
}

// condition reads what stands after a metadata key: a scalar or an object of operators.
func (p parser) condition(key string) (Node, error) {
	token, err := p.dec.Token()
	if err != nil {
		return Node{}, err
	}
	if token != json.Delim('{') {
		v, err := value(token)
		return Node{Op: OpEq, Key: key, Values: []any{v}}, err
	}
	return p.members(func(name string) (Node, error) {
		switch op := Op(name); op {
		case OpExists:
			return Node{Op: op, Key: key}, p.yes(name)
		case OpEq, OpIn, OpContains, OpContainsAny:
			values, err := p.values(op)
			return Node{Op: op, Key: key, Values: values}, err
		default:
			return Node{}, fmt.Errorf("%q of %q is no operator", name, key)
		}
	})
}

// values reads the operand of a leaf. $eq takes a scalar, $in and $containsAny an array, $contains either.
func (p parser) values(op Op) ([]any, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('[') {
		if op == OpIn || op == OpContainsAny {
			return nil, fmt.Errorf("%s takes an array", op)
		}
		v, err := value(token)
		return []any{v}, err
	}
	if op == OpEq {
		return nil, fmt.Errorf("%s takes a string, bool or number", op)
	}
	values := []any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := value(token)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	_, err = p.dec.Token()
	return values, err
}

func (p parser) open(want json.Delim, otherwise string) error {
	token, err := p.dec.Token()
	if err != nil {
		return err
	}
	if token != want {
		return errors.New(otherwise)
	}
	return nil
}

func (p parser) yes(name string) error {
	token, err := p.dec.Token()
	if err == nil && token != true {
		return fmt.Errorf("%s takes true; its opposite is $not", name)
	}
	return err
}

func value(token json.Token) (any, error) {
	switch token := token.(type) {
	case string, bool:
		return token, nil
	case json.Number:
		if n, ok := number(string(token)); ok {
			return n, nil
		}
		return nil, fmt.Errorf("the number %s cannot be held exactly", token)
	default:
		return nil, fmt.Errorf("want a string, bool or number, not %v", token)
	}
}
