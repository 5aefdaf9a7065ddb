package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// keepOthers is how long the log of an ended run stays whose stream is not resumable: for those who reconnect.
const keepOthers = 10 * time.Minute

// execution is one attempt of a run.
type execution struct {
	*Worker
	claimed *store.Claimed
	journal *events.Journal
	outcome *outcome
	began   time.Time
	kwargs  wire.RunKwargs
	started bool // run.start was told
}

// holds reports whether events wait for checkpoints: not when there are none, nor when they come at the end.
func (x *execution) holds() bool {
	var asked struct {
		Durability wire.Durability `json:"durability"`
	}
	_ = json.Unmarshal(x.claimed.Run.Kwargs, &asked) // a mistake is told by prepare
	return !x.claimed.Thread.Temporary && asked.Durability != wire.DurabilityExit
}

// execute runs the graph to its end. A run that was cancelled before it came here does not begin.
func (x *execution) execute(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	graph, in, cfg, err := x.prepare(ctx)
	if err != nil {
		return err
	}
	return x.run(ctx, graph, in, cfg)
}

// prepare finds out what is to be run, and as whom.
func (x *execution) prepare(ctx context.Context) (graph graphs.Runnable, in graphs.Input, cfg graphs.Config, err error) {
	if err = json.Unmarshal(x.claimed.Run.Kwargs, &x.kwargs); err != nil {
		return nil, in, cfg, fmt.Errorf("kwargs of the run: %w", err)
	}
	user, err := x.user(ctx)
	if err != nil {
		return nil, in, cfg, err
	}
	if cfg, err = x.config(user); err != nil {
		return nil, in, cfg, err
	}
	if in, err = x.input(); err != nil {
		return nil, in, cfg, err
	}
	if err = x.attach(ctx, &cfg); err != nil {
		return nil, in, cfg, err
	}
	if x.kwargs.Resuming {
		if in, err = x.resumed(); err != nil {
			return nil, in, cfg, err
		}
	}
	graph, err = x.load(ctx, cfg)
	return graph, in, cfg, err
}

// user is whom the run acts for, as he is now. A hook that cannot say it now is asked again by the next attempt.
func (x *execution) user(ctx context.Context) (*authhooks.User, error) {
	principal, err := access.ParsePrincipal(x.claimed.Principal)
	if err != nil {
		return nil, err
	}
	user, err := x.Guard.Resolve(ctx, principal)
	var refused *authhooks.Error
	if errors.As(err, &refused) && refused.Status == http.StatusServiceUnavailable {
		return nil, &deferredError{err, x.Outage}
	}
	if err != nil {
		return nil, fmt.Errorf("the run's user: %w", err)
	}
	if x.Guard.Open() {
		return user, nil
	}
	if may, err := principal.Reaches(x.claimed.Thread.Metadata, x.claimed.Assistant.Metadata); err != nil || !may {
		refused := &authhooks.Error{Status: http.StatusForbidden, Detail: "the thread or the assistant is out of reach of who made the run", Cause: err}
		return nil, fmt.Errorf("the run's user: %w", refused)
	}
	return user, nil
}

// attach gives the run its saver. A run that has got as far as a checkpoint goes on from there, also when it was handed back, which
// is no new attempt for the queue but is one for the graph.
func (x *execution) attach(ctx context.Context, cfg *graphs.Config) error {
	if x.claimed.Thread.Temporary {
		cfg.Saver = x.outcome.watch(memory.New())
		return nil
	}
	s := &saver{read: x.DB.Checkpoints.Leased(x.claimed.Lease, x.claimed.Run.ThreadID), journal: x.journal}
	newest, err := s.Get(ctx, "", "")
	switch {
	case errors.Is(err, graphs.ErrNoCheckpoint):
	case err != nil:
		return err
	case newest.RunID == x.claimed.Run.ID:
		cfg.Attempt = max(cfg.Attempt, 2)
	}
	s.newest = newest
	x.outcome.base(newest)
	cfg.Saver = x.outcome.watch(s)
	return nil
}

// load makes the graph.
func (x *execution) load(ctx context.Context, cfg graphs.Config) (graph graphs.Runnable, err error) {
	defer rescue(&err)
	source, err := x.Graphs.Graph(cfg.GraphID)
	if err != nil {
		return nil, fmt.Errorf("graph %q: %w", cfg.GraphID, err)
	}
	return source.Load(ctx, &graphs.ServerRuntime{
		Config: cfg, User: cfg.User, Store: cfg.Store, AccessContext: "threads.create_run", IsForExecution: true,
	})
}

// run streams the graph into the journal.
func (x *execution) run(ctx context.Context, graph graphs.Runnable, in graphs.Input, cfg graphs.Config) (err error) {
	defer rescue(&err)
	for event, err := range graph.Stream(ctx, in, cfg) {
		if err != nil {
			return err
		}
		x.started = x.started || event.RunStart != nil
		if err := x.outcome.apply(event); err != nil {
			return err
		}
		if err := x.journal.Append(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// rescue makes an error of a panic of user code.
func rescue(err *error) {
	if v := recover(); v != nil {
		*err = &graphs.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// finish stores the end, in one transaction with all that is not stored yet.
func (x *execution) finish(ctx context.Context, end ending) error {
	now := x.Now().UnixMicro()
	if !x.started {
		err := x.journal.Append(ctx, graphs.Event{Kind: graphs.KindRunStart, At: now, RunStart: &graphs.RunStarted{
			RunID: x.claimed.Run.ID, Attempt: x.claimed.Attempt, Base: x.outcome.baseID, Output: []string{},
		}})
		if err != nil {
			return err
		}
	}
	f := store.Finish{
		Status: end.status, Failure: end.failure, Rollback: end.rollback, KeepEventsFor: keepOthers,
		Values: x.outcome.values(), Next: x.outcome.next, Interrupts: x.outcome.questions(),
	}
	if x.claimed.Run.Resumable {
		f.KeepEventsFor = x.KeepResumable
	}
	if err := wire.Storable(f.Values); err != nil { // what a graph made is checked by nobody before
		f.Values, f.Status = nil, store.RunError
		f.Failure = &graphs.Failure{Class: "InvalidUpdateError", Message: "the final state cannot be kept: " + err.Error()}
	}
	return x.journal.Finish(ctx, graphs.Event{
		Kind: graphs.KindRunEnd, At: now, RunEnd: &graphs.RunEnded{Status: f.Status, Error: f.Failure},
	}, f)
}
