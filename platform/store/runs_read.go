package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// RunQuery selects runs of a thread.
type RunQuery struct {
	// Limit is the page size; 0 means 10.
	Limit, Offset int
	// Status keeps the runs that have it; "" keeps all.
	Status string
	// Metadata is an object that the run's metadata contains; empty keeps all.
	Metadata JSON
}

// Get returns a run of a thread that a scope for read reaches. A run under the id of another thread is ErrNotFound (H-55), and so is
// one of a stateless run's thread that has been hidden.
func (r *Runs) Get(ctx context.Context, s access.ThreadScope, threadID, runID string) (Run, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Run{}, err
	}
	threadID, ok := key(threadID)
	if !ok {
		return Run{}, ErrNotFound
	}
	return r.get(ctx, s, runID, "r.thread_id = ? AND t.hidden_at IS NULL", threadID)
}

// ByID returns a run by its own id if a scope for read reaches its thread (H-11). Unlike Get it finds the ended run of a hidden thread,
// until that is swept: this is for who joins a stateless run or follows its stream, nothing else.
func (r *Runs) ByID(ctx context.Context, s access.ThreadScope, runID string) (Run, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Run{}, err
	}
	return r.get(ctx, s, runID, "TRUE")
}

func (r *Runs) get(ctx context.Context, s access.ThreadScope, runID, where string, args ...any) (Run, error) {
	runID, ok := key(runID)
	if !ok {
		return Run{}, ErrNotFound
	}
	filter, filterArgs := r.db.reachThread("t", s.Filter())
	var run Run
	found := false
	err := each(r.db.read(ctx), func(rows *sql.Rows) error {
		found = true
		return scanRun(rows, &run)
	}, `SELECT `+runColumns+` FROM runs r JOIN threads t ON t.id = r.thread_id WHERE r.id = ? AND `+where+` AND `+filter,
		append(append([]any{runID}, args...), filterArgs...)...)
	if err != nil {
		return Run{}, fmt.Errorf("get run: %w", err)
	}
	if !found {
		return Run{}, ErrNotFound
	}
	return run, nil
}

// List returns a page of a thread's runs, newest first, and how many there are in all. s is for read; a thread that it does not reach
// is ErrNotFound.
func (r *Runs) List(ctx context.Context, s access.ThreadScope, threadID string, q RunQuery) (page []Run, total int, err error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return nil, 0, err
	}
	threadID, ok := key(threadID)
	if !ok {
		return nil, 0, ErrNotFound
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	gate, args := r.db.gate(threadID, s.Filter())
	where := "r.thread_id = " + gate + " AND t.hidden_at IS NULL"
	only, onlyArgs, err := r.only(q)
	if err != nil {
		return nil, 0, fmt.Errorf("list runs: %w", err)
	}
	where, args = where+" AND "+only, append(args, onlyArgs...)
	err = each(r.db.read(ctx), func(rows *sql.Rows) error {
		var run Run
		err := scanRun(rows, &run)
		page = append(page, run)
		return err
	}, `SELECT `+runColumns+` FROM runs r JOIN threads t ON t.id = r.thread_id WHERE `+where+`
		ORDER BY r.created_at DESC, r.id LIMIT ? OFFSET ?`, append(slices.Clip(args), q.Limit, q.Offset)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list runs: %w", err)
	}
	if len(page) > 0 && len(page) < q.Limit {
		return page, q.Offset + len(page), nil
	}
	// The thread once more, since one without such runs is no thread that is not there.
	filter, filterArgs := r.db.reachThread("t", s.Filter())
	err = one(r.db.read(ctx), []any{&total}, `SELECT (SELECT count(*) FROM runs r WHERE r.thread_id = t.id AND `+only+`)
		FROM threads t WHERE t.id = ? AND t.hidden_at IS NULL AND `+filter,
		append(append(slices.Clip(onlyArgs), threadID), filterArgs...)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list runs: %w", found(err))
	}
	return page, total, nil
}

// only is the condition that a run is one of those that q selects.
func (r *Runs) only(q RunQuery) (sql string, args []any, err error) {
	sql = "TRUE"
	if q.Status != "" {
		sql, args = "r.status = ?", []any{q.Status}
	}
	if len(q.Metadata) == 0 {
		return sql, args, nil
	}
	contains, more, err := containsSQL(r.db.dialect, "r", "metadata", q.Metadata)
	return sql + " AND (" + contains + ")", append(args, more...), err
}
