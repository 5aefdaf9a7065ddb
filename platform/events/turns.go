package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// turnsLast is how often the log of a thread is asked at last while nothing happens on it that this process does.
const turnsLast = 3 * time.Second

// passedMost is how many runs are remembered as passed: those whose stretches of the log may lie beside the place that was reached.
const passedMost = 64

// Turns reads what comes one after the other in threads' logs. *store.Events is it.
type Turns interface {
	// Next returns the first segment after a seq that is of none of the runs in passed.
	Next(ctx context.Context, s access.ThreadScope, threadID string, after int64, passed []string) (store.Turn, bool, error)
	// Now returns the greatest seq that was given out, and the run that is under way.
	Now(ctx context.Context, s access.ThreadScope, threadID string) (seq int64, running string, err error)
}

// Thread yields what happens on a thread after seq after, one after the other: each run once, to be followed to its end by
// [Follower.Run], and each write to the state between runs. A run in first, if there is one, is the first. It never ends by itself but
// with an error: [store.ErrNotFound] once the scope, which is for read, does not reach the thread any more.
//
// Stretches of the log that were given out to one run lie beside those of others, since a worker is given more than it needs: a run
// that was cancelled before its turn has its end there. So what was passed is remembered by run, and the place in the log is only
// where looking begins.
func (h *Hub) Thread(ctx context.Context, log Turns, read access.ThreadScope, threadID string, after int64, first string) iter.Seq2[store.Turn, error] {
	return func(yield func(store.Turn, error) bool) {
		sub := h.Subscribe(threadID, "")
		defer sub.Close()
		t := &turns{log: log, scope: read, thread: threadID, after: after, yield: yield, sub: sub}
		if err := t.run(ctx, first); !errors.Is(err, errEnough) {
			yield(store.Turn{}, fmt.Errorf("follow thread: %w", err))
		}
	}
}

// turns is one reading.
type turns struct {
	log    Turns
	scope  access.ThreadScope
	thread string
	after  int64
	passed []string
	yield  func(store.Turn, error) bool
	sub    *Subscription
}

// run looks for turns until the reader has enough, or an error.
func (t *turns) run(ctx context.Context, first string) error {
	if first != "" {
		if err := t.pass(store.Turn{RunID: first}); err != nil {
			return err
		}
	}
	for poll := pollFirst; ; poll = min(poll*3/2, turnsLast) {
		view, err := t.sub.Since(-1) // before the look: what changes after it is told
		if err != nil {
			return err
		}
		found, err := t.look(ctx)
		if err != nil {
			return err
		}
		if found {
			poll = pollFirst
			continue
		}
		timer := time.NewTimer(poll)
		err = wait(ctx, view.Changed, timer.C)
		timer.Stop()
		if err != nil {
			return err
		}
	}
}

// look passes one turn, if there is one.
func (t *turns) look(ctx context.Context) (found bool, err error) {
	seq, running, err := t.log.Now(ctx, t.scope, t.thread)
	if err != nil {
		return false, err
	}
	turn, ok, err := t.log.Next(ctx, t.scope, t.thread, t.after, t.passed)
	switch {
	case err != nil:
		return false, err
	case ok && turn.RunID == "":
		t.after = turn.Last
		return true, t.pass(turn)
	case ok:
		t.after = max(t.after, turn.First-1)
		return true, t.pass(turn)
	}
	// All that was given out up to seq is of runs that were passed, or of the one that is under way and has nothing in the log yet.
	known := slices.Contains(t.passed, running)
	t.after, t.passed = max(t.after, seq), nil
	if running == "" {
		return false, nil
	}
	if known {
		t.passed = []string{running}
		return false, nil
	}
	return true, t.pass(store.Turn{RunID: running})
}

// pass yields a turn.
func (t *turns) pass(turn store.Turn) error {
	if turn.RunID != "" {
		t.passed = append(t.passed, turn.RunID)
		t.passed = t.passed[max(0, len(t.passed)-passedMost):]
	}
	if !t.yield(turn, nil) {
		return errEnough
	}
	return nil
}
