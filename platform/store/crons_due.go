package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// HeldCron is a cron that is due and that its holder alone may fire, until the lease ends.
type HeldCron struct {
	Cron
	// Principal is whom it acts for: access.Principal as JSON, nil for a cron of an open server.
	Principal JSON

	token int64
}

// Due takes up to limit crons that are due at now, and holds them for the lease: nobody else gets them meanwhile.
func (c *Crons) Due(ctx context.Context, sys access.SystemAccess, now time.Time, lease time.Duration, limit int) ([]HeldCron, error) {
	if err := sys.Permit(); err != nil {
		return nil, err
	}
	var held []HeldCron
	var there int
	const due = "t.next_at <= ? AND (t.held_until IS NULL OR t.held_until <= ?)"
	err := one(c.db.read(ctx), []any{&there}, "SELECT 1 FROM crons AS t WHERE "+due+" LIMIT 1", c.db.at(now), c.db.at(now))
	if err = found(err); err == nil {
		err = c.db.write(ctx, func(tx *gorm.DB) (err error) {
			held, err = c.hold(tx, due, now, lease, limit)
			return err
		})
	}
	if err = hide(err, nil); err != nil {
		return nil, fmt.Errorf("due crons: %w", err)
	}
	return held, nil
}

func (c *Crons) hold(tx *gorm.DB, due string, now time.Time, lease time.Duration, limit int) (held []HeldCron, err error) {
	lock := c.db.forUpdate("t")
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	err = each(tx, func(rows *sql.Rows) error {
		var h HeldCron
		var err error
		h.Cron, err = scanCron(rows, (*raw)(&h.Principal), &h.token)
		held = append(held, h)
		return err
	}, "SELECT "+cronColumns+", t.principal, t.token FROM crons AS t WHERE "+due+" ORDER BY t.next_at, t.id LIMIT ?"+lock,
		c.db.at(now), c.db.at(now), limit)
	if err != nil {
		return nil, err
	}
	for i := range held {
		held[i].token++
		_, err := change(tx, "UPDATE crons SET token = ?, held_until = ? WHERE id = ?", held[i].token, c.db.at(now.Add(lease)), held[i].ID)
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// Fire claims one time of a held cron and returns the id of the run that it is to have. Whoever claims it again, since who did so before
// was not heard of, gets the same id, so that there is one run. [ErrLostLease] means that the cron is another's, was changed, or is gone.
func (c *Crons) Fire(ctx context.Context, sys access.SystemAccess, h HeldCron, at time.Time) (runID string, err error) {
	if err := sys.Permit(); err != nil {
		return "", err
	}
	err = c.db.write(ctx, func(tx *gorm.DB) error {
		if err := c.fence(tx, h); err != nil {
			return err
		}
		_, err := change(tx, "INSERT INTO fires (cron_id, at, run_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", h.ID, c.db.at(at), c.db.newID())
		if err != nil {
			return err
		}
		if err := one(tx, []any{&runID}, "SELECT run_id FROM fires WHERE cron_id = ? AND at = ?", h.ID, c.db.at(at)); err != nil {
			return err
		}
		_, err = change(tx, "DELETE FROM fires WHERE cron_id = ? AND at < ?", h.ID, c.db.at(at))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("fire cron: %w", err)
	}
	return runID, nil
}

// fence holds the row of a cron that h still holds, until tx ends.
func (c *Crons) fence(tx *gorm.DB, h HeldCron) error {
	var there int
	err := one(tx, []any{&there}, "SELECT 1 FROM crons AS t WHERE t.id = ? AND t.token = ?"+c.db.forUpdate("t"), h.ID, h.token)
	return hide(found(err), ErrLostLease)
}

// Release ends the hold: the cron fires at next, or never when that is zero. A cron that is no longer held keeps what it has.
func (c *Crons) Release(ctx context.Context, sys access.SystemAccess, h HeldCron, next time.Time) error {
	return c.release(ctx, sys, h, "next_at = ?", c.db.at(next))
}

// Pause ends the hold and disables the cron, whose maker must not act any more.
func (c *Crons) Pause(ctx context.Context, sys access.SystemAccess, h HeldCron) error {
	return c.release(ctx, sys, h, "next_at = NULL, enabled = ?, updated_at = ?", false, c.db.at(c.db.clock()))
}

func (c *Crons) release(ctx context.Context, sys access.SystemAccess, h HeldCron, set string, args ...any) error {
	if err := sys.Permit(); err != nil {
		return err
	}
	_, err := change(c.db.exec(ctx), "UPDATE crons SET "+set+", held_until = NULL WHERE id = ? AND token = ?", append(args, h.ID, h.token)...)
	if err != nil {
		return fmt.Errorf("release cron: %w", err)
	}
	return nil
}
