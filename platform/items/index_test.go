package items_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/items"
	"github.com/locutory/locutory/platform/store/storetest"
	"github.com/locutory/locutory/platform/wire"
)

// words embeds a text as how often it has each of a few words. It remembers what it was asked to embed.
type words struct {
	asked []string
	err   error
}

var vocabulary = []string{"cat", "dog", "car"}

func (w *words) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	v := make([]float32, len(vocabulary))
	for i, word := range vocabulary {
		v[i] = float32(strings.Count(text, word))
	}
	return v, w.err
}

func (w *words) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	w.asked = append(w.asked, texts...)
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i], _ = w.EmbedQuery(ctx, text)
	}
	return out, w.err
}

func indexed(w *words, dims int, fields ...string) func(*items.Config) {
	return func(c *items.Config) { c.Index = &items.Index{Embedder: w, Dims: dims, Fields: fields} }
}

func TestSearchByMeaning(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(authhooks.On(authhooks.Any, authhooks.Any, owner)), indexed(&words{}, 3, "text"))
		alice, bob := as(all, "alice"), as(all, "bob")
		put(t, alice, "a", "cats", map[string]any{"text": "cat cat", "n": 1})
		put(t, alice, "a", "pets", map[string]any{"text": "cat dog", "n": 2})
		put(t, alice, "a", "cars", map[string]any{"text": "car", "title": "cat", "n": 3})
		put(t, bob, "a", "bobs", map[string]any{"text": "cat"})
		for key, p := range map[string]graphs.ItemPut{
			"hidden": {NoIndex: true, Value: map[string]any{"text": "cat"}},
			"titled": {Index: []string{"title"}, Value: map[string]any{"text": "cat", "title": "dog"}},
			"silent": {Value: map[string]any{"other": "cat"}},
		} {
			p.Namespace, p.Key = split("b"), key
			if err := alice.Put(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "cat", "a/cats a/pets a/cars b/titled", find(t, alice, graphs.ItemSearch{Query: "cat"}))
		same(t, "dog", "b/titled a/pets", find(t, alice, graphs.ItemSearch{Query: "dog", Limit: 2}))
		same(t, "in a namespace", "a/pets a/cars a/cats", find(t, alice, graphs.ItemSearch{Query: "dog", Prefix: split("a")}))
		same(t, "under a filter", "a/pets a/cars", find(t, alice, graphs.ItemSearch{Query: "cat", Filter: map[string]any{"n": map[string]any{"$gt": 1}}}))
		same(t, "bob", "a/bobs", find(t, bob, graphs.ItemSearch{Query: "cat"}))
		list, err := alice.Search(t.Context(), graphs.ItemSearch{Query: "cat", Limit: 1})
		if err != nil || list[0].Score == nil || *list[0].Score < 0.999 {
			t.Errorf("%+v, %v; want a score of 1", list, err)
		}
		same(t, "without a query", "b/silent", find(t, alice, graphs.ItemSearch{Filter: map[string]any{"other": "cat"}}))
	})
}

func TestFields(t *testing.T) {
	t.Parallel()
	value := map[string]any{
		"text": "cat", "n": 7, "none": nil, "meta": map[string]any{"title": "dog", "deep": map[string]any{"x": "y"}},
		"pages": []any{map[string]any{"text": "one"}, map[string]any{"text": "two"}, map[string]any{"other": "x"}}, "tags": []any{"a", "b", "a"},
		"grid": []any{[]any{"p", "q"}, []any{"r"}},
	}
	for field, want := range map[string][]string{
		"text": {"cat"}, "n": {"7"}, "none": nil, "nothing": nil, "meta.title": {"dog"}, "$.meta.title": {"dog"}, "meta.deep": {`{"x":"y"}`},
		"pages[*].text": {"one", "two"}, "pages[1].text": {"two"}, "pages[9].text": nil, "tags[*]": {"a", "b"}, "tags[2]": {"a"},
		"tags": {`["a","b","a"]`}, "grid[*][*]": {"p", "q", "r"}, "grid[0][1]": {"q"}, "text.x": nil, "text[0]": nil,
		"$": {`{"grid":[["p","q"],["r"]],"meta":{"deep":{"x":"y"},"title":"dog"},"n":7,"none":null,"pages":[{"text":"one"},{"text":"two"},{"other":"x"}],"tags":["a","b","a"],"text":"cat"}`},
	} {
		w := &words{}
		all := open(t, storetest.SQLite, nil, indexed(w, 3, field))
		put(t, all.For(caller()), "a", "k", value)
		if diff := cmp.Diff(want, w.asked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
	all := open(t, storetest.SQLite, nil, indexed(&words{}, 3)).For(caller())
	for _, field := range []string{"", "a[", "a[x]", "a[-1]", "a.[0", "a]b["} {
		err := all.Put(t.Context(), graphs.ItemPut{Namespace: split("a"), Key: "k", Value: value, Index: []string{field}})
		if _, ok := errors.AsType[*wire.BodyError](err); !ok {
			t.Errorf("%q: error %v, want one for the client", field, err)
		}
	}
	many := make([]any, 300)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	err := all.Put(t.Context(), graphs.ItemPut{Namespace: split("a"), Key: "k", Value: map[string]any{"many": many}, Index: []string{"many[*]"}})
	if _, ok := errors.AsType[*wire.BodyError](err); !ok {
		t.Errorf("300 texts: error %v, want one for the client", err)
	}
}

func TestEmbedderFailures(t *testing.T) {
	t.Parallel()
	down := errors.New("the model is down")
	all := open(t, storetest.SQLite, nil, indexed(&words{err: down}, 3))
	if err := all.For(caller()).Put(t.Context(), graphs.ItemPut{Namespace: split("a"), Key: "k", Value: map[string]any{"a": 1}}); !errors.Is(err, down) {
		t.Errorf("put: error %v", err)
	}
	if _, err := all.For(caller()).Search(t.Context(), graphs.ItemSearch{Query: "q"}); !errors.Is(err, down) {
		t.Errorf("search: error %v", err)
	}
	same(t, "nothing is stored that cannot be found", "", find(t, all.For(caller()), graphs.ItemSearch{}))
	index := items.Index{Embedder: &words{}, Dims: 4}
	if err := index.Check(t.Context()); err == nil || err.Error() != "store.index.dims is 4, but the embedder makes vectors of 3" {
		t.Errorf("check: %v", err)
	}
	index.Dims = 3
	if err := index.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
}
