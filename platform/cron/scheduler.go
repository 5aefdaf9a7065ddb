package cron

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

const (
	// late is how long after its time a cron still fires: whoever held it may have died, and its lease has to end.
	late = time.Minute
	// lease is how long a process holds a due cron: longer than all hooks of a firing may take.
	lease = 30 * time.Second
	// noting is how long what became of a cron may take to be stored.
	noting = 3 * time.Second
	// batch is how many crons fire at once.
	batch = 8
	// mostMissed is how many missed times are counted.
	mostMissed = 1000
)

// Config is what a Scheduler needs. Log, Now and Poll may be left out.
type Config struct {
	DB    *store.DB
	Runs  *runs.Runs
	Guard *access.Guard
	Log   *slog.Logger
	Now   func() time.Time
	// Poll is how often the Scheduler looks for what is due; 0 is a second.
	Poll time.Duration
	// Came, when set, hears of each time of a cron that came: "fired", "refused", "paused" or "failed".
	Came func(outcome string)
}

// Scheduler fires crons. Several may run on one database.
type Scheduler struct {
	Config
	system access.SystemAccess
}

// New returns a Scheduler, which does nothing before [Scheduler.Run].
func New(c Config) *Scheduler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Came == nil {
		c.Came = func(string) {}
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	return &Scheduler{c, access.System("crons that are due")}
}

// Run fires what is due, until ctx is done. Errors of the database are logged, and it goes on.
func (s *Scheduler) Run(ctx context.Context) {
	tick := time.NewTicker(s.Poll)
	defer tick.Stop()
	for {
		if err := s.FireDue(ctx, s.Now()); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "crons do not fire", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// FireDue fires every cron that is due at now, and returns when that is done. The error is the database's; what became of each cron is
// logged.
func (s *Scheduler) FireDue(ctx context.Context, now time.Time) error {
	for ctx.Err() == nil {
		held, err := s.DB.Crons.Due(ctx, s.system, now, lease, batch)
		if err != nil || len(held) == 0 {
			return err
		}
		var all sync.WaitGroup
		for _, cron := range held {
			all.Go(func() { s.handle(ctx, cron, now) })
		}
		all.Wait()
	}
	return ctx.Err()
}

// handle fires a held cron and says when it fires next. A cron whose outcome is not known stays held: when the lease ends it is tried
// again, until it is too late.
func (s *Scheduler) handle(ctx context.Context, c store.HeldCron, now time.Time) {
	log := s.Log.With(slog.String("cron_id", c.ID), slog.String("user", c.UserID))
	schedule, err := Parse(c.Schedule, c.Timezone)
	if err != nil {
		log.ErrorContext(ctx, "cron paused: its schedule cannot be read", "error", err)
		s.pause(ctx, log, c)
		return
	}
	at, missed := schedule.lastDue(c.NextAt, now, c.EndTime)
	if missed > 0 {
		log.WarnContext(ctx, "cron missed firings; they are not made up for, the next one fires", "missed", missed, "since", c.NextAt)
	}
	next := at
	if !at.IsZero() && !at.After(now) && !past(at, c.EndTime) {
		err := s.fire(ctx, log, c, at)
		switch {
		case errors.Is(err, errPaused):
			s.Came("paused")
			log.WarnContext(ctx, "cron paused: its maker must not act any more", "error", err)
			s.pause(ctx, log, c)
			return
		case errors.Is(err, store.ErrLostLease), err != nil && ctx.Err() != nil: // it was changed or deleted meanwhile, or the server stops
			return
		case err != nil && !refused(err):
			s.Came("failed")
			log.ErrorContext(ctx, "cron not fired; it is tried again", "at", at, "error", err)
			return
		case err != nil:
			s.Came("refused")
			log.WarnContext(ctx, "cron not fired: refused", "at", at, "error", err)
		default:
			s.Came("fired")
		}
		next = schedule.After(at)
	}
	if past(next, c.EndTime) {
		next = time.Time{}
	}
	s.end(ctx, log, func(ctx context.Context) error { return s.DB.Crons.Release(ctx, s.system, c, next) })
}

func (s *Scheduler) pause(ctx context.Context, log *slog.Logger, c store.HeldCron) {
	s.end(ctx, log, func(ctx context.Context) error { return s.DB.Crons.Pause(ctx, s.system, c) })
}

// end stores what became of a cron, also when the server stops: nobody has to find it out again.
func (s *Scheduler) end(ctx context.Context, log *slog.Logger, note func(context.Context) error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), noting)
	defer done()
	if err := note(ctx); err != nil {
		log.ErrorContext(ctx, "cron not released; it is tried again", "error", err)
	}
}

