package items_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/itemtest"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/items"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// databases runs a test on each database.
func databases(t *testing.T, test func(t *testing.T, backend storetest.Backend)) {
	t.Helper()
	for name, backend := range map[string]storetest.Backend{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, backend)
		})
	}
}

// open makes Items behind hooks; auth may be nil.
func open(t *testing.T, backend storetest.Backend, auth *authhooks.Auth, change func(*items.Config)) *items.Items {
	t.Helper()
	guard, err := access.New(access.Config{Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	cfg := items.Config{Rows: storetest.Open(t, backend(t)).Items, Guard: guard}
	if change != nil {
		change(&cfg)
	}
	return items.New(cfg)
}

func hooks(rules ...authhooks.Rule) *authhooks.Auth {
	return authhooks.New(func(context.Context, *authhooks.Request) (*authhooks.User, error) { return nil, nil }, rules...)
}

// as returns the store of a user.
func as(all *items.Items, identity string) graphs.Store {
	return all.For(access.Caller{User: &authhooks.User{Identity: identity}, Origin: authhooks.OriginWorker})
}

func caller() access.Caller { return access.Caller{Origin: authhooks.OriginWorker} }

func put(t *testing.T, s graphs.Store, namespace, key string, value any) {
	t.Helper()
	if err := s.Put(t.Context(), graphs.ItemPut{Namespace: split(namespace), Key: key, Value: value}); err != nil {
		t.Fatalf("put %s %s: %v", namespace, key, err)
	}
}

func split(namespace string) []string {
	if namespace == "" {
		return nil
	}
	return strings.Split(namespace, ".")
}

// value returns an item's value, or the error.
func value(t *testing.T, s graphs.Store, namespace, key string) string {
	t.Helper()
	item, err := s.Get(t.Context(), split(namespace), key)
	if err != nil {
		return err.Error()
	}
	var doc any
	if err := item.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func find(t *testing.T, s graphs.Store, q graphs.ItemSearch) string {
	t.Helper()
	list, err := s.Search(t.Context(), q)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, i := range list {
		out = append(out, strings.Join(i.Namespace, ".")+"/"+i.Key)
	}
	return strings.Join(out, " ")
}

func spaces(t *testing.T, s graphs.Store, q graphs.NamespaceSearch) string {
	t.Helper()
	list, err := s.ListNamespaces(t.Context(), q)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, ns := range list {
		out = append(out, strings.Join(ns, "."))
	}
	return strings.Join(out, " ")
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// forbidden fails unless err is a 403.
func forbidden(t *testing.T, what string, err error) string {
	t.Helper()
	var answer *authhooks.Error
	if !errors.As(err, &answer) || answer.Status != http.StatusForbidden {
		t.Errorf("%s: error %v, want 403", what, err)
		return ""
	}
	return answer.Detail
}

var missing = graphs.ErrNoItem.Error()

func TestStore(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		itemtest.Run(t, func(t *testing.T, now func() time.Time) graphs.Store {
			guard, err := access.New(access.Config{})
			if err != nil {
				t.Fatal(err)
			}
			config := backend(t)
			config.Now = now
			return items.New(items.Config{Rows: storetest.Open(t, config).Items, Guard: guard}).For(access.Caller{})
		})
	})
}

func TestLivesByConfiguration(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	clocked := func(t testing.TB) store.Config {
		config := storetest.SQLite(t)
		config.Now = func() time.Time { return now }
		return config
	}
	all := open(t, clocked, nil, func(c *items.Config) { c.TTL, c.KeepTTL = time.Minute, true }).For(access.Caller{})
	put(t, all, "a", "default", map[string]any{})
	if err := all.Put(t.Context(), graphs.ItemPut{Namespace: split("a"), Key: "own", Value: map[string]any{}, TTL: time.Hour}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(59 * time.Second)
	same(t, "read in time", `{}`, value(t, all, "a", "default"))
	now = now.Add(time.Second)
	same(t, "reading added nothing", missing, value(t, all, "a", "default"))
	same(t, "its own life", "a/own", find(t, all, graphs.ItemSearch{RefreshTTL: new(true)}))
	now = now.Add(time.Hour - time.Second)
	same(t, "begun anew since the search asked for it", "a/own", find(t, all, graphs.ItemSearch{}))
}

// TestLargestFilters are as much as the parser lets through: every database has to take it.
func TestLargestFilters(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := as(open(t, backend, nil, nil), "alice")
		var deep any = map[string]any{"$gte": 1}
		for range 10 {
			deep = map[string]any{"k": deep}
		}
		wide, list := map[string]any{}, make([]any, 100)
		for i := range 100 {
			wide[fmt.Sprint("k", i)], list[i] = map[string]any{"$ne": "x"}, i
		}
		nested := map[string]any{"k": 1}
		for range 10 {
			nested = map[string]any{"k": nested}
		}
		for name, test := range map[string]struct{ filter, value map[string]any }{
			"deep":   {map[string]any{"k": deep}, nested},
			"list":   {map[string]any{"k": list}, map[string]any{"k": list}},
			"object": {map[string]any{"k": map[string]any{"$eq": map[string]any{"k": list}}}, map[string]any{"k": map[string]any{"k": list}}},
		} {
			put(t, all, "a", name, test.value)
			same(t, name, "a/"+name, find(t, all, graphs.ItemSearch{Filter: test.filter}))
		}
		same(t, "wide", "filter: more than 128 terms or 12 levels", find(t, all, graphs.ItemSearch{Filter: wide}))
		for i := 60; i < 100; i++ {
			delete(wide, fmt.Sprint("k", i))
		}
		same(t, "less wide", "", find(t, all, graphs.ItemSearch{Filter: wide}))
	})
}
