package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Patch changes a cron for a scope of crons:update, when t, for threads:create_run, still reaches its thread and a, for assistants:read,
// its assistant (H-38). What it runs is changed by its maker alone, else [ErrForeignCron]. For metadata see [Threads.Patch].
func (c *Crons) Patch(ctx context.Context, s access.CronScope, t access.ThreadScope, a access.AssistantScope, id string, p CronPatch) (Cron, error) {
	if err := errors.Join(s.Permit(authhooks.Update), t.Permit(authhooks.CreateRun), a.Permit(authhooks.Read)); err != nil {
		return Cron{}, err
	}
	id, ok := key(id)
	if !ok {
		return Cron{}, ErrNotFound
	}
	var row Cron
	err := c.db.write(ctx, func(tx *gorm.DB) (err error) {
		where, args := c.reached(s, t)
		row, err = scanCron(line{
			tx, "SELECT " + cronColumns + " FROM crons AS t WHERE t.id = ? AND " + where + c.db.forUpdate("t"), append([]any{id}, args...),
		})
		if err != nil {
			return err
		}
		if err := c.sees(tx, t, a, row); err != nil {
			return err
		}
		m, err := oldMetadata(row.Metadata, row.Owned)
		if err != nil {
			return err
		}
		if err := m.patch(p.Metadata, s.Filter()); err != nil {
			return err
		}
		row.Metadata, row.UpdatedAt = JSON(m.json), c.db.clock()
		if err := p.change(&row, s.User()); err != nil {
			return err
		}
		return c.store(tx, row)
	})
	if err != nil {
		return Cron{}, fmt.Errorf("patch cron: %w", err)
	}
	return row, nil
}

// change makes the changes other than those of metadata.
func (p CronPatch) change(row *Cron, by *authhooks.User) error {
	if len(p.Payload) > 0 {
		if by != nil && by.Identity != row.UserID {
			return ErrForeignCron
		}
		payload := map[string]JSON{}
		if err := json.Unmarshal(row.Payload, &payload); err != nil {
			return fmt.Errorf("payload: %w", err)
		}
		maps.Copy(payload, p.Payload)
		maps.DeleteFunc(payload, func(_ string, v JSON) bool { return v == nil })
		var err error
		if row.Payload, err = json.Marshal(payload); err != nil {
			return fmt.Errorf("payload: %w", err)
		}
	}
	row.Schedule, row.Timezone = or(p.Schedule, row.Schedule), or(p.Timezone, row.Timezone)
	row.OnRunCompleted, row.Enabled = or(p.OnRunCompleted, row.OnRunCompleted), or(p.Enabled, row.Enabled)
	row.EndTime = or(p.EndTime, row.EndTime)
	if !row.Enabled {
		row.NextAt = time.Time{}
		return nil
	}
	if p.Next == nil {
		return nil
	}
	var err error
	row.NextAt, err = p.Next(*row)
	return err
}

// store writes a changed cron. Who holds it loses it: what is due is now another time.
func (c *Crons) store(tx *gorm.DB, row Cron) error {
	_, err := change(tx, `UPDATE crons SET payload = ?, metadata = ?, schedule = ?, timezone = ?, on_run_completed = ?, enabled = ?, end_time = ?,
		next_at = ?, token = token + 1, held_until = NULL, updated_at = ? WHERE id = ?`,
		text(row.Payload), text(row.Metadata), row.Schedule, row.Timezone, row.OnRunCompleted, row.Enabled, c.db.at(row.EndTime),
		c.db.at(row.NextAt), c.db.at(row.UpdatedAt), row.ID)
	return err
}
