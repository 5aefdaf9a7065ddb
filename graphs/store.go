package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNoItem says that a Store has no such item, or none that the caller may see.
var ErrNoItem = errors.New("no such item")

// Store keeps items for longer than a thread lives: what a graph remembers of a user from one conversation to the next. An item
// is a JSON object under a key in a namespace, which is a path of labels: {"users", "alice", "preferences"}. Inside of a server
// it is the store of the HTTP API, as the user of the run and under the same hooks; see [Runtime].
//
// Labels are not empty and have no period, else the error is a [*NamespaceError]; a filter that is none is a [*FilterError].
// What has expired is not there.
type Store interface {
	// Get returns an item, or [ErrNoItem].
	Get(ctx context.Context, namespace []string, key string) (*Item, error)
	// Put makes an item, or replaces its value as a whole.
	Put(ctx context.Context, p ItemPut) error
	// Delete removes an item. One that is not there is no error.
	Delete(ctx context.Context, namespace []string, key string) error
	// Search returns the items of a namespace and of those below it: the last changed first or, with a Query, the nearest in meaning.
	Search(ctx context.Context, q ItemSearch) ([]Item, error)
	// ListNamespaces returns the namespaces that have items, ascending, each once.
	ListNamespaces(ctx context.Context, q NamespaceSearch) ([][]string, error)
}

// Item is an item of a [Store].
type Item struct {
	Namespace            []string
	Key                  string
	Value                json.RawMessage // an object
	CreatedAt, UpdatedAt time.Time
	// Score is how near the item is to the query of a search by meaning, 1 at most; nil in other searches.
	Score *float64
}

// Decode reads the value into v, a pointer.
func (i *Item) Decode(v any) error {
	if err := json.Unmarshal(i.Value, v); err != nil {
		return fmt.Errorf("item %s of %s: %w", i.Key, strings.Join(i.Namespace, "."), err)
	}
	return nil
}

// ItemPut is an item that is to be stored.
type ItemPut struct {
	Namespace []string // one label at least; the first is not "langgraph"
	Key       string   // not empty
	Value     any      // something that is an object in JSON: a map or a struct
	// TTL is how long the item lives; 0 is as the server is configured, else for ever. A reading search or Get begins it anew.
	TTL time.Duration
	// Index names the fields of the value that searches by meaning look at, such as "text" or "pages[*].text"; nil is as the
	// server is configured. NoIndex leaves the item out of such searches.
	Index   []string
	NoIndex bool
}

// ItemSearch selects items: those that have everything that is set.
type ItemSearch struct {
	Prefix []string // of the namespace, label by label; empty: everywhere
	// Filter is about the values; see [ParseStoreFilter].
	Filter        map[string]any
	Query         string // searches by meaning, where the server is configured for it
	Limit, Offset int    // 0: ten items
	// RefreshTTL tells whether the items that are found begin their lives anew; nil is as the server is configured.
	RefreshTTL *bool
}

// NamespaceSearch selects namespaces. The label "*" of a prefix or a suffix stands for any one label.
type NamespaceSearch struct {
	Prefix, Suffix []string
	MaxDepth       int // cuts what is found to so many labels; 0 does not
	Limit, Offset  int // 0: a hundred namespaces
}

// NamespaceError says that labels cannot be a namespace.
type NamespaceError struct {
	Namespace []string
	Text      string
}

// Error is what clients are told (rest.md §7).
func (e *NamespaceError) Error() string { return e.Text }

// maxNamespace is the greatest length of a namespace with its periods and of a key, in bytes: what the indexes of databases hold.
const maxNamespace = 1024

// CheckNamespace returns a [*NamespaceError] for labels that are empty, have a period, or are too many. No labels are a
// namespace that holds no items.
func CheckNamespace(namespace []string) error {
	for _, label := range namespace {
		if label == "" || strings.Contains(label, ".") {
			return &NamespaceError{namespace, "Namespace labels cannot be empty or contain periods. Received: " + strings.Join(namespace, ".")}
		}
	}
	if len(strings.Join(namespace, ".")) > maxNamespace {
		return &NamespaceError{namespace, fmt.Sprintf("the namespace is longer than %d bytes", maxNamespace)}
	}
	return nil
}

// CheckItem is [CheckNamespace] for an item that is to be made.
func CheckItem(namespace []string, key string) error {
	switch {
	case len(namespace) == 0:
		return &NamespaceError{namespace, "Namespace is required"}
	case namespace[0] == "langgraph":
		return &NamespaceError{namespace, `the first label of a namespace cannot be "langgraph"`}
	case key == "":
		return &NamespaceError{namespace, "key is required"}
	case len(key) > maxNamespace:
		return &NamespaceError{namespace, fmt.Sprintf("the key is longer than %d bytes", maxNamespace)}
	}
	return CheckNamespace(namespace)
}

// Matches reports whether a namespace has the prefix and the suffix.
func (q NamespaceSearch) Matches(namespace []string) bool {
	return len(namespace) >= len(q.Prefix) && labelsMatch(namespace[:len(q.Prefix)], q.Prefix) &&
		len(namespace) >= len(q.Suffix) && labelsMatch(namespace[len(namespace)-len(q.Suffix):], q.Suffix)
}

// Cut returns the namespace to MaxDepth.
func (q NamespaceSearch) Cut(namespace []string) []string {
	if q.MaxDepth > 0 && len(namespace) > q.MaxDepth {
		return namespace[:q.MaxDepth]
	}
	return namespace
}

func labelsMatch(labels, pattern []string) bool {
	return slices.EqualFunc(labels, pattern, func(label, p string) bool { return p == "*" || label == p })
}
