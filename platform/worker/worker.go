package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/items"
	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/store"
)

// seqBlock is how many numbers of the log a claim brings.
const seqBlock = 4096

// Registry finds graphs by the names of platform.json.
type Registry interface {
	Graph(id string) (graphs.Source, error)
}

// Config is what a Worker needs. Items, Timeout, Version, Log and Now may be zero.
type Config struct {
	DB *store.DB
	// Items is what nodes find as the store of their runtime; nil gives them none.
	Items  *items.Items
	Hub    *events.Hub
	Guard  *access.Guard
	Graphs Registry
	// Timeout is how long one attempt of a run may take; 0 means an hour.
	Timeout time.Duration
	// Outage is how long a run waits whose user cannot be asked about now: an outage of who knows the users ends no run. 0 means 5 s.
	Outage time.Duration
	// KeepResumable is how long the events of an ended run stay whose stream is resumable; 0 means seven days.
	KeepResumable time.Duration
	// Version is what nodes see as langgraph_version.
	Version string
	// Meter counts; nil counts nothing.
	Meter Meter
	Log   *slog.Logger
	Now   func() time.Time
}

// Meter counts what a worker does.
type Meter interface {
	// RunBegan tells how long a run waited that nobody has executed before, since it could have been.
	RunBegan(waited time.Duration)
	// RunEnded tells how a run ended, and how long its last attempt took.
	RunEnded(status string, took time.Duration)
	// Committed tells how long a commit of what a run did took.
	Committed(took time.Duration, err error)
}

type noMeter struct{}

func (noMeter) RunBegan(time.Duration)         {}
func (noMeter) RunEnded(string, time.Duration) {}
func (noMeter) Committed(time.Duration, error) {}

// Worker executes runs. It is safe for concurrent use.
type Worker struct{ Config }

// New returns a Worker.
func New(cfg Config) *Worker {
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Hour
	}
	if cfg.KeepResumable == 0 {
		cfg.KeepResumable = 7 * 24 * time.Hour
	}
	if cfg.Outage == 0 {
		cfg.Outage = 5 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Meter == nil {
		cfg.Meter = noMeter{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Worker{cfg}
}

// errTimeout is the cause of a run's context when it took too long.
var errTimeout = errors.New("the run took too long")

// Run executes c until it has ended, or until ctx ends with one of the causes of package queue, and returns when nothing of it is at work
// any more. A run that it does not end is claimed again: at once after [queue.ErrHandBack], else when the lease runs out.
func (w *Worker) Run(ctx context.Context, c *store.Claimed) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(context.Canceled)
	ctx, cancel := context.WithTimeoutCause(ctx, w.Timeout, errTimeout)
	defer cancel()
	base := c.SeqFirst - 1
	if c.Lease.Token == 1 { // claimed for the first time: the log has nothing of it
		base = -1
	}
	feed := w.Hub.Open(c.Run.ThreadID, c.Run.ID, base)
	x := &execution{Worker: w, claimed: c, outcome: newOutcome(), began: w.Now()}
	if c.Lease.Token == 1 {
		w.Meter.RunBegan(x.began.Sub(c.Run.CreatedAt))
	}
	x.journal = events.NewJournal(ctx, events.JournalConfig{
		Log: w.DB.Runs, Lease: c.Lease, First: c.SeqFirst, Block: seqBlock, Feed: feed, Hold: x.holds(), Failed: stop,
		Committed: w.Meter.Committed,
	})
	defer x.journal.Close()
	done := w.heed(ctx, stop, feed, c)
	err := x.execute(ctx)
	cause := context.Cause(ctx)
	stop(context.Canceled)
	<-done
	w.conclude(ctx, x, err, cause)
}

// heed looks for a cancel whenever somebody says that there may be one; the queue's beat would find it later.
func (w *Worker) heed(ctx context.Context, stop context.CancelCauseFunc, feed *events.Feed, c *store.Claimed) <-chan struct{} {
	done := make(chan struct{})
	read := access.System("worker: was the run cancelled").Threads(authhooks.Read)
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-feed.Poked():
			}
			run, err := w.DB.Runs.ByID(ctx, read, c.Run.ID)
			if err == nil && run.Cancel != "" {
				stop(queue.Cancelled{Action: run.Cancel})
			}
		}
	}()
	return done
}

