package store

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// VersionQuery selects versions of an assistant.
type VersionQuery struct {
	Metadata      JSON // an object that the version's metadata contains
	Limit, Offset int  // 0: ten
}

// insertVersion stores what the assistant is now as its version.
func (a *Assistants) insertVersion(tx *gorm.DB, row Assistant, m metadata) error {
	free, err := m.free()
	if err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO assistant_versions
		(assistant_id, version, graph_id, name, description, metadata, config, context, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.ID, row.Version, row.GraphID, row.Name, row.Description, free, text(row.Config), text(row.Context),
		a.db.at(row.UpdatedAt)).Error
}

// SetLatest makes an older version what the assistant is, for a scope of assistants:update. Owned keys stay as they are (H-22).
func (a *Assistants) SetLatest(ctx context.Context, s access.AssistantScope, id string, version int) (Assistant, error) {
	row, err := a.change(ctx, s, id, func(tx *gorm.DB, row *Assistant, m *metadata) error {
		v, err := scanVersion(line{
			tx, "SELECT " + versionColumns + " FROM assistant_versions AS h WHERE h.assistant_id = ? AND h.version = ?",
			[]any{row.ID, version},
		})
		if err != nil {
			return hide(err, ErrVersionNotFound)
		}
		doc, err := object(v.Metadata)
		if err != nil {
			return err
		}
		row.GraphID, row.Name, row.Description = v.GraphID, v.Name, v.Description
		row.Config, row.Context, row.Version = v.Config, v.Context, v.Version
		return m.replace(doc, s.Filter())
	})
	if err != nil {
		return Assistant{}, fmt.Errorf("set latest version: %w", err)
	}
	return row, nil
}

// Versions returns versions of an assistant, the newest first, for a scope of assistants:read, whose filter is held against the assistant.
func (a *Assistants) Versions(ctx context.Context, s access.AssistantScope, id string, q VersionQuery) ([]AssistantVersion, error) {
	row, err := a.Get(ctx, s, id)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	contains, args := "TRUE", []any(nil)
	if len(q.Metadata) > 0 {
		if contains, args, err = containsSQL(a.db.dialect, "h", "metadata", q.Metadata); err != nil {
			return nil, err
		}
	}
	visible, more := a.visible(s)
	query := "SELECT " + versionColumns + " FROM assistant_versions AS h JOIN assistants AS t ON t.id = h.assistant_id WHERE t.id = ? AND " +
		contains + " AND " + visible + " ORDER BY h.version DESC LIMIT ? OFFSET ?"
	args = append(append([]any{row.ID}, args...), more...)
	var out []AssistantVersion
	err = each(a.db.read(ctx), func(rows *sql.Rows) error {
		v, err := scanVersion(rows)
		out = append(out, v)
		return err
	}, query, append(args, q.Limit, q.Offset)...)
	if err != nil {
		return nil, fmt.Errorf("assistant versions: %w", err)
	}
	return out, nil
}

// SyncSystem makes the system assistants those of the given graphs, at a start of the server: it makes the missing ones, renames, and
// drops those whose graph is gone. A row that someone else made under the id of a graph is replaced: its owner would otherwise decide
// what everyone runs.
func (a *Assistants) SyncSystem(ctx context.Context, s access.SystemAccess, graphs []SystemAssistant) error {
	if err := s.Permit(); err != nil {
		return err
	}
	err := a.db.write(ctx, func(tx *gorm.DB) error {
		ids := []string{}
		for _, g := range graphs {
			id, ok := key(g.ID)
			if !ok {
				return fmt.Errorf("graph %s: %q is no UUID", g.GraphID, g.ID)
			}
			g.ID, ids = id, append(ids, id)
			if err := a.syncOne(tx, g); err != nil {
				return fmt.Errorf("graph %s: %w", g.GraphID, err)
			}
		}
		if len(ids) == 0 {
			return tx.Exec("DELETE FROM assistants WHERE is_system").Error
		}
		return tx.Exec("DELETE FROM assistants WHERE is_system AND id NOT IN ?", ids).Error
	})
	if err != nil {
		return fmt.Errorf("system assistants: %w", err)
	}
	return nil
}

func (a *Assistants) syncOne(tx *gorm.DB, g SystemAssistant) error {
	if err := tx.Exec("DELETE FROM assistants WHERE id = ? AND NOT is_system", g.ID).Error; err != nil {
		return err
	}
	m := metadata{doc: map[string]any{"created_by": "system"}}
	if err := m.seal(nil); err != nil {
		return err
	}
	now := a.db.clock()
	made, err := a.insert(tx, Assistant{
		ID: g.ID, GraphID: g.GraphID, Name: g.Name, Description: g.Description, Metadata: JSON(m.json), Version: 1, System: true,
		Config: orEmpty(g.Config), Context: orEmpty(g.Context), CreatedAt: now, UpdatedAt: now,
	}, m)
	if err != nil || made {
		return err
	}
	return tx.Exec(`UPDATE assistants SET graph_id = ?, name = ?, description = ?, updated_at = ?
		WHERE id = ? AND (graph_id <> ? OR name <> ? OR description IS DISTINCT FROM ?)`,
		g.GraphID, g.Name, g.Description, a.db.at(now), g.ID, g.GraphID, g.Name, g.Description).Error
}
