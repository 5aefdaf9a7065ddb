package events_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
)

// TestStateIsWhatPatchesMake: the joined lists of a State come to the same values as the engine's own ApplyPatch.
func TestStateIsWhatPatchesMake(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		item := rapid.SampledFrom([]string{`1`, `"a,]"`, `{"b": [1, 2]}`, `[]`, `null`, "[\n1]"})
		plain := map[string]json.RawMessage{"base": json.RawMessage(`[1, {"x":"]"} , "y"]`), "word": json.RawMessage(`"w"`)}
		state := events.NewState(plain)
		lengths := map[string]int{"base": 3}
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"base", "word", "new"}).Draw(t, "channel")
			p := draw(t, item, lengths[name])
			value, err := graphs.ApplyPatch(plain[name], p)
			if err != nil {
				t.Fatal(err)
			}
			if plain[name] = value; value == nil {
				delete(plain, name)
			}
			lengths[name] = p.Keep + len(p.Add)
			if err := state.Apply(map[string]graphs.ChannelPatch{name: p}); err != nil {
				t.Fatal(err)
			}
		}
		want, err := json.Marshal(plain)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parsed(t, want), parsed(t, state.AppendJSON(nil, nil, false))); diff != "" {
			t.Errorf("values (-patches +state):\n%s", diff)
		}
	})
}

func draw(t *rapid.T, item *rapid.Generator[string], length int) graphs.ChannelPatch {
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return graphs.ChannelPatch{Set: json.RawMessage(`{"whole": true}`)}
	case 1:
		return graphs.ChannelPatch{}
	}
	p := graphs.ChannelPatch{List: true, Keep: rapid.IntRange(0, length).Draw(t, "keep")}
	for range rapid.IntRange(0, 3).Draw(t, "add") {
		p.Add = append(p.Add, json.RawMessage(item.Draw(t, "item")))
	}
	return p
}

func parsed(t *rapid.T, data []byte) any {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func TestStateRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]graphs.ChannelPatch{
		"list": {List: true, Keep: 3}, "negative": {List: true, Keep: -1}, "word": {List: true, Keep: 1},
	} {
		s := events.NewState(map[string]json.RawMessage{"list": json.RawMessage("[1,2]"), "word": json.RawMessage(`"w"`)})
		if err := s.Apply(map[string]graphs.ChannelPatch{name: p}); err == nil {
			t.Errorf("%s: no error; %s", name, s.AppendJSON(nil, nil, false))
		}
	}
}

func ExampleState() {
	s := events.NewState(map[string]json.RawMessage{"list": json.RawMessage("[1, 2]"), "hidden": json.RawMessage("0")})
	_ = s.Apply(map[string]graphs.ChannelPatch{"list": {List: true, Keep: 1, Add: []json.RawMessage{json.RawMessage("3")}}})
	fmt.Println(string(s.AppendJSON(nil, []string{"list"}, false)))
	// Output: {"list":[1,3]}
}

// Whoever looks for items changes nothing: what is no list stays what it is, null too.
func TestItemsOfWhatIsNoList(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{`null`: 0, `"w"`: 0, `{"a":1}`: 0, `[]`: 0, `[1,null]`: 2} {
		state := events.NewState(map[string]json.RawMessage{"x": json.RawMessage(value)})
		if got := len(state.Items("x")); got != want {
			t.Errorf("%s: %d items, want %d", value, got, want)
		}
		if got := string(state.AppendJSON(nil, nil, false)); got != `{"x":`+value+`}` {
			t.Errorf("%s became %s", value, got)
		}
	}
}
