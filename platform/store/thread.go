package store

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Thread is a row of threads. JSON fields are never nil but for Error and Values.
type Thread struct {
	ID         string
	Metadata   JSON
	Owned      []string // the keys of Metadata that a hook has stamped
	Config     JSON
	Status     string // idle, busy, interrupted or error
	Interrupts JSON   // by task
	Error      JSON   // nil: none
	Values     JSON   // the latest values of the root; nil: none, or not asked for
	Temporary  bool   // of a stateless run
	TTL        *TTL   // nil: it stays

	CreatedAt, UpdatedAt, StateUpdatedAt time.Time
}

// ThreadNew is a thread that is to be made. Metadata is the client's, as the hook left it.
type ThreadNew struct {
	ID       string // "": a new one; else a UUID
	Metadata map[string]any
	IfExists string // raise, which "" is too, or do_nothing
	TTL      *TTL   // ExpiresAt is set by Create; nil: the default of [Config]
	State    *Written
}

// ThreadPatch is what is changed of a thread. Keys of Metadata are merged into the row's; nil leaves a field as it is.
type ThreadPatch struct {
	Metadata map[string]any
	TTL      *TTL
}

// threadColumns are the columns of a Thread, of threads AS t and thread_values AS v, in the order of [scanThread].
const threadColumns = `t.id, t.metadata, t.owned, t.config, t.status, t.interrupts, t.error, t.temporary,
	t.ttl_minutes, t.ttl_strategy, t.expires_at, t.created_at, t.updated_at, t.state_updated_at`

// row is [*sql.Rows] or a [line].
type row interface{ Scan(dest ...any) error }

// line is the one row that a query returns. Scan is sql.ErrNoRows without one.
type line struct {
	tx    *gorm.DB
	query string
	args  []any
}

func (l line) Scan(dest ...any) error { return one(l.tx, dest, l.query, l.args...) }

// scanThread reads threadColumns, and the columns that follow them into more.
func scanThread(r row, more ...any) (Thread, error) {
	var (
		t                                      Thread
		owned                                  raw
		minutes                                *float64
		strategy                               *string
		expires, created, updated, stateUpdate moment
	)
	dest := []any{
		&t.ID, (*raw)(&t.Metadata), &owned, (*raw)(&t.Config), &t.Status, (*raw)(&t.Interrupts), (*raw)(&t.Error), &t.Temporary,
		&minutes, &strategy, &expires, &created, &updated, &stateUpdate,
	}
	if err := r.Scan(append(dest, more...)...); err != nil {
		return Thread{}, found(err)
	}
	if err := json.Unmarshal(owned, &t.Owned); err != nil {
		return Thread{}, fmt.Errorf("owned keys: %w", err)
	}
	if minutes != nil && strategy != nil {
		t.TTL = &TTL{Minutes: *minutes, Strategy: *strategy, ExpiresAt: expires.Time}
	}
	t.CreatedAt, t.UpdatedAt, t.StateUpdatedAt = created.Time, updated.Time, stateUpdate.Time
	return t, nil
}
