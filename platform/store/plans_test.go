package store

import (
	"database/sql"
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
		var plan []string
		err := each(db.read(t.Context()), func(rows *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := rows.Scan(&id, &parent, &unused, &step)
			plan = append(plan, step)
			return err
		}, "EXPLAIN QUERY PLAN "+asked.query, asked.args...)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "; ")
		if !strings.Contains(text, "r USING INDEX runs_queue") && !strings.Contains(text, "r USING COVERING INDEX runs_queue") ||
			strings.Contains(text, "SCAN t") || strings.Contains(text, "(id>?)") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestPlanOfTasks: whether a run is the newest of its task is asked along the index of the few runs that go on with one.
func TestPlanOfTasks(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "tasks.db")})
	where, args, err := db.Runs.tasks(TaskQuery{AssistantID: newID()}, access.System("a test").Threads(authhooks.Search))
	if err != nil {
		t.Fatal(err)
	}
	var plan []string
	err = each(db.read(t.Context()), func(rows *sql.Rows) error {
		var id, parent, unused int
		var step string
		err := rows.Scan(&id, &parent, &unused, &step)
		plan = append(plan, step)
		return err
	}, "EXPLAIN QUERY PLAN SELECT 1 FROM runs r JOIN threads t ON t.id = r.thread_id WHERE "+where, args...)
	if text := strings.Join(plan, "; "); err != nil || !strings.Contains(text, "n USING INDEX runs_tasks") {
		t.Errorf("%v: %s", err, text)
	}
}
