package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Crons are runs that are made by the clock. A cron is reached by the filter on its own metadata, and one of a thread by that on the
// thread too (H-39): its methods take two scopes. A zero ThreadScope reaches the crons that have no thread, where a method says so. A
// cron of a thread goes when its thread does, as the thread's runs do.
type Crons struct{ db *DB }

// Create makes a cron that acts for the user of s, a scope of crons:create. t is for threads:create_run and a for assistants:read, as
// for a run: a thread that t does not reach is ErrNotFound, an assistant that a does not reach ErrAssistantNotFound. For metadata and
// stamps see [Threads.Create]. A taken id is ErrExists.
func (c *Crons) Create(ctx context.Context, s access.CronScope, t access.ThreadScope, a access.AssistantScope, n CronNew) (Cron, error) {
	if err := errors.Join(s.Permit(authhooks.Create), t.Permit(authhooks.CreateRun), a.Permit(authhooks.Read)); err != nil {
		return Cron{}, err
	}
	row, m, err := c.newRow(s, n)
	if err != nil {
		return Cron{}, fmt.Errorf("create cron: %w", err)
	}
	var principal JSON
	if user := s.User(); user != nil {
		row.UserID = user.Identity
		if principal, err = json.Marshal(access.PrincipalOf(user)); err != nil {
			return Cron{}, fmt.Errorf("create cron: principal: %w", err)
		}
	}
	err = c.db.write(ctx, func(tx *gorm.DB) error {
		if err := c.sees(tx, t, a, row); err != nil {
			return err
		}
		made, err := change(tx, `INSERT INTO crons (id, assistant_id, thread_id, schedule, timezone, payload, principal, user_id, metadata,
			owned, on_run_completed, enabled, end_time, next_at, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			row.ID, row.AssistantID, orNull(row.ThreadID), row.Schedule, row.Timezone, text(row.Payload), text(principal), orNull(row.UserID),
			m.json, m.names(), row.OnRunCompleted, row.Enabled, c.db.at(row.EndTime), c.db.at(row.NextAt), c.db.at(row.CreatedAt), c.db.at(row.UpdatedAt))
		if err == nil && made == 0 {
			return ErrExists
		}
		return err
	})
	if err != nil {
		return Cron{}, fmt.Errorf("create cron: %w", err)
	}
	return row, nil
}

func (c *Crons) newRow(s access.CronScope, n CronNew) (Cron, metadata, error) {
	m, err := newMetadata(n.Metadata, s.Stamp(), s.Filter())
	if err != nil {
		return Cron{}, m, err
	}
	now := c.db.clock()
	row := Cron{
		Schedule: n.Schedule, Timezone: n.Timezone, Payload: orEmpty(n.Payload), Metadata: JSON(m.json), Owned: m.owned,
		OnRunCompleted: n.OnRunCompleted, Enabled: n.Enabled, EndTime: n.EndTime, CreatedAt: now, UpdatedAt: now,
	}
	if n.Enabled {
		row.NextAt = n.NextAt
	}
	var ok bool
	if row.ID, ok = c.db.idFor(n.ID); !ok {
		return Cron{}, m, ErrNotFound
	}
	if row.AssistantID, ok = key(n.AssistantID); !ok {
		return Cron{}, m, ErrAssistantNotFound
	}
	if n.ThreadID == "" {
		return row, m, nil
	}
	if row.ThreadID, ok = key(n.ThreadID); !ok {
		return Cron{}, m, ErrNotFound
	}
	return row, m, nil
}

// sees holds the thread and the assistant of a cron against the scopes (H-38).
func (c *Crons) sees(tx *gorm.DB, t access.ThreadScope, a access.AssistantScope, row Cron) error {
	var there int
	where, args := c.db.Assistants.visible(a)
	err := one(tx, []any{&there}, "SELECT 1 FROM assistants AS t WHERE t.id = ? AND "+where, append([]any{row.AssistantID}, args...)...)
	if err != nil || row.ThreadID == "" {
		return hide(found(err), ErrAssistantNotFound)
	}
	where, args = c.db.reachThread("t", t.Filter())
	err = one(tx, []any{&there}, "SELECT 1 FROM threads AS t WHERE t.id = ? AND "+listed+" AND "+where, append([]any{row.ThreadID}, args...)...)
	return found(err)
}

// reached is the condition that a row of crons AS t passes both scopes.
func (c *Crons) reached(s access.CronScope, t access.ThreadScope) (sql string, args []any) {
	sql, args = c.db.reach("t", s.Filter())
	thread, more := c.db.reachThread("h", t.Filter())
	return sql + ` AND (t.thread_id IS NULL OR EXISTS (SELECT 1 FROM threads AS h
		WHERE h.id = t.thread_id AND NOT h.temporary AND h.hidden_at IS NULL AND ` + thread + "))", append(args, more...)
}

// orNone permits a scope for the actions, and the zero scope.
func orNone(t access.ThreadScope, actions ...authhooks.Action) error {
	if err := t.Permit(actions...); !errors.Is(err, access.ErrNoScope) {
		return err
	}
	return nil
}

// Find returns what the cron is about, for a scope of crons:read, update or delete that reaches its metadata: who wants more asks for the
// thread, and then the other methods.
func (c *Crons) Find(ctx context.Context, s access.CronScope, id string) (CronTarget, error) {
	if err := s.Permit(authhooks.Read, authhooks.Update, authhooks.Delete); err != nil {
		return CronTarget{}, err
	}
	id, ok := key(id)
	if !ok {
		return CronTarget{}, ErrNotFound
	}
	where, args := c.db.reach("t", s.Filter())
	out := CronTarget{ID: id}
	var thread *string
	err := one(c.db.read(ctx), []any{&out.AssistantID, &thread}, "SELECT t.assistant_id, t.thread_id FROM crons AS t WHERE t.id = ? AND "+where,
		append([]any{id}, args...)...)
	if err != nil {
		return CronTarget{}, fmt.Errorf("find cron: %w", found(err))
	}
	out.ThreadID = or(thread, "")
	return out, nil
}

// Get returns a cron for a scope of crons:read or update and one of threads:read, or the zero scope.
func (c *Crons) Get(ctx context.Context, s access.CronScope, t access.ThreadScope, id string) (Cron, error) {
	if err := errors.Join(s.Permit(authhooks.Read, authhooks.Update), orNone(t, authhooks.Read)); err != nil {
		return Cron{}, err
	}
	id, ok := key(id)
	if !ok {
		return Cron{}, ErrNotFound
	}
	where, args := c.reached(s, t)
	row, err := scanCron(line{c.db.read(ctx), "SELECT " + cronColumns + " FROM crons AS t WHERE t.id = ? AND " + where, append([]any{id}, args...)})
	if err != nil {
		return Cron{}, fmt.Errorf("get cron: %w", err)
	}
	return row, nil
}

// Delete removes a cron for a scope of crons:delete and one of threads:read, or the zero scope. Runs that it has made go on.
func (c *Crons) Delete(ctx context.Context, s access.CronScope, t access.ThreadScope, id string) error {
	if err := errors.Join(s.Permit(authhooks.Delete), orNone(t, authhooks.Read)); err != nil {
		return err
	}
	id, ok := key(id)
	if !ok {
		return ErrNotFound
	}
	where, args := c.reached(s, t)
	n, err := change(c.db.exec(ctx), "DELETE FROM crons AS t WHERE t.id = ? AND "+where, append([]any{id}, args...)...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete cron: %w", err)
	}
	return nil
}

// DeleteByAssistant removes the crons of an assistant that a scope of crons:delete reaches; it returns how many. Others' stay as they
// are, and do not find their assistant (H-12, H-38).
func (c *Crons) DeleteByAssistant(ctx context.Context, s access.CronScope, assistantID string) (int, error) {
	if err := s.Permit(authhooks.Delete); err != nil {
		return 0, err
	}
	id, ok := key(assistantID)
	if !ok {
		return 0, nil
	}
	where, args := c.db.reach("t", s.Filter())
	n, err := change(c.db.exec(ctx), "DELETE FROM crons AS t WHERE t.assistant_id = ? AND "+where, append([]any{id}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("delete crons of assistant: %w", err)
	}
	return int(n), nil
}
