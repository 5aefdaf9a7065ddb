package storetest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

// tasksOfRuns: runs that go on with a task are one with it, in the state of the newest; the one updated last comes first.
func tasksOfRuns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice-"+uuid.NewString()))
	other := p.bench(t, Owner(t, "bob"))
	first, second := p.thread(t, b.who, map[string]any{"k": "v"}), p.thread(t, b.who, nil)
	goesOn := func(thread, task string) store.RunNew {
		return store.RunNew{ThreadID: thread, Metadata: store.JSON(`{"` + store.TaskKey + `":"` + task + `"}`)}
	}
	ended := func(n store.RunNew, f store.Finish) store.Run {
		t.Helper()
		run, err := b.create(t, n)
		is(t, err, nil)
		b.finish(t, b.claimOf(t, run), f)
		return run
	}
	asks := store.Finish{Status: store.RunSuccess, Next: []string{"ask"}, Interrupts: store.JSON(`{"t":[{"value":"why","id":"i"}]}`)}

	task := ended(store.RunNew{ThreadID: first.ID}, asks)
	read, search := b.who.Threads(authhooks.Read), b.who.Threads(authhooks.Search)
	one := func(q store.TaskQuery) store.Task {
		t.Helper()
		q.AssistantID = b.assistant.ID
		got, err := p.db.Runs.Task(t.Context(), read, q)
		is(t, err, nil)
		return got
	}
	got := one(store.TaskQuery{ID: task.ID})
	same(t, "the first run", []any{task.ID, task.ID, true, "interrupted"}, []any{got.ID, got.Run.ID, got.Asks(), got.ThreadStatus})
	same(t, "interrupts", map[string]any{"t": []any{map[string]any{"value": "why", "id": "i"}}}, doc(t, got.Interrupts))

	later, err := b.create(t, store.RunNew{ThreadID: first.ID, After: time.Hour})
	is(t, err, nil)
	same(t, "on a busy thread", false, one(store.TaskQuery{ID: task.ID}).Asks())

	answer := ended(goesOn(first.ID, task.ID), store.Finish{Status: store.RunError})
	got = one(store.TaskQuery{ID: task.ID})
	same(t, "its answer", []any{task.ID, answer.ID, store.RunError, false}, []any{got.ID, got.Run.ID, got.Status, got.Asks()})
	same(t, "by its thread", answer.ID, one(store.TaskQuery{ThreadID: first.ID, Statuses: []string{store.RunError}}).Run.ID)
	for name, q := range map[string]store.TaskQuery{
		"the answer is no task": {ID: answer.ID}, "another thread": {ID: task.ID, ThreadID: second.ID}, "no id": {ID: "x"}, "nobody's": {ID: uuid.NewString()},
	} {
		q.AssistantID = b.assistant.ID
		if _, err := p.db.Runs.Task(t.Context(), read, q); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	_, err = p.db.Runs.Task(t.Context(), read, store.TaskQuery{AssistantID: other.assistant.ID, ID: task.ID})
	is(t, err, store.ErrNotFound)

	// A run that says it goes on with a task of another thread is none of it.
	forged := ended(goesOn(second.ID, task.ID), store.Finish{Status: store.RunSuccess})
	same(t, "the task", answer.ID, one(store.TaskQuery{ID: task.ID}).Run.ID)

	yes, no := true, false
	for name, test := range map[string]struct {
		q    store.TaskQuery
		want []string
	}{
		"all":        {store.TaskQuery{}, []string{forged.ID, answer.ID, later.ID}},
		"of status":  {store.TaskQuery{Statuses: []string{store.RunPending, store.RunError}}, []string{answer.ID, later.ID}},
		"asking":     {store.TaskQuery{Statuses: []string{store.RunSuccess}, Asking: &yes}, nil},
		"not asking": {store.TaskQuery{Statuses: []string{store.RunSuccess}, Asking: &no}, []string{forged.ID}},
		"metadata":   {store.TaskQuery{Metadata: store.JSON(`{"k":"v"}`)}, []string{answer.ID, later.ID}},
		"values":     {store.TaskQuery{Values: store.JSON(`{"k":"v"}`)}, nil},
		"since":      {store.TaskQuery{Since: one(store.TaskQuery{ID: task.ID}).UpdatedAt}, []string{forged.ID, answer.ID}},
	} {
		test.q.AssistantID = b.assistant.ID
		rows, total, err := p.db.Runs.Tasks(t.Context(), search, read, test.q)
		is(t, err, nil)
		same(t, name, test.want, runsOf(rows))
		same(t, name+": total", len(test.want), total)
	}
	var paged []string
	q := store.TaskQuery{AssistantID: b.assistant.ID, Limit: 1}
	for range 3 {
		rows, total, err := p.db.Runs.Tasks(t.Context(), search, read, q)
		is(t, err, nil)
		same(t, "total of all pages", 3, total)
		paged = append(paged, runsOf(rows)...)
		q.Before = &store.TaskPlace{UpdatedAt: rows[0].UpdatedAt, RunID: rows[0].Run.ID}
	}
	same(t, "by pages", []string{forged.ID, answer.ID, later.ID}, paged)
	_, _, err = p.db.Runs.Tasks(t.Context(), search, read, store.TaskQuery{AssistantID: b.assistant.ID, Before: &store.TaskPlace{RunID: "x"}})
	is(t, err, store.ErrQuery)

	// Any client may say what cannot be the id of a run, at any length: that is a task of its own.
	long := make([]byte, 20_000)
	_, _ = rand.Read(long) // which never fails
	own := ended(goesOn(second.ID, hex.EncodeToString(long)), store.Finish{Status: store.RunSuccess})
	same(t, "of a long id", own.ID, one(store.TaskQuery{ID: own.ID}).ID)
}

func runsOf(tasks []store.Task) (ids []string) {
	for _, t := range tasks {
		ids = append(ids, t.Run.ID)
	}
	return ids
}
