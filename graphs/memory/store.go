package memory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/locutory/locutory/graphs"
)

// Store is a [graphs.Store] without users: for tests of graphs and for programs without a server. The zero Store is empty and ready. It is safe for
// concurrent use. It knows no search by meaning: queries are ignored, as on a server without store.index.
type Store struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu    sync.Mutex
	items map[string]*stored // by namespace and key
}

type stored struct {
	graphs.Item
	ttl     time.Duration
	expires time.Time
}

// path orders namespaces as a database does: by their labels, each ended by a period.
func path(namespace []string) string {
	var b strings.Builder
	for _, label := range namespace {
		b.WriteString(label + ".")
	}
	return b.String()
}

func place(namespace []string, key string) string { return path(namespace) + "\x00" + key }

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// alive returns an item that has not expired, nil without one.
func (s *Store) alive(at string) *stored {
	i := s.items[at]
	if i == nil || i.ttl > 0 && !i.expires.After(s.now()) {
		return nil
	}
	return i
}

// Get implements [graphs.Store].
func (s *Store) Get(_ context.Context, namespace []string, key string) (*graphs.Item, error) {
	if err := graphs.CheckNamespace(namespace); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.alive(place(namespace, key))
	if i == nil {
		return nil, graphs.ErrNoItem
	}
	i.expires = s.now().Add(i.ttl)
	return new(i.copy()), nil
}

// Put implements [graphs.Store].
func (s *Store) Put(_ context.Context, p graphs.ItemPut) error {
	if err := graphs.CheckItem(p.Namespace, p.Key); err != nil {
		return err
	}
	value, err := json.Marshal(p.Value)
	if err != nil {
		return fmt.Errorf("value of %s: %w", p.Key, err)
	}
	if !bytes.HasPrefix(value, []byte("{")) {
		return fmt.Errorf("value of %s: %T is no object in JSON", p.Key, p.Value)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, now := place(p.Namespace, p.Key), s.now()
	next := &stored{ttl: p.TTL, expires: now.Add(p.TTL), Item: graphs.Item{
		Namespace: slices.Clone(p.Namespace), Key: p.Key, Value: value, CreatedAt: now, UpdatedAt: now,
	}}
	if old := s.alive(at); old != nil {
		next.CreatedAt = old.CreatedAt
	}
	if s.items == nil {
		s.items = map[string]*stored{}
	}
	s.items[at] = next
	return nil
}

// Delete implements [graphs.Store].
func (s *Store) Delete(_ context.Context, namespace []string, key string) error {
	if err := graphs.CheckNamespace(namespace); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, place(namespace, key))
	return nil
}

// Search implements [graphs.Store].
func (s *Store) Search(_ context.Context, q graphs.ItemSearch) ([]graphs.Item, error) {
	filter, err := graphs.ParseStoreFilter(q.Filter)
	if err != nil {
		return nil, err
	}
	if err := graphs.CheckNamespace(q.Prefix); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*stored
	for at := range s.items {
		if i := s.alive(at); i != nil && strings.HasPrefix(at, path(q.Prefix)) && filter.Match(i.Value) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *stored) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), strings.Compare(place(a.Namespace, a.Key), place(b.Namespace, b.Key)))
	})
	page := []graphs.Item{}
	for _, i := range window(found, q.Limit, q.Offset, 10) {
		if q.RefreshTTL == nil || *q.RefreshTTL {
			i.expires = s.now().Add(i.ttl)
		}
		page = append(page, i.copy())
	}
	return page, nil
}

// ListNamespaces implements [graphs.Store].
func (s *Store) ListNamespaces(_ context.Context, q graphs.NamespaceSearch) ([][]string, error) {
	for _, pattern := range [][]string{q.Prefix, q.Suffix} {
		if err := graphs.CheckNamespace(pattern); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string][]string{}
	for at := range s.items {
		if i := s.alive(at); i != nil && q.Matches(i.Namespace) {
			cut := q.Cut(i.Namespace)
			found[path(cut)] = slices.Clone(cut)
		}
	}
	list := make([][]string, 0, len(found))
	for _, ns := range found {
		list = append(list, ns)
	}
	slices.SortFunc(list, func(a, b []string) int { return strings.Compare(path(a), path(b)) })
	return window(list, q.Limit, q.Offset, 100), nil
}

func (i *stored) copy() graphs.Item {
	item := i.Item
	item.Namespace, item.Value = slices.Clone(i.Namespace), slices.Clone(i.Value)
	return item
}

// window is a page of a list.
func window[T any](list []T, limit, offset, usual int) []T {
	if limit == 0 {
		limit = usual
	}
	list = list[min(max(offset, 0), len(list)):]
	return list[:min(max(limit, 0), len(list))]
}
