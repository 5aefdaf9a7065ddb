package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

// metadata is a row's metadata and the names of the keys in it that a hook has stamped, which no client changes.
type metadata struct {
	doc   map[string]any
	owned []string
	json  string // of doc
}

// newMetadata makes a new row's metadata: what the client sent, but for reserved keys, under what the hook stamped. The result must
// pass the filter that the hook returned.
func newMetadata(client, stamp map[string]any, filter *authhooks.Filter) (metadata, error) {
	m := metadata{doc: make(map[string]any, len(client)+len(stamp)), owned: slices.Sorted(maps.Keys(stamp))}
	merge(m.doc, client)
	maps.Copy(m.doc, stamp)
	return m, m.seal(filter)
}

// oldMetadata reads a row's metadata.
func oldMetadata(doc JSON, owned []string) (metadata, error) {
	m := metadata{owned: owned}
	var err error
	m.doc, err = object(doc)
	return m, err
}

// patch merges a client's keys, one by one, over the row's. An owned key may only be sent as it is. The result must still pass the
// filter that let the client in.
func (m *metadata) patch(client map[string]any, filter *authhooks.Filter) error {
	for _, k := range m.owned {
		if v, ok := client[k]; ok && !equalJSON(v, m.doc[k]) {
			return &OwnedKeyError{k}
		}
	}
	kept := m.ownedDoc()
	merge(m.doc, client)
	maps.Copy(m.doc, kept)
	return m.seal(filter)
}

// replace puts other keys in the place of all but the owned ones.
func (m *metadata) replace(doc map[string]any, filter *authhooks.Filter) error {
	kept := m.ownedDoc()
	m.doc = maps.Clone(doc)
	maps.Copy(m.doc, kept)
	return m.seal(filter)
}

// ownedDoc returns the owned keys with their values.
func (m *metadata) ownedDoc() map[string]any {
	out := make(map[string]any, len(m.owned))
	for _, k := range m.owned {
		if v, ok := m.doc[k]; ok {
			out[k] = v
		}
	}
	return out
}

// free returns the JSON of the keys that are not owned: what versions carry.
func (m *metadata) free() (string, error) {
	out := maps.Clone(m.doc)
	for _, k := range m.owned {
		delete(out, k)
	}
	return encode(out)
}

// seal encodes the document and holds it, as it will be stored, against the filter.
func (m *metadata) seal(filter *authhooks.Filter) error {
	var err error
	if m.json, err = encode(m.doc); err != nil {
		return err
	}
	if strings.Contains(m.json, `\ufffd`) || strings.Contains(m.json, "\ufffd") { // it may not be what was sent
		if m.doc, err = object(JSON(m.json)); err != nil {
			return err
		}
	}
	if filter != nil && !filter.Match(m.doc) {
		return ErrPostImage
	}
	return nil
}

// names is the JSON of the owned keys.
func (m *metadata) names() string {
	if len(m.owned) == 0 {
		return "[]"
	}
	out, _ := json.Marshal(m.owned) // strings always encode
	return string(out)
}

// merge copies a client's keys into doc, but for those that are the server's.
func merge(doc, client map[string]any) {
	for k, v := range client {
		if !strings.HasPrefix(k, "__") && !strings.HasPrefix(k, "langgraph_auth_") {
			doc[k] = v
		}
	}
}

// encode returns the JSON of a document in the form it is stored.
func encode(doc map[string]any) (string, error) {
	if len(doc) == 0 {
		return "{}", nil
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return "", fmt.Errorf("metadata: %w", err)
	}
	return text(out).(string), nil
}

// object decodes a JSON object and keeps its numbers as they are written.
func object(j JSON) (map[string]any, error) {
	out := map[string]any{}
	if len(j) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(j))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return out, nil
}

// equalJSON compares two values as JSON.
func equalJSON(a, b any) bool {
	var decoded [2]any
	for i, v := range [2]any{a, b} {
		out, err := json.Marshal(v)
		if err != nil || json.Unmarshal(out, &decoded[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(decoded[0], decoded[1])
}
