package graphs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// signal is what a task's goroutine tells the coordinator: an event, or that the task is over.
type signal struct {
	event Event
	// relayed says that the event is a subgraph's: it has its namespace already.
	relayed bool
	over    *task
	do      func() // a call of the saver
}

// timedStep is step within the time that a step has.
func (r *run) timedStep(ctx context.Context) error {
	d := r.cfg.StepTimeout
	if d <= 0 || r.tasks[0].node.name == Start {
		return r.step(ctx)
	}
	late := &TimeoutError{Limit: d}
	ctx, cancel := context.WithTimeoutCause(ctx, d, late)
	defer cancel()
	err := r.step(ctx)
	if err != nil && errors.Is(context.Cause(ctx), late) {
		return late // and not the run's own time
	}
	return err
}

// step runs a step's open tasks and returns when all have ended. Only the coordinator yields and calls the saver.
//
// A task gets a goroutine only where that can be seen: when there are several, or when a reader has to get its events while it runs.
func (r *run) step(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	open := r.todo[:0]
	if r.yield != nil && !r.announce() {
		return errStopped
	}
	for _, t := range r.tasks {
		if !t.done {
			open = append(open, t)
		}
	}
	r.todo = open
	if len(r.tasks) == 1 {
		r.tasks[0].only = true
	}
	switch {
	case len(open) == 0:
		return nil
	case len(open) == 1 && (r.yield == nil || open[0].isQuiet()):
		return r.alone(ctx, open[0])
	case r.yield == nil && r.keep.saver == nil && !r.g.nested:
		return r.together(ctx, open)
	}
	return r.listen(ctx, open)
}

// isQuiet reports whether no code of the user runs in the task.
func (t *task) isQuiet() bool { return t.node.name == Start && len(t.node.branches) == 0 }

// alone runs the only task where it is.
func (r *run) alone(ctx context.Context, t *task) error {
	t.inline = true
	r.execute(ctx, t)
	if ctx.Err() != nil {
		return ctxError(ctx)
	}
	if err := r.conclude(ctx, t, t.err == nil && !t.halted); err != nil {
		return err
	}
	if t.err != nil {
		return r.failure(t)
	}
	return nil
}

// together runs tasks of which nobody has to be told anything before all are over; the coordinator takes part.
func (r *run) together(ctx context.Context, open []*task) error {
	stepCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next atomic.Int64
	var first atomic.Pointer[task]
	work := func() {
		for {
			at := int(next.Add(1)) - 1
			if at >= len(open) || first.Load() != nil {
				return
			}
			t := open[at]
			if r.execute(stepCtx, t); t.err != nil && first.CompareAndSwap(nil, t) {
				cancel()
			}
		}
	}
	var wg sync.WaitGroup
	for range r.hands(len(open)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	if ctx.Err() != nil {
		return ctxError(ctx)
	}
	for _, t := range open {
		t.done = t.err == nil
		if err := r.remember(ctx, t); err != nil {
			return err
		}
	}
	if t := first.Load(); t != nil {
		return r.failure(t)
	}
	return nil
}

// hands is how many of n tasks may run at the same time.
func (r *run) hands(n int) int {
	if limit := r.cfg.MaxConcurrency; limit > 0 {
		return min(n, limit)
	}
	return n
}

// crew are the goroutines that a run's tasks get. They stay for later steps, since a goroutine that has run a node has grown the
// stack for it, but not more than a few.
type crew struct {
	jobs  chan job
	all   sync.WaitGroup
	idle  int
	staff int // that stay
}

type job struct {
	ctx  context.Context
	task *task
	over *sync.WaitGroup
}

const maxStaff = 8

// hire gives a task a goroutine.
func (r *run) hire(j job) {
	c := &r.crew
	if c.idle > 0 {
		c.idle--
		j.task.stays = true
		c.jobs <- j
		return
	}
	stays := c.staff < maxStaff
	if stays {
		if c.staff++; c.jobs == nil {
			c.jobs = make(chan job)
		}
	}
	jobs := c.jobs
	j.task.stays = stays
	c.all.Go(func() {
		r.work(j)
		if !stays {
			return
		}
		for j := range jobs {
			r.work(j)
		}
	})
}

func (r *run) work(j job) {
	defer j.over.Done()
	r.execute(j.ctx, j.task)
	r.tell(j.task, signal{over: j.task})
}

// dismiss ends the crew.
func (r *run) dismiss() {
	if r.crew.jobs != nil {
		close(r.crew.jobs)
	}
	r.crew.all.Wait()
}

// listen gives each task a goroutine and takes what the nodes tell until the last is over. The first failure cancels the others.
func (r *run) listen(ctx context.Context, open []*task) error {
	stepCtx, cancel := context.WithCancel(ctx)
	gone := make(chan struct{})
	var over sync.WaitGroup
	defer over.Wait()
	defer cancel()
	defer close(gone)
	if r.inbox == nil {
		r.inbox = make(chan signal)
	}
	started := 0
	start := func() {
		t := open[started]
		t.gone = gone
		started++
		over.Add(1)
		r.hire(job{stepCtx, t, &over})
	}
	for range r.hands(len(open)) {
		start()
	}
	clean := true
	var failure error
	for left := len(open); left > 0; {
		var s signal
		select {
		case <-ctx.Done():
			return ctxError(ctx)
		case s = <-r.inbox:
		}
		if s.over == nil {
			if !r.take(&s) {
				return errStopped
			}
			continue
		}
		left--
		t := s.over
		if t.stays {
			r.crew.idle++
		}
		clean = clean && t.err == nil && !t.halted
		if t.err != nil && ctx.Err() != nil {
			return ctxError(ctx)
		}
		if t.err != nil && failure != nil && errors.Is(t.err, context.Canceled) {
			continue // cut off by the first failure
		}
		if t.err != nil && failure == nil {
			failure = r.failure(t)
			cancel()
			left -= len(open) - started // those never begin
			started = len(open)
		}
		if started < len(open) {
			start()
		}
		if err := r.conclude(ctx, t, clean && left == 0); err != nil {
			return err
		}
	}
	return failure
}

// failure is the run's error for a task's.
func (r *run) failure(t *task) error {
	r.identify(t)
	return &NodeError{Node: t.plan.Name, Task: t.plan.ID, Err: t.err}
}

// take does what a task asks for in between.
func (r *run) take(s *signal) bool {
	switch {
	case s.do != nil:
		s.do()
		return true
	case s.relayed:
		return r.yield == nil || r.yield(s.event, nil)
	}
	return r.emit(s.event)
}

// tell hands the coordinator something from a task; false means that it has gone.
func (r *run) tell(t *task, s signal) bool {
	if t.inline {
		return r.take(&s)
	}
	select {
	case r.inbox <- s:
		return true
	case <-t.gone:
		return false
	}
}

// ctxError returns ctx's error together with its cause.
func ctxError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return err
	}
	return &classed{errors.Join(err, cause), cause.Error()}
}
