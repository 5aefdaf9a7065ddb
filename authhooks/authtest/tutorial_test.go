package authtest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/authhooks/authtest"
)

var users = map[string]authhooks.User{
	"user1-token": {Identity: "user1", DisplayName: "Alice"},
	"user2-token": {Identity: "user2", DisplayName: "Bob"},
}

// The most specific rule runs, alone: threads:search still meets addOwner.
var Auth = authhooks.New(authhooks.Bearer(authenticate),
	authhooks.On(authhooks.Any, authhooks.Any, addOwner),
	authhooks.OnEvent(onThreadsCreate),
	authhooks.On(authhooks.Threads, authhooks.Read, onThreadsRead),
	authhooks.On(authhooks.Assistants, authhooks.Any, onAssistants),
)

func addOwner(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	c.Stamp("owner", c.User.Identity)
	return mine(c), nil
}

// onThreadsCreate runs for threads:create, since it takes a *ThreadsCreate.
func onThreadsCreate(ctx context.Context, c *authhooks.Call, v *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
	v.Metadata["created_by"] = c.User.DisplayName
	c.Stamp("owner", c.User.Identity)
	return mine(c), nil
}

func onThreadsRead(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	return mine(c), nil
}

func onAssistants(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	return authhooks.Deny("User lacks the required permissions."), nil
}

func mine(c *authhooks.Call) authhooks.Verdict {
	return authhooks.Only(authhooks.Eq("owner", c.User.Identity))
}

func authenticate(ctx context.Context, token string) (*authhooks.User, error) {
	user, ok := users[token]
	if !ok {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &user, nil
}

func TestTokens(t *testing.T) {
	x := authtest.New(t, Auth)
	x.Rejects("", http.StatusUnauthorized)
	x.Rejects("Basic x", http.StatusUnauthorized)
	x.Rejects("Bearer nope", http.StatusUnauthorized)
	x.As("bearer user1-token")
}

func TestThreadsArePrivate(t *testing.T) {
	x := authtest.New(t, Auth)
	alice, bob := x.As("Bearer user1-token"), x.As("Bearer user2-token")
	thread := alice.Creates(&authhooks.ThreadsCreate{Metadata: authhooks.Metadata{}}, map[string]any{"owner": "user2"}) // a forged owner
	alice.Sees(&authhooks.ThreadsRead{}, thread)
	bob.Misses(&authhooks.ThreadsRead{}, thread)
	bob.Misses(&authhooks.ThreadsSearch{}, thread)
	alice.Denied(&authhooks.AssistantsCreate{}, "User lacks the required permissions.")
}

// Every event, both ways.
func TestPrivate(t *testing.T) { authtest.Private(t, Auth, "Bearer user1-token", "Bearer user2-token") }

func TestOneLine(t *testing.T) {
	auth := authhooks.New(authhooks.Bearer(authenticate), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	authtest.Private(t, auth, "Bearer user1-token", "Bearer user2-token")
}
