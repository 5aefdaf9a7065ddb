// Package security decides who may call, and whose rows are whose.
package security

import (
	"context"

	"github.com/locutory/locutory/authhooks"
)

var users = map[string]authhooks.User{ // a toy table: replace it
	"user1-token": {Identity: "user1", DisplayName: "Alice"},
	"user2-token": {Identity: "user2", DisplayName: "Bob"},
}

// Auth is named by platform.json. Its one rule keeps every row to the user who made it.
var Auth = authhooks.New(authhooks.Bearer(authenticate),
	authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
)

// authenticate turns a token into a user. It never sees an empty token.
func authenticate(_ context.Context, token string) (*authhooks.User, error) {
	user, ok := users[token]
	if !ok {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &user, nil
}
