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

// Assistants are graphs with a configuration. Those that the server made of its graphs can be read by everyone whom a hook lets read
// assistants at all; to change one takes a scope that reaches it, which the filter on an owner does not.
type Assistants struct{ db *DB }

// Create makes an assistant and its version 1 for a scope of assistants:create; for the rest see [Threads.Create].
func (a *Assistants) Create(ctx context.Context, create access.AssistantScope, read *access.AssistantScope, n AssistantNew) (Assistant, error) {
	if err := create.Permit(authhooks.Create); err != nil {
		return Assistant{}, err
	}
	id, ok := a.db.idFor(n.ID)
	if !ok {
		return Assistant{}, ErrNotFound
	}
	m, err := newMetadata(human(n.Metadata), create.Stamp(), create.Filter())
	if err != nil {
		return Assistant{}, fmt.Errorf("create assistant: %w", err)
	}
	now := a.db.clock()
	row := Assistant{
		ID: id, GraphID: n.GraphID, Name: n.Name, Description: n.Description, Metadata: JSON(m.json), Owned: m.owned,
		Config: orEmpty(n.Config), Context: orEmpty(n.Context), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	var made bool
	err = a.db.write(ctx, func(tx *gorm.DB) (err error) {
		made, err = a.insert(tx, row, m)
		return err
	})
	if err != nil {
		return Assistant{}, fmt.Errorf("create assistant: %w", err)
	}
	if !made {
		return a.existing(ctx, create, read, id, n.IfExists)
	}
	return row, nil
}

// insert inserts an assistant with its first version, or reports false when its id is taken.
func (a *Assistants) insert(tx *gorm.DB, row Assistant, m metadata) (bool, error) {
	n, err := change(tx, `INSERT INTO assistants
		(id, graph_id, is_system, name, description, metadata, owned, config, context, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		row.ID, row.GraphID, row.System, row.Name, row.Description, m.json, m.names(), text(row.Config), text(row.Context),
		row.Version, a.db.at(row.CreatedAt), a.db.at(row.UpdatedAt))
	if err != nil || n == 0 {
		return false, err
	}
	return true, a.insertVersion(tx, row, m)
}

// existing answers for an id that is taken.
func (a *Assistants) existing(ctx context.Context, create access.AssistantScope, read *access.AssistantScope, id, ifExists string) (Assistant, error) {
	if ifExists != "do_nothing" || read == nil {
		return Assistant{}, ErrExists
	}
	if err := read.Permit(authhooks.Read); err != nil {
		return Assistant{}, err
	}
	byCreate, args := a.db.reach("t", create.Filter())
	byRead, more := a.visible(*read)
	row, err := scanAssistant(line{
		a.db.read(ctx),
		"SELECT " + assistantColumns + " FROM assistants AS t WHERE t.id = ? AND " + byCreate + " AND " + byRead,
		append(append([]any{id}, args...), more...),
	})
	if err != nil {
		return Assistant{}, hide(fmt.Errorf("create assistant: %w", err), ErrExists)
	}
	return row, nil
}

// Get returns an assistant for a scope of assistants:read.
func (a *Assistants) Get(ctx context.Context, s access.AssistantScope, id string) (Assistant, error) {
	if err := s.Permit(authhooks.Read); err != nil {
		return Assistant{}, err
	}
	id, ok := key(id)
	if !ok {
		return Assistant{}, ErrNotFound
	}
	sql, args := a.visible(s)
	row, err := scanAssistant(line{
		a.db.read(ctx), "SELECT " + assistantColumns + " FROM assistants AS t WHERE t.id = ? AND " + sql,
		append([]any{id}, args...),
	})
	if err != nil {
		return Assistant{}, fmt.Errorf("get assistant: %w", err)
	}
	return row, nil
}

// visible is the condition that a scope of assistants:read or search sees a row of assistants AS t.
func (a *Assistants) visible(s access.AssistantScope) (sql string, args []any) {
	if s.SystemOnly() {
		return "t.is_system", nil
	}
	if s.Filter() == nil {
		return "TRUE", nil
	}
	sql, args = a.db.reach("t", s.Filter())
	return "(t.is_system OR " + sql + ")", args
}

// Patch changes an assistant, which makes a new version, for a scope of assistants:update; for owned keys see [Threads.Patch].
func (a *Assistants) Patch(ctx context.Context, s access.AssistantScope, id string, p AssistantPatch) (Assistant, error) {
	row, err := a.change(ctx, s, id, func(tx *gorm.DB, row *Assistant, m *metadata) error {
		if err := m.patch(human(p.Metadata), s.Filter()); err != nil {
			return err
		}
		row.GraphID, row.Name = or(p.GraphID, row.GraphID), or(p.Name, row.Name)
		if p.Description != nil {
			row.Description = p.Description
		}
		if err := p.settle(row); err != nil {
			return err
		}
		if err := one(tx, []any{&row.Version}, "SELECT max(version) + 1 FROM assistant_versions WHERE assistant_id = ?", row.ID); err != nil {
			return err
		}
		return a.insertVersion(tx, *row, *m)
	})
	if err != nil {
		return Assistant{}, fmt.Errorf("patch assistant: %w", err)
	}
	return row, nil
}

// settle changes an assistant's settings.
func (p *AssistantPatch) settle(row *Assistant) error {
	if p.Context != nil {
		row.Context = orEmpty(p.Context)
	}
	switch {
	case p.Config != nil:
		row.Config = orEmpty(p.Config)
	case p.Configurable != nil:
		config := map[string]JSON{}
		if err := json.Unmarshal(row.Config, &config); err != nil {
			return fmt.Errorf("config: %w", err)
		}
		config["configurable"] = p.Configurable
		data, err := json.Marshal(config)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		row.Config = data
	}
	return nil
}

// change locks an assistant that a scope of assistants:update reaches and stores what edit makes of it.
func (a *Assistants) change(ctx context.Context, s access.AssistantScope, id string,
	edit func(tx *gorm.DB, row *Assistant, m *metadata) error,
) (row Assistant, err error) {
	if err := s.Permit(authhooks.Update); err != nil {
		return Assistant{}, err
	}
	err = a.db.write(ctx, func(tx *gorm.DB) (err error) {
		if row, err = a.lock(tx, s, id); err != nil {
			return err
		}
		m, err := oldMetadata(row.Metadata, row.Owned)
		if err != nil {
			return err
		}
		row.UpdatedAt = a.db.clock()
		if err := edit(tx, &row, &m); err != nil {
			return err
		}
		row.Metadata = JSON(m.json)
		return tx.Exec(`UPDATE assistants SET graph_id = ?, name = ?, description = ?, metadata = ?, config = ?, context = ?,
			version = ?, updated_at = ? WHERE id = ?`,
			row.GraphID, row.Name, row.Description, m.json, text(row.Config), text(row.Context),
			row.Version, a.db.at(row.UpdatedAt), row.ID).Error
	})
	return row, err
}

// lock returns an assistant that the scope's filter itself reaches and holds its row until tx ends.
func (a *Assistants) lock(tx *gorm.DB, s access.AssistantScope, id string) (Assistant, error) {
	id, ok := key(id)
	if !ok || s.SystemOnly() {
		return Assistant{}, ErrNotFound
	}
	sql, args := a.db.reach("t", s.Filter())
	return scanAssistant(line{
		tx, "SELECT " + assistantColumns + " FROM assistants AS t WHERE t.id = ? AND " + sql + a.db.forUpdate("t"),
		append([]any{id}, args...),
	})
}

// DeleteWithThreads is Delete for an assistant whose threads go with it: those that threads, a scope of threads:delete, reaches. Others'
// stay (H-12). It begins with a look whether the assistant may be deleted at all, and ends with the assistant, so that a call that was
// cut short can be made again. It returns how many threads are gone.
func (a *Assistants) DeleteWithThreads(ctx context.Context, s access.AssistantScope, threads access.ThreadScope, id string) (int, error) {
	if err := errors.Join(s.Permit(authhooks.Delete), threads.Permit(authhooks.Delete)); err != nil {
		return 0, err
	}
	if err := a.mayDelete(ctx, s, id); err != nil {
		return 0, fmt.Errorf("delete assistant: %w", err)
	}
	n, err := a.db.Threads.DeleteByAssistant(ctx, threads, id)
	if err != nil {
		return n, err
	}
	if err := a.Delete(ctx, s, id); err != nil {
		return n, err
	}
	late, err := a.db.Threads.DeleteByAssistant(ctx, threads, id) // made by runs that were just in time
	return n + late, err
}

func (a *Assistants) mayDelete(ctx context.Context, s access.AssistantScope, id string) error {
	id, ok := key(id)
	if !ok || s.SystemOnly() {
		return ErrNotFound
	}
	reach, args := a.db.reach("t", s.Filter())
	var there int
	return found(one(a.db.read(ctx), []any{&there}, "SELECT 1 FROM assistants AS t WHERE t.id = ? AND "+reach, append([]any{id}, args...)...))
}

// Delete removes an assistant with its versions, for a scope of assistants:delete. Threads and runs of it stay, for they may be
// others' (H-12); see [Assistants.DeleteWithThreads].
func (a *Assistants) Delete(ctx context.Context, s access.AssistantScope, id string) error {
	if err := s.Permit(authhooks.Delete); err != nil {
		return err
	}
	err := a.db.write(ctx, func(tx *gorm.DB) error {
		row, err := a.lock(tx, s, id)
		if err != nil {
			return err
		}
		return tx.Exec("DELETE FROM assistants WHERE id = ?", row.ID).Error
	})
	if err != nil {
		return fmt.Errorf("delete assistant: %w", err)
	}
	return nil
}

// human drops the mark that an assistant is the server's from a client's metadata: whether it is, is a column (H-37).
func human(client map[string]any) map[string]any {
	if client["created_by"] != "system" {
		return client
	}
	out := make(map[string]any, len(client))
	for k, v := range client {
		if k != "created_by" {
			out[k] = v
		}
	}
	return out
}

// or returns what p points to, or other.
func or[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}
