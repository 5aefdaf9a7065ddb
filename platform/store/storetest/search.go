package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

// searchSuite makes 25 threads of alice, numbered by n, and 3 of bob.
func searchSuite(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	var ids []string
	for n := range 25 {
		ids = append(ids, p.thread(t, alice, map[string]any{
			"n": n, "even": n%2 == 0, "tags": []any{"all", fmt.Sprint(n)}, "deep": map[string]any{"x": map[string]any{"y": n, "z": nil}},
		}).ID)
	}
	for range 3 {
		p.thread(t, bob, map[string]any{"n": 1})
	}
	p.exec(t, `INSERT INTO thread_values (thread_id, "values") VALUES ('`+ids[3]+`', '{"messages": [{"type": "ai", "text": "hi"}]}')`)
	p.exec(t, `UPDATE threads SET status = 'busy' WHERE id IN ('`+ids[4]+`', '`+ids[5]+`')`)
	newest := slices.Clone(ids)
	slices.Reverse(newest)

	type query = store.ThreadQuery
	for name, test := range map[string]struct {
		query query
		ids   []string
		total int
	}{
		"default: ten, newest first":         {query{}, newest[:10], 25},
		"second page":                        {query{Limit: 10, Offset: 10}, newest[10:20], 25},
		"last page":                          {query{Limit: 10, Offset: 20}, newest[20:], 25},
		"exactly full":                       {query{Limit: 25}, newest, 25},
		"beyond the end":                     {query{Limit: 10, Offset: 30}, nil, 25},
		"oldest first":                       {query{Limit: 3, SortBy: "created_at", SortOrder: "asc"}, ids[:3], 25},
		"by id":                              {query{Limit: 3, SortBy: "thread_id", SortOrder: "asc"}, slices.Sorted(slices.Values(ids))[:3], 25},
		"metadata number":                    {query{Metadata: store.JSON(`{"n": 1}`)}, ids[1:2], 1},
		"metadata number, written otherwise": {query{Metadata: store.JSON(`{"n": 1.0}`)}, ids[1:2], 1},
		"metadata text is no number":         {query{Metadata: store.JSON(`{"n": "1"}`)}, nil, 0},
		"metadata true is not 1":             {query{Metadata: store.JSON(`{"n": true}`)}, nil, 0},
		"metadata array":                     {query{Metadata: store.JSON(`{"tags": ["3"]}`)}, ids[3:4], 1},
		"metadata array, bare item":          {query{Metadata: store.JSON(`{"tags": "3"}`)}, nil, 0},
		"metadata nested":                    {query{Metadata: store.JSON(`{"deep": {"x": {"y": 7}}}`)}, ids[7:8], 1},
		"metadata null":                      {query{Limit: 1, Metadata: store.JSON(`{"deep": {"x": {"z": null}}}`)}, newest[:1], 25},
		"metadata missing":                   {query{Metadata: store.JSON(`{"missing": null}`)}, nil, 0},
		"metadata empty":                     {query{Limit: 1, Metadata: store.JSON(`{}`)}, newest[:1], 25},
		"someone else's owner":               {query{Metadata: store.JSON(`{"owner": "bob"}`)}, nil, 0},
		"values":                             {query{Values: store.JSON(`{"messages": [{"type": "ai"}]}`)}, ids[3:4], 1},
		"values of nothing":                  {query{Values: store.JSON(`{"messages": [{"type": "human"}]}`)}, nil, 0},
		"status":                             {query{Status: "busy"}, []string{ids[5], ids[4]}, 2},
		"ids":                                {query{IDs: []string{ids[2], uuid.NewString(), "x", ids[9]}}, []string{ids[9], ids[2]}, 2},
		"no ids":                             {query{IDs: []string{}}, nil, 0},
		"no UUID":                            {query{IDs: []string{"x' OR 1=1 --"}}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, total, err := p.db.Threads.Search(t.Context(), alice.Threads(authhooks.Search), test.query)
			is(t, err, nil)
			var got []string
			for _, row := range rows {
				got = append(got, row.ID)
			}
			same(t, "ids", test.ids, got)
			same(t, "total", test.total, total)
			n, err := p.db.Threads.Count(t.Context(), alice.Threads(authhooks.Search), test.query)
			is(t, err, nil)
			same(t, "count", test.total, n)
		})
	}
	t.Run("values on request", func(t *testing.T) {
		t.Parallel()
		for _, with := range []bool{true, false} {
			rows, _, err := p.db.Threads.Search(t.Context(), alice.Threads(authhooks.Search), query{IDs: ids[3:4], WithValues: with})
			is(t, err, nil)
			if got := rows[0].Values != nil; got != with {
				t.Errorf("values %v, want %v", got, with)
			}
		}
	})
	t.Run("beyond ten thousand", func(t *testing.T) {
		t.Parallel()
		p.many(t, "carol", 10_010)
		carol := Owner(t, "carol")
		for offset, want := range map[int]struct{ rows, total int }{
			0: {10, 11}, 10: {10, 21}, 9_999: {10, 10_010}, 10_000: {10, 10_010}, 10_005: {5, 10_010}, 10_010: {0, 10_010}, 50_000: {0, 10_010},
		} {
			rows, total, err := p.db.Threads.Search(t.Context(), carol.Threads(authhooks.Search), query{Limit: 10, Offset: offset})
			is(t, err, nil)
			same(t, fmt.Sprint("rows from ", offset), want.rows, len(rows))
			same(t, fmt.Sprint("total from ", offset), want.total, total)
		}
		n, err := p.db.Threads.Count(t.Context(), carol.Threads(authhooks.Search), query{})
		is(t, err, nil)
		same(t, "count", 10_010, n)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		for _, q := range []query{
			{SortBy: "metadata"}, {SortOrder: "random()"}, {Metadata: store.JSON(`[]`)}, {Metadata: store.JSON(`{`)}, {Metadata: nested(40)},
		} {
			if _, _, err := p.db.Threads.Search(t.Context(), alice.Threads(authhooks.Search), q); !errors.Is(err, store.ErrQuery) {
				t.Errorf("%+v: error %v, want ErrQuery", q, err)
			}
		}
	})
}

// many makes n threads of an owner at once.
func (p *place) many(t *testing.T, owner string, n int) {
	t.Helper()
	id, now := "printf('%08x-0000-4000-8000-000000000000', i)", "i"
	if p.db.Dialect() == store.Postgres {
		id, now = "gen_random_uuid()", "now()"
	}
	p.exec(t, fmt.Sprintf(`WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %d)
		INSERT INTO threads (id, metadata, created_at, updated_at, state_updated_at)
		SELECT %s, '{"owner": "%s"}', %s, %s, %s FROM numbers`, n, id, owner, now, now, now))
}

// nested is an object of that many levels.
func nested(depth int) store.JSON {
	out := `1`
	for range depth {
		out = `{"a":` + out + `}`
	}
	return store.JSON(out)
}
