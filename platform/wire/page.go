package wire

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Limit is how many rows a search returns: 1..1000, and 0 for absent. A body with another number does not decode.
type Limit int

// MaxLimit is the largest limit of a search.
const MaxLimit = 1000

// Or returns the limit, or def when the request had none.
func (l Limit) Or(def int) int {
	if l == 0 {
		return def
	}
	return int(l)
}

// UnmarshalJSON refuses what is not within 1..1000.
func (l *Limit) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var n int
	if err := json.Unmarshal(data, &n); err != nil || n < 1 || n > MaxLimit {
		return fmt.Errorf("limit: want an integer from 1 to %d, got %s", MaxLimit, data)
	}
	*l = Limit(n)
	return nil
}

// Offset is how many rows a search skips; never negative.
type Offset int

// UnmarshalJSON refuses negative numbers.
func (o *Offset) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var n int
	if err := json.Unmarshal(data, &n); err != nil || n < 0 {
		return fmt.Errorf("offset: want an integer not below 0, got %s", data)
	}
	*o = Offset(n)
	return nil
}

// SortOrder is the direction of a sorted search.
type SortOrder string

// The directions; the default is descending.
const (
	Ascending  SortOrder = "asc"
	Descending SortOrder = "desc"
)

func (SortOrder) all() []SortOrder { return []SortOrder{Ascending, Descending} }

// Valid reports whether o is one of the constants.
func (o SortOrder) Valid() bool { return slices.Contains(o.all(), o) }
