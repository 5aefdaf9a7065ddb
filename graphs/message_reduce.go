package graphs

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNoMessage is returned by [AddMessages] for a remove message that names no message of the list.
var ErrNoMessage = errors.New("Attempting to delete a message with an ID that doesn't exist") //nolint:staticcheck // the wire's text

// AddMessages is the reducer of messages (streaming.md §2.6): same id replaces, a new id appends, remove deletes, and
// nothing before the last RemoveAll stays. It changes neither list and gives no ids: see [EnsureIDs].
func AddMessages(left, right []Message) ([]Message, error) {
	out, _, err := mergeMessages(slices.Clip(left), right, false)
	return out, err
}

// mergeMessages also returns how many messages at the beginning of the result are those of left, untouched. It may use the room
// behind left. fresh says that no id of right can be one of left.
func mergeMessages(left, right []Message, fresh bool) (out []Message, kept int, err error) {
	kept = len(left)
	if fresh || areNew(left, right) {
		if left == nil {
			left = []Message{}
		}
		return append(left, right...), kept, nil
	}
	for i := len(right) - 1; i >= 0; i-- {
		if right[i].Type == TypeRemove && right[i].ID == RemoveAllID {
			return slices.Clone(right[i+1:]), 0, nil
		}
	}
	out = make([]Message, len(left), len(left)+len(right))
	copy(out, left)
	find := finder(left, len(right))
	gone := make(map[int]bool)
	for _, m := range right {
		at, found := find(out, m.ID)
		switch {
		case !found && m.Type == TypeRemove:
			return nil, 0, fmt.Errorf("%w ('%s')", ErrNoMessage, m.ID)
		case !found:
			out = append(out, m)
		case m.Type == TypeRemove:
			gone[at] = true
			kept = min(kept, at)
		default:
			delete(gone, at)
			out[at] = m
			kept = min(kept, at)
		}
	}
	if len(gone) == 0 {
		return out, kept, nil
	}
	rest := out[:0]
	for i, m := range out {
		if !gone[i] {
			rest = append(rest, m)
		}
	}
	return rest, kept, nil
}

// areNew reports whether a few messages only have to be appended.
func areNew(left, right []Message) bool {
	const few = 4
	if len(right) > few {
		return false
	}
	for i := range right {
		id := right[i].ID
		same := func(m Message) bool { return m.ID == id && id != "" }
		if right[i].Type == TypeRemove || slices.ContainsFunc(right[:i], same) {
			return false
		}
		for at := range left {
			if left[at].ID == id && id != "" {
				return false
			}
		}
	}
	return true
}

// finder returns a search for an id in a list that grows: by scanning while that is cheaper than an index.
func finder(left []Message, writes int) func([]Message, string) (int, bool) {
	const few = 4
	if writes <= few {
		return func(list []Message, id string) (int, bool) {
			for at := range list {
				if id != "" && list[at].ID == id {
					return at, true
				}
			}
			return 0, false
		}
	}
	index := make(map[string]int, len(left)+writes)
	indexed := 0
	return func(list []Message, id string) (int, bool) {
		for ; indexed < len(list); indexed++ {
			if _, dup := index[list[indexed].ID]; !dup && list[indexed].ID != "" {
				index[list[indexed].ID] = indexed
			}
		}
		at, found := index[id]
		return at, found
	}
}
