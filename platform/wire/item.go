package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Item is an item of the long-term store (rest.md 2.9).
type Item struct {
	Namespace []string        `json:"namespace"`
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"` // an object
	CreatedAt Time            `json:"created_at"`
	UpdatedAt Time            `json:"updated_at"`
}

// FoundItem is an item of a search. Score is null unless it was a search by meaning.
type FoundItem struct {
	Item
	Score *float64 `json:"score"`
}

// ItemPage is the answer of POST /store/items/search.
type ItemPage struct {
	Items []FoundItem `json:"items"`
}

// NamespacePage is the answer of POST /store/namespaces.
type NamespacePage struct {
	Namespaces [][]string `json:"namespaces"`
}

// ItemPut is the body of PUT /store/items. An item that is there is replaced as a whole.
type ItemPut struct {
	Namespace []string  `json:"namespace"`
	Key       string    `json:"key"`
	Value     Object    `json:"value"`
	Index     ItemIndex `json:"index,omitzero"`
	TTL       Minutes   `json:"ttl,omitzero"`
}

// Validate checks that key and value are there. Namespaces are the server's to judge.
func (p *ItemPut) Validate() error {
	if p.Namespace == nil {
		return errors.New("namespace is required")
	}
	if p.Key == "" {
		return errors.New("key is required")
	}
	if p.Value == nil {
		return errors.New("value is required")
	}
	return nil
}

// Minutes is how long an item lives; 0 is absent.
type Minutes float64

// maxMinutes is a hundred years.
const maxMinutes = 100 * 366 * 24 * 60

// Duration returns the minutes as a duration.
func (m Minutes) Duration() time.Duration { return time.Duration(float64(m) * float64(time.Minute)) }

// UnmarshalJSON refuses what is not above 0 and at most a hundred years. Shorter than a microsecond is a microsecond.
func (m *Minutes) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var n float64
	if err := json.Unmarshal(data, &n); err != nil || n <= 0 || n > maxMinutes {
		return fmt.Errorf("ttl: want a number of minutes above 0, got %s", data)
	}
	*m = Minutes(math.Max(n, 1.0/60e6))
	return nil
}

// ItemIndex says what of an item is found by meaning: false is nothing, a list is the fields at these paths, and null what the
// server is configured for.
type ItemIndex struct {
	Off    bool
	Fields []string
}

// maxIndexFields bounds the paths of one item.
const maxIndexFields = 64

// UnmarshalJSON reads false, a list or null.
func (i *ItemIndex) UnmarshalJSON(data []byte) error {
	var off bool
	switch {
	case isNull(data):
		return nil
	case json.Unmarshal(data, &off) == nil && !off:
		i.Off = true
		return nil
	}
	if err := json.Unmarshal(data, &i.Fields); err != nil || len(i.Fields) > maxIndexFields {
		return fmt.Errorf("index: want false or at most %d paths", maxIndexFields)
	}
	i.Off = len(i.Fields) == 0
	return nil
}

// MarshalJSON writes false or the list.
func (i ItemIndex) MarshalJSON() ([]byte, error) {
	if i.Off {
		return []byte("false"), nil
	}
	return json.Marshal(i.Fields)
}

// IsZero reports whether the server's configuration holds; with omitzero the field is then left out.
func (i ItemIndex) IsZero() bool { return !i.Off && i.Fields == nil }

// ItemDelete is the body of DELETE /store/items.
type ItemDelete struct {
	Namespace []string `json:"namespace,omitzero"`
	Key       string   `json:"key"`
}

// Validate checks that the key is there.
func (d *ItemDelete) Validate() error {
	if d.Key == "" {
		return errors.New("key is required")
	}
	return nil
}

// ItemSearch is the body of POST /store/items/search. Filter compares keys of the value, or has operators for them: {"size": {"$gt": 2}}.
type ItemSearch struct {
	NamespacePrefix []string `json:"namespace_prefix,omitzero"` // empty: the whole store
	Filter          Object   `json:"filter,omitzero"`
	Limit           Limit    `json:"limit,omitzero"` // default 10
	Offset          Offset   `json:"offset,omitzero"`
	Query           string   `json:"query,omitzero"`
	RefreshTTL      *bool    `json:"refresh_ttl,omitzero"`
}

// NamespaceSearch is the body of POST /store/namespaces. The label * stands for any.
type NamespaceSearch struct {
	Prefix   []string `json:"prefix,omitzero"`
	Suffix   []string `json:"suffix,omitzero"`
	MaxDepth int      `json:"max_depth,omitzero"` // 0: whole
	Limit    Limit    `json:"limit,omitzero"`     // default 100
	Offset   Offset   `json:"offset,omitzero"`
}

// Validate checks the depth.
func (s *NamespaceSearch) Validate() error {
	if s.MaxDepth < 0 {
		return errors.New("max_depth: want an integer above 0")
	}
	return nil
}
