package sdk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/locutory/locutory/platform/wire"
)

// ErrNoItem is an item that is not there, or that the caller may not see.
var ErrNoItem = errors.New("sdk: no such item")

// Store keeps JSON objects for longer than a thread lives: under keys, in namespaces, which are paths of labels.
type Store struct{ client *Client }

// Put makes an item, or replaces the value of one as a whole.
// It is PUT /store/items (rest.md §7).
func (s *Store) Put(ctx context.Context, in ItemPut) error {
	return s.client.call(ctx, http.MethodPut, "/store/items", in, nil)
}

// Get returns an item, or [ErrNoItem].
// It is GET /store/items (rest.md §7).
func (s *Store) Get(ctx context.Context, namespace []string, key string) (*Item, error) {
	return s.get(ctx, namespace, key, url.Values{})
}

// Read is [Store.Get] with a say in whether the item's life begins anew.
// It is GET /store/items (rest.md §7).
func (s *Store) Read(ctx context.Context, namespace []string, key string, refreshTTL bool) (*Item, error) {
	return s.get(ctx, namespace, key, url.Values{"refresh_ttl": {strconv.FormatBool(refreshTTL)}})
}

func (s *Store) get(ctx context.Context, namespace []string, key string, query url.Values) (*Item, error) {
	for _, label := range namespace { // they are joined by periods
		if label == "" || strings.Contains(label, ".") {
			return nil, fmt.Errorf("sdk: %q is no label of a namespace: it is empty or has a period", label)
		}
	}
	query.Set("namespace", strings.Join(namespace, "."))
	query.Set("key", key)
	var item *Item
	if err := s.client.call(ctx, http.MethodGet, "/store/items?"+query.Encode(), nil, &item); err != nil {
		return nil, err
	}
	if item == nil {
		return nil, ErrNoItem
	}
	return item, nil
}

// Delete removes an item. One that is not there is no error.
// It is DELETE /store/items (rest.md §7).
func (s *Store) Delete(ctx context.Context, namespace []string, key string) error {
	return s.client.call(ctx, http.MethodDelete, "/store/items", wire.ItemDelete{Namespace: namespace, Key: key}, nil)
}

// Search returns a page of the items of a namespace and of those below it: the last changed first or, with a Query on a server that
// is configured for it, the nearest in meaning.
// It is POST /store/items/search (rest.md §7).
func (s *Store) Search(ctx context.Context, in ItemSearch) ([]FoundItem, error) {
	page, err := fetch[wire.ItemPage](ctx, s.client, http.MethodPost, "/store/items/search", in)
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}

// Namespaces returns a page of the namespaces that have items, ascending.
// It is POST /store/namespaces (rest.md §7).
func (s *Store) Namespaces(ctx context.Context, in NamespaceSearch) ([][]string, error) {
	page, err := fetch[wire.NamespacePage](ctx, s.client, http.MethodPost, "/store/namespaces", in)
	if err != nil {
		return nil, err
	}
	return page.Namespaces, nil
}
