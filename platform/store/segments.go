package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// hiddenFor is how long the thread of an ended stateless run is kept for those who still join it.
const hiddenFor = 10 * time.Minute

// Segment is a stored stretch of a thread's log: records First to Last as NDJSON.
type Segment struct {
	First, Last int64
	Data        []byte
}

// insertSegments stores segments of a lease's run. Storing one again changes nothing.
func (db *DB) insertSegments(tx *gorm.DB, l Lease, segments []Segment) error {
	rows := make([][]any, len(segments))
	for i, s := range segments {
		if s.Last < s.First {
			return fmt.Errorf("a segment from %d to %d", s.First, s.Last)
		}
		rows[i] = []any{l.ThreadID, s.First, s.Last, l.RunID, l.Token, s.Data}
	}
	return insert(tx, `INSERT INTO events (thread_id, first_seq, last_seq, run_id, token, data)`, rows,
		`ON CONFLICT (thread_id, first_seq) DO NOTHING`)
}

// Read returns segments of a thread's log in order, beginning with the one that holds the first record after afterSeq; -1 means from the
// start. With a runID it returns that run's alone, and the run must be the thread's (H-55). limit is the greatest number of segments;
// 0 means 100. s is for read; a thread that it does not reach has no log. The log of a hidden thread can be read until it is swept.
func (e *Events) Read(ctx context.Context, s access.ThreadScope, threadID, runID string, afterSeq int64, limit int) ([]Segment, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return nil, err
	}
	threadID, ok := key(threadID)
	if !ok {
		return nil, nil
	}
	gate, args := e.db.gate(threadID, s.Filter())
	run, args := "TRUE", append(args, threadID)
	if runID != "" {
		if runID, ok = key(runID); !ok {
			return nil, nil
		}
		run, args = "e.run_id = ?", append(args, runID)
	}
	if limit <= 0 {
		limit = 100
	}
	args = append(args, threadID, afterSeq, afterSeq)
	var segments []Segment
	err := each(e.db.read(ctx), func(rows *sql.Rows) error {
		var s Segment
		err := rows.Scan(&s.First, &s.Last, &s.Data)
		segments = append(segments, s)
		return err
	}, `SELECT e.first_seq, e.last_seq, e.data FROM events e WHERE `+gate+` IS NOT NULL AND e.thread_id = ? AND `+run+`
		AND e.first_seq >= coalesce((SELECT max(b.first_seq) FROM events b WHERE b.thread_id = ? AND b.first_seq <= ?), 0)
		AND e.last_seq > ? ORDER BY e.first_seq LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return segments, nil
}

// SweepEvents deletes segments that have had their time, of runs and of no run, at most limit, and returns how many.
func (e *Events) SweepEvents(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	if err := a.Permit(); err != nil {
		return 0, err
	}
	err = e.db.write(ctx, func(tx *gorm.DB) error {
		deleted, err := change(tx, `DELETE FROM events WHERE (thread_id, first_seq) IN
			(SELECT e.thread_id, e.first_seq FROM runs r JOIN events e ON e.run_id = CAST(r.id AS text)
			WHERE r.expires_at <= ? LIMIT ?)`, e.db.in(0), limit)
		n = int(deleted)
		if err != nil || n == limit {
			return err
		}
		deleted, err = change(tx, `DELETE FROM events WHERE (thread_id, first_seq) IN
			(SELECT e.thread_id, e.first_seq FROM events e WHERE e.expires_at <= ? LIMIT ?)`, e.db.in(0), limit-n)
		n += int(deleted)
		if err != nil || n == limit {
			return err
		}
		_, err = change(tx, `UPDATE runs SET expires_at = NULL WHERE expires_at <= ?
			AND NOT EXISTS (SELECT 1 FROM events e WHERE e.run_id = CAST(runs.id AS text))`, e.db.in(0))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep events: %w", err)
	}
	return n, nil
}
