package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// CronQuery selects crons: those that have everything that is set.
type CronQuery struct {
	AssistantID string
	ThreadID    string
	Enabled     *bool
	Metadata    JSON // an object that the metadata contains

	Limit, Offset int    // 0: ten rows
	SortBy        string // cron_id, assistant_id, thread_id, next_run_date, end_time, created_at (which "" is too) or updated_at
	SortOrder     string // desc, which "" is too, or asc
}

var cronOrders = map[string]string{
	"": "created_at", "cron_id": "id", "assistant_id": "assistant_id", "thread_id": "thread_id", "next_run_date": "next_at",
	"end_time": "end_time", "created_at": "created_at", "updated_at": "updated_at",
}

// Search returns a page of the crons that a scope of crons:search and one of threads:search or read reach, and how many there are; for
// that see [Threads.Search].
func (c *Crons) Search(ctx context.Context, s access.CronScope, t access.ThreadScope, q CronQuery) (out []Cron, total int, err error) {
	p, err := newPage(q.Limit, q.Offset, q.SortBy, q.SortOrder, cronOrders)
	if err != nil {
		return nil, 0, err
	}
	p.nullable = p.by == "thread_id" || p.by == "next_at" || p.by == "end_time"
	found, err := c.query(ctx, s, t, q)
	if err != nil {
		return nil, 0, err
	}
	if out, err = c.fetch(p, found); err != nil {
		return nil, 0, fmt.Errorf("search crons: %w", err)
	}
	if total, err = p.total(found, len(out)); err != nil {
		return nil, 0, fmt.Errorf("search crons: %w", err)
	}
	return out[:min(len(out), p.limit)], total, nil
}

// Count returns how many crons a scope of crons:search and one of threads:search or read reach.
func (c *Crons) Count(ctx context.Context, s access.CronScope, t access.ThreadScope, q CronQuery) (int, error) {
	found, err := c.query(ctx, s, t, q)
	if err != nil {
		return 0, err
	}
	var n int64
	if err := found.Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count crons: %w", err)
	}
	return int(n), nil
}

// query composes the conditions. The result can be used for several statements.
func (c *Crons) query(ctx context.Context, s access.CronScope, t access.ThreadScope, q CronQuery) (*gorm.DB, error) {
	if err := errors.Join(s.Permit(authhooks.Search), t.Permit(authhooks.Search, authhooks.Read)); err != nil {
		return nil, err
	}
	sql, args := c.reached(s, t)
	tx := c.db.read(ctx).Table("crons AS t").Where("("+sql+")", args...)
	for column, id := range map[string]string{"assistant_id": q.AssistantID, "thread_id": q.ThreadID} {
		if id != "" {
			tx = tx.Where("t."+column+" IN ?", keys([]string{id}))
		}
	}
	if q.Enabled != nil {
		tx = tx.Where("t.enabled = ?", *q.Enabled)
	}
	if len(q.Metadata) > 0 {
		sql, args, err := containsSQL(c.db.dialect, "t", "metadata", q.Metadata, c.db.indexed...)
		if err != nil {
			return nil, err
		}
		tx = tx.Where("("+sql+")", args...)
	}
	return tx.Session(&gorm.Session{}), nil
}

// fetch reads one page and the row after it.
func (c *Crons) fetch(p page, found *gorm.DB) (out []Cron, err error) {
	rows, err := p.on(found.Select(cronColumns)).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		row, err := scanCron(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
