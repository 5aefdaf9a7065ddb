package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// ThreadPrune is one thread to prune, under the answer to threads:delete for it.
type ThreadPrune struct {
	ID    string
	Scope access.ThreadScope
}

// Prune deletes threads (TTLDelete), or their history (TTLKeepLatest): then the newest checkpoint of each namespace stays, with what it
// is built of and waits for. It is one transaction: all or none. A thread that its scope does not reach is left out of the count.
// One that keeps something and has an unfinished run is [ErrBusy], since that run would lose what it stands on.
func (t *Threads) Prune(ctx context.Context, threads []ThreadPrune, strategy string) (n int, err error) {
	for _, p := range threads {
		if err := p.Scope.Permit(authhooks.Delete); err != nil {
			return 0, err
		}
	}
	gone := t.db.newRemoval()
	prune := t.db.pruneOne
	switch strategy {
	case TTLDelete:
		prune = gone.one
	case TTLKeepLatest:
	default:
		return 0, fmt.Errorf("prune threads: strategy %q is not known", strategy)
	}
	threads = slices.SortedFunc(slices.Values(threads), func(a, b ThreadPrune) int { return strings.Compare(a.ID, b.ID) }) // one order of locks
	err = t.db.write(ctx, func(tx *gorm.DB) error {
		n = 0
		for _, p := range threads {
			err := prune(tx, p.ID, p.Scope.Filter())
			if err == nil {
				n++
			} else if !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("prune threads: %w", err)
	}
	gone.finish(ctx)
	return n, nil
}

// one removes a thread that the filter reaches.
func (r *removal) one(tx *gorm.DB, id string, f *authhooks.Filter) error {
	row, err := r.db.takeThread(tx, id, f)
	if err != nil {
		return err
	}
	return r.remove(tx, row.ID)
}

func (db *DB) pruneOne(tx *gorm.DB, id string, f *authhooks.Filter) error {
	row, err := db.takeQuiet(tx, id, f)
	if err != nil {
		return err
	}
	return db.prune(tx, row.ID)
}

// prune deletes the history of a thread that the transaction holds and no run works on. The log goes along: its events say what was
// changed of states that are no more.
func (db *DB) prune(tx *gorm.DB, thread string) error {
	newer := `SELECT 1 FROM checkpoints n WHERE n.thread_id = checkpoints.thread_id AND n.ns = checkpoints.ns AND n.id > checkpoints.id`
	for _, query := range []string{
		`DELETE FROM checkpoints WHERE thread_id = ? AND EXISTS (` + newer + `)`,
		`UPDATE checkpoints SET parent_id = '' WHERE thread_id = ?`, // nothing can stand on what is gone
		`DELETE FROM events WHERE thread_id = ?`,
	} {
		if _, err := change(tx, query, thread); err != nil {
			return err
		}
	}
	return db.sweepValues(tx, thread)
}
