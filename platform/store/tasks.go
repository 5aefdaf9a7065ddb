package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// TaskKey is the key of a run's metadata that names the task which the run goes on with: the id of the task's first run. A run without
// it is a task of its own.
const TaskKey = "a2a_task_id"

// Task is a run, and those that answered what it asked, as one: its newest run, and what its thread says of it.
type Task struct {
	ID string // of its first run
	// Run is its newest.
	Run
	// Latest says that no newer run of the thread has begun: what the thread waits for, it waits for because of this one.
	Latest       bool
	ThreadStatus string
	Interrupts   JSON // the thread's, by task of the graph
}

// Asks reports whether the task's newest run paused, and the thread waits for somebody to go on with it.
func (t Task) Asks() bool {
	return t.Status == RunSuccess && t.Latest && t.ThreadStatus == "interrupted"
}

// TaskQuery selects the tasks of one assistant: those that have everything that is set.
type TaskQuery struct {
	AssistantID string
	ID          string
	ThreadID    string
	// Statuses are of runs; Asking, if it is not nil, says whether a successful one asks.
	Statuses []string
	Asking   *bool
	// Metadata and Values are objects that the thread's metadata and its latest values contain; nil for any.
	Metadata, Values JSON
	// Since keeps tasks that were updated at or after it.
	Since time.Time
	// Before is the last task of the page before: those come that were updated before it.
	Before *TaskPlace
	// Limit is the page size; 0 means 10.
	Limit int
}

// TaskPlace is where a task is in the order of tasks.
type TaskPlace struct {
	UpdatedAt time.Time
	RunID     string
}

const (
	// taskOf is the id of the task that a run goes on with, which begins the others. Only what can be the id of a run is one: clients write
	// metadata as they like, and no index of Postgres takes a long text.
	taskOf = `CASE WHEN length(r.metadata ->> '` + TaskKey + `') = 36 THEN r.metadata ->> '` + TaskKey + `' ELSE CAST(r.id AS text) END`
	// newestRun says that no other run goes on with the task of r. It is written as the index of such runs has it, and so
	// that SQLite does not take that of a thread's runs instead.
	newestRun = `NOT EXISTS (SELECT 1 FROM runs n WHERE n.thread_id = r.thread_id AND length(n.metadata ->> '` + TaskKey + `') = 36
		AND (n.metadata ->> '` + TaskKey + `') = ` + taskOf + ` AND n.assistant_id = r.assistant_id AND NOT (n.created_at, n.id) <= (r.created_at, r.id))`
	// latestRun says that no newer run of the thread has begun.
	latestRun = `NOT EXISTS (SELECT 1 FROM runs l WHERE l.thread_id = r.thread_id AND l.started_at IS NOT NULL AND (l.created_at, l.id) > (r.created_at, r.id))`
)

// Tasks returns a page of the tasks of an assistant on threads that both scopes reach: the one updated last comes first. Whoever finds a
// thread need not be one who reads its runs. Total is how many there are in all, exactly up to 10,000.
func (r *Runs) Tasks(ctx context.Context, search, read access.ThreadScope, q TaskQuery) (page []Task, total int, err error) {
	if err := errors.Join(search.Permit(authhooks.Search), read.Permit(authhooks.Read)); err != nil {
		return nil, 0, err
	}
	where, args, err := r.tasks(q, search, read)
	if errors.Is(err, ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if page, err = r.taskPage(ctx, where, args, q); err != nil {
		return nil, 0, fmt.Errorf("list tasks: %w", err)
	}
	err = one(r.db.read(ctx), []any{&total},
		`SELECT count(*) FROM (SELECT 1 FROM runs r JOIN threads t ON t.id = r.thread_id WHERE `+where+` LIMIT ?) AS counted`,
		append(args, countUpTo)...)
	if err != nil {
		return nil, 0, fmt.Errorf("count tasks: %w", err)
	}
	return page, total, nil
}

// Task returns the task that was updated last of those that q selects on threads that s, a scope for read, reaches, or ErrNotFound.
func (r *Runs) Task(ctx context.Context, s access.ThreadScope, q TaskQuery) (Task, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Task{}, err
	}
	where, args, err := r.tasks(q, s)
	if err != nil {
		return Task{}, err
	}
	q.Limit = 1
	page, err := r.taskPage(ctx, where, args, q)
	if err != nil {
		return Task{}, fmt.Errorf("get task: %w", err)
	}
	if len(page) == 0 {
		return Task{}, ErrNotFound
	}
	return page[0], nil
}

