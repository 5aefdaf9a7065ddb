package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Items are the long-term store: what outlives threads. A scope has a partition, outside of which no method looks. Filters and
// stamps are about the items' metadata, which is the server's alone, and never about their values. Items that have expired are
// not there, swept or not.
type Items struct{ db *DB }

// live is the condition that an item has not expired; it takes the time.
const live = "(i.expires_at IS NULL OR i.expires_at > ?)"

// reach renders a scope's filter for an item that is named by its key: no index but the key's is to be thought of.
func (s *Items) reach(scope access.ItemScope) (sql string, args []any) {
	if scope.Filter() == nil {
		return "TRUE", nil
	}
	return filterSQL(s.db.dialect, "i", *scope.Filter())
}

// Put makes an item for a scope of store:put, or replaces the value of one that the filter reaches: it keeps its time of creation
// and its metadata. An item that the filter does not reach, and a new one whose stamp does not match it, are both
// [ErrPostImage], so that nobody learns which keys there are.
func (s *Items) Put(ctx context.Context, scope access.ItemScope, n ItemNew) error {
	if err := scope.Permit(authhooks.Put); err != nil {
		return err
	}
	m, err := newMetadata(nil, scope.Stamp(), scope.Filter())
	if err != nil {
		return fmt.Errorf("put item: %w", err)
	}
	if len(n.Vectors) == 0 {
		n.Vectors = nil
	}
	err = s.db.write(ctx, func(tx *gorm.DB) error {
		if err := s.upsert(tx, scope, n, m); err != nil {
			return err
		}
		return s.putVectors(tx, scope, n)
	})
	if err != nil {
		return fmt.Errorf("put item: %w", err)
	}
	return nil
}

// upsert is one statement, so that an item cannot change hands between a look and a write.
func (s *Items) upsert(tx *gorm.DB, scope access.ItemScope, n ItemNew, m metadata) error {
	now := s.db.clock()
	reach, args := s.reach(scope)
	var minutes, expires any
	if n.TTLMinutes > 0 {
		minutes, expires = n.TTLMinutes, s.db.at(now.Add(lifetime(n.TTLMinutes)))
	}
	at := s.db.at(now)
	args = append([]any{
		part(scope.Partition()), joined(n.Namespace), storedText(n.Key), text(n.Value), m.json, minutes, expires, at, at, at, at, at,
	}, args...)
	changed, err := change(tx, `INSERT INTO items AS i (part, ns, key, value, metadata, ttl_minutes, expires_at, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (part, ns, key) DO UPDATE SET
		value = excluded.value, ttl_minutes = excluded.ttl_minutes, expires_at = excluded.expires_at, updated_at = excluded.updated_at,
		metadata = CASE WHEN i.expires_at <= ? THEN excluded.metadata ELSE i.metadata END,
		created_at = CASE WHEN i.expires_at <= ? THEN excluded.created_at ELSE i.created_at END
		WHERE i.expires_at <= ? OR `+reach, args...)
	if err == nil && changed == 0 {
		return ErrPostImage
	}
	return err
}

// lifetime is a TTL as a duration.
func lifetime(minutes float64) time.Duration { return time.Duration(minutes * float64(time.Minute)) }

// Get returns an item for a scope of store:get. With refresh its life begins anew.
func (s *Items) Get(ctx context.Context, scope access.ItemScope, namespace []string, key string, refresh bool) (Item, error) {
	if err := scope.Permit(authhooks.Get); err != nil {
		return Item{}, err
	}
	reach, args := s.reach(scope)
	args = append([]any{part(scope.Partition()), joined(namespace), storedText(key), s.db.at(s.db.clock())}, args...)
	item, err := scanItem(line{s.db.read(ctx), "SELECT " + itemColumns + ` FROM items AS i
		WHERE i.part = ? AND i.ns = ? AND i.key = ? AND ` + live + " AND " + reach, args})
	if err != nil {
		return Item{}, fmt.Errorf("get item: %w", err)
	}
	if refresh {
		if err := s.refresh(ctx, scope, []Item{item}); err != nil {
			return Item{}, fmt.Errorf("get item: %w", err)
		}
	}
	return item, nil
}

