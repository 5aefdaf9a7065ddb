package events

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
)

// When records that wait for nothing else go to the log, and how much may wait for a slow database.
const (
	flushEvery = 100 * time.Millisecond
	flushBytes = 64 << 10
	laneBytes  = 4 << 20
)

// ErrClosed says that a journal was used after its end.
var ErrClosed = errors.New("the journal is closed")

// Committer takes what a lease holder makes durable. *store.Runs is one.
type Committer interface {
	// Commit makes b durable in one transaction, or nothing of it; store.ErrLostLease when the lease is not the newest.
	Commit(ctx context.Context, l store.Lease, b store.Batch) error
	// Reserve gives n more numbers of the thread's log.
	Reserve(ctx context.Context, l store.Lease, n int) (first int64, err error)
}

// JournalConfig is what a Journal is made of. All fields but Hold, Committed and Failed are needed.
type JournalConfig struct {
	Log   Committer
	Lease store.Lease
	// First is the first of Block numbers of the log that are the lease's already.
	First, Block int64
	Feed         *Feed
	// Hold keeps a step or a task's end out of the log until Put or PutWrites brings what belongs to it. It is for runs whose
	// checkpoints are stored while they run.
	Hold bool
	// Committed, when set, hears how long each commit took, and of its error.
	Committed func(took time.Duration, err error)
	// Failed is called once, perhaps from another goroutine, when the database has failed: nothing more will be stored.
	Failed func(error)
}

// Journal writes what one executing run says. A record is shown to the [Hub] at once and is in the log within 100 ms or 64 KiB, but
// never before the checkpoint that it tells of: so no stored event names a checkpoint that is not there, and no event of a stored
// step is lost. All that a run stores goes through one lane, in order.
//
// Append, Put, PutWrites, Sync, Finish and Flush are called by one goroutine at a time. Close ends it in any case.
type Journal struct {
	cfg       JournalConfig
	next, end int64 // numbers at hand
	lane      *lane

	mu   sync.Mutex // with the lane's timer
	tail []line
	free int // bytes of the records before the first held one
	held int // how many are held
}

// line is a record on its way into the log.
type line struct {
	seq  int64
	data []byte
	// held waits for a checkpoint of ns, or for the writes of task.
	held     bool
	ns, task string
}

// NewJournal starts a journal. Close it. What it commits does not end with ctx: a cancelled run is stored all the same.
func NewJournal(ctx context.Context, cfg JournalConfig) *Journal {
	j := &Journal{cfg: cfg, next: cfg.First, end: cfg.First + cfg.Block}
	j.lane = newLane(ctx, cfg, j.flush)
	return j
}

// Append numbers e and shows it. It waits only when the database is far behind, or for more numbers.
func (j *Journal) Append(ctx context.Context, e graphs.Event) error {
	if err := j.lane.room(ctx); err != nil {
		return err
	}
	r, l, err := j.number(e)
	if err != nil {
		return err
	}
	j.cfg.Feed.Publish(r, len(l.data))
	j.mu.Lock()
	defer j.mu.Unlock()
	l.held = j.cfg.Hold && waits(e)
	j.tail = append(j.tail, l)
	if l.held {
		j.held++
	}
	if j.held > 0 {
		return nil
	}
	j.free += len(l.data)
	if j.free >= flushBytes {
		return j.lane.add(job{segment: j.cut()}, true)
	}
	j.lane.soon()
	return nil
}

// waits reports whether something is put right after e.
func waits(e graphs.Event) bool {
	switch {
	case e.Step != nil:
		return true
	case e.TaskEnd == nil, e.TaskEnd.Cached, e.TaskEnd.Hidden:
		return false
	default:
		return true
	}
}

func (j *Journal) number(e graphs.Event) (Record, line, error) {
	if j.next == j.end {
		first, err := j.lane.reserve(j.cfg.Block)
		if err != nil {
			return Record{}, line{}, err
		}
		j.next, j.end = first, first+j.cfg.Block
	}
	r := Record{Seq: j.next, Event: e}
	data, err := r.AppendLine(nil)
	if err != nil {
		return Record{}, line{}, err
	}
	j.next++
	l := line{seq: r.Seq, data: data, ns: e.NS, task: e.Task}
	if e.TaskEnd != nil {
		l.task = e.TaskEnd.ID
	}
	return r, l, nil
}

