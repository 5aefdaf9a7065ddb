// Package security is that of the private chat.
package security

import "github.com/locutory/locutory/examples/private-chat/security"

// Auth knows user1-token and user2-token and keeps their rows apart.
var Auth = security.Auth
