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
	"time"
)

// execute runs a task's node, again as its retry policy says, and leaves the outcome in the task.
func (r *run) execute(ctx context.Context, t *task) {
	t.taken = r.taken
	own := &t.context
	own.Context, own.run, own.task = ctx, r, t
	defer own.end()
	for attempts := 1; ; attempts++ {
		t.err = r.attemptTask(own, t)
		if t.err == nil && r.probes.roundTrip {
			t.out.ahead = nil
			t.err = r.g.roundTrip(&t.out)
		}
		if refused, err := t.questions.failure(t.err); err != nil {
			t.err, t.refused, t.out = err, refused, outcome{}
			return
		}
		if t.paused, t.halted = t.questions.waiting(); t.halted {
			t.err, t.out = nil, outcome{}
			return
		}
		t.only = false // what an attempt has shown its routers is theirs
		if t.err == nil || ctx.Err() != nil || !t.node.retry.allows(t.err, attempts) {
			return
		}
		if !sleep(own, t.node.retry.pause(attempts, rand.Float64())) {
			return
		}
	}
}

// attemptTask runs user code: the node and its routers.
func (r *run) attemptTask(ctx context.Context, t *task) (err error) {
	defer caught(&err)
	t.out = outcome{from: t.node.name}
	if t.node.name == Start {
		t.out.writes = t.writes
		if r.encode {
			if err := r.g.encode(&t.out); err != nil {
				return err
			}
		}
		return r.follow(ctx, t.node, t.only, &t.out)
	}
	u, err := r.limited(ctx, t)
	if err != nil {
		return err
	}
	if _, waits := t.questions.waiting(); waits {
		return nil // what a paused node returned is dropped
	}
	return r.resolve(ctx, t, u)
}

// limited calls the node within the time that it has.
func (r *run) limited(ctx context.Context, t *task) (Update, error) {
	if t.node.sub == nil { // the nodes inside of a subgraph have their own
		if err := t.seat.take(ctx, r.slots); err != nil {
			return nil, err
		}
		defer t.seat.leave(r.slots)
	}
	d := t.node.timeout
	if d <= 0 {
		return r.update(ctx, t)
	}
	late := &TimeoutError{Node: t.node.name, Limit: d}
	ctx, cancel := context.WithTimeoutCause(ctx, d, late)
	defer cancel()
	u, err := r.update(ctx, t)
	if err != nil && errors.Is(context.Cause(ctx), late) {
		return nil, late
	}
	return u, err
}

func (r *run) update(ctx context.Context, t *task) (Update, error) {
	t.questions.begin(ctx)
	defer t.questions.end()
	if t.node.sub != nil {
		return r.nested(ctx, t)
	}
	if r.probes.guard && t.node.in.typ != valuesType {
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

// caught makes a panic of user code an error: nodes and routers, but reducers and types with a JSON form of their own, too. It is
// deferred, never around a yield: what a reader does is the reader's.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
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
