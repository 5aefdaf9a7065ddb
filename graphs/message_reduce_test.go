package graphs

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func said(id, text string) Message {
	m := Human(text)
	m.ID = id
	return m
}

// TestAddMessages holds streaming.md §2.6.
func TestAddMessages(t *testing.T) {
	t.Parallel()
	base := []Message{said("a", "1"), said("b", "2"), said("c", "3")}
	for _, tc := range []struct {
		name        string
		left, right []Message
		want        []Message
		kept        int
	}{
		{"append", base, []Message{said("d", "4")}, []Message{base[0], base[1], base[2], said("d", "4")}, 3},
		{"nothing", base, nil, base, 3},
		{"first", nil, base, base, 0},
		{"replace in place", base, []Message{said("b", "x")}, []Message{base[0], said("b", "x"), base[2]}, 1},
		{"remove", base, []Message{Remove("b")}, []Message{base[0], base[2]}, 1},
		{"remove and append", base, []Message{Remove("a"), said("d", "4")}, []Message{base[1], base[2], said("d", "4")}, 0},
		{"remove cancelled by the same id", base, []Message{Remove("b"), said("b", "x")}, []Message{base[0], said("b", "x"), base[2]}, 1},
		{"twice the same new id", base, []Message{said("d", "4"), said("d", "5")}, []Message{base[0], base[1], base[2], said("d", "5")}, 3},
		{"remove what came in the same batch", base, []Message{said("d", "4"), Remove("d")}, base, 3},
		{"remove all", base, []Message{said("d", "4"), RemoveAll(), said("e", "5"), RemoveAll(), said("a", "6")}, []Message{said("a", "6")}, 0},
		{"only remove all", base, []Message{RemoveAll()}, []Message{}, 0},
		{"without ids", base, []Message{Human("x"), Human("x")}, []Message{base[0], base[1], base[2], Human("x"), Human("x")}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			left, right := slices.Clone(tc.left), slices.Clone(tc.right)
			got, kept, err := mergeMessages(tc.left, tc.right, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if kept != tc.kept {
				t.Errorf("kept %d, want %d", kept, tc.kept)
			}
			if diff := cmp.Diff(left, tc.left) + cmp.Diff(right, tc.right); diff != "" {
				t.Errorf("inputs were changed:\n%s", diff)
			}
		})
	}
}

func TestAddMessagesUnknownRemove(t *testing.T) {
	t.Parallel()
	_, err := AddMessages([]Message{said("a", "1")}, []Message{Remove("nope")})
	if !errors.Is(err, ErrNoMessage) || err.Error() != "Attempting to delete a message with an ID that doesn't exist ('nope')" {
		t.Errorf("got %v", err)
	}
}

// Scanning and the index must agree, and what is said to be kept must be what was there.
func TestAddMessagesProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.Custom(func(t *rapid.T) Message {
			id := fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id"))
			if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
				return Remove(id)
			}
			return said(id, rapid.StringN(0, 3, 3).Draw(t, "text"))
		})
		left, err := AddMessages(nil, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Message {
			return said(fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id")), "old")
		}), 0, 10).Draw(t, "left"))
		if err != nil {
			t.Fatal(err)
		}
		right := rapid.SliceOfN(message, 0, 10).Draw(t, "right")
		got, kept, err := mergeMessages(left, right, false)
		if err != nil {
			if !errors.Is(err, ErrNoMessage) {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(left[:kept], got[:kept]); diff != "" {
			t.Fatalf("kept %d:\n%s", kept, diff)
		}
		ids := make(map[string]bool)
		for _, m := range got {
			if ids[m.ID] || m.Type == TypeRemove {
				t.Fatalf("%s twice, or a remove stayed", m.ID)
			}
			ids[m.ID] = true
		}
		padded := append(slices.Clone(right), said("p1", ""), said("p2", ""), said("p3", ""), said("p4", ""), said("p5", ""))
		indexed, err := AddMessages(left, padded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append(slices.Clone(got), padded[len(right):]...), indexed); diff != "" {
			t.Fatalf("scan and index differ:\n%s", diff)
		}
	})
}
