package wire

import "fmt"

// IsUUID reports whether s is a UUID of any version in its usual form of 36 characters.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isHex(c) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// eachUUID checks a list of ids, of which none may be empty.
func eachUUID(field string, ids []string) error {
	for _, id := range ids {
		if !IsUUID(id) {
			return fmt.Errorf("%s: %q is not a UUID", field, id)
		}
	}
	return nil
}

// uuids checks ids of a body field; empty is absent and passes.
func uuids(field string, ids ...string) error {
	for _, id := range ids {
		if id != "" && !IsUUID(id) {
			return fmt.Errorf("%s: %q is not a UUID", field, id)
		}
	}
	return nil
}
