package store

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Delete removes a thread with all that belongs to it, for a scope of threads:delete. Its unfinished runs go too: who works on one
// learns of it as [ErrLostLease].
func (t *Threads) Delete(ctx context.Context, s access.ThreadScope, id string) error {
	if err := s.Permit(authhooks.Delete); err != nil {
		return err
	}
	gone := t.db.newRemoval()
	err := t.db.write(ctx, func(tx *gorm.DB) error {
		return gone.one(tx, id, s.Filter())
	})
	if err != nil {
		return fmt.Errorf("delete thread: %w", err)
	}
	gone.finish(ctx)
	return nil
}

// deleteChunk is how many threads one transaction removes.
const deleteChunk = 100

// DeleteByAssistant removes the threads whose last run was of the assistant and that a scope of threads:delete reaches; it returns how
// many. Others' threads stay as they are (H-12).
func (t *Threads) DeleteByAssistant(ctx context.Context, s access.ThreadScope, assistantID string) (n int, err error) {
	if err := s.Permit(authhooks.Delete); err != nil {
		return 0, err
	}
	id, ok := key(assistantID)
	if !ok {
		return 0, nil
	}
	for {
		some, gone := 0, t.db.newRemoval()
		err := t.db.write(ctx, func(tx *gorm.DB) (err error) {
			some, err = t.deleteSome(tx, gone, id, s.Filter())
			return err
		})
		if err != nil {
			return n, fmt.Errorf("delete threads of assistant: %w", err)
		}
		gone.finish(ctx)
		if n += some; some < deleteChunk {
			return n, nil
		}
	}
}

func (t *Threads) deleteSome(tx *gorm.DB, gone *removal, assistantID string, f *authhooks.Filter) (int, error) {
	of := authhooks.Eq("assistant_id", assistantID)
	byAssistant, args := t.db.reach("t", &of)
	reach, more := t.db.reachThread("t", f)
	var ids []string
	err := each(tx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT t.id FROM threads AS t WHERE "+listed+" AND "+byAssistant+" AND "+reach+" ORDER BY t.id LIMIT ?"+t.db.forUpdate("t"),
		append(append(args, more...), deleteChunk)...)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := gone.remove(tx, id); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
