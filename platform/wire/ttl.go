package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// MaxTTL is the longest life of a thread in minutes, a hundred years: so that its end is a time.
const MaxTTL = 100 * 365 * 24 * 60

// TTLStrategy is what happens to a thread when its time is over.
type TTLStrategy string

// The strategies.
const (
	TTLDelete     TTLStrategy = "delete"
	TTLKeepLatest TTLStrategy = "keep_latest"
)

func (TTLStrategy) all() []TTLStrategy { return []TTLStrategy{TTLDelete, TTLKeepLatest} }

// Valid reports whether s is one of the constants.
func (s TTLStrategy) Valid() bool { return slices.Contains(s.all(), s) }

// TTL asks for an expiry. It reads a bare number of minutes too.
type TTL struct {
	Minutes  float64     `json:"ttl"`
	Strategy TTLStrategy `json:"strategy,omitzero"` // default delete
}

// UnmarshalJSON reads minutes or {ttl, strategy}.
func (t *TTL) UnmarshalJSON(data []byte) error {
	var minutes float64
	if json.Unmarshal(data, &minutes) == nil {
		*t = TTL{Minutes: minutes, Strategy: TTLDelete}
		return nil
	}
	type plain TTL
	if err := json.Unmarshal(data, (*plain)(t)); err != nil {
		return errors.New("ttl: want minutes or {ttl, strategy}")
	}
	return nil
}

func (t *TTL) validate() error {
	if t == nil {
		return nil
	}
	if t.Minutes <= 0 || t.Minutes > MaxTTL {
		return fmt.Errorf("ttl: want a number of minutes above 0 and at most %d", MaxTTL)
	}
	return oneOf("ttl.strategy", t.Strategy)
}
