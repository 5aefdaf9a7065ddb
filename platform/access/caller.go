package access

import (
	"context"
	"errors"
	"net/netip"

	"github.com/locutory/locutory/authhooks"
)

// ErrNoCaller says that nobody is in the context: the code that should have put him there was never run.
var ErrNoCaller = errors.New("access: no caller in the context")

// Caller is who a request comes from, and how. Whoever authenticates puts it into the context.
type Caller struct {
	User      *authhooks.User // nil only on an open server
	Origin    authhooks.Origin
	Transport authhooks.Transport
	Route     string // as the route table has it: "POST /threads/{thread_id}/runs"
	RequestID string
	ClientIP  netip.Addr
	Cause     *authhooks.Call // the call that this one follows from, or nil
}

type callerKey struct{}

// With returns a context in which c calls.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns who calls. False denies: every method of a Guard answers [ErrNoCaller] then.
func From(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	return c, ok
}

// Without returns a context in which nobody calls, whoever called before.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, nil)
}