// errPaused says that the cron's maker must not act.
var errPaused = errors.New("not resolved")

// fire makes the run of one time, as the cron's maker.
func (s *Scheduler) fire(ctx context.Context, log *slog.Logger, c store.HeldCron, at time.Time) error {
	user, err := s.maker(ctx, c)
	if err != nil {
		return err
	}
	runID, err := s.DB.Crons.Fire(ctx, s.system, c, at)
	if err != nil {
		return err
	}
	ctx = access.With(ctx, access.Caller{User: user, Origin: authhooks.OriginCron, Route: "cron", RequestID: runID})
	read := &authhooks.CronsRead{}
	authhooks.SetFacts(read, authhooks.Facts{CronID: c.ID})
	scope, err := s.Guard.Crons(ctx, read)
	if err != nil {
		return err
	}
	if _, err := s.DB.Crons.Find(ctx, scope, c.ID); err != nil {
		return err
	}
	body, err := request(c.Cron)
	if err != nil {
		return err
	}
	run, err := s.Runs.Create(ctx, runs.CreateRequest{ThreadID: c.ThreadID, Body: body, RequestID: runID, RunID: runID})
	if errors.Is(err, store.ErrExists) { // by who claimed this time before and was not heard of
		return nil
	}
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "cron fired", "at", at, "run_id", run.ID, "thread_id", run.ThreadID)
	return nil
}

// maker returns whom the cron acts as. A 503 of the operator's Resolve means that it is not known now.
func (s *Scheduler) maker(ctx context.Context, c store.HeldCron) (*authhooks.User, error) {
	principal, err := access.ParsePrincipal(c.Principal)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPaused, err)
	}
	user, err := s.Guard.Resolve(ctx, principal)
	var denied *authhooks.Error
	if errors.As(err, &denied) && denied.Status != http.StatusServiceUnavailable && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", errPaused, err)
	}
	return user, err
}

// request is the run that a cron asks for: its payload, and its metadata but for what hooks have stamped on it.
func request(c store.Cron) (wire.RunCreate, error) {
	var body wire.RunCreate
	if err := json.Unmarshal(c.Payload, &body); err != nil {
		return body, fmt.Errorf("payload: %w", err)
	}
	var metadata wire.Object
	if err := json.Unmarshal(c.Metadata, &metadata); err != nil {
		return body, fmt.Errorf("metadata: %w", err)
	}
	for _, key := range c.Owned {
		delete(metadata, key)
	}
	metadata["cron_id"] = c.ID
	body.AssistantID, body.Metadata = c.AssistantID, metadata
	if c.ThreadID != "" {
		return body, nil
	}
	body.MultitaskStrategy, body.OnCompletion = "", wire.OnCompletionDelete
	if c.OnRunCompleted == string(wire.OnRunCompletedKeep) {
		body.OnCompletion = wire.OnCompletionKeep
	}
	return body, nil
}

// refused reports whether an error is an answer to the request, which asking again will not change: a hook's or a missing row's.
func refused(err error) bool {
	var hook *authhooks.Error
	var run *runs.Refusal
	switch {
	case errors.As(err, &hook):
		return hook.Status < http.StatusInternalServerError
	case errors.As(err, &run):
		return run.Status < http.StatusInternalServerError
	}
	return errors.Is(err, store.ErrNotFound)
}

// past reports whether a time is after a cron's end.
func past(at, end time.Time) bool { return !end.IsZero() && at.After(end) }

// lastDue returns the time that fires now when next was to be the next one: next itself, or the first that is not too late, which may
// be in the future or after the end; and how many were missed until then, of which it counts no more than a thousand.
func (s Schedule) lastDue(next, now, end time.Time) (at time.Time, missed int) {
	at = next
	for !at.IsZero() && !at.After(now.Add(-late)) && !past(at, end) {
		if missed++; missed == mostMissed {
			return s.After(now.Add(-late)), missed
		}
		at = s.After(at)
	}
	return at, missed
}
