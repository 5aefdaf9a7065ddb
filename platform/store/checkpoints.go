package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/locutory/locutory/graphs"
)

// maxDepth is how many patches a channel's value may stand on; the next one is stored whole.
const maxDepth = 128

// insertCheckpoint stores a checkpoint with the values that it wrote and the writes that led to it. Storing it again changes nothing.
func (db *DB) insertCheckpoint(tx *gorm.DB, thread, run string, c graphs.Commit) error {
	row, err := db.checkpointRow(thread, run, c.Checkpoint)
	if err != nil {
		return err
	}
	if err := insert(tx, `INSERT INTO checkpoints (thread_id, ns, id, parent_id, run_id, source, step, metadata, parents, versions, seen,
		next, tasks, created_at)`, [][]any{row}, `ON CONFLICT (thread_id, ns, id) DO NOTHING`); err != nil {
		return err
	}
	if err := db.insertValues(tx, thread, c); err != nil {
		return err
	}
	byTask := map[string][]graphs.Write{}
	var tasks []string
	for _, w := range c.Writes {
		if byTask[w.Task] == nil {
			tasks = append(tasks, w.Task)
		}
		byTask[w.Task] = append(byTask[w.Task], w)
	}
	for _, task := range tasks {
		w := TaskWrites{NS: c.Checkpoint.NS, CheckpointID: c.Checkpoint.ParentID, TaskID: task, Writes: byTask[task]}
		if err := db.putWrites(tx, thread, run, w); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) checkpointRow(thread, run string, c *graphs.Checkpoint) ([]any, error) {
	row := []any{thread, c.NS, c.ID, c.ParentID, run, string(c.Source), c.Step}
	for _, part := range []struct {
		value any
		empty string
	}{{c.Metadata, "{}"}, {c.Parents, "{}"}, {c.Versions, "{}"}, {c.Seen, "{}"}, {c.Next, "[]"}, {c.Tasks, "[]"}} {
		data, err := json.Marshal(part.value)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		if string(data) == "null" {
			data = []byte(part.empty)
		}
		row = append(row, text(data))
	}
	return append(row, db.at(c.CreatedAt)), nil
}

// insertValues stores what a checkpoint wrote: a patch on the value before it, or the whole value where there is none, where nothing of
// it is kept, or where a reader would have to go too deep.
func (db *DB) insertValues(tx *gorm.DB, thread string, c graphs.Commit) error {
	depths, err := db.depths(tx, thread, c)
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(c.Changes))
	for channel, change := range c.Changes {
		base, keep, depth := change.Base, change.Patch.Keep, 0
		data, err := json.Marshal(change.Patch.Add)
		switch below, known := depths[channel]; {
		case !change.Patch.List:
			base, keep, data = "", 0, change.Patch.Set
		case base == "" || keep == 0:
			base, keep = "", 0
			if len(change.Patch.Add) == 0 {
				data = []byte("[]")
			}
		case known && below+1 < maxDepth:
			depth = below + 1
			if len(change.Patch.Add) == 0 {
				data = []byte("[]")
			}
		default:
			if change.Whole == nil {
				return fmt.Errorf("channel %q: version %q is not stored, and the change has no whole value", channel, base)
			}
			base, keep = "", 0
			data, err = change.Whole()
		}
		if err != nil {
			return fmt.Errorf("channel %q: %w", channel, err)
		}
		if len(data) == 0 {
			data = []byte("null")
		}
		rows = append(rows, []any{thread, c.Checkpoint.NS, channel, c.Checkpoint.ID, base, keep, depth, data})
	}
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[2].(string), b[2].(string)) }) // one order of locks
	return insert(tx, `INSERT INTO channel_values (thread_id, ns, channel, version, base, keep, depth, data)`, rows,
		`ON CONFLICT (thread_id, ns, channel, version) DO NOTHING`)
}

// depths returns how deep the versions lie that a commit's patches stand on; one that is not stored has none.
func (db *DB) depths(tx *gorm.DB, thread string, c graphs.Commit) (map[string]int, error) {
	var bases [][2]string
	for channel, change := range c.Changes {
		if change.Patch.List && change.Base != "" && change.Patch.Keep > 0 {
			bases = append(bases, [2]string{channel, change.Base})
		}
	}
	if len(bases) == 0 {
		return nil, nil
	}
	pairs, err := json.Marshal(bases)
	if err != nil {
		return nil, err
	}
	depths := make(map[string]int, len(bases))
	err = each(tx, func(rows *sql.Rows) error {
		var channel string
		var depth int
		err := rows.Scan(&channel, &depth)
		depths[channel] = depth
		return err
	}, `SELECT v.channel, v.depth FROM `+db.elements()+` w JOIN channel_values v
		ON v.thread_id = ? AND v.ns = ? AND v.channel = w.value ->> 0 AND v.version = w.value ->> 1`,
		string(pairs), thread, c.Checkpoint.NS)
	return depths, err
}

// The order of channels that are not state among a task's writes: their numbers are below 0.
var marks = []string{graphs.ErrorChannel, graphs.ScheduledChannel, graphs.InterruptChannel, graphs.ResumeChannel}

// putWrites stores writes of one task. Those that the same run put before for the same channel, or for the state, are replaced; those of
// an earlier run stay below, so that a rollback uncovers them.
func (db *DB) putWrites(tx *gorm.DB, thread, run string, w TaskWrites) error {
	var rows [][]any
	next := map[int]int{}
	for _, write := range w.Writes {
		mark := slices.Index(marks, write.Channel)
		idx := next[mark]
		next[mark]++
		if mark >= 0 {
			idx = -1000*(mark+1) + idx
		}
		rows = append(rows, []any{thread, w.NS, w.CheckpointID, w.TaskID, run, idx, write.Channel, []byte(write.Value)})
	}
	for mark := range next {
		where := `idx >= 0`
		if mark >= 0 {
			where = fmt.Sprintf(`idx BETWEEN %d AND %d`, -1000*(mark+1), -1000*mark-1)
		}
		if _, err := change(tx, `DELETE FROM writes WHERE thread_id = ? AND ns = ? AND checkpoint_id = ? AND task_id = ? AND run_id = ?
			AND `+where, thread, w.NS, w.CheckpointID, w.TaskID, run); err != nil {
			return err
		}
	}
	return insert(tx, `INSERT INTO writes (thread_id, ns, checkpoint_id, task_id, run_id, idx, channel, data)`, rows, ``)
}

// hasCheckpoint reports whether a thread has a checkpoint.
func (db *DB) hasCheckpoint(tx *gorm.DB, thread, ns, id string) (bool, error) {
	var there int
	err := one(tx, []any{&there}, `SELECT 1 FROM checkpoints c WHERE c.thread_id = ? AND c.ns = ? AND c.id = ?`, thread, ns, id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
