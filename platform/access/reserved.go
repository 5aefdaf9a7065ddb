package access

import "strings"

// Reserved reports whether a key of a config's configurable is the server's alone: it tells who a user is, or is internal. What clients
// send under such a key, in a run, an assistant, a thread or a cron, is dropped.
func Reserved(key string) bool {
	switch key {
	case "user_id", "langgraph_request_id":
		return true
	}
	for _, prefix := range []string{"langgraph_auth_", "__", "principal"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
