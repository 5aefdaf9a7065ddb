package wire

import "encoding/json"

// Interrupt is a question that a paused graph asks. It has these two keys and no other: clients expand it as
// keyword arguments (streaming.md 7, 13). ID is 32 hexadecimal digits.
type Interrupt struct {
	Value json.RawMessage `json:"value"`
	ID    string          `json:"id"`
}

// Interrupts holds a thread's open questions by task id. Nil is {}, and a task's nil list is [].
type Interrupts map[string][]Interrupt

// MarshalJSON writes no nulls.
func (i Interrupts) MarshalJSON() ([]byte, error) {
	out := make(map[string][]Interrupt, len(i))
	for task, list := range i {
		out[task] = orEmpty(list)
	}
	return json.Marshal(out)
}

// orEmpty turns a nil slice, which would be null, into one that is [].
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
