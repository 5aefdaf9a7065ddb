package authhooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Auth is an authenticator and its rules: what platform.json names as auth.path. Make it with [New]. It does not change
// afterwards and is safe for concurrent use.
type Auth struct {
	authenticate Authenticator
	rules        map[event]Rule
	find         *Rule // of Resolve
	mistakes     []error
	timeout      time.Duration
	now          func() time.Time
}

// event is the pair a rule is for; either part may be Any.
type event struct {
	resource Resource
	action   Action
}

// hookTimeout is how long one hook may take.
const hookTimeout = 2 * time.Second

// New joins the one authenticator with rules, in any order. Mistakes are kept for [Auth.Validate], so that New fits a package
// variable; an Auth with mistakes refuses every call.
func New(authenticate Authenticator, rules ...Rule) *Auth {
	a := &Auth{authenticate: authenticate, rules: map[event]Rule{}, timeout: hookTimeout, now: time.Now}
	if authenticate == nil {
		a.mistakes = append(a.mistakes, fmt.Errorf("%s: New: the authenticator is nil", caller().short()))
	}
	for i, r := range rules {
		a.add(i, r)
	}
	return a
}

func (a *Auth) add(i int, r Rule) {
	if r.title == "" {
		a.mistakes = append(a.mistakes, fmt.Errorf("rule %d of New is empty; On, OnEvent and Resolve make rules", i+1))
		return
	}
	for _, text := range r.mistakes {
		a.mistakes = append(a.mistakes, fmt.Errorf("%s: %s: %s", r.at.short(), r.title, text))
	}
	twice := func(first Rule) {
		a.mistakes = append(a.mistakes, fmt.Errorf("%s: %s is registered already at %s", r.at.short(), r.plain(), first.at.short()))
	}
	if r.find != nil {
		if a.find != nil {
			twice(*a.find)
			return
		}
		a.find = &r
		return
	}
	if first, ok := a.rules[r.event]; ok {
		twice(first)
		return
	}
	a.rules[r.event] = r
}

// Validate returns every mistake in the rules, joined, one a line, each with the file and line of its rule; nil when there is none.
func (a *Auth) Validate() error { return errors.Join(a.mistakes...) }

// HasRules reports whether any [On] or [OnEvent] was given. Without, every call is [ErrUnhandled]. For servers.
func (a *Auth) HasRules() bool { return len(a.rules) > 0 }

// WithTimeout returns an Auth like a whose hooks may take d instead of two seconds. For tests.
func (a *Auth) WithTimeout(d time.Duration) *Auth {
	b := *a
	b.timeout = d
	return &b
}

// RuleFor names the rule that decides an event, and where it stands: `OwnerOnly("owner")  security/security.go:17`. It is "" when
// no rule matches. Resource and action may be [Any]. For servers that print their rules.
func (a *Auth) RuleFor(resource Resource, action Action) string {
	r, ok := a.rule(resource, action)
	if !ok {
		return ""
	}
	return r.name + "  " + r.at.long()
}

// RuleInfo describes a registered rule: its event, such as "*:*" or "threads:search", what decides, and where it was written.
type RuleInfo struct{ Event, Name, At string }

// Rules lists the registered rules, sorted by event. For servers that print their rules.
func (a *Auth) Rules() []RuleInfo {
	out := make([]RuleInfo, 0, len(a.rules))
	for e, r := range a.rules {
		out = append(out, RuleInfo{string(e.resource) + ":" + string(e.action), r.name, r.at.long()})
	}
	slices.SortFunc(out, func(x, y RuleInfo) int { return strings.Compare(x.Event, y.Event) })
	return out
}

// rule finds the most specific rule; it alone runs.
func (a *Auth) rule(resource Resource, action Action) (Rule, bool) {
	for _, e := range [...]event{{resource, action}, {resource, Any}, {Any, action}, {Any, Any}} {
		if r, ok := a.rules[e]; ok {
			return r, true
		}
	}
	return Rule{}, false
}

// sound refuses when there are mistakes: half a policy is none.
func (a *Auth) sound() error {
	if err := a.Validate(); err != nil {
		return internal(fmt.Errorf("the hooks are not valid: %w", err))
	}
	return nil
}

// Authenticate asks who sent r. The error is always an [*Error]: 401 with WWW-Authenticate for nobody, the status of the *Error
// that the authenticator returned, 503 when it took too long, and 500 for any other error, a panic, or a user without a
// valid [User.Identity]. The user is the caller's own copy. For servers and tests.
func (a *Auth) Authenticate(ctx context.Context, r *Request) (*User, error) {
	if err := a.sound(); err != nil {
		return nil, err
	}
	user, err := guarded(ctx, a.timeout, "authenticate", func(ctx context.Context) (*User, error) {
		return a.authenticate(ctx, r)
	})
	if err != nil {
		return nil, refusal(err)
	}
	if user == nil {
		return nil, refusal(Unauthenticated("Unauthorized"))
	}
	if err := checkIdentity(user.Identity); err != nil {
		return nil, internal(fmt.Errorf("authenticate: %w", err))
	}
	if !user.Expires.IsZero() && !a.now().Before(user.Expires) {
		return nil, refusal(Unauthenticated("the credentials have expired"))
	}
	user = user.Clone()
	user.studio = false // a copy of StudioUser under another name is no Studio
	return user, nil
}
