package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// FeedbackOffered is how long after it was made an offer can be taken up.
const FeedbackOffered = 7 * 24 * time.Hour

// maxOffers is how many offers of a run may be open: the oldest give way.
const maxOffers = 512

// FeedbackEntry is what somebody said of a run.
type FeedbackEntry struct {
	ID, RunID, Key     string
	Data               JSON // as it was given
	GivenAt, UpdatedAt time.Time
}

// FeedbackOffer lets whoever knows a secret say something of a run under Key. Hash is the secret's SHA-256: the secret itself is nowhere
// in the database.
type FeedbackOffer struct {
	Key  string
	Hash []byte
}

// Offer makes offers for a run of a thread that a scope for read reaches; another one is ErrNotFound, and so is one whose thread goes away
// with it. Whoever may read a run may thus let others speak of it. They are good for [FeedbackOffered], and not longer than the run.
func (f *Feedback) Offer(ctx context.Context, s access.ThreadScope, threadID, runID string, offers []FeedbackOffer) error {
	if err := s.Permit(authhooks.Read); err != nil {
		return err
	}
	threadID, okThread := key(threadID)
	runID, okRun := key(runID)
	if !okThread || !okRun {
		return ErrNotFound
	}
	where, args := f.db.reachThread("t", s.Filter())
	err := f.db.write(ctx, func(tx *gorm.DB) error {
		var there int
		err := one(tx, []any{&there}, `SELECT 1 FROM runs r JOIN threads t ON t.id = r.thread_id WHERE r.id = ? AND t.id = ? AND `+listed+`
			AND `+where, append([]any{runID, threadID}, args...)...)
		if err != nil {
			return found(err)
		}
		rows := make([][]any, len(offers))
		for i, o := range offers {
			rows[i] = []any{f.db.newID(), runID, o.Key, o.Hash, f.db.in(FeedbackOffered)}
		}
		if err := insert(tx, `INSERT INTO feedback (id, run_id, key, token, expires_at)`, rows, ``); err != nil {
			return err
		}
		// An offer has no updated_at either: asked by given_at, Postgres may go through everybody's open offers, which have an index.
		_, err = change(tx, `DELETE FROM feedback WHERE id IN (SELECT o.id FROM feedback o WHERE o.run_id = ? AND o.updated_at IS NULL
			ORDER BY o.id DESC LIMIT ? OFFSET ?)`, runID, math.MaxInt32, maxOffers)
		return err
	})
	if err != nil {
		return fmt.Errorf("offer feedback: %w", err)
	}
	return nil
}

// Give takes up the offer whose secret has that hash; what was given by it before is replaced. It is for whoever shows the secret, who
// needs be nobody else: an offer that never was, has expired, or has gone with its run is ErrNotFound, and nothing but a read.
func (f *Feedback) Give(ctx context.Context, a access.SystemAccess, hash []byte, data JSON) error {
	if err := a.Permit(); err != nil {
		return err
	}
	db := f.db
	var id string
	where, args := db.reachThread("t", nil) // one whose time is over is not there
	err := one(db.read(ctx), []any{&id}, `SELECT f.id FROM feedback f JOIN runs r ON r.id = f.run_id JOIN threads t ON t.id = r.thread_id
		WHERE f.token = ? AND f.expires_at > ? AND `+listed+` AND `+where, append([]any{hash, db.in(0)}, args...)...)
	if err != nil {
		return fmt.Errorf("give feedback: %w", found(err))
	}
	now := db.at(db.clock())
	n, err := change(db.exec(ctx), `UPDATE feedback SET data = ?, given_at = coalesce(given_at, ?), updated_at = ? WHERE id = ?`,
		text(data), db.cast(now), now, id)
	switch {
	case err != nil:
		return fmt.Errorf("give feedback: %w", err)
	case n == 0: // the run was deleted meanwhile
		return fmt.Errorf("give feedback: %w", ErrNotFound)
	}
	return nil
}

// OfRun returns a page of what was said of a run, newest first, and how much there is in all. s is for read; a run of a thread that it
// does not reach is ErrNotFound.
func (f *Feedback) OfRun(ctx context.Context, s access.ThreadScope, threadID, runID string, limit, offset int) (page []FeedbackEntry, total int, err error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return nil, 0, err
	}
	threadID, okThread := key(threadID)
	runID, okRun := key(runID)
	if !okThread || !okRun {
		return nil, 0, ErrNotFound
	}
	where, args := f.db.reachThread("t", s.Filter())
	from := ` FROM runs r JOIN threads t ON t.id = r.thread_id LEFT JOIN feedback f ON f.run_id = r.id AND f.given_at IS NOT NULL
		WHERE r.id = ? AND t.id = ? AND t.hidden_at IS NULL AND ` + where
	args = append([]any{runID, threadID}, args...)
	err = one(f.db.read(ctx), []any{&total}, `SELECT count(f.id)`+from+` GROUP BY r.id`, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("feedback of run: %w", found(err))
	}
	if total == 0 {
		return nil, 0, nil
	}
	err = each(f.db.read(ctx), func(rows *sql.Rows) error {
		e := FeedbackEntry{}
		var given, updated moment
		err := rows.Scan(&e.ID, &e.RunID, &e.Key, (*raw)(&e.Data), &given, &updated)
		e.GivenAt, e.UpdatedAt = given.Time, updated.Time
		page = append(page, e)
		return err
	}, `SELECT f.id, f.run_id, f.key, f.data, f.given_at, f.updated_at`+from+` AND f.id IS NOT NULL
		ORDER BY f.updated_at DESC, f.id LIMIT ? OFFSET ?`, append(slices.Clip(args), limit, offset)...)
	if err != nil {
		return nil, 0, fmt.Errorf("feedback of run: %w", err)
	}
	return page, total, nil
}

// SweepFeedback deletes offers that nobody took up in time, at most limit, and returns how many. What was given stays with its run.
func (f *Feedback) SweepFeedback(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	if err := a.Permit(); err != nil {
		return 0, err
	}
	deleted, err := change(f.db.exec(ctx), `DELETE FROM feedback WHERE id IN (SELECT o.id FROM feedback o
		WHERE o.given_at IS NULL AND o.expires_at <= ? LIMIT ?)`, f.db.in(0), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep feedback: %w", err)
	}
	return int(deleted), nil
}
