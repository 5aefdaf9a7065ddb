package store

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// TestPlans: what is asked at the end of each run, and within a transaction, goes along the index of the unfinished runs, not through
// all runs of a thread, nor through all threads.
func TestPlans(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "plans.db"), Indexed: []string{"owner"}})
	system := access.System("a test")
	cancels, args, err := db.Runs.cancellable(system.Threads(authhooks.Update), system.Threads(authhooks.Search), Cancels{Status: RunPending}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, asked := range map[string]struct {
		query string
		args  []any
	}{"the next run": {firstPending, []any{"x"}}, "a cancel by status": {cancels, args}, "the length of the queue": {depth, nil}} {
		text := strings.Join(plan(t, db, statement{asked.query, asked.args}), "; ")
		if !strings.Contains(text, "r USING INDEX runs_queue") && !strings.Contains(text, "r USING COVERING INDEX runs_queue") ||
			strings.Contains(text, "SCAN t") || strings.Contains(text, "(id>?)") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestPlanOfTasks: whether a run is the newest of its task is asked along the index of the few runs that go on with one; and tasks are looked
// for on the threads of who asks, not among everybody's runs of the assistant, whose number the time would tell.
func TestPlanOfTasks(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "tasks.db"), Indexed: []string{"owner"}})
	for name, test := range map[string]struct {
		scope access.ThreadScope
		want  []string
	}{
		"of all":    {access.System("a test").Threads(authhooks.Search), []string{"r USING INDEX runs_assistant"}},
		"of a user": {ofOwner(t, authhooks.Search), []string{"t USING INDEX ix_threads_key_owner", "r USING INDEX runs_thread"}},
	} {
		where, args, err := db.Runs.tasks(TaskQuery{AssistantID: newID()}, test.scope)
		if err != nil {
			t.Fatal(err)
		}
		query := "SELECT 1 FROM runs r JOIN threads t ON t.id = r.thread_id WHERE " + where
		text := strings.Join(plan(t, db, statement{query, args}), "; ")
		for _, step := range append(test.want, "n USING INDEX runs_tasks") {
			if !strings.Contains(text, step) {
				t.Errorf("%s: no %q in %s", name, step, text)
			}
		}
	}
}

// ofOwner is a scope of somebody who reaches his own threads.
func ofOwner(t *testing.T, action authhooks.Action) access.ThreadScope {
	t.Helper()
	guard, err := access.New(access.Config{Auth: authhooks.New(
		func(context.Context, *authhooks.Request) (*authhooks.User, error) { return nil, nil },
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
	)})
	if err != nil {
		t.Fatal(err)
	}
	scope, err := guard.Threads(access.With(t.Context(), access.Caller{User: &authhooks.User{Identity: "bob"}}), authhooks.NewValue(authhooks.Threads, action))
	if err != nil {
		t.Fatal(err)
	}
	return scope
}
