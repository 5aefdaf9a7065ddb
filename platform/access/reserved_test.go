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
		// Readers in Go take keys in any case, and the long s and the sign for kelvin for s and k.
		"USER_ID": true, "User_Id": true, "u\u017fer_id": true, "LangGraph_Auth_User": true, "langgraph_auth_u\u017fer_id": true,
		"langgraph_reque\u017ft_id": true, "Principal": true, "USERS": false, "Thread_ID": false, "u\u00dfer_id": false,
	} {
		if got := access.Reserved(key); got != want {
			t.Errorf("Reserved(%q) = %v, want %v", key, got, want)
		}
	}
}
