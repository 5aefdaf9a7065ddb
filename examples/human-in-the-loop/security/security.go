// Package security decides who may talk to the agents, and whose rows are whose.
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

// Auth is named by platform.json: "auth": {"path": "./security:Auth"}. Threads, runs and items of the store are their maker's.
var Auth = authhooks.New(authhooks.Bearer(authenticate),
	authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
)

func authenticate(_ context.Context, token string) (*authhooks.User, error) {
	user, ok := users[token]
	if !ok {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &user, nil
}
