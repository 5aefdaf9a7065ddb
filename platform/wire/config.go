package wire

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// Config is how a graph is run: an assistant's, a thread's or a run's (rest.md 5.5). Its zero value is {}.
type Config struct {
	Tags           []string
	RecursionLimit int    // supersteps; 0 is absent
	MaxConcurrency int    // tasks of a step at the same time; 0 is absent: all of them
	Configurable   Object // nil is absent
	Extra          Object // all other keys, as sent
}

// MarshalJSON writes the fields that are set, and Extra beside them.
func (c Config) MarshalJSON() ([]byte, error) {
	out := maps.Clone(c.Extra)
	if out == nil {
		out = Object{}
	}
	if c.Tags != nil {
		out["tags"] = c.Tags
	}
	if c.RecursionLimit != 0 {
		out["recursion_limit"] = c.RecursionLimit
	}
	if c.MaxConcurrency != 0 {
		out["max_concurrency"] = c.MaxConcurrency
	}
	if c.Configurable != nil {
		out["configurable"] = c.Configurable
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads a config; a limit below 1 is an error.
func (c *Config) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var known struct {
		Tags           []string `json:"tags"`
		RecursionLimit *int     `json:"recursion_limit"`
		MaxConcurrency *int     `json:"max_concurrency"`
		Configurable   Object   `json:"configurable"`
	}
	if err := json.Unmarshal(data, &known); err != nil {
		return err
	}
	var extra Object
	if err := json.Unmarshal(data, &extra); err != nil {
		return err
	}
	maps.DeleteFunc(extra, func(key string, _ any) bool { // as known has taken them: in any case
		return slices.ContainsFunc([]string{"tags", "recursion_limit", "max_concurrency", "configurable"}, func(name string) bool {
			return strings.EqualFold(name, key)
		})
	})
	if len(extra) == 0 {
		extra = nil
	}
	*c = Config{Tags: known.Tags, Configurable: known.Configurable, Extra: extra}
	var err error
	if c.RecursionLimit, err = limit("recursion_limit", known.RecursionLimit); err != nil {
		return err
	}
	c.MaxConcurrency, err = limit("max_concurrency", known.MaxConcurrency)
	return err
}

// limit is a number not below 1; nil is absent.
func limit(name string, n *int) (int, error) {
	switch {
	case n == nil:
		return 0, nil
	case *n < 1:
		return 0, errors.New("config." + name + ": want an integer not below 1")
	}
	return *n, nil
}
