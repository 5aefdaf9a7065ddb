package wire

import (
	"fmt"
	"slices"
	"strings"
)

// enum is a named string type that knows its values.
type enum[E any] interface {
	~string
	all() []E
}

// Values returns the values of an enum of this package, such as [RunStatus], in the order of their constants.
func Values[E enum[E]]() []E {
	var e E
	return e.all()
}

// oneOf checks an enum field; empty is absent and passes.
func oneOf[E interface {
	enum[E]
	comparable
}](field string, v E) error {
	if v == "" || slices.Contains(v.all(), v) {
		return nil
	}
	return fmt.Errorf("%s: %q is not one of %s", field, string(v), list(v.all()))
}

// selected checks the names of a select field.
func selected(names, allowed []string) error {
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			return fmt.Errorf("select: %q is not one of %s", name, list(allowed))
		}
	}
	return nil
}

func list[E ~string](values []E) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

// IfExists says what creating something does when its id is taken.
type IfExists string

// The answers to a taken id; the default is to raise, which is a 409.
const (
	IfExistsRaise     IfExists = "raise"
	IfExistsDoNothing IfExists = "do_nothing"
)

func (IfExists) all() []IfExists { return []IfExists{IfExistsRaise, IfExistsDoNothing} }

// Valid reports whether e is one of the constants.
func (e IfExists) Valid() bool { return slices.Contains(e.all(), e) }
