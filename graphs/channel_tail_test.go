package graphs

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A list that grows undecoded becomes what it becomes decoded: value, JSON and patches.
func TestUndecodedListsGrow(t *testing.T) {
	t.Parallel()
	type state struct {
		MessagesState
		Items []string `json:"items" reduce:"append"`
	}
	made, err := NewStateGraph[state]().AddNode("n", func(context.Context, state) (Update, error) { return nil, nil }).AddEdge(Start, "n").Compile()
	if err != nil {
		t.Fatal(err)
	}
	g := made.(*graph)
	message := rapid.Custom(func(t *rapid.T) Message {
		m := Human(rapid.SampledFrom([]string{"a", "]", `"`, `\`, "ü,"}).Draw(t, "text"))
		m.ID = rapid.SampledFrom([]string{"", "1", "2", "3", `4"`}).Draw(t, "id")
		if m.ID != "" && rapid.IntRange(0, 5).Draw(t, "remove") == 0 {
			m = Remove(m.ID)
		}
		return m
	})
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SampledFrom([]string{"messages", "items"}).Draw(t, "channel")
		ch := &g.channels[g.byName[at]]
		draw := func() any {
			if at == "items" {
				return rapid.SliceOfN(rapid.StringN(0, 3, -1), 0, 3).Draw(t, "items")
			}
			return rapid.SliceOfN(message, 0, 3).Draw(t, "messages")
		}
		head := draw()
		if at == "messages" {
			var err error
			if head, err = AddMessages(nil, []Message{{Type: TypeHuman, ID: "1", Content: Content{Text: "first"}}}); err != nil {
				t.Fatal(err)
			}
		}
		text, err := encodeValue(head)
		if err != nil {
			t.Fatal(err)
		}
		lazy, eager := cell{raw: text, ok: true}, cell{raw: text, ok: true}
		if _, err := eager.value(ch); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			var writes []write
			for range rapid.IntRange(1, 2).Draw(t, "writes") {
				var out outcome
				if err := g.add(&out, g.byName[at], draw()); err != nil {
					t.Fatal(err)
				}
				if err := g.encode(&out); err != nil {
					t.Fatal(err)
				}
				writes = append(writes, out.writes...)
			}
			var p1, p2 ChannelPatch
			var err1, err2 error
			lazy, p1, err1 = ch.reduce(lazy, writes, true, false)
			eager, p2, err2 = ch.reduce(eager, writes, true, false)
			if (err1 == nil) != (err2 == nil) {
				t.Fatalf("errors %v and %v", err1, err2)
			}
			if err1 != nil {
				return
			}
			if p1.Keep != p2.Keep || !sameItems(p1.Add, p2.Add) {
				t.Fatalf("patches %+v and %+v", p1, p2)
			}
			copied := lazy
			checkCell(t, ch, &copied, &eager)
		}
		checkCell(t, ch, &lazy, &eager)
	})
}

func sameItems(a, b []json.RawMessage) bool { return string(joinItems(a)) == string(joinItems(b)) }

func checkCell(t *rapid.T, ch *channel, got, want *cell) {
	as, decoded := *got, *want
	raw, err := as.encode()
	if err != nil {
		t.Fatal(err)
	}
	wantRaw, err := decoded.encode()
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal(raw, &a) != nil || json.Unmarshal(wantRaw, &b) != nil || !cmp.Equal(a, b) {
		t.Fatalf("JSON %s, want %s", raw, wantRaw)
	}
	for _, c := range []*cell{got, &as} {
		v, err := c.value(ch)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.val, v); diff != "" {
			t.Fatalf("value (-want +got):\n%s", diff)
		}
	}
}

func TestListLen(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{
		`[]`: 0, `[ ]`: 0, `[1]`: 1, `["a,b"]`: 1, `[[1,2],{"a":[1,2]}]`: 2, `["\"",",\\"]`: 2, `[ 1 , 2 ]`: 2, `[[]]`: 1, `["]["]`: 1,
	} {
		if got := listLen(json.RawMessage(list)); got != want {
			t.Errorf("%s has %d items, want %d", list, got, want)
		}
	}
}
