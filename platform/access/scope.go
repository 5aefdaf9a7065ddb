package access

import (
	"errors"
	"fmt"
	"slices"

	"github.com/locutory/locutory/authhooks"
)

var (
	// ErrNoScope says that a scope is the zero value: nobody was asked.
	ErrNoScope = errors.New("access: the scope was made by nobody")
	// ErrWrongScope says that a scope was made for another action than it is used for.
	ErrWrongScope = errors.New("access: the scope is for another action")
)

// scope is what all scopes have. Zero, it permits nothing and reaches no row.
type scope struct {
	resource  authhooks.Resource
	action    authhooks.Action
	user      *authhooks.User
	filter    *authhooks.Filter
	stamp     map[string]any
	partition string
	ruled     bool
}

// ThreadScope says which threads a call reaches. The blank first field of each scope keeps one type from being converted to another.
type ThreadScope struct {
	_ threads
	scope
}

// AssistantScope says which assistants a call reaches.
type AssistantScope struct {
	_ assistants
	scope
	systemOnly bool
}

// CronScope says which crons a call reaches.
type CronScope struct {
	_ crons
	scope
}

// ItemScope says which items of the store a call reaches.
type ItemScope struct {
	_ items
	scope
}

type (
	threads    struct{}
	assistants struct{}
	crons      struct{}
	items      struct{}
)

// Permit returns nil when the scope was made for one of the actions, else [ErrNoScope] or [ErrWrongScope]. It is the first line
// of every method that takes a scope.
func (s scope) Permit(actions ...authhooks.Action) error {
	switch {
	case s.action == "":
		return ErrNoScope
	case !slices.Contains(actions, s.action):
		return fmt.Errorf("%w: made for %s:%s, used for %v", ErrWrongScope, s.resource, s.action, actions)
	}
	return nil
}

// Filter returns the filter that rows must pass, or nil when there is none. That of a zero scope passes no row.
func (s scope) Filter() *authhooks.Filter {
	if s.action == "" {
		none := authhooks.None()
		return &none
	}
	return s.filter
}

// Stamp returns the metadata that the hook sets on the row that the call makes, read only; nil for none.
func (s scope) Stamp() map[string]any { return s.stamp }

// Ruled reports whether a rule of the operator's gave the answer, or there are no hooks that could: not so where "auth.unhandled" let
// the call pass.
func (s scope) Ruled() bool { return s.ruled }

// User returns who asks: nil on an open server and for the server itself.
func (s scope) User() *authhooks.User { return s.user }

// Action returns what the scope was made for; "" for a zero scope.
func (s scope) Action() authhooks.Action { return s.action }

// SystemOnly reports whether the scope reaches only the assistants that the server made of its graphs.
func (s AssistantScope) SystemOnly() bool { return s.systemOnly }

// Partition returns the partition of the store that the call is in; "" is the common one.
func (s ItemScope) Partition() string { return s.partition }
