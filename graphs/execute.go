package graphs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"sync"
	"time"

	"github.com/locutory/locutory/graphs/internal/probe"
)

// signal is what a node's goroutine tells the coordinator: an event, or that its task is over.
type signal struct {
	event Event
	// relayed says that the event is a subgraph's: it has its namespace already.
	relayed bool
	over    *task
	do      func() // a call of the saver
}

// start runs a step's open tasks and returns when all have ended. Only this goroutine yields and calls the saver.
func (r *run) step(ctx context.Context) error {
	if err := r.prepare(); err != nil {
		return err
	}
	open := 0
	for _, t := range r.tasks {
		if !r.announce(t) {
			return errStopped
		}
		if !t.done {
			open++
		}
	}
	if open == 0 {
		return nil
	}
	stepCtx, cancel := context.WithCancel(ctx)
	gone := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer close(gone)
	for _, t := range r.tasks {
		if t.done {
			continue
		}
		t.gone = gone
		wg.Go(func() {
			r.execute(stepCtx, t)
			r.tell(t, signal{over: t})
		})
	}
	return r.listen(ctx, cancel, open)
}

// listen takes what the nodes tell until the last is over. The first failure cancels the others.
func (r *run) listen(ctx context.Context, cancel context.CancelFunc, open int) error {
	clean := true
	var failure error
	for open > 0 {
		select {
		case <-ctx.Done():
			return ctxError(ctx)
		case s := <-r.inbox:
			if s.over == nil {
				if !r.take(s) {
					return errStopped
				}
				continue
			}
			open--
			clean = clean && s.over.err == nil && !s.over.halted
			if s.over.err != nil && ctx.Err() != nil {
				return ctxError(ctx)
			}
			if s.over.err != nil && failure != nil && errors.Is(s.over.err, context.Canceled) {
				continue // cut off by the first failure
			}
			if err := r.conclude(ctx, s.over, clean && open == 0); err != nil {
				return err
			}
			if s.over.err != nil && failure == nil {
				failure = &NodeError{Node: s.over.plan.Name, Task: s.over.plan.ID, Err: s.over.err}
				cancel()
			}
		}
	}
	return failure
}

// take does what a task asks for in between.
func (r *run) take(s signal) bool {
	switch {
	case s.do != nil:
		s.do()
		return true
	case s.relayed:
		r.know(s.event)
		return r.yield == nil || r.yield(s.event, nil)
	}
	return r.emit(s.event)
}

// ctxError returns ctx's error together with its cause.
func ctxError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return err
	}
	return &classed{errors.Join(err, cause), cause.Error()}
}

// announce tells that a task begins, or again what a task that had finished before has written.
func (r *run) announce(t *task) bool {
	if t.done {
		return r.emit(Event{Kind: KindTaskEnd, Task: t.plan.ID, TaskEnd: &TaskEnded{
			ID: t.plan.ID, Name: t.plan.Name, Writes: r.g.shown(&t.out), Cached: true, Hidden: t.node.name == Start,
		}})
	}
	s := &TaskStarted{
		ID: t.plan.ID, Name: t.plan.Name, Step: r.cp.Step + 1, Path: t.plan.Path, Triggers: t.plan.Triggers,
		Metadata: r.metadata, Hidden: t.node.name == Start,
	}
	if t.isPush() {
		s.Input = t.plan.Input
	}
	return r.emit(Event{Kind: KindTaskStart, Task: t.plan.ID, TaskStart: s})
}

// conclude tells how a task has ended and has its pending writes saved. The writes of the last task of a step without trouble are
// saved with the step's checkpoint.
func (r *run) conclude(ctx context.Context, t *task, last bool) error {
	end := &TaskEnded{ID: t.plan.ID, Name: t.plan.Name, Hidden: t.node.name == Start}
	var writes []Write
	switch {
	case t.err != nil && r.ns != "" && isToParent(t.err):
		// no failure: it goes on above
	case t.err != nil:
		end.Error = FailureOf(t.err)
		writes = []Write{{Task: t.plan.ID, Channel: ErrorChannel, Value: mustJSON(end.Error)}}
		if t.refused != nil { // the answer was no good: the question is open again
			writes = append(writes,
				Write{Task: t.plan.ID, Channel: InterruptChannel, Value: mustJSON([]Interruption{*t.refused})},
				Write{Task: t.plan.ID, Channel: ResumeChannel, Value: mustJSON(answered{Values: t.questions.accepted()})})
		}
	case t.halted:
		end.Interrupts = append([]Interruption{}, t.paused...)
		writes = []Write{{Task: t.plan.ID, Channel: InterruptChannel, Value: mustJSON(end.Interrupts)}}
	default:
		t.done = true
		if !r.showMessages(t) {
			return errStopped
		}
		if r.encode {
			end.Writes = r.g.shown(&t.out)
		}
	}
	if !r.emit(Event{Kind: KindTaskEnd, Task: t.plan.ID, TaskEnd: end}) {
		return errStopped
	}
	if r.keep.saver == nil || t.done && t.node.name == Start {
		return nil // the start task's writes are its input, which the checkpoint holds
	}
	if t.done {
		writes = r.g.stored(t)
	}
	if len(writes) == 0 {
		return nil
	}
	if last {
		r.last = writes
		return nil
	}
	return r.keep.putWrites(ctx, r.cp.ID, t.plan.ID, writes)
}