// Put stores a checkpoint, together with all records that come before it.
func (j *Journal) Put(c graphs.Commit) error {
	ns := c.Checkpoint.NS
	j.mu.Lock()
	defer j.mu.Unlock()
	segment := j.cover(func(l line) bool {
		return ns == "" || l.ns == ns || strings.HasPrefix(l.ns, ns+"|")
	})
	// The last checkpoint of a graph comes right before the end of the run: it waits for it, to be one transaction with it.
	last := ns == "" && len(c.Checkpoint.Next) == 0
	return j.lane.add(job{segment: segment, checkpoint: &c}, !last)
}

// PutWrites stores the writes of a task, together with the records up to its end.
func (j *Journal) PutWrites(w store.TaskWrites) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	segment := j.cover(func(l line) bool {
		return l.task == w.TaskID || strings.Contains(l.ns, ":"+w.TaskID)
	})
	return j.lane.add(job{segment: segment, writes: &w}, true)
}

// cover frees the held records that are brought, and cuts off what is free now.
func (j *Journal) cover(brought func(line) bool) *store.Segment {
	j.held, j.free = 0, 0
	for i := range j.tail {
		l := &j.tail[i]
		if l.held && brought(*l) {
			l.held = false
		}
		if l.held {
			j.held++
		}
		if j.held == 0 {
			j.free += len(l.data)
		}
	}
	return j.cut()
}

// cut takes the records before the first held one; nil when there are none.
func (j *Journal) cut() *store.Segment {
	n := 0
	for n < len(j.tail) && !j.tail[n].held {
		n++
	}
	if n == 0 {
		return nil
	}
	s := &store.Segment{First: j.tail[0].seq, Last: j.tail[n-1].seq, Data: make([]byte, 0, j.free)}
	for _, l := range j.tail[:n] {
		s.Data = append(s.Data, l.data...)
	}
	clear(j.tail[:n])
	j.tail = append(j.tail[:0], j.tail[n:]...)
	j.free = 0
	return s
}

// flush hands over what is free; the lane calls it too, when its timer fires.
func (j *Journal) flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if s := j.cut(); s != nil {
		return j.lane.add(job{segment: s}, true)
	}
	return nil
}

// Sync waits until all that was put is durable. The checkpoint at the graph's end is an exception: it becomes durable with
// [Journal.Finish], before anyone is told that the run has ended.
func (j *Journal) Sync(ctx context.Context) error { return j.lane.sync(ctx, false) }

// Flush makes durable what can be without the run's end, for a run that is handed back. What is left tells of tasks that the next
// attempt does again.
func (j *Journal) Flush(ctx context.Context) error {
	if err := j.flush(); err != nil {
		return err
	}
	return j.lane.sync(ctx, true)
}

// Finish ends the run: all that is not durable yet, run.end and f are one transaction. Readers are shown run.end after it.
func (j *Journal) Finish(ctx context.Context, end graphs.Event, f store.Finish) error {
	r, l, err := j.number(end)
	if err != nil {
		return err
	}
	j.mu.Lock()
	segment := (*store.Segment)(nil)
	if f.Rollback { // nothing of the run stays; a flush after it would find no run to write to
		clear(j.tail)
		j.tail, j.held, j.free = j.tail[:0], 0, 0
	} else {
		j.tail = append(j.tail, l)
		segment = j.cover(func(line) bool { return true })
	}
	err = j.lane.add(job{segment: segment, finish: &f}, true)
	j.mu.Unlock()
	if err != nil {
		return err
	}
	if err := j.lane.sync(ctx, true); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	j.cfg.Feed.Publish(r, len(l.data))
	return nil
}

// Abort drops all that is not durable: the run is another worker's. Readers break their connection.
func (j *Journal) Abort() {
	j.lane.fail(store.ErrLostLease)
	j.cfg.Feed.Abort()
}

// Close ends the journal and waits for what it is doing. What was not flushed is dropped.
func (j *Journal) Close() {
	j.lane.close()
	j.cfg.Feed.Close()
}
