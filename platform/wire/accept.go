package wire

import (
	"mime"
	"slices"
	"strings"
)

// Accepts reports whether the values of a header Accept name one of the media types, which may be ranges: a header is held against their
// names, so "*/*" is accepted only where it is among them.
func Accepts(values []string, types ...string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if name, _, err := mime.ParseMediaType(part); err == nil && slices.Contains(types, name) {
				return true
			}
		}
	}
	return false
}
