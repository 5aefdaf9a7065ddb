package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// Object is a JSON object whose keys matter to the server: metadata, context, configurable.
// A nil Object marshals as {} and stays nil when null is read, so that a request can tell absent from empty.
// Numbers are float64, but an integer that float64 cannot hold exactly stays a [json.Number].
type Object map[string]any

// MarshalJSON writes {} for nil: the contract has no null objects.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]any(o))
}

// UnmarshalJSON reads an object and leaves o as it is for null.
func (o *Object) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return err
	}
	for k, v := range m {
		m[k] = exact(v)
	}
	*o = m
	return nil
}

// exact turns the numbers inside v into float64 where that loses nothing.
func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		return exactNumber(v)
	case map[string]any:
		for k, e := range v {
			v[k] = exact(e)
		}
	case []any:
		for i, e := range v {
			v[i] = exact(e)
		}
	}
	return v
}

func exactNumber(n json.Number) any {
	const safe = 1 << 53
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return n // out of float64's range
	}
	if math.Abs(f) < safe {
		return f
	}
	for _, c := range string(n) {
		if c == '.' || c == 'e' || c == 'E' {
			return f
		}
	}
	return n
}

// isNull reports whether data is the JSON null.
func isNull(data []byte) bool { return string(bytes.TrimSpace(data)) == "null" }

// orAbsent turns a carried null into absence.
func orAbsent(raw json.RawMessage) json.RawMessage {
	if isNull(raw) {
		return nil
	}
	return raw
}
