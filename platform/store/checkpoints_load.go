package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// glance is a way to read one thread's checkpoints: inside a transaction or out of one, for a scope or for a lease.
type glance struct {
	db     *DB
	tx     *gorm.DB
	thread string
	// reach is a condition on threads t that every statement holds against the thread's row.
	reach string
	args  []any
}

// all is the glance of a transaction that holds the thread's row or its run's.
func (db *DB) all(tx *gorm.DB, thread string) glance {
	return glance{db: db, tx: tx, thread: thread, reach: "TRUE"}
}

// loadNewest reads the newest root checkpoint, nil without one.
func (db *DB) loadNewest(tx *gorm.DB, thread string) (*graphs.Saved, error) {
	saved, err := db.all(tx, thread).load("", "TRUE", nil, 1)
	if err != nil || len(saved) == 0 {
		return nil, err
	}
	return saved[0], nil
}

// load reads the newest checkpoints of a namespace that pass where, with values and writes: three statements, whatever their number.
func (g glance) load(ns, where string, args []any, limit int) ([]*graphs.Saved, error) {
	saved, err := g.rows(ns, where, args, limit)
	if err != nil || len(saved) == 0 {
		return nil, err
	}
	if err := g.fillValues(ns, saved); err != nil {
		return nil, err
	}
	if err := g.fillWrites(ns, saved); err != nil {
		return nil, err
	}
	return saved, nil
}

func (g glance) rows(ns, where string, args []any, limit int) ([]*graphs.Saved, error) {
	var saved []*graphs.Saved
	bound := append(append([]any{g.thread, ns}, args...), g.args...)
	err := each(g.tx, func(rows *sql.Rows) error {
		s, err := scanCheckpoint(rows)
		saved = append(saved, s)
		return err
	}, `SELECT c.id, c.ns, c.parent_id, c.run_id, c.source, c.step, c.metadata, c.parents, c.versions, c.seen, c.next, c.tasks, c.created_at
		FROM checkpoints c JOIN threads t ON t.id = c.thread_id
		WHERE c.thread_id = ? AND c.ns = ? AND `+where+` AND `+g.reach+` ORDER BY c.id DESC LIMIT ?`, append(bound, limit)...)
	if err != nil {
		return nil, fmt.Errorf("load checkpoints: %w", err)
	}
	return saved, nil
}

func scanCheckpoint(rows *sql.Rows) (*graphs.Saved, error) {
	s := &graphs.Saved{}
	var metadata, parents, versions, seen, next, tasks raw
	var created moment
	err := rows.Scan(&s.ID, &s.NS, &s.ParentID, &s.RunID, (*string)(&s.Source), &s.Step, &metadata, &parents, &versions, &seen, &next,
		&tasks, &created)
	if err != nil {
		return nil, err
	}
	s.CreatedAt = created.Time
	for _, part := range []struct {
		data  raw
		empty string
		dest  any
	}{
		{metadata, "{}", &s.Metadata},
		{parents, "{}", &s.Parents},
		{versions, "{}", &s.Versions},
		{seen, "{}", &s.Seen},
		{next, "[]", &s.Next},
		{tasks, "[]", &s.Tasks},
	} {
		if string(part.data) == part.empty { // nil, as it was put
			continue
		}
		if err := json.Unmarshal(part.data, part.dest); err != nil {
			return nil, fmt.Errorf("checkpoint %s: %w", s.ID, err)
		}
	}
	return s, nil
}

// version names a stored value of a channel.
type version struct{ channel, id string }

// cell is a stored value: whole, or a patch on the first keep elements of its base.
type cell struct {
	base  string
	keep  int
	data  []byte
	items []json.RawMessage // of a list, once they were needed
}

// fillValues reads the values of some checkpoints of one namespace, with all that they stand on, in one statement.
func (g glance) fillValues(ns string, saved []*graphs.Saved) error {
	pairs := [][2]string{}
	wanted := map[version]bool{}
	for _, s := range saved {
		for channel, id := range s.Versions {
			if v := (version{channel, id}); !wanted[v] {
				wanted[v] = true
				pairs = append(pairs, [2]string{channel, id})
			}
		}
	}
	cells, err := g.cells(ns, pairs)
	if err != nil {
		return fmt.Errorf("load values: %w", err)
	}
	values := make(map[version]json.RawMessage, len(wanted))
	for _, s := range saved {
		s.Values = make(map[string]json.RawMessage, len(s.Versions))
		for channel, id := range s.Versions {
			v := version{channel, id}
			if _, ok := values[v]; !ok {
				if values[v], err = cells.value(v); err != nil {
					return fmt.Errorf("checkpoint %s: %w", s.ID, err)
				}
			}
			s.Values[channel] = values[v]
		}
	}
	return nil
}

