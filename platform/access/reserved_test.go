package access_test

import (
	"testing"

	"github.com/locutory/locutory/platform/access"
)

// TestReserved is R-14: no client says who a user is.
func TestReserved(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"langgraph_auth_user": true, "langgraph_auth_user_id": true, "langgraph_auth_permissions": true, "langgraph_auth_": true,
		"user_id": true, "__after_seconds__": true, "__pregel_x": true, "principal_id": true, "langgraph_request_id": true,
		"model_name": false, "users": false, "thread_id": false, "_x": false, "langgraph_node": false, "": false,
	} {
		if got := access.Reserved(key); got != want {
			t.Errorf("Reserved(%q) = %v, want %v", key, got, want)
		}
	}
}