// conclude ends the run as its execution ended, or leaves it to another.
func (w *Worker) conclude(ctx context.Context, x *execution, err, cause error) {
	log := w.Log.With("run_id", x.claimed.Run.ID, "thread_id", x.claimed.Run.ThreadID, "attempt", x.claimed.Attempt)
	ctx = context.WithoutCancel(ctx)
	if errors.Is(cause, store.ErrLostLease) || errors.Is(err, store.ErrLostLease) {
		log.Warn("the run was taken over; what it did since is dropped")
		x.journal.Abort()
		return
	}
	if err != nil && errors.Is(cause, queue.ErrHandBack) {
		if err := x.journal.Flush(ctx); err != nil {
			log.Warn("flush before the hand-back failed", "error", err)
			x.journal.Abort()
		}
		return
	}
	var deferred *deferredError
	if errors.As(err, &deferred) && !ordered(cause) {
		log.Warn("the run waits for another attempt", "error", err)
		if x.started { // readers may have seen what the next attempt does anew
			x.journal.Abort()
		}
		if deferred.after > 0 {
			if err := w.DB.Runs.PutOff(ctx, x.claimed.Lease, deferred.after); err != nil {
				log.Warn("the run stays leased until its lease runs out", "error", err)
			}
		}
		return
	}
	end := x.ending(err, cause)
	if end.failure != nil {
		log.Info("the run failed", "status", end.status, "error", err)
	}
	if err := x.finish(ctx, end); err != nil {
		log.Error("the end of the run could not be stored", "error", err)
		x.journal.Abort()
		return
	}
	w.Meter.RunEnded(end.status, w.Now().Sub(x.began))
	w.Hub.Ring() // the thread's next run may be due
}

// ordered reports whether the run ended because it should: another attempt would only end in the same way.
func ordered(cause error) bool {
	return errors.Is(cause, errTimeout) || errors.As(cause, new(queue.Cancelled))
}

// deferredError is a failure that another attempt may not meet: nothing is told of it. With after, the next attempt comes then and
// this one does not count; without, it counts as one that was cut.
type deferredError struct {
	err   error
	after time.Duration
}

func (e *deferredError) Error() string { return e.err.Error() }
func (e *deferredError) Unwrap() error { return e.err }

// ending is how a run ends.
type ending struct {
	status   string
	failure  *graphs.Failure
	rollback bool
}

// ending makes a status of how the execution ended (rest.md §5.6). A run that was cancelled at its very end has ended by itself, unless
// nothing of it shall stay.
func (x *execution) ending(err, cause error) ending {
	var cancelled queue.Cancelled
	switch {
	case errors.As(cause, &cancelled) && cancelled.Action == store.CancelRollback:
		return ending{status: store.RunInterrupted, rollback: true}
	case err == nil:
		return ending{status: store.RunSuccess}
	case errors.As(cause, &cancelled):
		return ending{status: store.RunInterrupted}
	case errors.Is(cause, errTimeout):
		return ending{status: store.RunTimeout, failure: &graphs.Failure{
			Class: "TimeoutError", Message: fmt.Sprintf("the run took longer than %s", x.Timeout),
		}}
	default:
		return ending{status: store.RunError, failure: failureOf(err)}
	}
}

// failureOf is what clients see of an error. A hook's is told as far as its author meant it for callers.
func failureOf(err error) *graphs.Failure {
	var refused *authhooks.Error
	if errors.As(err, &refused) {
		return &graphs.Failure{Class: "PermissionDeniedError", Message: refused.Detail}
	}
	return graphs.FailureOf(err)
}
