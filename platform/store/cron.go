package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrForeignCron says that someone would change what another's cron runs: it acts as who made it, so nobody else says what it does.
var ErrForeignCron = errors.New("only who made a cron may change what it runs")

// Cron is a row of crons: a run that is made again and again. JSON fields are never nil. Whom it acts for is in [HeldCron].
type Cron struct {
	ID          string
	AssistantID string
	ThreadID    string // "": a new thread at each firing
	Schedule    string
	Timezone    string // "": UTC
	Payload     JSON   // the request of the runs
	Metadata    JSON
	Owned       []string // the keys of Metadata that a hook has stamped
	UserID      string   // who made it; "" on an open server

	OnRunCompleted string // delete or keep; "" with a thread
	Enabled        bool
	EndTime        time.Time // zero: none
	NextAt         time.Time // zero: never

	CreatedAt, UpdatedAt time.Time
}

// CronTarget is what a cron's hooks are asked about.
type CronTarget struct{ ID, AssistantID, ThreadID string }

// CronNew is a cron that is to be made. Metadata is the client's, as the hook left it.
type CronNew struct {
	ID             string // "": a new one; else a UUID
	AssistantID    string
	ThreadID       string
	Schedule       string
	Timezone       string
	Payload        JSON // nil: {}
	Metadata       map[string]any
	OnRunCompleted string
	Enabled        bool
	EndTime        time.Time
	NextAt         time.Time
}

// CronPatch is what is changed of a cron; nil leaves a field as it is.
type CronPatch struct {
	Metadata       map[string]any  // merged into the row's
	Payload        map[string]JSON // by key, in the place of the row's; nil removes a key
	Schedule       *string
	Timezone       *string
	OnRunCompleted *string
	Enabled        *bool
	EndTime        *time.Time // the zero time clears it
	// Next returns when the changed cron, which still has the time of before, fires; it must only compute. It is not asked about a cron
	// that is disabled. Nil keeps the time.
	Next func(Cron) (time.Time, error)
}

// cronColumns are the columns of a Cron, of crons AS t, in the order of [scanCron].
const cronColumns = `t.id, t.assistant_id, t.thread_id, t.schedule, t.timezone, t.payload, t.metadata, t.owned, t.user_id,
	t.on_run_completed, t.enabled, t.end_time, t.next_at, t.created_at, t.updated_at`

// scanCron reads cronColumns, and the columns that follow them into more.
func scanCron(r row, more ...any) (Cron, error) {
	var (
		c                           Cron
		thread, user                *string
		owned                       raw
		end, next, created, updated moment
	)
	dest := []any{
		&c.ID, &c.AssistantID, &thread, &c.Schedule, &c.Timezone, (*raw)(&c.Payload), (*raw)(&c.Metadata), &owned, &user,
		&c.OnRunCompleted, &c.Enabled, &end, &next, &created, &updated,
	}
	if err := r.Scan(append(dest, more...)...); err != nil {
		return Cron{}, found(err)
	}
	if err := json.Unmarshal(owned, &c.Owned); err != nil {
		return Cron{}, fmt.Errorf("owned keys: %w", err)
	}
	c.ThreadID, c.UserID = or(thread, ""), or(user, "")
	c.EndTime, c.NextAt, c.CreatedAt, c.UpdatedAt = end.Time, next.Time, created.Time, updated.Time
	return c, nil
}

// orNull binds a text whose absence is NULL.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
