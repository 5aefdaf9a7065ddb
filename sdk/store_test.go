package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

// What a user likes is kept for all of his threads.
func ExampleStore() {
	server := httptest.NewServer(shelf())
	defer server.Close()
	if err := remember(context.Background(), server.URL); err != nil {
		log.Panic(err)
	}
	// Output:
	// red
	// prefs color
	// [[prefs]]
}

func remember(ctx context.Context, url string) error {
	client, err := sdk.New(sdk.Config{URL: url, Token: "user1-token"})
	if err != nil {
		return err
	}
	store, namespace := client.Store, []string{"prefs"}
	err = store.Put(ctx, sdk.ItemPut{Namespace: namespace, Key: "color", Value: sdk.Object{"name": "red"}, TTL: 60 * 24})
	if err != nil {
		return err
	}
	item, err := store.Get(ctx, namespace, "color")
	if errors.Is(err, sdk.ErrNoItem) {
		return nil // it has expired already
	} else if err != nil {
		return err
	}
	var color struct{ Name string }
	if err := json.Unmarshal(item.Value, &color); err != nil {
		return err
	}
	fmt.Println(color.Name)

	found, err := store.Search(ctx, sdk.ItemSearch{NamespacePrefix: namespace, Filter: sdk.Object{"name": "red"}})
	if err != nil {
		return err
	}
	for _, item := range found {
		fmt.Println(item.Namespace[0], item.Key)
	}
	all, err := store.Namespaces(ctx, sdk.NamespaceSearch{MaxDepth: 1})
	if err != nil {
		return err
	}
	fmt.Println(all)
	return store.Delete(ctx, namespace, "color")
}

// shelf is a server with one item.
func shelf() http.Handler {
	mux := http.NewServeMux()
	say := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	item := `{"namespace":["prefs"],"key":"color","value":{"name":"red"},"created_at":"2030-01-02T03:04:05.000000+00:00","updated_at":"2030-01-02T03:04:05.000000+00:00"}`
	mux.HandleFunc("PUT /store/items", say(""))
	mux.HandleFunc("GET /store/items", say(item))
	mux.HandleFunc("DELETE /store/items", say(""))
	mux.HandleFunc("POST /store/items/search", say(`{"items":[`+item+`]}`))
	mux.HandleFunc("POST /store/namespaces", say(`{"namespaces":[["prefs"]]}`))
	return mux
}

func TestStoreCalls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call    func(s *sdk.Store) error
		answer  string
		request string
	}{
		"put": {func(s *sdk.Store) error {
			return s.Put(t.Context(), sdk.ItemPut{Namespace: []string{"a", "b"}, Key: "k", Value: sdk.Object{"n": 1}, TTL: 1.5, Index: sdk.ItemIndex{Off: true}})
		}, "", `PUT /store/items {"namespace":["a","b"],"key":"k","value":{"n":1},"index":false,"ttl":1.5}`},
		"put as configured": {func(s *sdk.Store) error {
			return s.Put(t.Context(), sdk.ItemPut{Namespace: []string{"a"}, Key: "k", Value: sdk.Object{}})
		}, "", `PUT /store/items {"namespace":["a"],"key":"k","value":{}}`},
		"get": {func(s *sdk.Store) error {
			item, err := s.Get(t.Context(), []string{"a", "b c"}, "k/&")
			return want(err, item.Key, "k/&")
		}, `{"key":"k/&"}`, "GET /store/items?key=k%2F%26&namespace=a.b+c "},
		"get what is not there": {func(s *sdk.Store) error {
			item, err := s.Get(t.Context(), nil, "k")
			if item != nil || !errors.Is(err, sdk.ErrNoItem) {
				return fmt.Errorf("%v, %w", item, err)
			}
			return nil
		}, "null", "GET /store/items?key=k&namespace= "},
		"read": {func(s *sdk.Store) error {
			_, err := s.Read(t.Context(), []string{"a"}, "k", false)
			return err
		}, `{}`, "GET /store/items?key=k&namespace=a&refresh_ttl=false "},
		"delete": {func(s *sdk.Store) error { return s.Delete(t.Context(), []string{"a"}, "k") }, "", `DELETE /store/items {"namespace":["a"],"key":"k"}`},
		"search": {func(s *sdk.Store) error {
			page, err := s.Search(t.Context(), sdk.ItemSearch{NamespacePrefix: []string{"a"}, Query: "q", RefreshTTL: new(false), Limit: 3})
			return want(err, *page[0].Score, 0.5)
		}, `{"items":[{"key":"k","score":0.5}]}`, `POST /store/items/search {"namespace_prefix":["a"],"limit":3,"query":"q","refresh_ttl":false}`},
		"namespaces": {func(s *sdk.Store) error {
			page, err := s.Namespaces(t.Context(), sdk.NamespaceSearch{Prefix: []string{"*"}, Suffix: []string{"b"}, MaxDepth: 2, Offset: 1})
			return want(err, fmt.Sprint(page), "[[a b]]")
		}, `{"namespaces":[["a","b"]]}`, `POST /store/namespaces {"prefix":["*"],"suffix":["b"],"max_depth":2,"offset":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.mux.HandleFunc("/", answer(200, test.answer))
			c, _ := s.client(sdk.Config{})
			if err := test.call(c.Store); err != nil {
				t.Fatal(err)
			}
			sent := s.got()
			if len(sent) != 1 {
				t.Fatalf("sent %d requests", len(sent))
			}
			if diff := cmp.Diff(test.request, sent[0].Method+" "+sent[0].URI+" "+sent[0].Body); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	s := newServer(t)
	c, _ := s.client(sdk.Config{})
	for _, label := range []string{"", "a.b"} {
		if _, err := c.Store.Get(t.Context(), []string{"x", label}, "k"); err == nil || len(s.got()) > 0 {
			t.Errorf("the label %q was sent", label)
		}
	}
}
