package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// ErrInterrupted is what [Interrupt] returns while nobody has answered. The run pauses whatever the node makes of it.
var ErrInterrupted = errors.New("interrupted: waiting for an answer")

// Interrupt pauses the run and asks the outside for a T; value, as JSON, is the question. When the run is resumed, the node runs
// again from its beginning, and the call returns the answer: put side effects after it. Several calls of a node are answered in
// order. Before that, Interrupt returns [ErrInterrupted]; return it.
func Interrupt[T any](ctx context.Context, value any) (T, error) {
	var answer T
	raw, err := interrupt(ctx, value)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		err := &InputError{Channel: "resume", Type: reflect.TypeFor[T]().String(), Err: err}
		return answer, RuntimeFrom(ctx).refuse(value, err)
	}
	return answer, nil
}

// refuse fails the task because of an answer that does not fit, and opens its question again.
func (rt *Runtime) refuse(value any, cause error) error {
	q := &rt.task.questions
	q.mu.Lock()
	defer q.mu.Unlock()
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("interrupt: %w", err)
	}
	if q.err == nil {
		q.err, q.open = cause, &Interruption{Value: raw, ID: interruptID(rt.run.space(rt.task))}
		q.asked-- // this answer and those after it do not count
	}
	return cause
}

// accepted are the answers before the one that was refused.
func (q *questions) accepted() []json.RawMessage {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]json.RawMessage{}, q.answers[:q.asked]...)
}

// questions are the interrupts of one execution of a task.
type questions struct {
	mu      sync.Mutex
	answers []json.RawMessage
	asked   int
	open    *Interruption
	// err is what the task has to fail with: there is no saver, or the answer does not fit; then open is its question.
	err error
	// node is the context that the node got; nil when it does not run.
	node context.Context
	// inner is nil until there is something to say of the graphs inside of the task.
	inner *inner
	// descended are the calls whose graphs have gone on from the task's origin, in this execution or in an earlier one.
	descended map[string]bool
}

func interrupt(ctx context.Context, value any) (json.RawMessage, error) {
	rt := RuntimeFrom(ctx)
	if rt == nil {
		return nil, errors.New("no run in this context: call Interrupt in a node, with its ctx")
	}
	if err := awaitTurn(ctx); err != nil {
		return nil, err
	}
	return rt.task.questions.ask(rt.run, rt.task, value)
}

func (q *questions) ask(r *run, t *task, value any) (json.RawMessage, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.asked < len(q.answers) {
		q.asked++
		return q.answers[q.asked-1], nil
	}
	if r.cfg.Saver == nil {
		q.err = failf(ErrNoSaver, "%v: an interrupt needs a thread to wait on", ErrNoSaver)
		return nil, q.err
	}
	if q.open != nil {
		return nil, ErrInterrupted
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("interrupt: %w", err)
	}
	q.open = &Interruption{Value: raw, ID: interruptID(r.space(t))}
	return nil, ErrInterrupted
}

// begin forgets what an earlier execution asked.
func (q *questions) begin(node context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked, q.open, q.err, q.node, q.inner = 0, nil, nil, node, nil
}

// failure returns the error that the task has to fail with, whatever its node has returned, and the question whose answer did not fit.
func (q *questions) failure(returned error) (refused *Interruption, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if in := q.inner; in != nil && in.broken != nil && (returned == nil || !errors.Is(returned, in.broken)) {
		return nil, fmt.Errorf("called graph: %w", in.broken)
	}
	if q.err == nil {
		return nil, nil
	}
	return q.open, q.err
}

// waiting returns whether the task waits, and for the answers to which questions.
func (q *questions) waiting() (asked []Interruption, waits bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.inner != nil {
		asked, waits = slices.Clip(q.inner.asked), q.inner.halted
	}
	if q.open != nil {
		asked, waits = append(asked, *q.open), true
	}
	return asked, waits
}

// answered is the value of a write to [ResumeChannel]: all answers that a task got, and the run that brought the last one, so
// that a second attempt of that run does not bring it twice.
type answered struct {
	Run    string            `json:"run,omitempty"`
	Values []json.RawMessage `json:"values"`
}
