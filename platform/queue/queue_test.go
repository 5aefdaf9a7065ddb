package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Leaser in memory with the calls it got.
type fake struct {
	mu       sync.Mutex
	due      []string
	token    int64
	held     [][]string // of each claim that found something
	claims   int
	beats    [][]store.Lease
	back     []store.Lease
	answer   store.Beats
	slow     time.Duration // of the beats
	beatErr  error
	claimErr error
	cancel   string // of the next claim
}

func (f *fake) add(ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = append(f.due, ids...)
}

// set changes what the fake answers.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// seen are the calls that a fake got.
type seen struct {
	claims int
	beats  [][]store.Lease
	back   []store.Lease
}

func (f *fake) seen() seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return seen{f.claims, slices.Clone(f.beats), slices.Clone(f.back)}
}

func (f *fake) Claim(_ context.Context, _ string, _ time.Duration, held ...string) (*store.Claimed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims++
	if f.claimErr != nil {
		return nil, f.claimErr
	}
	for i, id := range f.due {
		if slices.Contains(held, id) {
			continue
		}
		f.due = slices.Delete(f.due, i, i+1)
		f.held = append(f.held, held)
		f.token++
		return &store.Claimed{Lease: store.Lease{RunID: id, ThreadID: "t-" + id, Token: f.token}, Cancel: f.cancel}, nil
	}
	return nil, nil
}

func (f *fake) Beat(_ context.Context, _ string, leases []store.Lease, _ time.Duration) (store.Beats, error) {
	f.mu.Lock()
	f.beats = append(f.beats, leases)
	slow, answer, err := f.slow, f.answer, f.beatErr
	f.mu.Unlock()
	<-time.After(slow)
	return answer, err
}

func (f *fake) HandBack(_ context.Context, _ string, leases []store.Lease) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.back = append(f.back, leases...)
	return nil
}

// rig is a running queue whose runs wait to be told what to do.
type rig struct {
	t    *testing.T
	f    *fake
	q    *queue.Queue
	bell chan struct{}
	stop context.CancelFunc
	done chan error

	mu      sync.Mutex
	started []string
	running map[string]chan struct{} // close to let the run return
	causes  map[string]error
}

// start runs a queue in the bubble of a synctest; ignore makes runs stay after their context has ended.
func start(t *testing.T, cfg queue.Config, ignore bool) *rig {
	t.Helper()
	r := &rig{
		t: t, f: &fake{}, bell: make(chan struct{}, 1), done: make(chan error, 1),
		running: map[string]chan struct{}{}, causes: map[string]error{},
	}
	cfg.Store, cfg.Bell, cfg.Log = r.f, r.bell, slog.New(slog.DiscardHandler)
	if cfg.Run == nil {
		cfg.Run = func(ctx context.Context, c *store.Claimed) { r.run(ctx, c, ignore) }
	}
	var err error
	if r.q, err = queue.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.done <- r.q.Run(ctx) }()
	synctest.Wait()
	return r
}

func (r *rig) run(ctx context.Context, c *store.Claimed, ignore bool) {
	free := make(chan struct{})
	r.mu.Lock()
	r.started = append(r.started, c.Lease.RunID)
	r.running[c.Lease.RunID] = free
	r.mu.Unlock()
	ended := ctx.Done()
	if ignore {
		ended = nil
	}
	select {
	case <-free:
	case <-ended:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, c.Lease.RunID)
	r.causes[c.Lease.RunID] = context.Cause(ctx)
}

// pass lets time go by in the bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// ring makes ids due and rings.
func (r *rig) ring(ids ...string) {
	r.f.add(ids...)
	select {
	case r.bell <- struct{}{}:
	default:
	}
	synctest.Wait()
}

// finish lets a run return.
func (r *rig) finish(id string) {
	r.mu.Lock()
	close(r.running[id])
	r.mu.Unlock()
	synctest.Wait()
}

func (r *rig) want(what string, want, got any) {
	r.t.Helper()
	if fmt.Sprint(want) != fmt.Sprint(got) {
		r.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// cause returns why a run's context ended when it returned.
func (r *rig) cause(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.causes[id]
}

// ids returns the runs that were started, sorted: those of one bell start in any order.
func (r *rig) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.started))
}

// end stops the queue, lets all runs return, and waits for it.
func (r *rig) end() {
	r.stop()
	synctest.Wait()
	r.mu.Lock()
	for _, free := range r.running {
		close(free)
	}
	r.mu.Unlock()
	if err := <-r.done; err != nil {
		r.t.Errorf("Run: %v", err)
	}
	r.want("held at the end", 0, r.q.Held())
}

func TestSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{Workers: 2}, true)
		r.ring("a", "b", "c", "d")
		r.want("started", []string{"a", "b"}, r.ids())
		r.finish("a") // a free slot is used without a bell
		r.want("started", []string{"a", "b", "c"}, r.ids())
		r.finish("b")
		r.finish("c")
		r.want("started", []string{"a", "b", "c", "d"}, r.ids())
		r.end()
	})
}

func TestBellAndPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{Poll: time.Second}, true)
		r.ring("a")
		r.want("by the bell", []string{"a"}, r.ids())
		r.f.add("b") // the ring was lost
		pass(999 * time.Millisecond)
		r.want("before the poll", []string{"a"}, r.ids())
		pass(time.Millisecond)
		r.want("by the poll", []string{"a", "b"}, r.ids())
		close(r.bell) // is no bell any more, and no reason to spin
		before := r.f.seen().claims
		pass(10 * time.Second)
		if n := r.f.seen().claims - before; n > 12 {
			t.Errorf("%d claims in 10 polls", n)
		}
		r.end()
	})
}

func TestClaimFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{}, true)
		r.f.set(func() { r.f.claimErr = errors.New("no database") })
		r.ring("a")
		r.want("started", []string{}, r.ids())
		r.f.set(func() { r.f.claimErr = nil })
		pass(time.Second)
		r.want("started", []string{"a"}, r.ids())
		r.end()
	})
}

func TestBeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{BeatEvery: 3 * time.Second}, false)
		pass(9 * time.Second)
		r.want("beats of nothing", 0, len(r.f.seen().beats))
		r.ring("a", "b", "c")
		pass(3 * time.Second)
		r.want("beats", 1, len(r.f.seen().beats)) // one for all
		r.want("leases", 3, len(r.f.seen().beats[0]))

		r.f.set(func() { r.f.answer = store.Beats{Lost: []string{"a"}, Cancels: map[string]string{"b": "rollback"}} })
		pass(3 * time.Second)
		r.want("lost", store.ErrLostLease, r.cause("a"))
		r.want("cancelled", queue.Cancelled{Action: "rollback"}, r.cause("b"))
		r.want("held", 1, r.q.Held())
		r.want("handed back", 0, len(r.f.seen().back))
		r.end()
		r.want("stopped", queue.ErrHandBack, r.cause("c"))
		r.want("handed back", []store.Lease{{RunID: "c", ThreadID: "t-c", Token: 3}}, r.f.seen().back)
	})
}

func TestNudge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{}, false)
		r.ring("a", "b")
		r.f.set(func() { r.f.answer = store.Beats{Cancels: map[string]string{"a": "interrupt"}} })
		r.q.Nudge()
		synctest.Wait()
		r.want("cancelled", queue.Cancelled{Action: "interrupt"}, r.cause("a"))
		r.want("cancel of what is not here", false, r.q.Cancel("x", "interrupt"))
		r.want("cancel", true, r.q.Cancel("b", "rollback"))
		synctest.Wait()
		r.want("cancelled", queue.Cancelled{Action: "rollback"}, r.cause("b"))
		r.end()
	})
}

// Without a beat for a whole lease, someone else may have the runs.
func TestBeatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{Lease: 10 * time.Second, BeatEvery: 3 * time.Second}, false)
		r.f.set(func() { r.f.beatErr = errors.New("no database") })
		r.ring("a")
		pass(9 * time.Second)
		r.want("held within the lease", 1, r.q.Held())
		pass(3 * time.Second)
		r.want("lost", store.ErrLostLease, r.cause("a"))
		r.end()
	})
}

func TestNeverClaimsWhatItHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{}, true) // the run does not heed its context
		r.ring("a")
		r.f.set(func() { r.f.answer = store.Beats{Lost: []string{"a"}} })
		r.q.Nudge()
		synctest.Wait()
		r.ring("a", "b") // due again while it is still at work here
		r.want("started", []string{"a", "b"}, r.ids())
		r.finish("a")
		r.want("started", []string{"a", "a", "b"}, r.ids())
		r.end()
	})
}

// The answer to a beat is of the leases that it was asked for: a run that was claimed again meanwhile has another.
func TestClaimedAgainDuringBeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{}, false)
		r.ring("a")
		r.f.set(func() { r.f.slow, r.f.answer = time.Second, store.Beats{Lost: []string{"a"}} })
		r.q.Nudge()
		synctest.Wait()
		r.finish("a")
		r.ring("a")
		r.want("started", []string{"a", "a"}, r.ids())
		r.f.set(func() { r.f.slow, r.f.answer = 0, store.Beats{} })
		pass(time.Second)
		r.want("held", 1, r.q.Held())
		r.end()
		r.want("stopped", queue.ErrHandBack, r.cause("a"))
	})
}

func TestCancelledBeforeClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{}, false)
		r.f.set(func() { r.f.cancel = "rollback" })
		r.ring("a")
		r.want("cause", queue.Cancelled{Action: "rollback"}, r.cause("a"))
		r.end()
	})
}

func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{Workers: 1, Run: func(context.Context, *store.Claimed) { panic("a node") }}, false)
		r.ring("a", "b", "c")
		r.want("held", 0, r.q.Held())
		r.want("claims", 4, r.f.seen().claims-1) // the first found nothing, before the bell
		r.end()
		r.want("handed back", 0, len(r.f.seen().back)) // it counts as a lost attempt
	})
}

// A run may finish although it was asked to stop; handing it back is then of no effect, and the store knows.
func TestStopWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, queue.Config{}, true)
		r.ring("a")
		r.stop()
		r.ring("b")
		pass(20 * time.Second)
		r.want("started after the stop", []string{"a"}, r.ids())
		if len(r.f.seen().beats) < 6 {
			t.Errorf("%d beats while the run ended", len(r.f.seen().beats))
		}
		r.finish("a")
		r.want("handed back", 1, len(r.f.seen().back))
		r.end()
		if err := r.q.Run(t.Context()); !errors.Is(err, queue.ErrStopped) {
			t.Errorf("second Run: %v", err)
		}
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	run := func(context.Context, *store.Claimed) {}
	for name, cfg := range map[string]queue.Config{
		"nothing":           {},
		"no store":          {Run: run},
		"no run":            {Store: &fake{}},
		"beats too seldom":  {Store: &fake{}, Run: run, Lease: time.Second, BeatEvery: time.Second},
		"negative workers":  {Store: &fake{}, Run: run, Workers: -1},
		"negative poll":     {Store: &fake{}, Run: run, Poll: -1},
		"negative beat":     {Store: &fake{}, Run: run, BeatEvery: -1},
		"default too short": {Store: &fake{}, Run: run, Lease: 2 * time.Second},
	} {
		if _, err := queue.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
