package storetest

import (
	"context"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// Person asks a guard for scopes.
type Person struct {
	t     testing.TB
	guard *access.Guard
	user  *authhooks.User
}

// Owner returns a person under the rule OwnerOnly("owner").
func Owner(t testing.TB, identity string) Person {
	return Under(t, identity, authhooks.OwnerOnly("owner"))
}

// Under returns a person under one rule for all events.
func Under(t testing.TB, identity string, rule authhooks.Handler) Person {
	t.Helper()
	guard, err := access.New(access.Config{Auth: authhooks.New(
		func(context.Context, *authhooks.Request) (*authhooks.User, error) { return nil, nil },
		authhooks.On(authhooks.Any, authhooks.Any, rule),
	)})
	if err != nil {
		t.Fatalf("guard: %v", err)
	}
	return Person{t: t, guard: guard, user: &authhooks.User{Identity: identity}}
}

// Says returns a rule that stamps and answers the same whatever it is asked. A nil filter allows.
func Says(filter *authhooks.Filter, stamp map[string]any) authhooks.Handler {
	return func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		for k, v := range stamp {
			c.Stamp(k, v)
		}
		if filter == nil {
			return authhooks.Allow(), nil
		}
		return authhooks.Only(*filter), nil
	}
}

// Threads returns a scope.
func (p Person) Threads(action authhooks.Action) access.ThreadScope {
	p.t.Helper()
	s, err := p.guard.Threads(p.context(), authhooks.NewValue(authhooks.Threads, action))
	if err != nil {
		p.t.Fatalf("threads:%s: %v", action, err)
	}
	return s
}

// Assistants returns a scope.
func (p Person) Assistants(action authhooks.Action) access.AssistantScope {
	p.t.Helper()
	s, err := p.guard.Assistants(p.context(), authhooks.NewValue(authhooks.Assistants, action))
	if err != nil {
		p.t.Fatalf("assistants:%s: %v", action, err)
	}
	return s
}

// Items returns a scope.
func (p Person) Items(action authhooks.Action) access.ItemScope {
	p.t.Helper()
	s, err := p.guard.Items(p.context(), authhooks.NewValue(authhooks.Store, action))
	if err != nil {
		p.t.Fatalf("store:%s: %v", action, err)
	}
	return s
}

// SystemAssistant returns the scope in which everyone reads what the server made.
func (p Person) SystemAssistant() access.AssistantScope { return p.guard.SystemAssistant() }

func (p Person) context() context.Context {
	return access.With(context.Background(), access.Caller{User: p.user, Origin: authhooks.OriginAPI, Transport: authhooks.TransportHTTP})
}
