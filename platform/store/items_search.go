package store

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// ItemQuery selects items: those that have everything that is set.
type ItemQuery struct {
	Prefix        []string // of the namespace
	Filter        graphs.StoreFilter
	Limit, Offset int // 0: ten items
	// Near orders by nearness, and leaves out items without vectors; nil orders by the last change.
	Near Vector
	// Refresh begins the lives of what is found anew.
	Refresh bool
}

// Search returns a page of the items that a scope of store:search reaches, the last changed first or the nearest.
func (s *Items) Search(ctx context.Context, scope access.ItemScope, q ItemQuery) ([]Item, error) {
	if err := scope.Permit(authhooks.Search); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	find := s.latest
	if q.Near != nil {
		find = s.nearest
	}
	items, err := find(ctx, s.where(scope, q), q)
	if err != nil {
		return nil, fmt.Errorf("search items: %w", err)
	}
	if q.Refresh {
		if err := s.refresh(ctx, scope, items); err != nil {
			return nil, fmt.Errorf("search items: %w", err)
		}
	}
	return items, nil
}

// condition is a WHERE over items AS i.
type condition struct {
	sql  string
	args []any
}

// where composes what a search is bounded by: the partition and the filter of the scope before all.
func (s *Items) where(scope access.ItemScope, q ItemQuery) condition {
	reach, reachArgs := s.db.reach("i", scope.Filter())
	under, underArgs := below(joined(q.Prefix))
	values, valueArgs := valueSQL(s.db.dialect, q.Filter)
	args := append([]any{part(scope.Partition()), s.db.at(s.db.clock())}, underArgs...)
	return condition{
		sql:  "i.part = ? AND " + live + " AND " + under + " AND " + reach + " AND " + values,
		args: append(append(args, reachArgs...), valueArgs...),
	}
}

func (s *Items) latest(ctx context.Context, w condition, q ItemQuery) ([]Item, error) {
	return scanItems(s.db.read(ctx), "SELECT "+itemColumns+" FROM items AS i WHERE "+w.sql+
		" ORDER BY i.updated_at DESC, i."+s.db.age()+" LIMIT ? OFFSET ?", append(w.args, q.Limit, q.Offset)...)
}

func scanItems(tx *gorm.DB, query string, args ...any) ([]Item, error) {
	items := []Item{}
	err := each(tx, func(rows *sql.Rows) error {
		item, err := scanItem(rows)
		items = append(items, item)
		return err
	}, query, args...)
	return items, err
}

// age is the column of items that grows with each that is made.
func (db *DB) age() string {
	if db.dialect == Postgres {
		return "id"
	}
	return "rowid"
}
