package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// StreamOptions are what a run's stream shows when its reader does not say: what was asked for when the run was made.
func StreamOptions(run store.Run) (v1.Options, error) {
	var kwargs wire.RunKwargs
	if err := json.Unmarshal(run.Kwargs, &kwargs); err != nil {
		return v1.Options{}, fmt.Errorf("kwargs of run %s: %w", run.ID, err)
	}
	return v1.Options{Modes: kwargs.StreamMode, Subgraphs: kwargs.Subgraphs}, nil
}

// Stream yields the frames of a run whose ids are greater than after, from its start for -1, until it has ended. It ends without an
// error only then. read is for threads:read, and is used at every look at the database. Of a run whose first state is lost, since the
// run that made it was deleted, no frames can be told any more.
func (r *Runs) Stream(ctx context.Context, read access.ThreadScope, run store.Run, after int64, o v1.Options) iter.Seq2[events.Frame, error] {
	return r.frames(ctx, read, run, after, o, r.follower.Run(ctx, read, run.ThreadID, run.ID, -1))
}

// Started is a run that whoever made it follows from before its first event: it is served out of memory while this process executes
// it. Close it.
type Started struct {
	Run   store.Run
	runs  *Runs
	sub   *events.Subscription
	scope access.ThreadScope // of threads:create_run, whose filter the thread has just passed
}

// Start is Create for a caller who will follow the run.
func (r *Runs) Start(ctx context.Context, req CreateRequest) (*Started, error) {
	c, err := r.prepare(req)
	if err != nil {
		return nil, err
	}
	sub := r.Hub.Expect(c.thread, c.runID)
	run, err := c.create(ctx)
	if err != nil {
		sub.Close()
		return nil, err
	}
	return &Started{Run: run, runs: r, sub: sub, scope: c.run}, nil
}

// Close ends the following. The run goes on.
func (s *Started) Close() { s.sub.Close() }

// Stream is [Runs.Stream] from the start.
func (s *Started) Stream(ctx context.Context, read access.ThreadScope, o v1.Options) iter.Seq2[events.Frame, error] {
	return s.runs.frames(ctx, read, s.Run, -1, o, s.records(ctx, read))
}

// records are the run's. The hub knows no scopes: out of it alone is told only who may read by the same filter that let him make the
// run; anyone else is told what the database finds for him.
func (s *Started) records(ctx context.Context, read access.ThreadScope) iter.Seq2[events.Record, error] {
	if made, f := s.scope.Filter(), read.Filter(); f != nil && (made == nil || made.String() != f.String()) {
		return s.runs.follower.Run(ctx, read, s.Run.ThreadID, s.Run.ID, -1)
	}
	return s.runs.follower.From(ctx, read, s.sub)
}

// Wait is [Runs.Wait].
func (s *Started) Wait(ctx context.Context, read access.ThreadScope) (json.RawMessage, error) {
	end, err := s.Outcome(ctx, read)
	if err != nil {
		return nil, err
	}
	return s.runs.answer(ctx, read, s.Run, end)
}

// Outcome is Wait for callers who tell the ways apart in which a run can end.
func (s *Started) Outcome(ctx context.Context, read access.ThreadScope) (Outcome, error) {
	return s.runs.outcome(ctx, read, s.Run, s.records(ctx, read))
}

func (r *Runs) frames(
	ctx context.Context, read access.ThreadScope, run store.Run, after int64, o v1.Options, records iter.Seq2[events.Record, error],
) iter.Seq2[events.Frame, error] {
	return func(yield func(events.Frame, error) bool) {
		fold, lost := r.fold(ctx, read, run, o), false
		for record, err := range records {
			var frames []events.Frame
			if err == nil {
				frames, err = apply(fold, record, &lost)
			}
			if err == nil && record.RunEnd != nil && v1.FeedbackID(record) > after {
				frames, err = r.asking(ctx, read, run, record, frames)
			}
			if err != nil {
				yield(events.Frame{}, err)
				return
			}
			for _, frame := range frames {
				if frame.ID > after && !yield(frame, nil) {
					return
				}
			}
		}
	}
}

// apply folds a record unless the state that its run starts from is lost, which it finds out.
func apply(fold *v1.Fold, record events.Record, lost *bool) ([]events.Frame, error) {
	if *lost {
		return nil, nil
	}
	frames, err := fold.Apply(record)
	if errors.Is(err, graphs.ErrNoCheckpoint) {
		*lost = true
		return nil, nil
	}
	return frames, err
}

