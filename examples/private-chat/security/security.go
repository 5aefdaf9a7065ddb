// Package security decides who may talk to the bot, and whose conversations are whose.
package security

import (
	"context"

	"github.com/locutory/locutory/authhooks"
)

// A toy user table. Do not do this in production.
var users = map[string]authhooks.User{
	"user1-token": {Identity: "user1", DisplayName: "Alice"},
	"user2-token": {Identity: "user2", DisplayName: "Bob"},
}

// Auth is named by platform.json: "auth": {"path": "./security:Auth"}. Its one rule answers every event.
var Auth = authhooks.New(authhooks.Bearer(authenticate),
	authhooks.On(authhooks.Any, authhooks.Any, addOwner),
)

// addOwner stamps the caller on what is made, and lets the caller reach nothing else. The stamp is the server's: no client can
// set or change it.
func addOwner(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	c.Stamp("owner", c.User.Identity)
	return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
}

func authenticate(_ context.Context, token string) (*authhooks.User, error) {
	user, ok := users[token]
	if !ok {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &user, nil
}
