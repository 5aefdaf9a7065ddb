package store

import (
	"fmt"
	"strings"
)

// maxKey is the greatest length of a metadata key in a filter.
const maxKey = 128

// checkKey refuses what cannot be the key of a filter or an index. [extract] quotes whatever comes; this is the second lock.
func checkKey(k string) error {
	if k == "" || len(k) > maxKey {
		return fmt.Errorf("metadata key of %d bytes: want 1 to %d", len(k), maxKey)
	}
	for _, c := range []byte(k) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("_.:-", c) >= 0:
		default:
			return fmt.Errorf("metadata key %q: want letters, digits and _ . : - only", k)
		}
	}
	return nil
}

// quoteName quotes the name of a table, a column or an index, in both databases.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText quotes a string literal, in both databases (Postgres: standard_conforming_strings, its default).
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
