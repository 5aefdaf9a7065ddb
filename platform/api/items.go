package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/wire"
)

// putItem answers PUT /store/items (rest.md §7).
func (s *Server) putItem(ctx context.Context, c *call) error {
	var in wire.ItemPut
	if err := body(c, &in); err != nil {
		return err
	}
	err := s.Items.Put(ctx, graphs.ItemPut{
		Namespace: in.Namespace, Key: in.Key, Value: in.Value, TTL: in.TTL.Duration(), Index: in.Index.Fields, NoIndex: in.Index.Off,
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// getItem answers GET /store/items: null for an item that is not there or not the caller's to see (H-18).
func (s *Server) getItem(ctx context.Context, c *call) error {
	key := c.gin.Query("key")
	if key == "" {
		return refuse(http.StatusUnprocessableEntity, "key is required")
	}
	refresh, err := c.choice("refresh_ttl")
	if err != nil {
		return err
	}
	item, err := s.Items.Read(ctx, c.namespace(), key, refresh)
	if errors.Is(err, graphs.ErrNoItem) {
		return c.json(http.StatusOK, nil)
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wireItem(*item))
}

// namespace reads the parameter of the same name: labels joined by periods, or repeated, one label each.
func (c *call) namespace() []string {
	labels := c.gin.QueryArray("namespace")
	if len(labels) != 1 {
		return labels
	}
	if labels[0] == "" {
		return nil
	}
	return strings.Split(labels[0], ".")
}

// choice reads a query parameter that says yes or no; nil when it is not there.
func (c *call) choice(name string) (*bool, error) {
	var yes bool
	switch text := c.gin.Query(name); strings.ToLower(text) {
	case "", "null", "none":
		return nil, nil
	case "1", "true", "yes":
		yes = true
	case "0", "false", "no":
	default:
		return nil, refuse(http.StatusUnprocessableEntity, "%s: want true or false, got %q", name, text)
	}
	return &yes, nil
}

// deleteItem answers DELETE /store/items, whose body names the item. One that is not there, or not the caller's, is 204, too.
func (s *Server) deleteItem(ctx context.Context, c *call) error {
	var in wire.ItemDelete
	if err := body(c, &in); err != nil {
		return err
	}
	if err := s.Items.Delete(ctx, in.Namespace, in.Key); err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// searchItems answers POST /store/items/search.
func (s *Server) searchItems(ctx context.Context, c *call) error {
	var in wire.ItemSearch
	if err := body(c, &in); err != nil {
		return err
	}
	found, err := s.Items.Search(ctx, graphs.ItemSearch{
		Prefix: in.NamespacePrefix, Filter: in.Filter, Query: in.Query,
		Limit: in.Limit.Or(10), Offset: int(in.Offset), RefreshTTL: in.RefreshTTL,
	})
	if err != nil {
		return err
	}
	page := wire.ItemPage{Items: make([]wire.FoundItem, len(found))}
	for i, item := range found {
		page.Items[i] = wire.FoundItem{Item: wireItem(item), Score: item.Score}
	}
	return c.json(http.StatusOK, page)
}

// listNamespaces answers POST /store/namespaces.
func (s *Server) listNamespaces(ctx context.Context, c *call) error {
	var in wire.NamespaceSearch
	if err := body(c, &in); err != nil {
		return err
	}
	list, err := s.Items.ListNamespaces(ctx, graphs.NamespaceSearch{
		Prefix: in.Prefix, Suffix: in.Suffix, MaxDepth: in.MaxDepth, Limit: in.Limit.Or(100), Offset: int(in.Offset),
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.NamespacePage{Namespaces: list})
}

func wireItem(i graphs.Item) wire.Item {
	return wire.Item{
		Namespace: i.Namespace, Key: i.Key, Value: i.Value, CreatedAt: wire.At(i.CreatedAt), UpdatedAt: wire.At(i.UpdatedAt),
	}
}
