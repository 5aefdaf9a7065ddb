package graphs

import (
	"context"
	"errors"
	"strconv"
	"sync"
)

// inner is about the graphs inside of one execution of a task: the one that its node is, or those that it calls. The lock is that of
// the task's questions.
type inner struct {
	// halted says that one has halted: for answers to asked, or at a breakpoint.
	halted bool
	asked  []Interruption
	// broken is what a saver failed with while one ran: the task fails, whatever its node makes of that.
	broken error

	// made counts the calls, by the part of the task that makes them; open are those that have not ended.
	made map[int]int
	open sync.WaitGroup
	// node ends with the node's context, and when the node has returned.
	node context.Context
	cut  context.CancelFunc
}

// within is for who holds the lock.
func (q *questions) within() *inner {
	if q.inner == nil {
		q.inner = &inner{}
	}
	return q.inner
}

// halt pauses the task because a graph inside of it has halted; tasks are that graph's.
func (q *questions) halt(tasks []*task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	in := q.within()
	in.halted = true
	for _, t := range tasks {
		in.asked = append(in.asked, t.paused...)
	}
}

// note remembers a saver's error, unless it is that who called the graph has given it up.
func (q *questions) note(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, ErrNoCheckpoint) && ctx.Err() == nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.within().broken = err
	}
	return err
}

// descend reports whether a call has yet to go on from the task's origin: once it has, another execution goes on from its own.
func (q *questions) descend(call string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.descended[call] {
		return false
	}
	if q.descended == nil {
		q.descended = map[string]bool{}
	}
	q.descended[call] = true
	return true
}

// call begins a call, until done; it is nil if the node does not run any more. Calls are named by the part of the task and how many
// it has made; the first one of all has no name.
func (q *questions) call(parent context.Context) (ctx context.Context, name string, done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.node == nil {
		return parent, "", nil
	}
	in, part := q.within(), partOf(parent)
	if in.made == nil {
		in.made = map[int]int{}
		in.node, in.cut = context.WithCancel(q.node)
	}
	if n := in.made[part]; part+n > 0 {
		name = strconv.Itoa(part) + "." + strconv.Itoa(n)
	}
	in.made[part]++
	in.open.Add(1)
	ctx, cancel := context.WithCancel(parent)
	stop := context.AfterFunc(in.node, cancel)
	return ctx, name, func() {
		stop()
		cancel()
		in.open.Done()
	}
}

// end cuts off the calls that the node has left behind, and waits for them: nothing of a task goes on beside what comes after it.
func (q *questions) end() {
	q.mu.Lock()
	q.node = nil
	in := q.inner
	q.mu.Unlock()
	if in != nil && in.cut != nil {
		in.cut()
		in.open.Wait()
	}
}
