package security

import (
	"net/http"
	"testing"

	"github.com/locutory/locutory/authhooks/authtest"
)

func TestTokens(t *testing.T) {
	x := authtest.New(t, Auth)
	x.Rejects("", http.StatusUnauthorized)
	x.Rejects("Basic x", http.StatusUnauthorized)
	x.Rejects("Bearer nope", http.StatusUnauthorized)
	x.As("bearer user1-token")
}

// Every event, both ways.
func TestPrivate(t *testing.T) { authtest.Private(t, Auth, "Bearer user1-token", "Bearer user2-token") }
