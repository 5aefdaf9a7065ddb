package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// Truncation says what [DB.Truncate] deletes, of everyone's.
type Truncation struct{ Runs, Threads, Assistants, Store, Checkpoints bool }

// Truncate empties tables for the next test. The assistants that the server made of its graphs stay. It holds the database for as long as
// it takes.
func (db *DB) Truncate(ctx context.Context, a access.SystemAccess, what Truncation) error {
	if err := a.Permit(); err != nil {
		return err
	}
	var queries []string
	add := func(wanted bool, more ...string) {
		if wanted {
			queries = append(queries, more...)
		}
	}
	// Threads go before their runs, in the order in which everyone locks them.
	add(what.Threads, "DELETE FROM crons", "DELETE FROM threads")
	add(what.Runs, "UPDATE threads SET status = 'idle' WHERE status = 'busy'", "DELETE FROM runs", "DELETE FROM events", "DELETE FROM deliveries")
	add(what.Checkpoints, "UPDATE threads SET status = 'idle', interrupts = '{}', error = NULL WHERE status <> 'busy'",
		"DELETE FROM thread_values", "DELETE FROM writes", "DELETE FROM channel_values", "DELETE FROM checkpoints")
	mine := "is_system = 0"
	if db.dialect == Postgres {
		mine = "NOT is_system"
	}
	add(what.Assistants, "DELETE FROM crons WHERE assistant_id IN (SELECT id FROM assistants WHERE "+mine+")", "DELETE FROM assistants WHERE "+mine)
	add(what.Store, "DELETE FROM item_vectors", "DELETE FROM items")
	err := db.write(ctx, func(tx *gorm.DB) error {
		for _, query := range queries {
			if _, err := change(tx, query); err != nil {
				return fmt.Errorf("%s: %w", query, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("truncate: %w", err)
	}
	return nil
}
