package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// Create makes a run in one transaction: it takes the thread row, or makes it, deals with the thread's unfinished runs as the
// strategy says, inserts the run as pending, and makes the thread busy. s is a scope for create_run and a one for assistants:read.
//
// A thread that s does not reach is ErrNotFound, also when Implicit would make it under an id that is taken: a foreign thread is never
// joined. So is one whose runs the strategy would cancel and n.Update does not reach. An assistant that a does not reach is
// ErrAssistantNotFound. ErrBusy is the answer of the strategy reject.
func (r *Runs) Create(ctx context.Context, s access.ThreadScope, a access.AssistantScope, n RunNew) (Run, error) {
	runs, err := r.CreateAll(ctx, []RunOrder{{Thread: s, Assistant: a, New: n}})
	var failed *OrderError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return Run{}, err
	}
	return runs[0], nil
}

// complete fills in what a RunNew may leave out, and checks its ids.
func (r *Runs) complete(n *RunNew) error {
	if n.ID == "" {
		n.ID = r.db.newID()
	}
	if n.ThreadID == "" && n.Implicit != nil {
		n.ThreadID, n.fresh = r.db.newID(), true
	}
	if n.Strategy == "" {
		n.Strategy = StrategyEnqueue
	}
	n.Metadata, n.Kwargs = orEmpty(n.Metadata), orEmpty(n.Kwargs)
	var ok [3]bool
	n.ID, ok[0] = key(n.ID)
	n.ThreadID, ok[1] = key(n.ThreadID)
	n.AssistantID, ok[2] = key(n.AssistantID)
	switch {
	case !ok[0]:
		return errors.New("create run: the run's id is no UUID")
	case !slices.Contains([]string{StrategyEnqueue, StrategyReject, StrategyInterrupt, StrategyRollback}, n.Strategy):
		return fmt.Errorf("create run: multitask strategy %q is not known", n.Strategy)
	case !ok[2]:
		return ErrAssistantNotFound
	case !ok[1]:
		return ErrNotFound
	}
	return nil
}

// creation is one call of Create in its transaction.
type creation struct {
	db  *DB
	tx  *gorm.DB
	now time.Time
	new RunNew

	made bool // the thread is this transaction's
}

func (c *creation) create(s access.ThreadScope, a access.AssistantScope) (Run, error) {
	if err := c.findAssistant(a); err != nil {
		return Run{}, err
	}
	if err := c.enterThread(s); err != nil {
		return Run{}, err
	}
	queue, err := c.makeWay()
	if err != nil {
		return Run{}, err
	}
	run, err := c.row()
	if err != nil {
		return Run{}, err
	}
	due, err := c.takeLead(queue, run)
	if err != nil {
		return Run{}, err
	}
	return run, c.insert(run, due)
}

// findAssistant sees that the assistant is there for the caller.
func (c *creation) findAssistant(a access.AssistantScope) error {
	where, args := "FALSE", []any(nil)
	if !a.SystemOnly() {
		where, args = c.db.reach("a", a.Filter())
	}
	err := one(c.tx, []any{&c.new.GraphID}, `SELECT a.graph_id FROM assistants a WHERE a.id = ? AND (a.is_system OR `+where+`)`,
		append([]any{c.new.AssistantID}, args...)...)
	return hide(found(err), ErrAssistantNotFound)
}

