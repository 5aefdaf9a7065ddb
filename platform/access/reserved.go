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

// Unreserved returns a copy of an object without its reserved keys, never nil.
func Unreserved(object map[string]any) map[string]any {
	out := make(map[string]any, len(object))
	for key, value := range object {
		if !Reserved(key) {
			out[key] = value
		}
	}
	return out
}
