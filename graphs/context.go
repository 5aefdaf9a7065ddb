package graphs

import (
	"context"
	"sync"
)

// taskContext is the context of one task. It ends when the task is over. Most nodes neither ask for their [Runtime] nor wait for
// Done, so both are made when somebody does.
type taskContext struct {
	context.Context
	run  *run
	task *task

	mu      sync.Mutex
	over    bool
	runtime *Runtime
	inner   context.Context
	cancel  context.CancelFunc
}

// Value returns the task's [Runtime] for its key; everything else is the parent's.
func (c *taskContext) Value(key any) any {
	if key == (runtimeKey{}) {
		return c.asRuntime()
	}
	c.mu.Lock()
	inner := c.inner
	c.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return c.Context.Value(key)
}

// Done is closed when the task is over or the run cancelled.
func (c *taskContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithCancel(c.Context)
		if c.over {
			c.cancel()
		}
	}
	return c.inner.Done()
}

// Err says why Done is closed.
func (c *taskContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.inner != nil:
		return c.inner.Err()
	case c.over:
		return context.Canceled
	}
	return c.Context.Err()
}

// end cancels what the node has left behind.
func (c *taskContext) end() {
	c.mu.Lock()
	c.over = true
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// ended is the error of a node that goes on after Done: a node that is cut off, by a cancel or since another has failed, is to end as one
// that was cancelled, and not as one that failed.
func (c *taskContext) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return ErrTaskOver
	}
	return ctxError(c.Context)
}

func (c *taskContext) asRuntime() *Runtime {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runtime == nil {
		r := c.run
		c.runtime = &Runtime{
			User: r.cfg.User, Config: r.cfg, ThreadID: r.cfg.ThreadID, RunID: r.cfg.RunID, Attempt: r.attempt,
			Remaining: r.limit - c.task.taken - 1, Store: r.cfg.Store, task: c.task, run: r,
		}
	}
	return c.runtime
}
