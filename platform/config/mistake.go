package config

import (
	"cmp"
	"errors"
	"slices"
)

// Mistake is one thing that the operator has to mend in the file. A command that meets one ends with exit status 2.
type Mistake struct {
	Pos Pos
	// Path is the key in dots, such as graphs.agent; empty for a mistake of the file as a whole.
	Path string
	Text string
}

// Error returns the mistake as one line: place, path, what is wrong and the way out.
func (m *Mistake) Error() string {
	if m.Path == "" {
		return m.Pos.String() + ": " + m.Text
	}
	return m.Pos.String() + ": " + m.Path + ": " + m.Text
}

// Join returns all mistakes as one error in the order of the file, nil when there are none.
func Join(mistakes []*Mistake) error {
	sorted := slices.SortedStableFunc(slices.Values(mistakes), func(a, b *Mistake) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	errs := make([]error, len(sorted))
	for i, m := range sorted {
		errs[i] = m
	}
	return errors.Join(errs...)
}
