package wire

import "encoding/json"

// Optional is a field where null and absent differ. Set says that the key was there; Value is what it held.
// Use it with the omitzero option. For null, Value is T's zero value, or the bytes null if T is [json.RawMessage].
type Optional[T any] struct {
	Set   bool
	Value T
}

// Some returns v as a field that is there.
func Some[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: v} }

// MarshalJSON writes the value; an absent field is left out by omitzero before it comes here.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Value) }

// UnmarshalJSON is called only when the key is there, null included.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	return json.Unmarshal(data, &o.Value)
}
