package store

import (
	"fmt"

	"gorm.io/gorm"
)

// countUpTo is how far a search counts exactly.
const countUpTo = 10_000

// page is one page of a search. The zero page is the first ten rows.
type page struct {
	limit, offset int
	by            string // a column of t
	descending    bool
	nullable      bool // by may be NULL, which comes last on both databases
}

// newPage checks what a client asked for against the columns it may sort by.
func newPage(limit, offset int, by, order string, columns map[string]string) (page, error) {
	p := page{limit: limit, offset: offset, descending: order != "asc"}
	if limit <= 0 {
		p.limit = 10
	}
	if order != "" && order != "asc" && order != "desc" {
		return page{}, fmt.Errorf("%w: sort_order %q", ErrQuery, order)
	}
	var ok bool
	if p.by, ok = columns[by]; !ok {
		return page{}, fmt.Errorf("%w: sort_by %q", ErrQuery, by)
	}
	return p, nil
}

// on adds order and bounds to a query over t. It asks for one row more than the page has, to know of the next. Ties go by id, so that
// no row is on two pages; against the order, as the indexes have it.
func (p page) on(q *gorm.DB) *gorm.DB {
	nulls := ""
	if p.nullable {
		nulls = " NULLS LAST"
	}
	order := "t." + p.by + " DESC" + nulls + ", t.id"
	if !p.descending {
		order = "t." + p.by + nulls + ", t.id DESC"
	}
	if p.by == "id" && p.descending {
		order = "t.id DESC"
	} else if p.by == "id" {
		order = "t.id"
	}
	return q.Order(order).Limit(p.limit + 1).Offset(p.offset)
}

// total returns how many rows the search has, when it fetched n of which the page shows at most its limit. It is exact up to
// [countUpTo], on the last page and after it; beyond, it says that there is one more.
func (p page) total(rows *gorm.DB, n int) (int, error) {
	if n <= p.limit && (n > 0 || p.offset == 0) {
		return p.offset + n, nil
	}
	counted := rows.Select("1")
	if n > 0 { // else the page was beyond the end, for which all rows were walked already
		counted = counted.Limit(countUpTo + 1)
	}
	var total int
	err := one(rows.Session(&gorm.Session{NewDB: true}), []any{&total}, "SELECT count(*) FROM (?) AS counted", counted)
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	if total <= countUpTo || n == 0 {
		return total, nil
	}
	return p.offset + n, nil
}