func (r *Runs) taskPage(ctx context.Context, where string, args []any, q TaskQuery) (page []Task, err error) {
	const order = ` ORDER BY r.updated_at DESC, r.id DESC`
	args = slices.Clone(args)
	if q.Before != nil {
		id, ok := key(q.Before.RunID)
		if !ok {
			return nil, fmt.Errorf("%w: no such place in the tasks", ErrQuery)
		}
		where, args = where+` AND (r.updated_at, r.id) < (?, ?)`, append(args, r.db.at(q.Before.UpdatedAt), id)
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	err = each(r.db.read(ctx), func(rows *sql.Rows) error {
		var t Task
		var interrupts raw
		err := scanRun(rows, &t.Run, &t.ID, &t.Latest, &t.ThreadStatus, &interrupts)
		t.Interrupts = JSON(interrupts)
		page = append(page, t)
		return err
	}, `SELECT `+runColumns+`, `+taskOf+`, `+latestRun+`, t.status, t.interrupts
		FROM (SELECT r.id FROM runs r JOIN threads t ON t.id = r.thread_id WHERE `+where+order+` LIMIT ?) AS picked
		JOIN runs r ON r.id = picked.id JOIN threads t ON t.id = r.thread_id`+order, // whole rows only of the page: sorting reads many
		append(args, q.Limit)...)
	return page, err
}

// tasks is the condition for the newest run of a task. ErrNotFound means that an id in it is none.
func (r *Runs) tasks(q TaskQuery, scopes ...access.ThreadScope) (where string, args []any, err error) {
	assistant, ok := key(q.AssistantID)
	if !ok {
		return "", nil, ErrNotFound
	}
	conditions, args := []string{ofAssistant(q, scopes), listed, newestRun}, []any{assistant}
	add := func(condition string, more ...any) {
		conditions, args = append(conditions, condition), append(args, more...)
	}
	var filters []*authhooks.Filter
	for _, s := range scopes {
		filter, more := r.db.reachThread("t", s.Filter())
		add(filter, more...)
		filters = append(filters, s.Filter())
	}
	if q.ThreadID != "" {
		id, ok := key(q.ThreadID)
		if !ok {
			return "", nil, ErrNotFound
		}
		gate, more := r.db.gate(id, filters...)
		add("r.thread_id = "+gate, more...)
	}
	if q.ID != "" { // by its first run, whose thread the others share
		id, ok := key(q.ID)
		if !ok {
			return "", nil, ErrNotFound
		}
		gate, more := r.db.gated("SELECT f.thread_id FROM runs f JOIN threads g ON g.id = f.thread_id WHERE f.id = ?", id, filters...)
		add("r.thread_id = "+gate, more...)
		add(taskOf+" = ?", id)
	}
	if len(q.Statuses) > 0 {
		add("r.status IN ?", q.Statuses)
	}
	if q.Asking != nil {
		not := ""
		if !*q.Asking {
			not = "NOT "
		}
		add(not + "(t.status = 'interrupted' AND " + latestRun + ")")
	}
	if !q.Since.IsZero() {
		add("r.updated_at >= ?", r.db.at(q.Since))
	}
	if len(q.Metadata) > 0 {
		sql, more, err := containsSQL(r.db.dialect, "t", "metadata", q.Metadata, r.db.indexed...)
		if err != nil {
			return "", nil, err
		}
		add("("+sql+")", more...)
	}
	if len(q.Values) > 0 {
		sql, more, err := containsSQL(r.db.dialect, "v", "values", q.Values)
		if err != nil {
			return "", nil, err
		}
		add("EXISTS (SELECT 1 FROM thread_values AS v WHERE v.thread_id = t.id AND ("+sql+"))", more...)
	}
	return strings.Join(conditions, " AND "), args, nil
}

// amongOthers is that a run is of an assistant, written so that no index serves it: it is asked of runs that something else has found. A
// database without statistics would go through all runs of the assistant as well, Postgres once for each thread. Those are everybody's, and
// how long that takes would tell how many there are.
const amongOthers = "CAST(r.assistant_id AS text) = ?"

// ofAssistant is the condition that a run is of an assistant: where no threads are known, its runs are what there is to begin with.
func ofAssistant(q TaskQuery, scopes []access.ThreadScope) string {
	narrow := slices.ContainsFunc(scopes, func(s access.ThreadScope) bool { return s.Filter() != nil })
	if narrow || q.ID != "" || q.ThreadID != "" {
		return amongOthers
	}
	return "r.assistant_id = ?"
}
