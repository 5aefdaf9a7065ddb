package authtest

import (
	"slices"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// Private fails the test unless the rows of two users, given by their Authorization headers, are strangers to each other, for
// every event and both ways: neither reaches what the other made, neither can plant a row among the other's by sending his
// metadata, and each reaches his own, unless that is refused to him too. What is refused to all is private. Resources that are shared
// on purpose can be excepted.
func Private(t testing.TB, auth *authhooks.Auth, authorizationA, authorizationB string, except ...authhooks.Resource) {
	t.Helper()
	x := New(t, auth)
	x.Private(x.As(authorizationA), x.As(authorizationB), except...)
}

// Private is the function of that name for users who logged in otherwise.
func (x *Hooks) Private(a, b *Actor, except ...authhooks.Resource) {
	x.t.Helper()
	if a.User.Identity == b.User.Identity {
		x.t.Fatalf("both are %s; two users are needed", a.User.Identity)
	}
	for _, v := range authhooks.Values() {
		resource, _ := authhooks.Event(v)
		if slices.Contains(except, resource) || !makesRow(v) {
			continue
		}
		x.apart(v, a, b)
		x.apart(v, b, a)
	}
}

// apart lets owner make a row as maker's event does, and stranger try to come to it.
func (x *Hooks) apart(maker authhooks.Value, owner, stranger *Actor) {
	x.t.Helper()
	row, err := owner.create(making(maker), nil)
	if err != nil && !refused(err) {
		x.t.Errorf("%s by %s: %v", eventOf(maker), owner.User.Identity, err)
		return
	}
	if err != nil { // nobody's row, as one that stood there before the rules
		row = Row{Metadata: authhooks.Metadata{}, Namespace: []string{namespace}, asked: []string{namespace}, Key: key}
	}
	for _, v := range touching(maker) {
		if err == nil {
			x.reachesOwn(owner, v, row)
		}
		for _, at := range [][]string{row.asked, row.Namespace} { // as the owner named it, and where it is
			aimed := row
			aimed.asked = at
			stranger.Misses(fresh(v), aimed)
		}
	}
	if err != nil {
		return
	}
	planted, err := stranger.create(making(maker), row.Metadata)
	if err != nil {
		return // cannot plant; what else is wrong with it shows in its own turn
	}
	for _, v := range touching(maker) {
		owner.Misses(fresh(v), planted)
	}
}

// reachesOwn is Sees, but for what is refused.
func (x *Hooks) reachesOwn(owner *Actor, v authhooks.Value, row Row) {
	x.t.Helper()
	seen, err := owner.reach(fresh(v), row)
	switch {
	case err != nil && !refused(err):
		x.t.Errorf("%s by %s: %v", eventOf(v), owner.User.Identity, err)
	case err == nil && !seen.ok:
		x.t.Errorf("%s by %s does not reach his own row %s: %s", eventOf(v), owner.User.Identity, row, seen.why)
	}
}

// touching returns the events that reach rows which are there already, of the resource that v is about.
func touching(v authhooks.Value) []authhooks.Value {
	resource, _ := authhooks.Event(v)
	return slices.DeleteFunc(authhooks.Values(), func(other authhooks.Value) bool {
		r, action := authhooks.Event(other)
		return r != resource || action == authhooks.Create
	})
}

func makesRow(v authhooks.Value) bool {
	_, action := authhooks.Event(v)
	return action == authhooks.Create || action == authhooks.CreateRun || action == authhooks.Put
}

// The item that Private puts into the store.
const (
	namespace = "notes"
	key       = "key"
)

// making is fresh with what a new row needs.
func making(v authhooks.Value) authhooks.Value {
	out := fresh(v)
	aim(out, []string{namespace}, key)
	return out
}

// fresh returns a new value of v's event with the facts that every request has.
func fresh(v authhooks.Value) authhooks.Value {
	out := authhooks.NewValue(authhooks.Event(v))
	authhooks.SetFacts(out, authhooks.Facts{
		ThreadID:    "6f9619ff-8b86-4d11-b42d-00c04fc964ff",
		RunID:       "6f9619ff-8b86-4d11-b42d-00c04fc964fe",
		AssistantID: "6f9619ff-8b86-4d11-b42d-00c04fc964fd",
		CronID:      "6f9619ff-8b86-4d11-b42d-00c04fc964fc",
		GraphID:     "agent", IfExists: "raise", IfNotExists: "reject", Status: "pending", MultitaskStrategy: "enqueue",
		Schedule: "0 8 * * *", Limit: 10,
	})
	return out
}
