package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
)

// historySuite holds the history that is searched by metadata equal to [contains], on pages of any size.
func historySuite(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	writer := p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), thread.ID)
	docs := map[string]map[string]any{}
	var newestFirst []string
	gen := objects(3)
	for seed := range 60 {
		doc := gen.Example(seed)
		cp := &graphs.Checkpoint{
			ID: uuid.Must(uuid.NewV6()).String(), Source: graphs.SourceUpdate, Step: seed % 7, CreatedAt: time.Now(), Metadata: map[string]json.RawMessage{},
		}
		seen := map[string]any{}
		for key, value := range doc {
			cp.Metadata[key], seen[key] = encoded(t, value), value
		}
		seen["source"], seen["step"], seen["parents"] = "update", float64(seed%7), map[string]any{}
		if seed%3 == 0 {
			cp.Source, cp.Parents = graphs.SourceFork, map[string]string{"": "x"}
			seen["source"], seen["parents"] = "fork", map[string]any{"": "x"}
		}
		is(t, writer.Put(t.Context(), graphs.Commit{Checkpoint: cp}), nil)
		docs[cp.ID] = seen
		newestFirst = append(newestFirst, cp.ID)
	}
	slices.Sort(newestFirst)
	slices.Reverse(newestFirst)
	reader := p.db.Checkpoints.Reader(b.who.Threads(authhooks.Read), thread.ID)
	rapid.Check(t, func(r *rapid.T) {
		query := objects(2).Draw(r, "query")
		if rapid.Bool().Draw(r, "part") {
			query, _ = part(r, docs[rapid.SampledFrom(newestFirst).Draw(r, "row")]).(map[string]any)
		}
		if rapid.IntRange(0, 4).Draw(r, "odd") == 0 {
			key := rapid.SampledFrom([]string{"source", "step", "parents"}).Draw(r, "key")
			query[key] = rapid.SampledFrom([]any{nil, "update", "fork", 3.0, 2.5, 1e300, true, "3", map[string]any{}, map[string]any{"": "x"}, []any{}}).Draw(r, "value")
		}
		limit, before := rapid.IntRange(0, 50).Draw(r, "limit"), ""
		if rapid.Bool().Draw(r, "from") {
			before = rapid.SampledFrom(newestFirst).Draw(r, "before")
		}
		q := graphs.ListQuery{Limit: limit, Before: before, Metadata: map[string]json.RawMessage{}}
		for key, value := range query {
			q.Metadata[key] = encoded(t, value)
		}
		var want, got []string
		for _, id := range newestFirst {
			if (before == "" || id < before) && contains(docs[id], query) && (limit == 0 || len(want) < limit) {
				want = append(want, id)
			}
		}
		for saved, err := range reader.List(t.Context(), q) {
			if err != nil {
				r.Fatalf("%v: %v", query, err)
			}
			got = append(got, saved.ID)
		}
		if !slices.Equal(want, got) {
			r.Fatalf("%v, limit %d: want %d states, got %d", query, limit, len(want), len(got))
		}
	})
}
