package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/platform/store"
)

// Leaser gives out leases of runs. *store.Runs is one; package queuetest holds what each must keep.
type Leaser interface {
	// Claim leases a due run to worker, or returns nil when none is due. It never returns one of held.
	Claim(ctx context.Context, worker string, lease time.Duration, held ...string) (*store.Claimed, error)
	// Beat prolongs the leases, all in one statement, and tells which of them are lost and which runs are to be cancelled.
	Beat(ctx context.Context, worker string, leases []store.Lease, lease time.Duration) (store.Beats, error)
	// HandBack ends the leases of unfinished runs and makes these due at once, without counting an attempt.
	HandBack(ctx context.Context, worker string, leases []store.Lease) error
}

// ErrHandBack is the cause of a run's context when the process stops: the run is to return soon, unfinished; another will go on.
var ErrHandBack = errors.New("the worker stops: the run is handed back")

// ErrStopped is returned by [Queue.Run] when it is called a second time.
var ErrStopped = errors.New("the queue has run already")

// Cancelled is the cause of a run's context when the run was cancelled. Action is "interrupt" or "rollback".
type Cancelled struct{ Action string }

// Error says that the run was cancelled.
func (c Cancelled) Error() string { return "run cancelled: " + c.Action }

// Config sets up a [Queue]. Store and Run must be set.
type Config struct {
	Store Leaser
	// Run executes a claimed run and returns when nothing of it is at work any more; whatever it could not finish stays leased
	// until the lease runs out, or is handed back when the queue stops. Its context ends with one of the causes [Cancelled],
	// [store.ErrLostLease] and [ErrHandBack]; for a run that was cancelled before it was claimed, it has ended from the start.
	Run func(ctx context.Context, c *store.Claimed)
	// Worker names this process; no two that are alive may share it. Empty means a random name.
	Worker string
	// Workers is how many runs may execute at once; 0 means 10.
	Workers int
	// Lease is how long a run stays this worker's without a beat; 0 means 10 s.
	Lease time.Duration
	// BeatEvery is the time between beats, well under Lease; 0 means 3 s.
	BeatEvery time.Duration
	// Poll is how long the queue waits without a bell before it looks for due runs; 0 means 1 s.
	Poll time.Duration
	// Bell wakes the queue when a run may be due; rings may be lost. nil means that only Poll does.
	Bell <-chan struct{}
	// Log hears of what nobody waits for: failed claims and beats, panics. nil means slog.Default.
	Log *slog.Logger
}

// Queue is a worker process's loop over the due runs.
type Queue struct {
	cfg   Config
	look  chan struct{} // a slot was freed
	nudge chan struct{} // beat now

	mu      sync.Mutex
	started bool
	held    map[string]*holding // by run
}

// New checks cfg and returns a queue that does nothing before [Queue.Run].
func New(cfg Config) (*Queue, error) {
	if cfg.Store == nil || cfg.Run == nil {
		return nil, errors.New("queue: Store and Run must be set")
	}
	if cfg.Worker == "" {
		cfg.Worker = uuid.NewString()
	}
	if cfg.Workers == 0 {
		cfg.Workers = 10
	}
	cfg.Lease = orDefault(cfg.Lease, 10*time.Second)
	cfg.BeatEvery = orDefault(cfg.BeatEvery, 3*time.Second)
	cfg.Poll = orDefault(cfg.Poll, time.Second)
	if cfg.Workers < 0 || cfg.BeatEvery < 0 || cfg.Poll < 0 || cfg.BeatEvery >= cfg.Lease {
		return nil, fmt.Errorf("queue: %d workers, lease %s, beat every %s, poll %s: want positive numbers and beats within the lease",
			cfg.Workers, cfg.Lease, cfg.BeatEvery, cfg.Poll)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Queue{cfg: cfg, look: make(chan struct{}, 1), nudge: make(chan struct{}, 1), held: map[string]*holding{}}, nil
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// Run claims and executes runs until ctx ends. Then it claims no more, ends the context of every run with [ErrHandBack], waits for
// all of them, hands back what is not finished, and returns nil.
func (q *Queue) Run(ctx context.Context) error {
	q.mu.Lock()
	again := q.started
	q.started = true
	q.mu.Unlock()
	if again {
		return ErrStopped
	}
	// What the queue does for its runs goes on after ctx has ended, until the last of them has returned.
	rest := context.WithoutCancel(ctx)
	beating, stopBeats := context.WithCancel(rest)
	var beats, runs sync.WaitGroup
	beats.Go(func() { q.beatLoop(beating) })
	q.claimLoop(ctx, func(c *store.Claimed) {
		h := q.take(rest, c)
		runs.Go(func() { q.execute(rest, h) })
	})
	q.stopAll(ErrHandBack)
	runs.Wait()
	stopBeats()
	beats.Wait()
	return nil
}

// Held returns how many runs execute now.
func (q *Queue) Held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.held)
}

