package authhooks

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// guarded runs a function of the hooks' author: its panics are errors with their stack, and after limit it is given up (503).
// What ignores its ctx cannot be stopped and runs on, unheard, in its goroutine; so callers hand it nothing that they use later.
func guarded[T any](ctx context.Context, limit time.Duration, what string, call func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		out := outcome{err: errors.New(what + " ended its goroutine")} // runtime.Goexit
		defer func() {
			if p := recover(); p != nil {
				out = outcome{err: internal(fmt.Errorf("%s panicked: %v\n%s", what, p, debug.Stack()))}
			}
			done <- out
		}()
		value, err := call(ctx)
		out = outcome{value, err}
	}()
	var none T
	select {
	case out := <-done:
		if out.err == nil {
			return out.value, nil
		}
		if ctx.Err() != nil && errors.Is(out.err, ctx.Err()) {
			return none, Unavailable(fmt.Errorf("%s: %w", what, out.err))
		}
		return none, out.err
	case <-ctx.Done():
		return none, Unavailable(fmt.Errorf("%s did not answer in time: %w", what, ctx.Err()))
	}
}
