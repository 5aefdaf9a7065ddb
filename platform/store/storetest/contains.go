package storetest

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

// containsSuite holds the search by metadata equal to [contains].
func containsSuite(t *testing.T, p *place) {
	rows := map[string]map[string]any{}
	all := Under(t, "all", authhooks.AllowAll)
	gen := objects(3)
	for seed := range 150 {
		doc := gen.Example(seed)
		row, err := p.db.Threads.Create(t.Context(), all.Threads(authhooks.Create), nil, store.ThreadNew{Metadata: doc})
		if err != nil {
			t.Fatalf("create %v: %v", doc, err)
		}
		rows[row.ID] = doc
	}
	search := all.Threads(authhooks.Search)
	rapid.Check(t, func(r *rapid.T) {
		query := objects(2).Draw(r, "query")
		if rapid.Bool().Draw(r, "part") { // random objects seldom meet: cut one out of a row
			id := rapid.SampledFrom(slices.Sorted(keysOf(rows))).Draw(r, "row")
			query, _ = part(r, rows[id]).(map[string]any)
		}
		text, err := json.Marshal(query)
		if err != nil {
			r.Fatal(err)
		}
		var want, got []string
		for id, doc := range rows {
			if contains(doc, query) {
				want = append(want, id)
			}
		}
		found, _, err := p.db.Threads.Search(t.Context(), search, store.ThreadQuery{Limit: 1000, Metadata: text})
		if err != nil {
			r.Fatalf("search %s: %v", text, err)
		}
		for _, row := range found {
			got = append(got, row.ID)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			r.Fatalf("%s: %d rows contain it, the search returns %d", text, len(want), len(got))
		}
	})
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// part returns something that v contains.
func part(r *rapid.T, v any) any {
	keep := rapid.Bool()
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, k := range slices.Sorted(keysOf(v)) {
			if keep.Draw(r, "keep") {
				out[k] = part(r, v[k])
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			if keep.Draw(r, "keep") {
				out = append(out, part(r, item))
			}
		}
		return out
	default:
		return v
	}
}

// contains reports whether JSON has contains want, as rest.md 1.5 says.
func contains(has, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		has, ok := has.(map[string]any)
		for k, v := range want {
			inner, there := has[k]
			ok = ok && there && contains(inner, v)
		}
		return ok
	case []any:
		has, ok := has.([]any)
		for _, v := range want {
			ok = ok && slices.ContainsFunc(has, func(item any) bool { return contains(item, v) })
		}
		return ok
	case nil:
		return has == nil
	}
	switch has.(type) {
	case nil, map[string]any, []any:
		return false
	}
	return has == want
}

func encoded(t testing.TB, v any) store.JSON {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decoded(t testing.TB, data store.JSON, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}