// Delete deletes an item for a scope of store:delete. One that is not there, or that the filter does not reach, is no error.
func (s *Items) Delete(ctx context.Context, scope access.ItemScope, namespace []string, key string) error {
	if err := scope.Permit(authhooks.Delete); err != nil {
		return err
	}
	reach, args := s.reach(scope)
	_, err := change(s.db.exec(ctx), "DELETE FROM items AS i WHERE i.part = ? AND i.ns = ? AND i.key = ? AND "+reach,
		append([]any{part(scope.Partition()), joined(namespace), storedText(key)}, args...)...)
	if err != nil {
		return fmt.Errorf("delete item: %w", err)
	}
	return nil
}

// worthwhile is what a refresh must add to a life to be written down.
const worthwhile = time.Second

// refresh begins the lives of items anew that a read has found, and that are still as it found them.
func (s *Items) refresh(ctx context.Context, scope access.ItemScope, items []Item) error {
	now := s.db.clock()
	var dying []Item
	for _, i := range items {
		if i.ttl > 0 && now.Add(lifetime(i.ttl)).Sub(i.expires) >= worthwhile {
			dying = append(dying, i)
		}
	}
	if len(dying) == 0 {
		return nil
	}
	reach, reachArgs := s.reach(scope)
	return s.db.write(ctx, func(tx *gorm.DB) error {
		for _, i := range dying {
			args := []any{s.db.at(now.Add(lifetime(i.ttl))), part(scope.Partition()), i.ns, i.Key, i.ttl, s.db.at(now)}
			_, err := change(tx, `UPDATE items AS i SET expires_at = ? WHERE i.part = ? AND i.ns = ? AND i.key = ?
				AND i.ttl_minutes = ? AND `+live+" AND "+reach, append(args, reachArgs...)...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// SweepExpired deletes items that have expired, at most limit, and returns how many.
func (s *Items) SweepExpired(ctx context.Context, a access.SystemAccess, limit int) (n int, err error) {
	if err := a.Permit(); err != nil {
		return 0, err
	}
	deleted, err := change(s.db.exec(ctx), `DELETE FROM items WHERE (part, ns, key) IN
		(SELECT i.part, i.ns, i.key FROM items AS i WHERE i.expires_at <= ? LIMIT ?)`, s.db.at(s.db.clock()), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep items: %w", err)
	}
	return int(deleted), nil
}

// errEnough ends a walk over rows early.
var errEnough = errors.New("enough")

// ListNamespaces returns a page of the namespaces, each as its labels, that have items which a scope of store:list_namespaces
// reaches, ascending. keep chooses among them and may cut one; what is cut to the same comes once.
func (s *Items) ListNamespaces(ctx context.Context, scope access.ItemScope, q NamespaceQuery) ([][]string, error) {
	if err := scope.Permit(authhooks.ListNamespaces); err != nil {
		return nil, err
	}
	under, args := below(joined(q.Under))
	args = append([]any{part(scope.Partition()), s.db.at(s.db.clock())}, args...)
	reach, more := s.db.reach("i", scope.Filter())
	// Namespaces that are cut to the same labels follow each other, since these are a prefix of all of them.
	out, seen, last := [][]string{}, 0, ""
	err := each(s.db.read(ctx), func(rows *sql.Rows) error {
		var ns string
		if err := rows.Scan(&ns); err != nil {
			return err
		}
		kept, ok := q.Keep(labels(ns))
		cut := joined(kept)
		if !ok || cut == last {
			return nil
		}
		last = cut
		if seen++; seen > q.Offset {
			out = append(out, kept)
		}
		if len(out) == q.Limit {
			return errEnough
		}
		return nil
	}, `SELECT DISTINCT i.ns FROM items AS i WHERE i.part = ? AND `+live+" AND "+under+" AND "+reach+" ORDER BY i.ns",
		append(args, more...)...)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	return out, nil
}

// NamespaceQuery selects namespaces.
type NamespaceQuery struct {
	// Under is a prefix of all that are wanted; Keep is asked for each below it, and returns it, or a prefix of it.
	Under         []string
	Keep          func(namespace []string) ([]string, bool)
	Limit, Offset int
}
