package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// AssistantQuery selects assistants: those that have everything that is set.
type AssistantQuery struct {
	Metadata JSON // an object that the metadata contains
	GraphID  string
	Name     string // a part of the name, whatever its case

	Limit, Offset int    // 0: ten rows
	SortBy        string // assistant_id, graph_id, name, created_at (which "" is too) or updated_at
	SortOrder     string // desc, which "" is too, or asc
}

var assistantOrders = map[string]string{
	"": "created_at", "assistant_id": "id", "graph_id": "graph_id", "name": "name", "created_at": "created_at", "updated_at": "updated_at",
}

// Search returns a page of the assistants that a scope of assistants:search sees, and how many there are; for that see [Threads.Search].
func (a *Assistants) Search(ctx context.Context, s access.AssistantScope, q AssistantQuery) (out []Assistant, total int, err error) {
	p, err := newPage(q.Limit, q.Offset, q.SortBy, q.SortOrder, assistantOrders)
	if err != nil {
		return nil, 0, err
	}
	found, err := a.query(ctx, s, q)
	if err != nil {
		return nil, 0, err
	}
	if out, err = a.fetch(p, found); err != nil {
		return nil, 0, fmt.Errorf("search assistants: %w", err)
	}
	if total, err = p.total(found, len(out)); err != nil {
		return nil, 0, fmt.Errorf("search assistants: %w", err)
	}
	return out[:min(len(out), p.limit)], total, nil
}

// Count returns how many assistants a scope of assistants:search sees.
func (a *Assistants) Count(ctx context.Context, s access.AssistantScope, q AssistantQuery) (int, error) {
	found, err := a.query(ctx, s, q)
	if err != nil {
		return 0, err
	}
	var n int64
	if err := found.Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count assistants: %w", err)
	}
	return int(n), nil
}

// query composes the conditions. The result can be used for several statements.
func (a *Assistants) query(ctx context.Context, s access.AssistantScope, q AssistantQuery) (*gorm.DB, error) {
	if err := s.Permit(authhooks.Search); err != nil {
		return nil, err
	}
	sql, args := a.visible(s)
	tx := a.db.read(ctx).Table("assistants AS t").Where("("+sql+")", args...)
	if len(q.Metadata) > 0 {
		sql, args, err := containsSQL(a.db.dialect, "t", "metadata", q.Metadata, a.db.indexed...)
		if err != nil {
			return nil, err
		}
		tx = tx.Where("("+sql+")", args...)
	}
	if q.GraphID != "" {
		tx = tx.Where("t.graph_id = ?", q.GraphID)
	}
	if q.Name != "" {
		sql, arg := namedLike(a.db.dialect, q.Name)
		tx = tx.Where(sql, arg)
	}
	return tx.Session(&gorm.Session{}), nil
}

// fetch reads one page and the row after it.
func (a *Assistants) fetch(p page, found *gorm.DB) (out []Assistant, err error) {
	rows, err := p.on(found.Select(assistantColumns)).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		row, err := scanAssistant(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
