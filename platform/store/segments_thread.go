package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Turn is what comes next in a thread's log: the first segment of a run, or one that no run wrote.
type Turn struct {
	// RunID is whose segment it is; "" for a write to the state, whose Data is then given.
	RunID string
	Segment
}

// Next returns the first segment of a thread's log with a record after seq after, but for those of the runs in passed; false when there
// is none yet. s is for read; a thread that it does not reach is [ErrNotFound], so who asks again and again learns that it is gone.
func (e *Events) Next(ctx context.Context, s access.ThreadScope, threadID string, after int64, passed []string) (Turn, bool, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Turn{}, false, err
	}
	threadID, ok := key(threadID)
	if !ok {
		return Turn{}, false, ErrNotFound
	}
	others, args := "", []any{threadID, after, after}
	if len(passed) > 0 {
		others, args = " AND e.run_id NOT IN ?", append(args, passed)
	}
	reach, more := e.db.reachThread("t", s.Filter())
	var first, last *int64
	var run *string
	var t Turn
	err := one(e.db.read(ctx), []any{&first, &last, &run, &t.Data}, `SELECT e.first_seq, e.last_seq, e.run_id,
		CASE WHEN e.run_id = '' THEN e.data END FROM threads t LEFT JOIN events e ON e.thread_id = t.id
		AND e.first_seq >= coalesce((SELECT max(b.first_seq) FROM events b WHERE b.thread_id = ? AND b.first_seq <= ?), 0)
		AND e.last_seq > ?`+others+` WHERE t.id = ? AND `+listed+` AND `+reach+` ORDER BY e.first_seq LIMIT 1`,
		append(append(args, threadID), more...)...)
	if err != nil {
		return Turn{}, false, fmt.Errorf("next of log: %w", found(err))
	}
	if first == nil || last == nil || run == nil {
		return Turn{}, false, nil
	}
	t.First, t.Last, t.RunID = *first, *last, *run
	return t, true, nil
}

// Now returns the greatest seq of a thread's log that was given out, -1 before the first, and the run that is under way, "" for none.
// What is told from now on is of that run, or comes after the seq. s is for read.
func (e *Events) Now(ctx context.Context, s access.ThreadScope, threadID string) (seq int64, running string, err error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return 0, "", err
	}
	threadID, ok := key(threadID)
	if !ok {
		return 0, "", ErrNotFound
	}
	reach, args := e.db.reachThread("t", s.Filter())
	var id sql.NullString
	err = one(e.db.read(ctx), []any{&seq, &id}, `SELECT coalesce(l.next_seq, 0) - 1,
		(SELECT CAST(r.id AS text) FROM runs r WHERE r.thread_id = t.id AND r.status = 'running')
		FROM threads t LEFT JOIN logs l ON l.thread_id = t.id WHERE t.id = ? AND `+listed+` AND `+reach, append([]any{threadID}, args...)...)
	if err != nil {
		return 0, "", fmt.Errorf("now of log: %w", found(err))
	}
	return seq, id.String, nil
}
