package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// RunOrder is one run of several: what [Runs.Create] takes.
type RunOrder struct {
	Thread    access.ThreadScope
	Assistant access.AssistantScope
	New       RunNew
}

// OrderError says which of several runs could not be made. None was.
type OrderError struct {
	Index int
	Err   error
}

// Error names the order.
func (e *OrderError) Error() string { return fmt.Sprintf("run %d: %v", e.Index, e.Err) }

// Unwrap returns why.
func (e *OrderError) Unwrap() error { return e.Err }

// CreateAll makes several runs as Create makes one, in the order given, in one transaction: all or none. The error is an [*OrderError],
// or of the transaction.
func (r *Runs) CreateAll(ctx context.Context, orders []RunOrder) ([]Run, error) {
	orders = slices.Clone(orders)
	for i := range orders {
		if err := r.admit(&orders[i]); err != nil {
			return nil, &OrderError{i, err}
		}
	}
	var runs []Run
	err := r.db.write(ctx, func(tx *gorm.DB) error {
		runs = make([]Run, 0, len(orders))
		now := r.db.clock()
		for i, o := range orders {
			c := creation{db: r.db, tx: tx, now: now, new: o.New}
			run, err := c.create(o.Thread, o.Assistant)
			if err != nil {
				return &OrderError{i, fmt.Errorf("create run: %w", err)}
			}
			runs = append(runs, run)
		}
		return nil
	})
	return runs, err
}

// admit checks an order's scopes and completes it.
func (r *Runs) admit(o *RunOrder) error {
	if err := errors.Join(o.Thread.Permit(authhooks.CreateRun), o.Assistant.Permit(authhooks.Read)); err != nil {
		return err
	}
	if o.New.Implicit != nil {
		if err := o.New.Implicit.Scope.Permit(authhooks.Create); err != nil {
			return err
		}
	}
	if o.New.Update != nil {
		if err := o.New.Update.Permit(authhooks.Update); err != nil {
			return err
		}
	}
	return r.complete(&o.New)
}
