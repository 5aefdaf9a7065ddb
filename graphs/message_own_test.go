package graphs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What the fast way reads is what the slow way reads.
func TestOwnMessages(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", `"quoted" \ back`, "größer", "line\nbreak\u2028", "<b>"}))
		message := rapid.Custom(func(t *rapid.T) Message {
			m := Message{
				Type: rapid.SampledFrom([]MessageType{TypeHuman, TypeAI, TypeSystem, TypeTool, TypeFunction}).Draw(t, "type"),
				ID:   text.Draw(t, "id"), Name: text.Draw(t, "name"), Content: Content{Text: text.Draw(t, "content")},
			}
			switch rapid.IntRange(0, 4).Draw(t, "more") {
			case 1:
				m.Content = Content{Blocks: []json.RawMessage{json.RawMessage(`{"type":"text","text":"a, b]"}`)}}
			case 2:
				m.ToolCalls = []ToolCall{{ID: "1", Name: "t", Args: json.RawMessage(`{"a":["]"]}`)}}
			case 3:
				m.Extra = map[string]json.RawMessage{"x": json.RawMessage(`[1]`)}
			}
			if m.Type == TypeTool {
				m.ToolCallID, m.Status = "call", rapid.SampledFrom([]string{"", StatusSuccess, StatusError}).Draw(t, "status")
			}
			return m
		})
		raw, err := encodeMessages(rapid.SliceOfN(message, 0, 6).Draw(t, "messages"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := CoerceMessages(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := readOwnMessages(raw)
		if !ok {
			if !strings.Contains(string(raw), "\u2028") {
				t.Fatalf("not read: %s", raw)
			}
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// Whatever bytes there are, the fast way gives up or reads what the slow way reads.
func TestOwnMessagesOfOtherForm(t *testing.T) {
	t.Parallel()
	const one = `{"type":"human","id":"1","content":"a","additional_kwargs":{},"response_metadata":{}}`
	for _, raw := range []string{
		``, `[`, `]`, `null`, `[,]`, `[` + one, `[` + one + `,]`, `[` + one + one + `]`, `[` + one + `,` + one + `,]`, `[ ` + one + `]`,
		`["a"]`, `[["ai","b"]]`, `[` + one + `,"x"]`, `[{"type":"human"`, `[{"type":"human","content":"a]`, `[{]`, `[}]`, `["]`, `[1,2]`,
		`[{"type":"human","content":"a\"]`, `[{"a"}]`, `[` + one + `,"x" ]`, "[\"a\nb\"]",
		`[{"type":"tool","content":"a","tool_call_id":"","additional_kwargs":{},"response_metadata":{}}]`,
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			got, ok := readOwnMessages(json.RawMessage(raw))
			if !ok {
				return
			}
			want, err := CoerceMessages(json.RawMessage(raw))
			if err != nil {
				t.Fatalf("read %v, want %v", got, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
