package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
)

// batchBytes is about how much one transaction carries when several jobs wait.
const batchBytes = 256 << 10

// How long the lane waits before it commits again what has failed.
const (
	retryFirst = 50 * time.Millisecond
	retryLast  = time.Second
)

// lane commits what a journal gives it, in order, from one goroutine. Jobs that wait together are one transaction.
type lane struct {
	log    Committer
	lease  store.Lease
	feed   *Feed
	flush  func() error
	failed func(error)
	told   func(time.Duration, error)
	ctx    context.Context //nolint:containedctx // the lane's own life; fail and close end it
	cancel context.CancelFunc
	done   chan struct{}
	kick   chan struct{}
	timer  *time.Timer

	mu       sync.Mutex
	queue    []*pending
	bytes    int
	added    int64 // jobs that came
	urgent   int64 // of which the first so many may not wait
	durable  int64 // of which the first so many are durable
	progress chan struct{}
	err      error
	armed    bool
}

// job is what one call adds. Its parts become durable together.
type job struct {
	segment    *store.Segment
	checkpoint *graphs.Commit
	writes     *store.TaskWrites
	finish     *store.Finish
}

// pending is a batch that still grows.
type pending struct {
	batch store.Batch
	bytes int
	upTo  int64 // the last of its jobs
}

func newLane(ctx context.Context, cfg JournalConfig, flush func() error) *lane {
	l := &lane{
		log: cfg.Log, lease: cfg.Lease, feed: cfg.Feed, flush: flush, failed: cfg.Failed, told: cfg.Committed,
		done: make(chan struct{}), kick: make(chan struct{}, 1), timer: time.NewTimer(flushEvery), progress: make(chan struct{}),
	}
	l.timer.Stop()
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go l.run()
	return l
}

// add takes a job. One that is not urgent waits for the next that is, or for the timer.
func (l *lane) add(j job, urgent bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	l.added++
	p := l.last()
	p.upTo = l.added
	if s := j.segment; s != nil {
		p.segment(*s)
		p.bytes += len(s.Data)
		l.bytes += len(s.Data)
	}
	if j.checkpoint != nil {
		p.batch.Checkpoints = append(p.batch.Checkpoints, *j.checkpoint)
	}
	if j.writes != nil {
		p.batch.Writes = append(p.batch.Writes, *j.writes)
	}
	if j.finish != nil {
		p.batch.Finish = j.finish
	}
	if urgent {
		l.urgent = l.added
		l.wake()
	} else {
		l.arm()
	}
	return nil
}

// last is the batch that takes the next job.
func (l *lane) last() *pending {
	if n := len(l.queue); n > 0 && l.queue[n-1].bytes < batchBytes {
		return l.queue[n-1]
	}
	p := &pending{}
	l.queue = append(l.queue, p)
	return p
}

// segment adds s as part of the batch's one row of events.
func (p *pending) segment(s store.Segment) {
	if len(p.batch.Segments) == 0 {
		p.batch.Segments = []store.Segment{s}
		return
	}
	row := &p.batch.Segments[0]
	row.Last = s.Last
	row.Data = append(row.Data, s.Data...)
}

func (l *lane) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// soon has what is in the tail flushed when the timer fires.
func (l *lane) soon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arm()
}

func (l *lane) arm() {
	if !l.armed {
		l.armed = true
		l.timer.Reset(flushEvery)
	}
}

func (l *lane) run() {
	defer close(l.done)
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-l.kick:
		case <-l.timer.C:
			l.tick()
		}
		for {
			p := l.take()
			if p == nil {
				break
			}
			if err := l.commit(p.batch); err != nil {
				l.fail(fmt.Errorf("commit: %w", err))
				return
			}
			l.settle(p)
		}
	}
}

// commit makes a batch durable. Storing one twice changes nothing; only when it ends the run, and the first answer was lost, does the
// second one say that the lease is lost: then readers find the end in the log.
func (l *lane) commit(b store.Batch) error {
	return l.insist(func() error {
		begin := time.Now()
		err := l.log.Commit(l.ctx, l.lease, b)
		if l.told != nil {
			l.told(time.Since(begin), err)
		}
		return err
	})
}

// reserve gets n more numbers of the log. Without them the run cannot go on here, as when a commit has failed: that is no failure of the
// run's own.
func (l *lane) reserve(n int64) (first int64, err error) {
	l.mu.Lock()
	err = l.err
	l.mu.Unlock()
	if err != nil {
		return 0, err
	}
	err = l.insist(func() error {
		first, err = l.log.Reserve(l.ctx, l.lease, int(n))
		return err
	})
	if err != nil {
		err = fmt.Errorf("reserve log numbers: %w", err)
		l.fail(err)
	}
	return first, err
}

// insist tries again what failed for a reason that may pass.
func (l *lane) insist(do func() error) error {
	for pause := retryFirst; ; pause *= 4 {
		err := do()
		if err == nil || errors.Is(err, store.ErrLostLease) || l.ctx.Err() != nil || pause > retryLast {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-l.ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// tick makes urgent whatever waits.
func (l *lane) tick() {
	l.mu.Lock()
	l.armed = false
	l.mu.Unlock()
	_ = l.flush() // the error would be the lane's own
	l.mu.Lock()
	l.urgent = l.added
	l.mu.Unlock()
}

// take returns the next batch that has an urgent job; nil when none has.
func (l *lane) take() *pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || len(l.queue) == 0 || l.durable >= l.urgent {
		return nil
	}
	p := l.queue[0]
	l.queue = l.queue[1:]
	return p
}

func (l *lane) settle(p *pending) {
	if len(p.batch.Segments) > 0 {
		l.feed.Settle(p.batch.Segments[0].Last)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes -= p.bytes
	l.durable = p.upTo
	l.tell()
}

func (l *lane) tell() {
	close(l.progress)
	l.progress = make(chan struct{})
}

// room waits while too much waits for the database.
func (l *lane) room(ctx context.Context) error {
	return l.until(ctx, func() bool { return l.bytes < laneBytes })
}

// sync waits for all jobs, or for those that are urgent.
func (l *lane) sync(ctx context.Context, all bool) error {
	l.mu.Lock()
	if all {
		l.urgent = l.added
	}
	want := l.urgent
	l.wake()
	l.mu.Unlock()
	return l.until(ctx, func() bool { return l.durable >= want })
}

func (l *lane) until(ctx context.Context, ready func() bool) error {
	for {
		l.mu.Lock()
		err, ok, progress := l.err, ready(), l.progress
		l.mu.Unlock()
		if err != nil || ok {
			return err
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// fail ends the lane with an error. What waits is dropped.
func (l *lane) fail(err error) {
	l.mu.Lock()
	first := l.err == nil
	if first {
		l.err = err
		l.queue, l.bytes = nil, 0
		l.tell()
	}
	l.mu.Unlock()
	l.cancel()
	if first && l.failed != nil {
		l.failed(err)
	}
}

func (l *lane) close() {
	l.mu.Lock()
	if l.err == nil {
		l.err = ErrClosed
		l.queue = nil
		l.tell()
	}
	l.mu.Unlock()
	l.cancel()
	<-l.done
	l.timer.Stop()
}
