package compat

import (
	"context"

	"github.com/locutory/locutory/authhooks"
	basic "github.com/locutory/locutory/examples/basic-auth/security"
	private "github.com/locutory/locutory/examples/private-chat/security"
	"github.com/locutory/locutory/platform"
)

// The users of the tutorials.
const (
	alice = "user1-token"
	bob   = "user2-token"
)

// withAuth is a server's parts: the graph agent, and others, behind hooks that must answer every event.
func withAuth(auth any, more ...platform.Graph) platform.Parts {
	return platform.Parts{
		Graphs: append([]platform.Graph{echo()}, more...), Auth: auth, AuthSymbol: "./security:Auth",
		Platform: `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}}`,
	}
}

// privateChat is the second tutorial's server: one rule, whose rows are private to their maker.
func privateChat(more ...platform.Graph) platform.Parts { return withAuth(private.Auth, more...) }

// basicAuth is the first tutorial's server: it knows its users, and lets them reach each other's rows.
func basicAuth(more ...platform.Graph) platform.Parts {
	return lenient(withAuth(basic.Auth, more...))
}

// lenient lets events that no rule matches pass.
func lenient(parts platform.Parts) platform.Parts {
	parts.Platform = `{
		"graphs": {"agent": "./agent:Graph"},
		"auth": {"path": "./security:Auth", "unhandled": "allow"},
		"http": {"cors": {"allow_origins": ["https://app.example"]}}
	}`
	return parts
}

// people authenticates a table of users by token.
func people(users map[string]authhooks.User) authhooks.Authenticator {
	return authhooks.Bearer(func(_ context.Context, token string) (*authhooks.User, error) {
		user, ok := users[token]
		if !ok {
			return nil, authhooks.Unauthenticated("Invalid token")
		}
		return &user, nil
	})
}

// tutors are the tutorials' users, for hooks of a test's own.
func tutors() authhooks.Authenticator {
	return people(map[string]authhooks.User{
		alice: {Identity: "user1", DisplayName: "Alice"}, bob: {Identity: "user2", DisplayName: "Bob"},
	})
}
