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
	filterKeys = []string{"owner", "tenant_id", "a", "b.c", "d:e", "f", "-"}
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

// filters are the JSON forms of valid filters over filterKeys.
func filters(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		key := rapid.SampledFrom(filterKeys).Draw(t, "key")
		values := func(least int) []any { return rapid.SliceOfN(scalars(), least, 4).Draw(t, "values") }
		child := func() map[string]any { return filters(depth-1).Draw(t, "child") }
		last := 6
		if depth > 0 {
			last = 10
		}
		switch rapid.IntRange(0, last).Draw(t, "kind") {
		case 0, 1:
			return map[string]any{key: map[string]any{"$eq": scalars().Draw(t, "value")}}
		case 2:
			return map[string]any{key: map[string]any{"$in": values(0)}}
		case 3:
			return map[string]any{key: map[string]any{"$contains": values(1)}}
		case 4:
			return map[string]any{key: map[string]any{"$containsAny": values(0)}}
		case 5:
			return map[string]any{key: map[string]any{"$exists": true}}
		case 6:
			return map[string]any{"$none": true}
		case 7, 8:
			return map[string]any{"$not": child()}
		case 9:
			return map[string]any{"$and": []any{child(), child()}}
		default:
			return map[string]any{"$or": []any{child(), child()}}
		}
	})
}

// parse reads a filter of [filters].
func parse(t rapid.TB, form map[string]any) authhooks.Filter {
	t.Helper()
	text, err := json.Marshal(form)
	if err != nil {
		t.Fatalf("%v: %v", form, err)
	}
	f, err := authhooks.ParseFilter(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
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
		f := parse(r, filters(4).Draw(r, "filter"))
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
			r.Fatalf("%s: %d rows of %d match, the search returns %d", f, len(want), len(rows), len(got))
		}
	})
}
