package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// ThreadQuery selects threads: those that have everything that is set.
type ThreadQuery struct {
	IDs      []string // nil: any; those that are no UUIDs name nothing
	Metadata JSON     // an object that the metadata contains
	Values   JSON     // an object that the latest values contain
	Status   string

	Limit, Offset int    // 0: ten rows
	SortBy        string // thread_id, status, created_at, updated_at (which "" is too) or state_updated_at
	SortOrder     string // desc, which "" is too, or asc
	WithValues    bool   // fill Thread.Values
}

var threadOrders = map[string]string{
	"": "updated_at", "thread_id": "id", "status": "status",
	"created_at": "created_at", "updated_at": "updated_at", "state_updated_at": "state_updated_at",
}

// Search returns a page of the threads that a scope of threads:search reaches, and how many there are: exactly up to 10,000 and on the
// last page, else at least one more than the page's end. The filter is part of the statements that fetch and count (AC-16).
func (t *Threads) Search(ctx context.Context, s access.ThreadScope, q ThreadQuery) (rows []Thread, total int, err error) {
	p, err := newPage(q.Limit, q.Offset, q.SortBy, q.SortOrder, threadOrders)
	if err != nil {
		return nil, 0, err
	}
	found, err := t.query(ctx, s, q)
	if err != nil {
		return nil, 0, err
	}
	if rows, err = t.fetch(p, found, q.WithValues); err != nil {
		return nil, 0, fmt.Errorf("search threads: %w", err)
	}
	if total, err = p.total(found, len(rows)); err != nil {
		return nil, 0, fmt.Errorf("search threads: %w", err)
	}
	return rows[:min(len(rows), p.limit)], total, nil
}

// Count returns how many threads a scope of threads:search reaches.
func (t *Threads) Count(ctx context.Context, s access.ThreadScope, q ThreadQuery) (int, error) {
	found, err := t.query(ctx, s, q)
	if err != nil {
		return 0, err
	}
	var n int64
	if err := found.Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count threads: %w", err)
	}
	return int(n), nil
}

// query composes the conditions. The result can be used for several statements.
func (t *Threads) query(ctx context.Context, s access.ThreadScope, q ThreadQuery) (*gorm.DB, error) {
	if err := s.Permit(authhooks.Search); err != nil {
		return nil, err
	}
	sql, args := t.db.reachThread("t", s.Filter())
	tx := t.db.read(ctx).Table("threads AS t").Where(listed).Where("("+sql+")", args...)
	if q.IDs != nil {
		tx = tx.Where("t.id IN ?", keys(q.IDs))
	}
	if q.Status != "" {
		tx = tx.Where("t.status = ?", q.Status)
	}
	if len(q.Metadata) > 0 {
		sql, args, err := containsSQL(t.db.dialect, "t", "metadata", q.Metadata, t.db.indexed...)
		if err != nil {
			return nil, err
		}
		tx = tx.Where("("+sql+")", args...)
	}
	if len(q.Values) > 0 {
		sql, args, err := containsSQL(t.db.dialect, "v", "values", q.Values)
		if err != nil {
			return nil, err
		}
		tx = tx.Where("EXISTS (SELECT 1 FROM thread_values AS v WHERE v.thread_id = t.id AND ("+sql+"))", args...)
	}
	return tx.Session(&gorm.Session{}), nil
}

// fetch reads one page and the row after it.
func (t *Threads) fetch(p page, found *gorm.DB, withValues bool) (out []Thread, err error) {
	columns := threadColumns + ", NULL"
	if withValues {
		found, columns = found.Joins("LEFT JOIN thread_values AS w ON w.thread_id = t.id"), threadColumns+`, w."values"`
	}
	rows, err := p.on(found.Select(columns)).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var values raw
		row, err := scanThread(rows, &values)
		if err != nil {
			return nil, err
		}
		row.Values = JSON(values)
		out = append(out, row)
	}
	return out, rows.Err()
}
