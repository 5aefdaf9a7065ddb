// Package security has the hooks of the set: tokens whose scopes narrow what a user may do, and rows that bear their owner.
package security

import (
	"context"
	"fmt"
	"slices"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/authhooks/jwt"
)

// Secret signs the tokens of tests, and nothing else.
const Secret = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"

var (
	people  = map[string]string{"johndoe": "John Doe", "alice": "Alice Wonderson"}
	granted = []string{"read", "write", "assistants:write", "me"}
)

// Auth makes the hooks.
func Auth(context.Context) (*authhooks.Auth, error) {
	verifier, err := jwt.New(jwt.Config{Secret: []byte(Secret), User: user})
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return authhooks.New(verifier.Authenticate,
		authhooks.On(authhooks.Any, authhooks.Any, permitted),
		authhooks.OnEvent(createAssistant),
		authhooks.OnEvent(searchAssistants),
		authhooks.On(authhooks.Assistants, authhooks.Any, own),
		authhooks.OnEvent(createThread),
		authhooks.On(authhooks.Threads, authhooks.Any, own),
		authhooks.On(authhooks.Store, authhooks.Any, item),
	), nil
}

func user(_ context.Context, claims jwt.Claims) (*authhooks.User, error) {
	subject, err := claims.GetSubject()
	name, known := people[subject]
	if err != nil || !known {
		return nil, authhooks.Unauthenticated("Could not validate credentials")
	}
	return &authhooks.User{
		Identity: subject, DisplayName: name, Permissions: jwt.Permissions(jwt.Scopes(claims), granted),
		Extra: map[string]any{"email": subject + "@example.com"},
	}, nil
}

func refuse() (authhooks.Verdict, error) { return authhooks.Deny("Not authorized"), nil }

// permitted lets whoever may do anything at all do what no other rule is about.
func permitted(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	if len(c.User.Permissions) == 0 {
		return refuse()
	}
	return authhooks.Allow(), nil
}

func own(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	c.Stamp("owner", c.User.Identity)
	return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
}

func createAssistant(ctx context.Context, c *authhooks.Call, _ *authhooks.AssistantsCreate) (authhooks.Verdict, error) {
	if !c.User.Can("assistants:write") {
		return refuse()
	}
	return own(ctx, c)
}

func searchAssistants(_ context.Context, c *authhooks.Call, _ *authhooks.AssistantsSearch) (authhooks.Verdict, error) {
	return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
}

func createThread(ctx context.Context, c *authhooks.Call, _ *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
	if !c.User.Can("me") && !c.User.Can("threads:write") {
		return refuse()
	}
	return own(ctx, c)
}

// item keeps users to namespaces that name them; who names none gets his own items.
func item(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	var namespace []string
	switch v := c.Value.(type) {
	case *authhooks.StorePut:
		namespace = v.Namespace
	case *authhooks.StoreGet:
		namespace = v.Namespace
	case *authhooks.StoreSearch:
		namespace = v.Namespace
	case *authhooks.StoreDelete:
		namespace = v.Namespace
	case *authhooks.StoreListNamespaces:
		namespace = v.Namespace
	}
	if len(namespace) > 0 && !slices.Contains(namespace, c.User.Identity) {
		return refuse()
	}
	return own(ctx, c)
}
