// Package authtest tests hooks without a server: who gets in, and who sees whose rows.
//
//	func TestThreadsArePrivate(t *testing.T) {
//		x := authtest.New(t, security.Auth)
//		alice, bob := x.As("Bearer user1-token"), x.As("Bearer user2-token")
//		thread := alice.Creates(&authhooks.ThreadsCreate{}, nil)
//		alice.Sees(&authhooks.ThreadsRead{}, thread)
//		bob.Misses(&authhooks.ThreadsRead{}, thread)
//	}
//
// [Private] asks every event there is, both ways, and so holds for events that a later version adds.
//
// It decides exactly as the server does, with one difference: what no rule matches is denied, whatever platform.json says.
package authtest

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// Hooks is an Auth under test.
type Hooks struct {
	t    testing.TB
	auth *authhooks.Auth
}

// New takes the hooks of a test. Mistakes in the rules end it.
func New(t testing.TB, auth *authhooks.Auth) *Hooks {
	t.Helper()
	if auth == nil {
		t.Fatal("the Auth is nil")
	}
	if err := auth.Validate(); err != nil {
		t.Fatalf("the hooks are not valid:\n%v", err)
	}
	return &Hooks{t, auth}
}

// Request returns a request with this Authorization header, or without one when it is empty, to be changed and given to
// [Hooks.AsRequest].
func Request(authorization string) *authhooks.Request {
	r := &authhooks.Request{
		Method: http.MethodGet, Path: "/threads", Query: url.Values{}, Header: http.Header{},
		ClientIP: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Transport: authhooks.TransportHTTP,
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

// Rejects fails the test unless a request with this Authorization header is refused with the status; "" is no header.
func (x *Hooks) Rejects(authorization string, status int) {
	x.t.Helper()
	user, err := x.auth.Authenticate(x.t.Context(), Request(authorization))
	if err == nil {
		x.t.Errorf("Authorization %q: let in as %s, want %d", authorization, user.Identity, status)
		return
	}
	if got := statusOf(err); got != status {
		x.t.Errorf("Authorization %q: %v, want %d", authorization, err, status)
	}
}

// As logs in with this Authorization header. Being refused ends the test.
func (x *Hooks) As(authorization string) *Actor {
	x.t.Helper()
	return x.AsRequest(Request(authorization))
}

// AsRequest is As for other ways to log in: headers, cookies.
func (x *Hooks) AsRequest(r *authhooks.Request) *Actor {
	x.t.Helper()
	user, err := x.auth.Authenticate(x.t.Context(), r)
	if err != nil {
		x.t.Fatalf("cannot log in: %v", err)
	}
	return &Actor{Hooks: x, User: user}
}

// Actor is a user who is logged in.
type Actor struct {
	*Hooks
	User *authhooks.User
}

// Creates makes the row that v asks for, as the server would, while the client sends the metadata sent, which may hold forged
// keys; nil sends none. v is an AssistantsCreate, CronsCreate, StorePut, ThreadsCreate, or a RunsCreate that makes its thread. Being refused ends the test.
func (a *Actor) Creates(v authhooks.Value, sent map[string]any) Row {
	a.t.Helper()
	row, err := a.create(v, sent)
	if err != nil {
		a.t.Fatalf("%s cannot %s: %v", a.User.Identity, eventOf(v), err)
	}
	return row
}

// Sees fails the test unless the call v reaches the row. A store value without a namespace or key asks for the row's.
func (a *Actor) Sees(v authhooks.Value, row Row) {
	a.t.Helper()
	seen, err := a.reach(v, row)
	if err != nil {
		a.t.Errorf("%s by %s: %v", eventOf(v), a.User.Identity, err)
		return
	}
	if !seen.ok {
		a.t.Errorf("%s by %s does not reach the row %s: %s", eventOf(v), a.User.Identity, row, seen.why)
	}
}

// Misses fails the test unless the row is hidden from the call v or the call is refused with 403 or 404.
func (a *Actor) Misses(v authhooks.Value, row Row) {
	a.t.Helper()
	seen, err := a.reach(v, row)
	switch {
	case err != nil && !refused(err):
		a.t.Errorf("%s by %s: %v", eventOf(v), a.User.Identity, err)
	case err == nil && seen.ok:
		a.t.Errorf("%s by %s reaches the row %s: %s", eventOf(v), a.User.Identity, row, seen.why)
	}
}

// Denied fails the test unless the call v is refused with 403 and this detail.
func (a *Actor) Denied(v authhooks.Value, detail string) {
	a.t.Helper()
	_, err := a.decide(v)
	var e *authhooks.Error
	if !errors.As(err, &e) || e.Status != http.StatusForbidden || e.Detail != detail {
		a.t.Errorf("%s by %s: got %v, want 403: %s", eventOf(v), a.User.Identity, answered(err), detail)
	}
}

func (a *Actor) decide(v authhooks.Value) (authhooks.Answer, error) {
	return a.auth.Decide(a.t.Context(), &authhooks.Call{
		User: a.User, Value: v, Origin: authhooks.OriginAPI, Transport: authhooks.TransportHTTP, Time: time.Now(),
	})
}

// refused reports whether err is a refusal and no failure of the hooks.
func refused(err error) bool {
	status := statusOf(err)
	return errors.Is(err, authhooks.ErrUnhandled) || status >= 400 && status < 500
}

func statusOf(err error) int {
	var e *authhooks.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Status
}

func answered(err error) any {
	if err == nil {
		return "yes"
	}
	return err
}

func eventOf(v authhooks.Value) string {
	resource, action := authhooks.Event(v)
	return string(resource) + ":" + string(action)
}
