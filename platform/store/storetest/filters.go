package storetest

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

// The words that random metadata and filters are made of: few, so that they often meet, and odd.
var (
	filterKeys = []string{"owner", "tenant_id", "a", "b.c", "d:e", "$.x", "-"}
	texts      = []string{"", "x", "1", "true", "null", "alice", "Alice", "é", "'; DROP TABLE threads --", `"`, `\`, "%", "[1]"}
	numbers    = []any{int64(0), int64(1), int64(-1), int64(math.MaxInt64), int64(1<<53 + 1), int64(1 << 53), 0.5, 1e300, -2.25, 1e21}
)

func scalars() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(rapid.SampledFrom(texts), func(s string) any { return s }),
		rapid.SampledFrom(numbers),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
}

// values are JSON of any kind.
func values(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{scalars(), scalars(), rapid.Just[any](nil)}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Map(rapid.SliceOfN(values(depth-1), 0, 3), func(s []any) any { return s }),
			rapid.Map(objects(depth-1), func(m map[string]any) any { return m }))
	}
	return rapid.OneOf(kinds...)
}

func objects(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(rapid.OneOf(rapid.SampledFrom(filterKeys), rapid.SampledFrom(texts)), values(depth), 0, 4)
}

// filters are valid filters over filterKeys.
func filters(depth int) *rapid.Generator[authhooks.Filter] {
	keys := rapid.SampledFrom(filterKeys)
	return rapid.Custom(func(t *rapid.T) authhooks.Filter {
		kinds := 7
		if depth > 0 {
			kinds = 10
		}
		k := keys.Draw(t, "key")
		several := func(least int) []any { return rapid.SliceOfN(scalars(), least, 3).Draw(t, "values") }
		child := func() authhooks.Filter { return filters(depth-1).Draw(t, "child") }
		switch rapid.IntRange(0, kinds-1).Draw(t, "op") {
		case 0, 1:
			return made(authhooks.OpEq, k, several(1)[:1])
		case 2:
			return made(authhooks.OpIn, k, several(0))
		case 3:
			return made(authhooks.OpContains, k, several(1))
		case 4:
			return made(authhooks.OpContainsAny, k, several(0))
		case 5:
			return authhooks.Exists(k)
		case 6:
			return authhooks.None()
		case 7:
			return authhooks.Not(child())
		case 8:
			return authhooks.And(child(), child())
		default:
			return authhooks.Or(child(), child())
		}
	})
}

// made builds a leaf whose values are of several types: for that, it is put together of those with one.
func made(op authhooks.Op, key string, values []any) authhooks.Filter {
	one := func(v any) authhooks.Filter {
		leaf := func(s string) authhooks.Filter { return authhooks.Eq(key, s) }
		switch v := v.(type) {
		case string:
			if op == authhooks.OpContains || op == authhooks.OpContainsAny {
				return authhooks.Contains(key, v)
			}
			return leaf(v)
		case bool:
			if op == authhooks.OpContains || op == authhooks.OpContainsAny {
				return authhooks.ContainsAny(key, v)
			}
			return authhooks.In(key, v)
		case int64:
			if op == authhooks.OpContains || op == authhooks.OpContainsAny {
				return authhooks.Contains(key, v, v)
			}
			return authhooks.In(key, v, v)
		default:
			f, _ := v.(float64)
			if op == authhooks.OpContains || op == authhooks.OpContainsAny {
				return authhooks.ContainsAny(key, f, f)
			}
			return authhooks.Eq(key, f)
		}
	}
	switch {
	case len(values) == 0 && op == authhooks.OpIn:
		return authhooks.In[string](key)
	case len(values) == 0:
		return authhooks.ContainsAny[string](key)
	}
	var all []authhooks.Filter
	for _, v := range values {
		all = append(all, one(v))
	}
	if op == authhooks.OpContains {
		return authhooks.And(all[0], all[1:]...)
	}
	return authhooks.Or(all[0], all[1:]...)
}

// stored brings a document into the form in which it is read back.
func stored(t rapid.TB, doc map[string]any) map[string]any {
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatalf("%v: %v", doc, err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

// filterSuite holds the statement equal to [authhooks.Filter.Match]: the rows that a search under the filter returns are those that match.
func filterSuite(t *testing.T, p *place) {
	rows := map[string]map[string]any{}
	make := Under(t, "maker", authhooks.AllowAll).Threads(authhooks.Create)
	add := func(doc map[string]any) {
		row, err := p.db.Threads.Create(t.Context(), make, nil, store.ThreadNew{Metadata: doc})
		if err != nil {
			t.Fatalf("create %v: %v", doc, err)
		}
		rows[row.ID] = doc
	}
	gen := objects(2)
	for seed := range 120 {
		add(gen.Example(seed))
	}
	for _, k := range filterKeys { // each key with each kind of value
		for _, v := range append(append([]any{nil, true, false, []any{}, []any{"x", int64(1)}, []any{[]any{"x"}}, map[string]any{"x": "x"}}, numbers...), "x", "1", "") {
			add(map[string]any{k: v})
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		f := filters(3).Draw(r, "filter")
		if f.Validate() != nil {
			r.Skip("invalid")
		}
		var want, got []string
		for id, doc := range rows {
			if f.Match(doc) {
				want = append(want, id)
			}
		}
		search := Under(t, "reader", Says(&f, nil)).Threads(authhooks.Search)
		found, total, err := p.db.Threads.Search(t.Context(), search, store.ThreadQuery{Limit: 1000})
		if err != nil {
			r.Fatalf("search: %v", err)
		}
		for _, row := range found {
			got = append(got, row.ID)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) || total != len(want) {
			for _, id := range want {
				if !slices.Contains(got, id) {
					r.Logf("misses %v", rows[id])
				}
			}
			for _, id := range got {
				if !slices.Contains(want, id) {
					r.Logf("LEAKS %v", rows[id])
				}
			}
			r.Fatalf("%+v: %d rows of %d match, the search returns %d", f.Node(), len(want), len(rows), len(got))
		}
	})
}
