package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// What Config.Unhandled may be.
const (
	Deny  = "deny"
	Allow = "allow"
)

// ErrNoRules is returned by [New] for an Auth whose every call would be denied.
var ErrNoRules = errors.New(`auth has no On rule, so every call would be denied. Choose:
  rows private to their maker   authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner"))
  rows shared by all users      "auth": {"unhandled": "allow"} in platform.json`)

// Config says whom a Guard asks.
type Config struct {
	// Auth is the operator's. Nil is an open server: everyone reaches everything, and nobody has a name.
	Auth *authhooks.Auth
	// Unhandled is what becomes of a call that no rule matches: [Deny], which "" is too, or [Allow].
	Unhandled string
	Log       *slog.Logger
	Now       func() time.Time
}

// Guard asks the hooks. It is safe for concurrent use.
type Guard struct {
	auth  *authhooks.Auth
	allow bool
	log   *slog.Logger
	now   func() time.Time
}

// New returns a Guard. It refuses an Auth that has mistakes and, but for Unhandled == [Allow], one without rules: [ErrNoRules].
func New(c Config) (*Guard, error) {
	g := &Guard{auth: c.Auth, allow: c.Unhandled == Allow, log: c.Log, now: c.Now}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.now == nil {
		g.now = time.Now
	}
	if c.Unhandled != "" && c.Unhandled != Deny && c.Unhandled != Allow {
		return nil, fmt.Errorf("auth.unhandled: %q; want %q or %q", c.Unhandled, Deny, Allow)
	}
	if c.Auth == nil {
		return g, nil
	}
	if err := c.Auth.Validate(); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if !c.Auth.HasRules() && !g.allow {
		return nil, ErrNoRules
	}
	if g.allow {
		g.log.Warn(`auth.unhandled is "allow": an event that no rule matches reaches every user's rows`)
	}
	return g, nil
}

// Open reports whether there are no hooks.
func (g *Guard) Open() bool { return g.auth == nil }

// Authenticate asks who sent r. The user is nil, without an error, only on an open server. The error is an [*authhooks.Error].
func (g *Guard) Authenticate(ctx context.Context, r *authhooks.Request) (*authhooks.User, error) {
	if g.auth == nil {
		return nil, nil
	}
	return g.auth.Authenticate(ctx, r)
}

// Threads asks for the threads:* event that v is the value of, and leaves in v what the handler made of it. The error is an
// [*authhooks.Error], or [ErrNoCaller].
func (g *Guard) Threads(ctx context.Context, v authhooks.Value) (ThreadScope, error) {
	s, err := g.ask(ctx, authhooks.Threads, v)
	return ThreadScope{scope: s}, err
}

// Assistants is [Guard.Threads] for assistants:*.
func (g *Guard) Assistants(ctx context.Context, v authhooks.Value) (AssistantScope, error) {
	s, err := g.ask(ctx, authhooks.Assistants, v)
	return AssistantScope{scope: s}, err
}

// Crons is [Guard.Threads] for crons:*.
func (g *Guard) Crons(ctx context.Context, v authhooks.Value) (CronScope, error) {
	s, err := g.ask(ctx, authhooks.Crons, v)
	return CronScope{scope: s}, err
}

// Items is [Guard.Threads] for store:*.
func (g *Guard) Items(ctx context.Context, v authhooks.Value) (ItemScope, error) {
	s, err := g.ask(ctx, authhooks.Store, v)
	return ItemScope{scope: s}, err
}

// Hidden reports whether an error of a Guard is a hook's [authhooks.NotFound]. Its caller is told what he is told of a row that is not
// there; a 404 with words of the hook's own is another answer.
func Hidden(err error) bool {
	var answer *authhooks.Error
	return errors.As(err, &answer) && answer.Status == http.StatusNotFound && answer.Detail == http.StatusText(http.StatusNotFound)
}

// SystemAssistant returns the scope of assistants:read that reaches only the assistants that the server made of its graphs: every
// caller may run those, so no hook is asked (R-24, AC-13, AC-28).
func (g *Guard) SystemAssistant() AssistantScope {
	return AssistantScope{scope: scope{resource: authhooks.Assistants, action: authhooks.Read}, systemOnly: true}
}

// ask makes the scope of one event.
func (g *Guard) ask(ctx context.Context, want authhooks.Resource, v authhooks.Value) (scope, error) {
	resource, action := authhooks.Event(v)
	if resource != want {
		return scope{}, fmt.Errorf("%w: %s:%s is no event of %s", ErrWrongScope, resource, action, want)
	}
	caller, ok := From(ctx)
	if !ok || caller.User == nil && g.auth != nil {
		return scope{}, ErrNoCaller
	}
	s := scope{resource: resource, action: action, user: caller.User, ruled: true}
	if g.auth == nil {
		return s, nil
	}
	answer, err := g.auth.Decide(ctx, &authhooks.Call{
		User: caller.User, Resource: resource, Action: action, Value: v, Origin: caller.Origin, Transport: caller.Transport,
		Route: caller.Route, RequestID: caller.RequestID, ClientIP: caller.ClientIP, Time: g.now(), Cause: caller.Cause,
	})
	if errors.Is(err, authhooks.ErrUnhandled) {
		s.ruled, err = false, g.unhandled(ctx, s)
		answer.Rule = "auth.unhandled"
	}
	g.tell(ctx, caller, s, answer, err)
	if err != nil {
		return scope{}, err
	}
	s.filter, s.stamp, s.partition = answer.Filter, answer.Stamp, answer.Partition
	return s, nil
}