func (r *Runs) fold(ctx context.Context, read access.ThreadScope, run store.Run, o v1.Options) *v1.Fold {
	info := v1.RunInfo{RunID: run.ID, ThreadID: run.ThreadID, AssistantID: run.AssistantID}
	var named struct {
		GraphID string `json:"graph_id"`
	}
	if json.Unmarshal(run.Metadata, &named) == nil {
		info.GraphID = named.GraphID
	}
	checkpoints := r.DB.Checkpoints.Reader(read, run.ThreadID)
	return v1.NewFold(o, info, func(ns, id string) (map[string]json.RawMessage, error) {
		saved, err := checkpoints.Get(ctx, ns, id)
		if err != nil {
			return nil, err
		}
		return saved.Values, nil
	})
}

// Outcome is what a run came to.
type Outcome struct {
	// Failure is why the run failed, nil if it did not.
	Failure *graphs.Failure
	// Values are an object of the final values, with __interrupt__ when the run asks something; nil after a failure.
	Values json.RawMessage
	// Cancelled says that somebody stopped the run: the values are those that it had come to.
	Cancelled bool
}

// json is the outcome as wait and join answer it (rest.md §5.7).
func (o Outcome) json() (json.RawMessage, error) {
	if o.Failure != nil {
		return json.Marshal(wire.RunFailed{Error: wire.RunError{Error: o.Failure.Class, Message: o.Failure.Message}})
	}
	return o.Values, nil
}

// Wait returns what the run came to once it has ended: an object of its final values, with __interrupt__ when it asks something, or of
// __error__ when it failed, and with __feedback__ when the run was asked for it (rest.md §5.7). Of a run whose log or first state is gone,
// and of one that was rolled back, it returns the thread's values.
func (r *Runs) Wait(ctx context.Context, read access.ThreadScope, run store.Run) (json.RawMessage, error) {
	end, err := r.outcome(ctx, read, run, r.follower.Run(ctx, read, run.ThreadID, run.ID, -1))
	if err != nil {
		return nil, err
	}
	return r.answer(ctx, read, run, end)
}

// answer is an outcome with the links that the run was to tell.
func (r *Runs) answer(ctx context.Context, read access.ThreadScope, run store.Run, end Outcome) (json.RawMessage, error) {
	result, err := end.json()
	if err != nil {
		return nil, err
	}
	return r.withLinks(ctx, read, run, result)
}

func (r *Runs) outcome(
	ctx context.Context, read access.ThreadScope, run store.Run, records iter.Seq2[events.Record, error],
) (Outcome, error) {
	fold := r.fold(ctx, read, run, v1.Options{Modes: []wire.StreamMode{wire.StreamCustom}}) // few frames; values are kept in any case
	seen, lost, moved := false, false, false
	for record, err := range records {
		if err == nil {
			_, err = apply(fold, record, &lost)
		}
		if err != nil {
			return Outcome{}, err
		}
		seen = seen || record.RunStart != nil
		moved = moved || record.Step != nil && record.NS == ""
	}
	end := fold.Ended()
	if end != nil && end.Error != nil {
		return Outcome{Failure: end.Error}, nil
	}
	cancelled := end != nil && end.Status == store.RunInterrupted
	undone := seen && end == nil
	if cancelled && !lost {
		_, err := r.DB.Runs.ByID(ctx, read, run.ID)
		if undone = errors.Is(err, store.ErrNotFound); err != nil && !undone { // it is not known what stays
			return Outcome{}, err
		}
	}
	if !seen || lost || undone || cancelled && !moved { // one that was stopped before its graph began knows no values
		o, err := r.remembered(ctx, read, run)
		o.Cancelled = o.Cancelled || cancelled
		return o, err
	}
	return Outcome{Values: fold.Values(), Cancelled: cancelled}, nil
}

// remembered is what the rows still tell of a run without a log.
func (r *Runs) remembered(ctx context.Context, read access.ThreadScope, run store.Run) (Outcome, error) {
	row, err := r.DB.Runs.ByID(ctx, read, run.ID)
	if err == nil && row.Error != nil {
		var f graphs.Failure
		if err := json.Unmarshal(row.Error, &f); err != nil {
			return Outcome{}, fmt.Errorf("error of run %s: %w", run.ID, err)
		}
		return Outcome{Failure: &f}, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Outcome{}, err
	}
	gone := err != nil // rolled back, or deleted before it had ended
	o := Outcome{Values: json.RawMessage("{}"), Cancelled: gone || row.Status == store.RunInterrupted}
	thread, err := r.DB.Threads.Get(ctx, read, run.ThreadID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Outcome{}, err
	}
	if len(thread.Values) > 0 && thread.Values[0] == '{' {
		o.Values = thread.Values
	}
	return o, nil
}
