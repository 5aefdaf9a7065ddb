package runs

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// FromNow, as the place where a thread's stream begins, shows the run that is under way from its start, and what comes after.
const FromNow int64 = -2

// StreamThread yields the frames of all runs of a thread, one run after the other, whose ids are greater than after: of what the log
// has for -1, or [FromNow]. It never ends without an error: [store.ErrNotFound] once read, which is for threads:read and is used at
// every look at the database, does not reach the thread. No modes are run_modes.
func (r *Runs) StreamThread(ctx context.Context, read access.ThreadScope, threadID string, after int64, modes []wire.ThreadStreamMode) iter.Seq2[events.Frame, error] {
	if len(modes) == 0 {
		modes = []wire.ThreadStreamMode{wire.ThreadRunModes}
	}
	return func(yield func(events.Frame, error) bool) {
		t := &threadStream{Runs: r, read: read, thread: threadID, after: after, modes: modes, yield: yield}
		if err := t.run(ctx); err != nil && !errors.Is(err, errLeft) {
			yield(events.Frame{}, err)
		}
	}
}

// errLeft says that the reader has broken out.
var errLeft = errors.New("the reader has left")

// threadStream is one reading.
type threadStream struct {
	*Runs
	read   access.ThreadScope
	thread string
	after  int64
	modes  []wire.ThreadStreamMode
	yield  func(events.Frame, error) bool
}

func (t *threadStream) shows(m wire.ThreadStreamMode) bool { return slices.Contains(t.modes, m) }

func (t *threadStream) run(ctx context.Context) error {
	// A record may have made several frames, of which the reader knows the first ones: it is looked at again.
	from, first := t.after>>4-1, ""
	if t.after < 0 {
		from = -1
	}
	if t.after == FromNow {
		var err error
		if from, first, err = t.DB.Events.Now(ctx, t.read, t.thread); err != nil {
			return err
		}
	}
	for turn, err := range t.Hub.Thread(ctx, t.DB.Events, t.read, t.thread, from, first) {
		switch {
		case err != nil:
			return err
		case turn.RunID != "":
			err = t.follow(ctx, turn.RunID)
		case t.shows(wire.ThreadStateUpdate):
			err = t.updates(ctx, turn.Segment)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// send yields a frame unless the reader has it already.
func (t *threadStream) send(f events.Frame) error {
	if f.ID > t.after && !t.yield(f, nil) {
		return errLeft
	}
	return nil
}

// follow shows one run to its end. One that is gone meanwhile has nothing to show.
func (t *threadStream) follow(ctx context.Context, runID string) error {
	run, err := t.DB.Runs.Get(ctx, t.read, t.thread, runID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	options, err := StreamOptions(run)
	if err != nil {
		return err
	}
	fold, lost := t.fold(ctx, t.read, run, options), false
	info := v1.RunInfo{RunID: run.ID, ThreadID: run.ThreadID, AssistantID: run.AssistantID}
	for record, err := range t.follower.Run(ctx, t.read, t.thread, run.ID, -1) {
		if err != nil {
			return err
		}
		if t.shows(wire.ThreadRunModes) {
			frames, err := apply(fold, record, &lost)
			if err != nil {
				return err
			}
			for _, frame := range frames {
				if err := t.send(frame); err != nil {
					return err
				}
			}
		}
		if err := t.lifecycle(record, info); err != nil {
			return err
		}
	}
	return nil
}

// lifecycle shows a run's start, which the run's own frames tell too, and its end.
func (t *threadStream) lifecycle(record events.Record, run v1.RunInfo) error {
	start := record.RunStart != nil
	if start && t.shows(wire.ThreadRunModes) || !t.shows(wire.ThreadRunModes) && !t.shows(wire.ThreadLifecycle) {
		return nil
	}
	frame, ok, err := v1.Lifecycle(record, run)
	if !ok || err != nil {
		return err
	}
	return t.send(frame)
}

// updates shows the writes to the state in a segment.
func (t *threadStream) updates(ctx context.Context, s store.Segment) error {
	for record, err := range events.Lines(s.Data) {
		if err != nil {
			return err
		}
		if record.Update == nil {
			continue
		}
		thread, err := t.DB.Threads.Get(ctx, t.read, t.thread)
		if err != nil {
			return err
		}
		frame, err := v1.StateUpdate(record, t.thread, thread.Values)
		if err != nil {
			return err
		}
		if err := t.send(frame); err != nil {
			return err
		}
	}
	return nil
}
