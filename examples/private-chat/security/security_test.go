package security

import (
	"net/http"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/authhooks/authtest"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	x := authtest.New(t, Auth)
	x.Rejects("Bearer nope", http.StatusUnauthorized)
	x.As("Bearer user1-token")
}

func TestThreadsArePrivate(t *testing.T) {
	t.Parallel()
	x := authtest.New(t, Auth)
	alice, bob := x.As("Bearer user1-token"), x.As("Bearer user2-token")
	thread := alice.Creates(&authhooks.ThreadsCreate{Metadata: authhooks.Metadata{}}, map[string]any{"owner": "user2"}) // a forged owner
	alice.Sees(&authhooks.ThreadsRead{}, thread)
	bob.Misses(&authhooks.ThreadsRead{}, thread)
	bob.Misses(&authhooks.ThreadsSearch{}, thread)
}

// Every event, both ways.
func TestPrivate(t *testing.T) {
	t.Parallel()
	authtest.Private(t, Auth, "Bearer user1-token", "Bearer user2-token")
}
