package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"gorm.io/gorm"
)

// The bounds of a group: a transaction stays short, so that no one waits long for the one writer.
const (
	groupSize = 32
	groupTime = 5 * time.Millisecond
)

// group commits write transactions that wait for SQLite's one writer together: half of a small transaction's cost is its commit, and
// those that come one after the other write the same pages. Nobody waits for a group to fill: the first to come begins at once, and
// whoever arrives meanwhile is in the next group. Each transaction has a savepoint of its own: one that fails takes no other along.
type group struct {
	mu      sync.Mutex
	waiting []*member
	led     bool
}

// member is a transaction that waits for its turn.
type member struct {
	ctx      context.Context //nolint:containedctx // that of the caller, who waits
	fn       func(tx *gorm.DB) error
	err      error
	panicked any
	done     chan struct{} // closed when err holds
	lead     chan struct{} // closed when it must lead the next group
}

// write runs fn in a group, unless ctx has ended when its turn comes. A ctx that ends while fn runs undoes it, but interrupts no
// statement: that would take the whole group with it.
func (g *group) write(ctx context.Context, db *gorm.DB, fn func(tx *gorm.DB) error) error {
	m := &member{ctx: ctx, fn: fn, done: make(chan struct{}), lead: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	if !g.led {
		g.led = true
		close(m.lead)
	}
	g.mu.Unlock()
	select {
	case <-m.done:
	case <-m.lead:
		g.run(db.WithContext(context.WithoutCancel(ctx)))
		<-m.done // the leader is the first of its group
	}
	if m.panicked != nil {
		panic(m.panicked)
	}
	return m.err
}

// run commits the group that waits now, and hands the lead to the first of the next.
func (g *group) run(db *gorm.DB) {
	g.mu.Lock()
	n := min(groupSize, len(g.waiting))
	members := append([]*member(nil), g.waiting[:n]...)
	g.mu.Unlock()

	n = commitTogether(db, members)

	g.mu.Lock()
	g.waiting = append(g.waiting[:0:0], g.waiting[n:]...)
	if g.led = len(g.waiting) > 0; g.led {
		close(g.waiting[0].lead)
	}
	g.mu.Unlock()
	for _, m := range members[:n] {
		close(m.done)
	}
}

// commitTogether runs members in one transaction, as many as fit its time but at least one, and returns how many.
func commitTogether(db *gorm.DB, members []*member) (n int) {
	tx := db.Begin()
	if tx.Error != nil {
		members[0].err = tx.Error
		return 1
	}
	start := time.Now()
	for _, m := range members {
		if n++; n > 1 && time.Since(start) > groupTime {
			n--
			break
		}
		m.try(tx, len(members) > 1)
	}
	if len(members) == 1 && members[0].err != nil {
		_ = tx.Rollback() // the error that counts is known
		return n
	}
	if err := tx.Commit().Error; err != nil {
		_ = tx.Rollback()
		for _, m := range members[:n] {
			m.err = errors.Join(m.err, err)
		}
	}
	return n
}

// try runs one member, under a savepoint unless it has the transaction for itself.
func (m *member) try(tx *gorm.DB, together bool) {
	if m.err = m.ctx.Err(); m.err != nil {
		return
	}
	if !together {
		m.call(tx)
		return
	}
	if m.err = tx.Exec("SAVEPOINT member").Error; m.err != nil {
		return
	}
	if m.call(tx); m.err != nil {
		m.err = errors.Join(m.err, tx.Exec("ROLLBACK TO member").Error)
	}
	m.err = errors.Join(m.err, tx.Exec("RELEASE member").Error)
}

// call runs fn, and keeps a panic for its caller.
func (m *member) call(tx *gorm.DB) {
	defer func() {
		if m.panicked = recover(); m.panicked != nil {
			m.err = errors.New("panic")
		}
	}()
	if m.err = m.fn(tx); m.err == nil {
		m.err = m.ctx.Err()
	}
}
