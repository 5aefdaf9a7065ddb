package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Time is an instant on the wire: RFC 3339 in UTC with microseconds and a numeric zone,
// "2026-09-01T08:00:00.000000+00:00" (contract: rest.md 1.2). It reads any RFC 3339 text, and
// takes one without a zone for UTC.
// A time that may be null is a *Time.
type Time struct{ time.Time }

// errTime says that something is no time; whoever knows the field puts its name before it.
var errTime = errors.New("want a time such as 2026-09-01T08:00:00Z")

const timeLayout = "2006-01-02T15:04:05.000000-07:00"

// At returns t as it will be read back from the wire: in UTC, cut to microseconds.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Microsecond)} }

// String returns the wire form.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// MarshalJSON writes the wire form in quotes.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// MarshalText writes the wire form.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalJSON reads RFC 3339 and leaves t as it is for null.
func (t *Time) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%w, got %s", errTime, data)
	}
	return t.UnmarshalText([]byte(s))
}

// UnmarshalText reads RFC 3339, in UTC when no zone is named.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil { // Python writes times that know no zone
		parsed, err = time.Parse("2006-01-02T15:04:05", string(text))
	}
	if err != nil {
		return fmt.Errorf("%w, got %q", errTime, text)
	}
	t.Time = parsed.UTC()
	return nil
}