// cells reads versions and, down the chains of their bases, all that they need.
func (g glance) cells(ns string, pairs [][2]string) (cells, error) {
	found := cells{}
	if len(pairs) == 0 {
		return found, nil
	}
	wanted, err := json.Marshal(pairs)
	if err != nil {
		return nil, err
	}
	args := append([]any{string(wanted), g.thread, ns, g.thread, ns, g.thread}, g.args...)
	err = each(g.tx, func(rows *sql.Rows) error {
		var v version
		c := &cell{}
		err := rows.Scan(&v.channel, &v.id, &c.base, &c.keep, &c.data)
		found[v] = c
		return err
	}, `WITH RECURSIVE chain(channel, version) AS (
			SELECT w.value ->> 0, w.value ->> 1 FROM `+g.db.elements()+` w
			UNION
			SELECT c.channel, (SELECT v.base FROM channel_values v
				WHERE v.thread_id = ? AND v.ns = ? AND v.channel = c.channel AND v.version = c.version)
			FROM chain c WHERE c.version <> '')
		SELECT v.channel, v.version, v.base, v.keep, v.data
		FROM chain c JOIN channel_values v ON v.thread_id = ? AND v.ns = ? AND v.channel = c.channel AND v.version = c.version
		WHERE EXISTS (SELECT 1 FROM threads t WHERE t.id = ? AND `+g.reach+`)`, args...)
	return found, err
}

// cells are the stored values that some versions need.
type cells map[version]*cell

var errUnresolved = errors.New("a stored value is missing")

// value is the whole value of a version.
func (cs cells) value(v version) (json.RawMessage, error) {
	c := cs[v]
	if c == nil {
		return nil, fmt.Errorf("channel %q, version %s: %w", v.channel, v.id, errUnresolved)
	}
	if c.base == "" {
		return c.data, nil
	}
	items, err := cs.list(v)
	if err != nil {
		return nil, err
	}
	size := 2 + len(items)
	for _, item := range items {
		size += len(item)
	}
	out := bytes.NewBuffer(make([]byte, 0, size))
	out.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(item)
	}
	out.WriteByte(']')
	return out.Bytes(), nil
}

// list is the value of a version as its elements. It goes down to the first whole value and up again, without recursion.
func (cs cells) list(v version) ([]json.RawMessage, error) {
	var path []*cell
	for {
		c := cs[v]
		if c == nil {
			return nil, fmt.Errorf("channel %q, version %s: %w", v.channel, v.id, errUnresolved)
		}
		path = append(path, c)
		if c.base == "" || c.items != nil {
			break
		}
		if len(path) > maxDepth {
			return nil, fmt.Errorf("channel %q, version %s: the chain of bases does not end", v.channel, v.id)
		}
		v.id = c.base
	}
	for i := len(path) - 1; i >= 0; i-- {
		c := path[i]
		if c.items != nil {
			continue
		}
		if err := json.Unmarshal(c.data, &c.items); err != nil {
			return nil, fmt.Errorf("channel %q: stored list: %w", v.channel, err)
		}
		if i == len(path)-1 {
			continue
		}
		below := path[i+1].items
		if c.keep > len(below) {
			return nil, fmt.Errorf("channel %q: a patch keeps %d of %d elements", v.channel, c.keep, len(below))
		}
		c.items = append(below[:c.keep:c.keep], c.items...)
	}
	return path[0].items, nil
}

// fillWrites reads the writes of some checkpoints of one namespace, in the order they were put.
func (g glance) fillWrites(ns string, saved []*graphs.Saved) error {
	byID := make(map[string]*graphs.Saved, len(saved))
	ids := make([]string, len(saved))
	for i, s := range saved {
		byID[s.ID], ids[i] = s, s.ID
	}
	wanted, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	order := "w.rowid"
	element := "e.value"
	if g.db.dialect == Postgres {
		order, element = "w.put", "e.value #>> '{}'"
	}
	read := map[string][]putWrite{}
	args := append([]any{string(wanted), g.thread, ns, g.thread}, g.args...)
	err = each(g.tx, func(rows *sql.Rows) error {
		var checkpoint string
		var p putWrite
		err := rows.Scan(&checkpoint, &p.Task, &p.run, &p.idx, &p.Channel, (*[]byte)(&p.Value))
		read[checkpoint] = append(read[checkpoint], p)
		return err
	}, `SELECT w.checkpoint_id, w.task_id, w.run_id, w.idx, w.channel, w.data FROM `+g.db.elements()+` e JOIN writes w
		ON w.thread_id = ? AND w.ns = ? AND w.checkpoint_id = `+element+`
		WHERE EXISTS (SELECT 1 FROM threads t WHERE t.id = ? AND `+g.reach+`) ORDER BY `+order, args...)
	if err != nil {
		return fmt.Errorf("load writes: %w", err)
	}
	for id, writes := range read {
		byID[id].Writes = uppermost(writes)
	}
	return nil
}

// putWrite is a write as it is stored.
type putWrite struct {
	graphs.Write
	run string
	idx int
}

// uppermost drops the writes that a later run has covered: of each task and kind of channel it keeps those of the run that came last.
func uppermost(writes []putWrite) []graphs.Write {
	type kind struct {
		task string
		mark int
	}
	of := func(w putWrite) kind {
		if w.idx >= 0 {
			return kind{w.Task, 0}
		}
		return kind{w.Task, (w.idx+1)/1000 - 1}
	}
	last := map[kind]string{}
	for _, w := range writes {
		last[of(w)] = w.run
	}
	out := make([]graphs.Write, 0, len(writes))
	for _, w := range writes {
		if last[of(w)] == w.run {
			out = append(out, w.Write)
		}
	}
	return out
}
