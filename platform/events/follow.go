package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// How often the log is asked about a run that another process executes: at first, and at last while nothing happens.
const (
	pollFirst = 250 * time.Millisecond
	pollLast  = time.Second
	pageSize  = 200
)

// Log reads threads' logs. *store.Events is one.
type Log interface {
	// Read returns segments of a run with records after afterSeq, in order, at most limit.
	Read(ctx context.Context, s access.ThreadScope, threadID, runID string, afterSeq int64, limit int) ([]store.Segment, error)
}

// Ender knows of runs that have ended. *store.Runs is one.
type Ender interface {
	// ByID returns a run that s, a scope for read, reaches, or store.ErrNotFound.
	ByID(ctx context.Context, s access.ThreadScope, runID string) (store.Run, error)
}

// Follower reads runs as they go on, whoever executes them. It is safe for concurrent use.
type Follower struct {
	Hub  *Hub
	Log  Log
	Runs Ender
}

// Run yields the records of a run after seq after, or all for -1: each once, in order, until run.end. It ends without an error only
// when the run has ended, which it also has when its row is gone; then there may be no run.end. Every other end is an error. It reads
// by the scope, which is for read, at each look, and holds no connection to the database between looks.
func (f *Follower) Run(ctx context.Context, read access.ThreadScope, threadID, runID string, after int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		sub := f.Hub.Subscribe(threadID, runID)
		defer sub.Close()
		f.walk(ctx, read, sub, after, yield)
	}
}

// From is Run for a subscription that the caller has, and closes: that of a run which it has just made (see [Hub.Expect]).
func (f *Follower) From(ctx context.Context, read access.ThreadScope, sub *Subscription) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { f.walk(ctx, read, sub, -1, yield) }
}

func (f *Follower) walk(ctx context.Context, read access.ThreadScope, sub *Subscription, after int64, yield func(Record, error) bool) {
	w := &walk{Follower: f, scope: read, thread: sub.thread, run: sub.run, after: after, yield: yield, sub: sub}
	err := w.follow(ctx)
	if w.recheck != nil {
		w.recheck.Stop()
	}
	if err != nil && !errors.Is(err, errEnough) {
		yield(Record{}, fmt.Errorf("follow run: %w", err))
	}
}

// errEnough says that the reader has broken out.
var errEnough = errors.New("enough")

// ErrRevoked says that the reader may not see the run any more, or that it is gone. What goes on is not told to him.
var ErrRevoked = errors.New("the run is out of the reader's reach")

// RecheckEvery is how often a reader whom the database need not be asked for asks it whether the run is still his to see.
const RecheckEvery = 15 * time.Second

// walk is one reading.
type walk struct {
	*Follower
	scope       access.ThreadScope
	thread, run string
	after       int64
	yield       func(Record, error) bool
	sub         *Subscription
	recheck     *time.Timer // nil until the run is read live
}

func (w *walk) follow(ctx context.Context) error {
	if !w.sub.fresh { // the hub knows no scopes: whoever did not make the run asks the database first
		if ended, err := w.look(ctx, -1); ended || err != nil {
			return err
		}
	}
	poll := pollFirst
	for {
		view, err := w.sub.Since(w.after)
		if err != nil {
			return err
		}
		if view.Revised {
			if err := w.reached(ctx); err != nil {
				return err
			}
		}
		if ended, err := w.show(view.Records); ended || err != nil {
			return err
		}
		if view.Live {
			poll = pollFirst
			if err := w.idle(ctx, view.Changed); err != nil {
				return err
			}
			continue
		}
		if w.sub.fresh && view.Base < 0 {
			w.sub.fresh = false
			if err := pause(ctx, view.Changed, poll); err != nil {
				return err
			}
			continue
		}
		before := w.after
		if ended, err := w.look(ctx, view.Base); ended || err != nil {
			return err
		}
		if view.Base > before {
			continue // the ring has what the log did not have
		}
		poll = min(poll*3/2, pollLast)
		if w.after > before {
			poll = pollFirst
		}
		if err := pause(ctx, view.Changed, poll); err != nil {
			return err
		}
	}
}

// idle waits for a change. What the hub shows is of no scope, so every now and then the database is asked for whom it still is.
func (w *walk) idle(ctx context.Context, changed <-chan struct{}) error {
	if w.recheck == nil {
		w.recheck = time.NewTimer(RecheckEvery)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-changed:
		return nil
	case <-w.recheck.C:
		w.recheck.Reset(RecheckEvery)
		return w.reached(ctx)
	}
}

// reached is ErrRevoked when the scope does not reach the run any more.
func (w *walk) reached(ctx context.Context) error {
	if w.scope.Filter() == nil {
		return nil
	}
	_, err := w.Runs.ByID(ctx, w.scope, w.run)
	if errors.Is(err, store.ErrNotFound) {
		return ErrRevoked
	}
	return err
}

// pause waits for a change, at most for the time of a poll.
func pause(ctx context.Context, changed <-chan struct{}, poll time.Duration) error {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	return wait(ctx, changed, timer.C)
}

func wait(ctx context.Context, changed <-chan struct{}, poll <-chan time.Time) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-changed:
	case <-poll:
	}
	return nil
}

// look reads the log to its end, which reaches at least up to base. Whether the run has ended is asked first: what is in the log after
// that answer is all there will ever be.
func (w *walk) look(ctx context.Context, base int64) (ended bool, err error) {
	over, err := w.over(ctx)
	if err != nil {
		return false, err
	}
	for {
		segments, err := w.Log.Read(ctx, w.scope, w.thread, w.run, w.after, pageSize)
		if errors.Is(err, store.ErrNotFound) && over {
			return true, nil // the thread went with its run
		}
		if err != nil {
			return false, err
		}
		for _, s := range segments {
			if ended, err := w.segment(s); ended || err != nil {
				return ended, err
			}
		}
		if len(segments) < pageSize {
			break
		}
	}
	w.after = max(w.after, base)
	return over, nil
}

// over reports whether the run's row says that it has ended. A run that is gone, or that the scope no longer reaches, is over.
func (w *walk) over(ctx context.Context) (bool, error) {
	run, err := w.Runs.ByID(ctx, w.scope, w.run)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	}
	return run.ThreadID != w.thread || run.Ended(), nil
}

func (w *walk) segment(s store.Segment) (ended bool, err error) {
	for r, err := range Lines(s.Data) {
		if err != nil {
			return false, err
		}
		if ended, err := w.show([]Record{r}); ended || err != nil {
			return ended, err
		}
	}
	w.after = max(w.after, s.Last)
	return false, nil
}

// show yields what was not seen yet.
func (w *walk) show(records []Record) (ended bool, err error) {
	for _, r := range records {
		if r.Seq <= w.after {
			continue
		}
		w.after = r.Seq
		if !w.yield(r, nil) {
			return false, errEnough
		}
		if r.RunEnd != nil {
			return true, nil
		}
	}
	return false, nil
}
