package authhooks

import "time"

// StorePut is the value of store:put. A handler may move the item by changing Namespace and Key; the server checks them
// again afterwards. Filters and stamps of store events are about the item's server-owned metadata, never about Value.
type StorePut struct {
	Namespace []string
	Key       string
	Value     map[string]any
	known
}

func (*StorePut) event() (Resource, Action) { return Store, Put }

// Index returns the fields that are indexed and whether the request said so; no fields and true is "index": false.
func (v *StorePut) Index() (fields []string, set bool) {
	return v.facts.Index, v.facts.NoIndex || v.facts.Index != nil
}

// TTL returns how long the item is to live, or nil.
func (v *StorePut) TTL() *time.Duration { return v.facts.TTL }

// StoreGet is the value of store:get.
type StoreGet struct {
	Namespace []string
	Key       string
	known
}

func (*StoreGet) event() (Resource, Action) { return Store, Get }

// RefreshTTL returns whether reading lengthens the item's life, or nil when the request leaves it open.
func (v *StoreGet) RefreshTTL() *bool { return v.facts.RefreshTTL }

// StoreSearch is the value of store:search.
type StoreSearch struct {
	Namespace []string       // a prefix; empty: everywhere
	Filter    map[string]any // the request's own filter over item values
	known
}

func (*StoreSearch) event() (Resource, Action) { return Store, Search }

// Query returns the text that is searched for by meaning, or "".
func (v *StoreSearch) Query() string { return v.facts.Query }

// Limit returns the page size.
func (v *StoreSearch) Limit() int { return v.facts.Limit }

// Offset returns how many items are skipped.
func (v *StoreSearch) Offset() int { return v.facts.Offset }

// RefreshTTL returns whether reading lengthens the items' lives, or nil when the request leaves it open.
func (v *StoreSearch) RefreshTTL() *bool { return v.facts.RefreshTTL }

// StoreDelete is the value of store:delete.
type StoreDelete struct {
	Namespace []string
	Key       string
	known
}

func (*StoreDelete) event() (Resource, Action) { return Store, Delete }

// StoreListNamespaces is the value of store:list_namespaces.
type StoreListNamespaces struct {
	Namespace []string // a prefix; empty: everywhere
	Suffix    []string
	known
}

func (*StoreListNamespaces) event() (Resource, Action) { return Store, ListNamespaces }

// MaxDepth returns to how many labels the answers are cut, or 0.
func (v *StoreListNamespaces) MaxDepth() int { return v.facts.MaxDepth }

// Limit returns the page size.
func (v *StoreListNamespaces) Limit() int { return v.facts.Limit }

// Offset returns how many namespaces are skipped.
func (v *StoreListNamespaces) Offset() int { return v.facts.Offset }