// enterThread takes the thread row and makes it busy, or makes it.
func (c *creation) enterThread(s access.ThreadScope) error {
	var t lockedThread
	err := ErrNotFound
	if !c.new.fresh {
		t, err = c.db.lockThread(c.tx, s, c.new.ThreadID)
	}
	if errors.Is(err, ErrNotFound) && c.new.Implicit != nil {
		if c.made, err = c.makeThread(s); c.made || err != nil {
			return err
		}
		// The id is taken: by this caller a moment ago, or by someone else, whose thread stays out of reach.
		if t, err = c.db.lockThread(c.tx, s, c.new.ThreadID); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if t.temporary { // the thread of a stateless run is nobody's to join
		return ErrNotFound
	}
	if err := c.mayCancel(); err != nil {
		return err
	}
	return c.occupy(s, t)
}

// mayCancel sees that the runs of a thread that is there are the caller's to cancel, if the strategy would cancel them. Whether there are
// such runs makes no difference to the answer.
func (c *creation) mayCancel() error {
	if c.new.Strategy != StrategyInterrupt && c.new.Strategy != StrategyRollback {
		return nil
	}
	if c.new.Update == nil {
		return access.ErrNoScope
	}
	where, args := c.db.reach("t", c.new.Update.Filter())
	var reached int
	return found(one(c.tx, []any{&reached}, `SELECT 1 FROM threads t WHERE t.id = ? AND `+where, append([]any{c.new.ThreadID}, args...)...))
}

// makeThread inserts the thread with what the hooks stamped, and reports false when the id is taken.
func (c *creation) makeThread(s access.ThreadScope) (bool, error) {
	scope := c.new.Implicit.Scope
	client := maps.Clone(c.new.Implicit.Metadata)
	if client == nil {
		client = map[string]any{}
	}
	client["graph_id"], client["assistant_id"] = c.new.GraphID, c.new.AssistantID
	stamp := maps.Clone(s.Stamp())
	if stamp == nil {
		stamp = map[string]any{}
	}
	maps.Copy(stamp, scope.Stamp())
	m, err := newMetadata(client, stamp, scope.Filter())
	if err != nil {
		return false, err
	}
	if f := s.Filter(); f != nil && !f.Match(m.doc) {
		return false, ErrPostImage
	}
	return c.db.insertThread(c.tx, Thread{ID: c.new.ThreadID, Status: "busy", Temporary: c.new.Temporary, CreatedAt: c.now}, m)
}

// occupy makes a thread that is there busy and notes on it what runs. The row must still pass the filter.
func (c *creation) occupy(s access.ThreadScope, t lockedThread) error {
	m, err := oldMetadata(t.metadata, t.owned)
	if err != nil {
		return err
	}
	for k, v := range map[string]string{"graph_id": c.new.GraphID, "assistant_id": c.new.AssistantID} {
		if !slices.Contains(m.owned, k) {
			m.doc[k] = v
		}
	}
	if err := m.seal(s.Filter()); errors.Is(err, ErrPostImage) {
		return ErrOutOfReach
	} else if err != nil {
		return err
	}
	_, err = change(c.tx, `UPDATE threads SET metadata = ?, status = 'busy', updated_at = ? WHERE id = ?`,
		m.json, c.db.at(c.now), c.new.ThreadID)
	return err
}

// makeWay deals with the thread's unfinished runs as the strategy says, and returns those that are still unfinished.
func (c *creation) makeWay() ([]queued, error) {
	if c.made {
		return nil, nil
	}
	queue, err := c.db.lockQueue(c.tx, c.new.ThreadID)
	if err != nil || len(queue) == 0 {
		return nil, err
	}
	switch c.new.Strategy {
	case StrategyEnqueue:
		return queue, nil
	case StrategyReject:
		return nil, ErrBusy
	default: // interrupt and rollback are also the names of the cancel's actions
		return c.db.cancelQueued(c.tx, c.now, c.new.ThreadID, queue, c.new.Strategy, supersededBy(c.new.ID))
	}
}

// row is the new run, with its place in the thread's log.
func (c *creation) row() (Run, error) {
	seq, err := c.db.reserve(c.tx, c.new.ThreadID, 1)
	if err != nil {
		return Run{}, err
	}
	n := &c.new
	return Run{
		ID: n.ID, ThreadID: n.ThreadID, AssistantID: n.AssistantID, Status: RunPending, Strategy: n.Strategy, Seq: seq,
		Metadata: n.Metadata, Kwargs: n.Kwargs, Modes: n.Modes, Resumable: n.Resumable,
		CreatedAt: c.now.Add(n.After).Truncate(time.Microsecond), UpdatedAt: c.now,
	}, nil
}

// takeLead returns the due_at of the new run: nil when another is the thread's head. A pending head that comes later (after_seconds)
// gives way.
func (c *creation) takeLead(queue []queued, run Run) (any, error) {
	if len(queue) > 0 {
		if head := queue[0]; head.status == RunRunning || !head.orderAt.After(run.CreatedAt) {
			return nil, nil
		}
		if _, err := change(c.tx, `UPDATE runs SET due_at = NULL WHERE id = ?`, queue[0].id); err != nil {
			return nil, err
		}
	}
	return c.db.dueAt(run.CreatedAt), nil
}

func (c *creation) insert(run Run, due any) error {
	modes := []byte("[]")
	if len(run.Modes) > 0 {
		modes, _ = json.Marshal(run.Modes) // strings always encode
	}
	created, updated := c.db.at(run.CreatedAt), c.db.at(run.UpdatedAt)
	_, err := change(c.tx, `INSERT INTO runs (id, thread_id, assistant_id, seq, order_at, due_at, principal, kwargs, modes, resumable,
		metadata, strategy, webhook, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		run.ID, run.ThreadID, run.AssistantID, run.Seq, created, due, text(c.new.Principal), text(run.Kwargs), string(modes),
		run.Resumable, text(run.Metadata), run.Strategy, c.new.Webhook, created, updated)
	if duplicate(err) {
		return ErrExists
	}
	return err
}

// lockedThread is what is known of a thread whose row this transaction holds.
type lockedThread struct {
	metadata  JSON
	owned     []string
	temporary bool
}

// lockThread takes the row of a thread that the scope reaches until the transaction ends. It comes before any lock on a run.
func (db *DB) lockThread(tx *gorm.DB, s access.ThreadScope, id string) (lockedThread, error) {
	where, args := db.reachThread("t", s.Filter())
	var t lockedThread
	var owned raw
	err := one(tx, []any{(*raw)(&t.metadata), &owned, &t.temporary},
		`SELECT t.metadata, t.owned, t.temporary FROM threads t WHERE t.id = ? AND t.hidden_at IS NULL AND `+where+db.forUpdate("t"),
		append([]any{id}, args...)...)
	if err != nil {
		return lockedThread{}, found(err)
	}
	if err := json.Unmarshal(owned, &t.owned); err != nil {
		return lockedThread{}, fmt.Errorf("owned keys: %w", err)
	}
	return t, nil
}

// reserve gives out the next n numbers of a thread's log.
func (db *DB) reserve(tx *gorm.DB, thread string, n int) (first int64, err error) {
	err = one(tx, []any{&first}, `INSERT INTO logs (thread_id, next_seq) VALUES (?, ?)
		ON CONFLICT (thread_id) DO UPDATE SET next_seq = logs.next_seq + excluded.next_seq RETURNING next_seq`, thread, n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errors.New("reserve log numbers: no answer")
	}
	return first - int64(n), err
}