// execute runs a task's node, again as its retry policy says, and leaves the outcome in the task.
func (r *run) execute(ctx context.Context, t *task) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rt := &Runtime{
		User: r.cfg.User, Config: r.cfg, ThreadID: r.cfg.ThreadID, RunID: r.cfg.RunID, Attempt: r.attempt,
		Remaining: r.limit - r.taken - 1, task: t, run: r, done: ctx.Done(),
	}
	ctx = context.WithValue(ctx, runtimeKey{}, rt)
	for attempts := 1; ; attempts++ {
		t.questions.begin()
		t.out, t.err = r.attemptTask(ctx, t)
		if t.err == nil && probe.RoundTrip(ctx) {
			t.err = r.g.roundTrip(&t.out)
		}
		question, refusal := t.questions.outcome()
		if refusal != nil {
			t.err, t.refused = refusal, question
			return
		}
		if question != nil {
			t.halted, t.paused = true, []Interruption{*question}
		}
		if t.halted {
			t.err, t.out = nil, outcome{}
			return
		}
		if t.err == nil || ctx.Err() != nil || !t.node.retry.allows(t.err, attempts) {
			return
		}
		if !sleep(ctx, t.node.retry.pause(attempts, rand.Float64())) {
			return
		}
	}
}

// attemptTask runs user code: the node and its routers.
func (r *run) attemptTask(ctx context.Context, t *task) (out outcome, err error) {
	err = r.guard(func() (err error) {
		if t.node.name == Start {
			out.from, out.writes = Start, t.writes
			if r.encode {
				if err := r.g.encode(&out); err != nil {
					return err
				}
			}
			return r.g.follow(ctx, t.node, r.cells, &out)
		}
		u, err := r.update(ctx, t)
		if err != nil {
			return err
		}
		if question, refusal := t.questions.outcome(); t.halted || question != nil && refusal == nil {
			return nil // what a paused node returned is dropped
		}
		out, err = r.g.resolve(ctx, t.node, r.cells, u, r.encode)
		return err
	})
	return out, err
}

func (r *run) update(ctx context.Context, t *task) (Update, error) {
	if t.node.sub != nil {
		return r.nested(ctx, t)
	}
	if probe.Guard(ctx) {
		return t.callGuarded(ctx)
	}
	return t.node.call(ctx, t.input)
}

// callGuarded gives the node a copy of its own and compares it afterwards.
func (t *task) callGuarded(ctx context.Context) (Update, error) {
	before, err := json.Marshal(t.input)
	if err != nil {
		return nil, fmt.Errorf("input of node %q: %w", t.node.name, err)
	}
	own := reflect.New(t.node.in.typ).Interface()
	if err := json.Unmarshal(before, own); err != nil {
		return nil, fmt.Errorf("input of node %q: %w", t.node.name, err)
	}
	if before, err = json.Marshal(own); err != nil {
		return nil, fmt.Errorf("input of node %q: %w", t.node.name, err)
	}
	u, callErr := t.node.call(ctx, own)
	after, err := json.Marshal(own)
	if err != nil || !bytes.Equal(before, after) {
		return nil, fmt.Errorf("node %q changed the state that it was given: return an update instead", t.node.name)
	}
	return u, callErr
}

func isToParent(err error) bool {
	var up *toParent
	return errors.As(err, &up)
}

// guard makes a panic of user code an error.
func (*run) guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// showMessages tells readers of messages what a node returned, unless they have seen it.
func (r *run) showMessages(t *task) bool {
	if !r.cfg.Messages || t.node.name == Start {
		return true
	}
	for i := range t.out.writes {
		w := &t.out.writes[i]
		msgs, ok := w.val.([]Message)
		if !ok || r.g.channels[w.ch].typ != messageType {
			continue
		}
		for j := range msgs {
			m := msgs[j]
			if r.shown[m.ID] && m.Type != TypeRemove {
				continue
			}
			r.shown[m.ID] = true
			if !r.emit(Event{Kind: KindMessage, Task: t.plan.ID, Message: &MessageSent{Message: m}}) {
				return false
			}
		}
	}
	return true
}
