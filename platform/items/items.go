// Package items is the long-term store as its callers meet it, over HTTP and from graph code alike: it checks namespaces, asks the
// operator's hooks, checks again what they made of the call, and only then goes to package store.
//
// It refuses to look before it asks, and to tell an item that the caller may not see from one that is not there.
//
//	all := items.New(items.Config{Rows: db.Items, Guard: guard})
//	err := all.Put(access.With(ctx, caller), graphs.ItemPut{Namespace: []string{"prefs"}, Key: "color", Value: value})
//	...
//	cfg.Store = all.For(access.Caller{User: user, Origin: authhooks.OriginWorker}) // for the nodes of a run
package items

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// Config is what Items are made of. Rows and Guard are needed.
type Config struct {
	Rows  *store.Items
	Guard *access.Guard
	// TTL is how long items live that do not say so themselves; 0: for ever.
	TTL time.Duration
	// KeepTTL leaves lives as they are when items are read, unless a call says otherwise.
	KeepTTL bool
	// Index is what searches by meaning are made with; nil: queries are ignored.
	Index *Index
}

// Items is the store of whoever is in the context: it implements [graphs.Store]. It is safe for concurrent use.
type Items struct{ Config }

// New returns Items.
func New(cfg Config) *Items { return &Items{cfg} }

// denied is the one answer for an item that is there and for one that is not, when the caller may not write it.
func denied() error {
	return &authhooks.Error{Status: http.StatusForbidden, Detail: "Forbidden"}
}

// hidden reports whether a hook answered as if the row was not there.
func hidden(err error) bool {
	var answer *authhooks.Error
	return errors.As(err, &answer) && answer.Status == http.StatusNotFound
}

// storable returns texts as they will be stored, which hooks have to see: what no database takes is replaced, as in bodies.
func storable(texts ...string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	}
	return out
}

// Put implements [graphs.Store].
func (s *Items) Put(ctx context.Context, p graphs.ItemPut) error {
	if err := graphs.CheckItem(p.Namespace, p.Key); err != nil {
		return err
	}
	object, err := objectOf(p.Value)
	if err != nil {
		return err
	}
	value := &authhooks.StorePut{Namespace: storable(p.Namespace...), Key: storable(p.Key)[0], Value: object}
	facts := authhooks.Facts{Index: p.Index, NoIndex: p.NoIndex}
	if p.TTL > 0 {
		facts.TTL = &p.TTL
	}
	authhooks.SetFacts(value, facts)
	scope, err := s.Guard.Items(ctx, value)
	if err != nil {
		return err
	}
	if err := graphs.CheckItem(value.Namespace, value.Key); err != nil { // the hook may have moved the item
		return err
	}
	n := store.ItemNew{Namespace: value.Namespace, Key: value.Key, TTLMinutes: s.lifetime(p.TTL).Minutes()}
	if n.Value, err = json.Marshal(wire.Object(value.Value)); err != nil {
		return fmt.Errorf("value of the item: %w", err)
	}
	if n.Vectors, err = s.Index.vectors(ctx, p, n.Value); err != nil {
		return err
	}
	err = s.Rows.Put(ctx, scope, n)
	if errors.Is(err, store.ErrPostImage) {
		return denied()
	}
	return err
}

func (s *Items) lifetime(ttl time.Duration) time.Duration {
	if ttl > 0 {
		return ttl
	}
	return s.TTL
}

// objectOf returns a value as the object that hooks are shown.
func objectOf(value any) (map[string]any, error) {
	switch v := value.(type) {
	case wire.Object: // of a body, which was decoded and checked
		return v, nil
	case nil:
		return nil, &wire.BodyError{Detail: "value is required"}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("value of the item: %w", err)
	}
	var out wire.Object
	if err := wire.Decode(text, &out); err != nil {
		return nil, fmt.Errorf("value of the item: %w", err)
	}
	if out == nil {
		return nil, &wire.BodyError{Detail: "value is required"}
	}
	return out, nil
}

// Get implements [graphs.Store].
func (s *Items) Get(ctx context.Context, namespace []string, key string) (*graphs.Item, error) {
	return s.Read(ctx, namespace, key, nil)
}

// Read is Get with a say in whether the item's life begins anew; nil is as configured.
func (s *Items) Read(ctx context.Context, namespace []string, key string, refresh *bool) (*graphs.Item, error) {
	if err := graphs.CheckNamespace(namespace); err != nil {
		return nil, err
	}
	value := &authhooks.StoreGet{Namespace: storable(namespace...), Key: storable(key)[0]}
	authhooks.SetFacts(value, authhooks.Facts{RefreshTTL: refresh})
	scope, err := s.Guard.Items(ctx, value)
	if hidden(err) {
		return nil, graphs.ErrNoItem
	}
	if err != nil {
		return nil, err
	}
	if err := graphs.CheckNamespace(value.Namespace); err != nil {
		return nil, err
	}
	row, err := s.Rows.Get(ctx, scope, value.Namespace, value.Key, s.refreshes(refresh))
	if errors.Is(err, store.ErrNotFound) {
		return nil, graphs.ErrNoItem
	}
	if err != nil {
		return nil, err
	}
	item := itemOf(row)
	return &item, nil
}

