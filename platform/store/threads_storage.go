package store

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Storage is what a thread's states take in the database. Bytes are those of the stored values, without what the database adds.
type Storage struct {
	Checkpoints, Values, Writes Stored
	ByChannel                   map[string]Stored // the parts of Values
}

// Stored is how many rows there are and what they hold.
type Stored struct{ Count, Bytes int64 }

// Storage measures a thread for a scope of threads:read.
func (t *Threads) Storage(ctx context.Context, s access.ThreadScope, id string) (Storage, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Storage{}, err
	}
	id, ok := key(id)
	if !ok {
		return Storage{}, ErrNotFound
	}
	out := Storage{ByChannel: map[string]Stored{}}
	err := t.db.snapshot(ctx, func(tx *gorm.DB) error {
		reach, args := t.db.reachThread("t", s.Filter())
		var there int
		err := one(tx, []any{&there}, "SELECT 1 FROM threads t WHERE t.id = ? AND "+listed+" AND "+reach, append([]any{id}, args...)...)
		if err != nil {
			return found(err)
		}
		return t.db.measure(tx, id, &out)
	})
	if err != nil {
		return Storage{}, fmt.Errorf("measure thread: %w", err)
	}
	return out, nil
}

// measure fills in the storage of a thread that was reached in the same snapshot.
func (db *DB) measure(tx *gorm.DB, id string, out *Storage) error {
	text, blob := "length(CAST(c.%s AS BLOB))", "length(data)"
	if db.dialect == Postgres {
		text, blob = "octet_length(CAST(c.%s AS text))", "octet_length(data)"
	}
	size := ""
	for _, column := range []string{"metadata", "parents", "versions", "seen", "next", "tasks"} {
		if size != "" {
			size += " + "
		}
		size += fmt.Sprintf(text, column)
	}
	err := one(tx, []any{&out.Checkpoints.Count, &out.Checkpoints.Bytes},
		"SELECT count(*), CAST(coalesce(sum("+size+"), 0) AS bigint) FROM checkpoints c WHERE c.thread_id = ?", id)
	if err != nil {
		return err
	}
	err = one(tx, []any{&out.Writes.Count, &out.Writes.Bytes},
		"SELECT count(*), CAST(coalesce(sum("+blob+"), 0) AS bigint) FROM writes WHERE thread_id = ?", id)
	if err != nil {
		return err
	}
	return each(tx, func(rows *sql.Rows) error {
		var channel string
		var stored Stored
		if err := rows.Scan(&channel, &stored.Count, &stored.Bytes); err != nil {
			return err
		}
		out.ByChannel[channel] = stored
		out.Values.Count += stored.Count
		out.Values.Bytes += stored.Bytes
		return nil
	}, "SELECT channel, count(*), CAST(sum("+blob+") AS bigint) FROM channel_values WHERE thread_id = ? GROUP BY channel", id)
}
