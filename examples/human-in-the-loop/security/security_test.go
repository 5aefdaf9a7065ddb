package security

import (
	"testing"

	"github.com/locutory/locutory/authhooks/authtest"
)

// Every event, both ways.
func TestPrivate(t *testing.T) {
	t.Parallel()
	authtest.Private(t, Auth, "Bearer user1-token", "Bearer user2-token")
}
