package access

import (
	"strings"
	"unicode"
)

// Reserved reports whether a key of a config's configurable is the server's alone: it tells who a user is, or is internal. What clients
// send under such a key, in a run, an assistant, a thread or a cron, is dropped.
//
// Every spelling of a reserved key is reserved: a graph that reads its settings into a struct takes the keys as encoding/json does, in any
// case, and the last of those that are there.
func Reserved(key string) bool {
	key = strings.Map(capital, key)
	switch key {
	case "USER_ID", "LANGGRAPH_REQUEST_ID":
		return true
	}
	for _, prefix := range []string{"LANGGRAPH_AUTH_", "__", "PRINCIPAL"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// capital is the first of the letters that encoding/json takes for r: a capital, also of the long s and the sign for kelvin.
func capital(r rune) rune {
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return first
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
