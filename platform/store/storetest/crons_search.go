package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// cronSearchSuite makes five crons of alice, three of them on a thread, one disabled, and some of bob.
func cronSearchSuite(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	thread := p.thread(t, alice.who, nil)
	other := p.assistant(t, alice.who, store.AssistantNew{GraphID: "agent"})
	var ids []string
	for i, n := range []store.CronNew{
		{},
		{ThreadID: thread.ID, EndTime: noon.Add(2 * time.Hour)},
		{ThreadID: thread.ID, EndTime: noon.Add(time.Hour)},
		{ThreadID: thread.ID, AssistantID: other.ID},
		{},
	} {
		n.Metadata = map[string]any{"n": i}
		ids = append(ids, alice.cron(t, n).ID)
	}
	off, on := false, true
	_, err := alice.patchCron(t, ids[4], store.CronPatch{Enabled: &off})
	is(t, err, nil)
	_, err = alice.patchCron(t, ids[0], store.CronPatch{})
	is(t, err, nil)
	bob.cron(t, store.CronNew{})
	bob.cron(t, store.CronNew{ThreadID: p.thread(t, bob.who, nil).ID})
	at := func(positions ...int) []string {
		var out []string
		for _, i := range positions {
			out = append(out, ids[i])
		}
		return out
	}
	type query = store.CronQuery
	for name, test := range map[string]struct {
		query query
		ids   []string
		total int
	}{
		"newest first":      {query{}, at(4, 3, 2, 1, 0), 5},
		"a page":            {query{Limit: 2, Offset: 2}, at(2, 1), 5},
		"oldest first":      {query{Limit: 2, SortOrder: "asc"}, at(0, 1), 5},
		"by id":             {query{SortBy: "cron_id", SortOrder: "asc"}, slices.Sorted(slices.Values(ids)), 5},
		"assistant":         {query{AssistantID: other.ID}, at(3), 1},
		"thread":            {query{ThreadID: thread.ID}, at(3, 2, 1), 3},
		"enabled":           {query{Enabled: &on}, at(3, 2, 1, 0), 4},
		"disabled":          {query{Enabled: &off}, at(4), 1},
		"metadata":          {query{Metadata: store.JSON(`{"n": 2}`)}, at(2), 1},
		"bob's":             {query{Metadata: store.JSON(`{"owner": "bob"}`)}, nil, 0},
		"no such assistant": {query{AssistantID: uuid.NewString()}, nil, 0},
		"no id":             {query{AssistantID: "agent"}, nil, 0},
		"no thread's id":    {query{ThreadID: "'"}, nil, 0},
		"soonest first":     {query{SortBy: "next_run_date", SortOrder: "asc", Limit: 5, ThreadID: thread.ID}, at(3, 2, 1), 3},
		"never is last":     {query{SortBy: "next_run_date", Limit: 1}, at(0), 5},
		"first end first":   {query{SortBy: "end_time", SortOrder: "asc", Limit: 2}, at(2, 1), 5},
		"last end first":    {query{SortBy: "end_time", SortOrder: "desc", Limit: 2}, at(1, 2), 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, total, err := p.db.Crons.Search(t.Context(), alice.who.Crons(authhooks.Search), alice.who.Threads(authhooks.Search), test.query)
			is(t, err, nil)
			var got []string
			for _, row := range rows {
				got = append(got, row.ID)
			}
			if diff := cmp.Diff(test.ids, got); diff != "" || total != test.total {
				t.Errorf("total %d, want %d; rows (-want +got):\n%s", total, test.total, diff)
			}
			n, err := p.db.Crons.Count(t.Context(), alice.who.Crons(authhooks.Search), alice.who.Threads(authhooks.Read), test.query)
			is(t, err, nil)
			same(t, "count", test.total, n)
		})
	}
	t.Run("scopes", func(t *testing.T) {
		t.Parallel()
		_, _, err := p.db.Crons.Search(t.Context(), alice.who.Crons(authhooks.Search), access.ThreadScope{}, query{})
		is(t, err, access.ErrNoScope)
		_, err = p.db.Crons.Count(t.Context(), alice.who.Crons(authhooks.Search), alice.who.Threads(authhooks.Update), query{})
		is(t, err, access.ErrWrongScope)
		_, _, err = p.db.Crons.Search(t.Context(), alice.who.Crons(authhooks.Search), alice.who.Threads(authhooks.Search), query{SortBy: "principal"})
		is(t, err, store.ErrQuery)
	})
}
