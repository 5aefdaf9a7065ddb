package authhooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
)

// ErrUnhandled says that no rule matches a call. The server's own policy decides then: auth.unhandled in platform.json.
var ErrUnhandled = errors.New("no handler")

// Answer is what a call may do.
type Answer struct {
	Filter    *Filter        // valid; nil: every row
	Stamp     map[string]any // server-owned metadata for the row that the call makes; nil: none
	Partition string         // of store calls; "": the common one
	Rule      string         // the rule that decided: security/security.go:17
}

// Decide asks the one rule for c, a copy of which the handler gets. c needs a User, and a Value or else Resource and Action. When the
// answer is yes, c.Value holds what the handler made of it. The error is [ErrUnhandled] when no rule matches, else an [*Error]:
// 403 for Deny and for the zero Verdict, 404 for NotFound, the status of the *Error that the handler returned, 503 when it took
// too long, and 500 for any other error, a panic, a 401, an invalid filter or a wrong stamp. For servers and tests.
func (a *Auth) Decide(ctx context.Context, c *Call) (Answer, error) {
	if err := a.sound(); err != nil {
		return Answer{}, err
	}
	call, err := c.forHandler()
	if err != nil {
		return Answer{}, internal(fmt.Errorf("decide: %w", err))
	}
	r, ok := a.rule(call.Resource, call.Action)
	if !ok {
		return Answer{}, fmt.Errorf("%w for %s:%s", ErrUnhandled, call.Resource, call.Action)
	}
	value := call.Value
	what := fmt.Sprintf("%s of %s:%s", r.at.long(), call.Resource, call.Action)
	verdict, err := guarded(ctx, a.timeout, what, func(ctx context.Context) (Verdict, error) {
		return r.handle(ctx, call)
	})
	if err != nil {
		return Answer{}, denial(what, err)
	}
	answer, err := call.answer(verdict)
	if err != nil {
		return Answer{}, denial(what, err)
	}
	answer.Rule = r.at.long()
	fill(value)
	if c.Value == nil {
		c.Value = value
	} else {
		assign(c.Value, value)
	}
	return answer, nil
}

// forHandler returns the copy of c that a handler gets, so that nothing it does to it reaches another event (gotcha 7).
func (c *Call) forHandler() (*Call, error) {
	call := *c
	call.stamp, call.partition, call.mistake, call.probe = nil, "", nil, nil
	if c.User == nil {
		return nil, errors.New("the call has no user")
	}
	call.User = c.User.Clone()
	if v := reflect.ValueOf(c.Value); c.Value != nil && v.IsNil() {
		return nil, fmt.Errorf("the value is a nil %T", c.Value)
	}
	if c.Value == nil {
		if call.Value = NewValue(c.Resource, c.Action); call.Value == nil {
			return nil, fmt.Errorf("there is no event %s:%s", c.Resource, c.Action)
		}
		return &call, nil
	}
	resource, action := c.Value.event()
	if c.Resource != "" && c.Resource != resource || c.Action != "" && c.Action != action {
		return nil, fmt.Errorf("the value is of %s:%s, the call of %s:%s", resource, action, c.Resource, c.Action)
	}
	call.Resource, call.Action = resource, action
	if !ours(reflect.TypeOf(c.Value).Elem()) {
		return nil, fmt.Errorf("the value is a %T", c.Value)
	}
	call.Value = clone(c.Value)
	return &call, nil
}

// answer makes the server's answer of a verdict. What is not clearly yes is an error.
func (c *Call) answer(v Verdict) (Answer, error) {
	switch v.kind {
	case denied:
		return Answer{}, &Error{Status: http.StatusForbidden, Detail: v.reason}
	case hidden:
		return Answer{}, &Error{Status: http.StatusNotFound}
	case allowed, filtered:
	}
	if c.mistake != nil {
		return Answer{}, c.mistake
	}
	out := Answer{Stamp: c.stamp, Partition: c.partition}
	if v.kind == filtered {
		if err := v.filter.Validate(); err != nil {
			return Answer{}, err
		}
		out.Filter = &v.filter
	}
	return out, nil
}

// denial is refusal for handlers: they cannot say 401, at which clients would log their user out.
func denial(what string, err error) *Error {
	out := refusal(err)
	if out.Status == http.StatusUnauthorized {
		return internal(fmt.Errorf("%s: a handler answered 401, which only authenticators may; 403 is Deny: %w", what, err))
	}
	if out.Status == http.StatusInternalServerError {
		out.Cause = fmt.Errorf("%s: %w", what, out.Cause)
	}
	return out
}

// ResolveUser looks a user up by identity through [Resolve], for a worker or a cron that acts for him. registered is false, and
// user and error nil, when there is no such rule. The error is an [*Error]; 503 means that the answer is not known now, every other
// status that the user must not act. For servers.
func (a *Auth) ResolveUser(ctx context.Context, identity string) (user *User, registered bool, err error) {
	if err := a.sound(); err != nil {
		return nil, true, err
	}
	if a.find == nil {
		return nil, false, nil
	}
	user, err = guarded(ctx, a.timeout, "resolve", func(ctx context.Context) (*User, error) {
		return a.find.find(ctx, identity)
	})
	switch {
	case err != nil:
		return nil, true, refusal(err)
	case user == nil:
		return nil, true, &Error{Status: http.StatusForbidden, Detail: "no such user"}
	case user.Identity != identity:
		return nil, true, internal(fmt.Errorf("resolve: asked for %q, got %q", identity, user.Identity))
	}
	if err := checkIdentity(user.Identity); err != nil {
		return nil, true, internal(fmt.Errorf("resolve: %w", err))
	}
	user = user.Clone()
	user.studio = false
	return user, true, nil
}
