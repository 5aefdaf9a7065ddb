// Package security decides who may talk to the bot.
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

// Auth is named by platform.json: "auth": {"path": "./security:Auth", "unhandled": "allow"}. It says who is asking and nothing
// more: without rules of its own every user reaches every thread, and "unhandled": "allow" says so aloud.
var Auth = authhooks.New(authhooks.Bearer(authenticate))

func authenticate(_ context.Context, token string) (*authhooks.User, error) {
	user, ok := users[token]
	if !ok {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &user, nil
}