func (s *Items) refreshes(asked *bool) bool {
	if asked != nil {
		return *asked
	}
	return !s.KeepTTL
}

// Delete implements [graphs.Store].
func (s *Items) Delete(ctx context.Context, namespace []string, key string) error {
	if err := graphs.CheckNamespace(namespace); err != nil {
		return err
	}
	value := &authhooks.StoreDelete{Namespace: storable(namespace...), Key: storable(key)[0]}
	scope, err := s.Guard.Items(ctx, value)
	if hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := graphs.CheckNamespace(value.Namespace); err != nil {
		return err
	}
	return s.Rows.Delete(ctx, scope, value.Namespace, value.Key)
}

// Search implements [graphs.Store].
func (s *Items) Search(ctx context.Context, q graphs.ItemSearch) ([]graphs.Item, error) {
	if _, err := checkSearch(q.Prefix, q.Filter); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	value := &authhooks.StoreSearch{Namespace: storable(q.Prefix...), Filter: q.Filter}
	authhooks.SetFacts(value, authhooks.Facts{Query: q.Query, Limit: q.Limit, Offset: q.Offset, RefreshTTL: q.RefreshTTL})
	scope, err := s.Guard.Items(ctx, value)
	if err != nil {
		return nil, err
	}
	query := store.ItemQuery{Prefix: value.Namespace, Limit: q.Limit, Offset: max(q.Offset, 0), Refresh: s.refreshes(q.RefreshTTL)}
	if query.Filter, err = checkSearch(value.Namespace, value.Filter); err != nil {
		return nil, err
	}
	if query.Near, err = s.Index.near(ctx, q.Query); err != nil {
		return nil, err
	}
	rows, err := s.Rows.Search(ctx, scope, query)
	if err != nil {
		return nil, err
	}
	found := make([]graphs.Item, len(rows))
	for i, row := range rows {
		found[i] = itemOf(row)
	}
	return found, nil
}

func checkSearch(prefix []string, filter map[string]any) (graphs.StoreFilter, error) {
	if err := graphs.CheckNamespace(prefix); err != nil {
		return graphs.StoreFilter{}, err
	}
	return graphs.ParseStoreFilter(filter)
}

// ListNamespaces implements [graphs.Store].
func (s *Items) ListNamespaces(ctx context.Context, q graphs.NamespaceSearch) ([][]string, error) {
	if err := checkPatterns(q.Prefix, q.Suffix); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	value := &authhooks.StoreListNamespaces{Namespace: storable(q.Prefix...), Suffix: storable(q.Suffix...)}
	authhooks.SetFacts(value, authhooks.Facts{MaxDepth: q.MaxDepth, Limit: q.Limit, Offset: q.Offset})
	scope, err := s.Guard.Items(ctx, value)
	if err != nil {
		return nil, err
	}
	q.Prefix, q.Suffix = value.Namespace, value.Suffix
	if err := checkPatterns(q.Prefix, q.Suffix); err != nil {
		return nil, err
	}
	under := q.Prefix
	if i := slices.Index(under, "*"); i >= 0 {
		under = under[:i]
	}
	return s.Rows.ListNamespaces(ctx, scope, store.NamespaceQuery{
		Under: under, Limit: q.Limit, Offset: max(q.Offset, 0),
		Keep: func(namespace []string) ([]string, bool) { return q.Cut(namespace), q.Matches(namespace) },
	})
}

func checkPatterns(prefix, suffix []string) error {
	return errors.Join(graphs.CheckNamespace(prefix), graphs.CheckNamespace(suffix))
}

func itemOf(row store.Item) graphs.Item {
	return graphs.Item{
		Namespace: row.Namespace, Key: row.Key, Value: row.Value, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt, Score: row.Score,
	}
}

// For returns the store as one caller, whoever is in the context: what nodes of his runs are given.
func (s *Items) For(caller access.Caller) graphs.Store { return person{s, caller} }

type person struct {
	items  *Items
	caller access.Caller
}

func (p person) as(ctx context.Context) context.Context { return access.With(ctx, p.caller) }

// Get implements [graphs.Store].
func (p person) Get(ctx context.Context, namespace []string, key string) (*graphs.Item, error) {
	return p.items.Get(p.as(ctx), namespace, key)
}

// Put implements [graphs.Store].
func (p person) Put(ctx context.Context, put graphs.ItemPut) error {
	return p.items.Put(p.as(ctx), put)
}

// Delete implements [graphs.Store].
func (p person) Delete(ctx context.Context, namespace []string, key string) error {
	return p.items.Delete(p.as(ctx), namespace, key)
}

// Search implements [graphs.Store].
func (p person) Search(ctx context.Context, q graphs.ItemSearch) ([]graphs.Item, error) {
	return p.items.Search(p.as(ctx), q)
}

// ListNamespaces implements [graphs.Store].
func (p person) ListNamespaces(ctx context.Context, q graphs.NamespaceSearch) ([][]string, error) {
	return p.items.ListNamespaces(p.as(ctx), q)
}