// Cancel ends the context of a run that this process executes, with cause [Cancelled], and reports whether there is one. The store
// must know of the cancel already: this spares the wait for the next beat, nothing more.
func (q *Queue) Cancel(runID, action string) bool {
	q.mu.Lock()
	h := q.held[runID]
	q.mu.Unlock()
	if h == nil {
		return false
	}
	h.stop(Cancelled{Action: action})
	return true
}

// Nudge asks for a beat now: a run may have been cancelled by another process.
func (q *Queue) Nudge() { ring(q.nudge) }

// ring wakes the reader of a channel of one place; a reader that is awake already needs no second ring.
func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// claimLoop claims while there are free slots, and else waits for one, for the bell or for the poll.
func (q *Queue) claimLoop(ctx context.Context, start func(*store.Claimed)) {
	poll := time.NewTimer(q.cfg.Poll)
	defer poll.Stop()
	bell := q.cfg.Bell
	for ctx.Err() == nil {
		q.claimAll(ctx, start)
		poll.Reset(q.cfg.Poll)
		select {
		case <-ctx.Done():
		case <-q.look:
		case <-poll.C:
		case _, open := <-bell:
			if !open {
				bell = nil
			}
		}
	}
}

// claimAll starts runs until no slot is free or nothing is due.
func (q *Queue) claimAll(ctx context.Context, start func(*store.Claimed)) {
	for ctx.Err() == nil {
		held := q.heldIDs()
		if len(held) >= q.cfg.Workers {
			return
		}
		c, err := q.cfg.Store.Claim(ctx, q.cfg.Worker, q.cfg.Lease, held...)
		if err != nil {
			if ctx.Err() == nil {
				q.cfg.Log.Warn("claim failed", "worker", q.cfg.Worker, "err", err)
			}
			return
		}
		if c == nil {
			return
		}
		start(c)
	}
}

// execute runs h to its end and frees its slot. A panic leaves the run to its lease: it counts as a lost attempt, so that a run
// that always panics ends.
func (q *Queue) execute(ctx context.Context, h *holding) {
	defer ring(q.look)
	defer q.drop(h)
	if q.runSafely(h) && errors.Is(context.Cause(h.ctx), ErrHandBack) {
		q.handBack(ctx, h)
	}
}

// runSafely reports whether Run returned rather than panicked.
func (q *Queue) runSafely(h *holding) (returned bool) {
	defer h.end()
	defer func() {
		if v := recover(); v != nil {
			q.cfg.Log.Error("run panicked", "run", h.claimed.Lease.RunID, "thread", h.claimed.Lease.ThreadID,
				"panic", v, "stack", string(debug.Stack()))
		}
	}()
	q.cfg.Run(h.ctx, h.claimed)
	return true
}

func (q *Queue) handBack(ctx context.Context, h *holding) {
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Lease)
	defer cancel()
	if err := q.cfg.Store.HandBack(ctx, q.cfg.Worker, []store.Lease{h.claimed.Lease}); err != nil {
		q.cfg.Log.Warn("hand-back failed: the run waits for its lease to end", "run", h.claimed.Lease.RunID, "err", err)
	}
}
