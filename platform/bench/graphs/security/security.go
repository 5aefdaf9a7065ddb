// Package security gives the bench any number of users: Bearer user-<n>-secret is user-<n>.
package security

import (
	"context"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

// Auth keeps every user's rows apart; assistants are for all.
var Auth = authhooks.New(authhooks.Bearer(authenticate),
	authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
	authhooks.On(authhooks.Assistants, authhooks.Any, authhooks.AllowAll),
)

func authenticate(_ context.Context, token string) (*authhooks.User, error) {
	identity, ok := strings.CutSuffix(token, "-secret")
	if !ok || !strings.HasPrefix(identity, "user-") {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &authhooks.User{Identity: identity}, nil
}
