package graphs

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccumulate(t *testing.T) {
	t.Parallel()
	piece := func(index int, id, name, args string) MessageChunk {
		return MessageChunk{ID: "m", ToolCallChunks: []ToolCallChunk{{Index: index, ID: id, Name: name, Args: args}}}
	}
	text := func(s string) MessageChunk { return MessageChunk{ID: "m", Content: Content{Text: s}} }
	blocks := func(raws ...string) MessageChunk {
		c := MessageChunk{ID: "m", Content: Content{Blocks: []json.RawMessage{}}}
		for _, r := range raws {
			c.Content.Blocks = append(c.Content.Blocks, json.RawMessage(r))
		}
		return c
	}
	for _, tc := range []struct {
		name   string
		chunks []MessageChunk
		want   string
	}{
		{"text", []MessageChunk{text("Let "), text("me"), {ID: "m", Last: true}}, `{"content":"Let me"}`},
		{
			"interleaved calls",
			[]MessageChunk{
				piece(0, "c0", "f", ""), piece(1, "c1", "g", ""), piece(1, "", "", `{"b":`), piece(0, "", "", `{"a":1}`), piece(1, "", "", `2}`),
			},
			`{"content":"","tool_calls":[{"name":"f","args":{"a":1},"id":"c0","type":"tool_call"},{"name":"g","args":{"b":2},"id":"c1","type":"tool_call"}]}`,
		},
		{
			"order is by index",
			[]MessageChunk{piece(1, "c1", "g", "{}"), piece(0, "c0", "f", "{}")},
			`{"content":"","tool_calls":[{"name":"f","args":{},"id":"c0","type":"tool_call"},{"name":"g","args":{},"id":"c1","type":"tool_call"}]}`,
		},
		{
			"every call numbered 0",
			[]MessageChunk{piece(0, "c0", "f", `{"a":1}`), piece(0, "c1", "g", `{"b"`), piece(0, "", "", `:2}`)},
			`{"content":"","tool_calls":[{"name":"f","args":{"a":1},"id":"c0","type":"tool_call"},{"name":"g","args":{"b":2},"id":"c1","type":"tool_call"}]}`,
		},
		{
			"arguments that are no JSON",
			[]MessageChunk{piece(0, "c0", "f", `{"a`), piece(1, "c1", "g", ``), piece(2, "c2", "h", `[1]`)},
			`{"content":"","tool_calls":[{"name":"g","args":{},"id":"c1","type":"tool_call"}],"invalid_tool_calls":[{"name":"f","args":"{\"a","id":"c0","error":"arguments are not a JSON object","type":"invalid_tool_call"},{"name":"h","args":"[1]","id":"c2","error":"arguments are not a JSON object","type":"invalid_tool_call"}]}`,
		},
		{
			"blocks by index",
			[]MessageChunk{
				blocks(`{"type":"reasoning","reasoning":"hm","index":0}`), blocks(`{"type":"reasoning","reasoning":"m","index":0}`),
				blocks(`{"type":"text","text":"A","index":1}`, `{"type":"text","text":"B","index":1}`),
			},
			`{"content":[{"type":"reasoning","reasoning":"hmm","index":0},{"type":"text","text":"AB","index":1}]}`,
		},
		{
			"deltas of another type", // what was seen of langchain-core 1.7
			[]MessageChunk{
				blocks(`{"type":"tool_use","id":"t1","name":"f","input":{},"index":1}`),
				blocks(`{"type":"input_json_delta","partial_json":"{\"a\":","index":1}`), blocks(`{"type":"input_json_delta","partial_json":"1}","index":1}`),
				blocks(`{"type":"text","text":"A","index":2}`),
			},
			`{"content":[{"type":"tool_use","id":"t1","name":"f","input":{},"index":1,"partial_json":"{\"a\":1}"},{"type":"text","text":"A","index":2}]}`,
		},
		{
			"text around blocks",
			[]MessageChunk{text("a"), text("b"), blocks(`{"type":"image","url":"u"}`), text("c"), text("d")},
			`{"content":[{"type":"text","text":"ab"},{"type":"image","url":"u"},{"type":"text","text":"cd"}]}`,
		},
		{
			"usage is summed",
			[]MessageChunk{
				{ID: "m", UsageMetadata: &Usage{InputTokens: 9, TotalTokens: 9, InputTokenDetails: map[string]int{"cache_read": 1}}},
				{ID: "m", UsageMetadata: &Usage{OutputTokens: 4, TotalTokens: 4, InputTokenDetails: map[string]int{"cache_read": 2}}, ResponseMetadata: map[string]json.RawMessage{"finish_reason": json.RawMessage(`"stop"`)}},
			},
			`{"content":"","usage_metadata":{"input_tokens":9,"output_tokens":4,"total_tokens":13,"input_token_details":{"cache_read":3}},"response_metadata":{"finish_reason":"stop"}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := Message{Type: TypeAI, ID: "m"}
			if err := json.Unmarshal([]byte(`{"type":"ai","id":"m",`+tc.want[1:]), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, Accumulate(tc.chunks...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The chunk of all chunks so far tells the same as the chunks do.
func TestAccumulatorChunk(t *testing.T) {
	t.Parallel()
	var a Accumulator
	a.Add(MessageChunk{ID: "m", Content: Content{Text: "x"}})
	a.Add(MessageChunk{ID: "m", ToolCallChunks: []ToolCallChunk{{ID: "c", Name: "f", Args: `{"city":"S`}}})
	half := a.Chunk()
	a.Add(MessageChunk{ID: "m", ToolCallChunks: []ToolCallChunk{{Args: `F"}`}}})
	if diff := cmp.Diff(a.Message(), Accumulate(a.Chunk())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := `{"type":"AIMessageChunk","id":"m","content":"x","tool_calls":[{"name":"f","args":{"city":"S"},"id":"c","type":"tool_call"}],"invalid_tool_calls":[],` +
		`"tool_call_chunks":[{"name":"f","args":"{\"city\":\"S","id":"c","index":0,"type":"tool_call_chunk"}],"additional_kwargs":{},"response_metadata":{}}`
	if got := string(half.AppendWire(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMessageChunkJSON(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		chunk      MessageChunk
		json, wire string
	}{
		{
			"text",
			MessageChunk{ID: "m", Content: Content{Text: "hi"}},
			`{"id":"m","content":"hi"}`,
			`{"type":"AIMessageChunk","id":"m","content":"hi","tool_calls":[],"invalid_tool_calls":[],"tool_call_chunks":[],"additional_kwargs":{},"response_metadata":{}}`,
		},
		{
			"last",
			MessageChunk{ID: "m", Last: true, UsageMetadata: &Usage{TotalTokens: 1}, ResponseMetadata: map[string]json.RawMessage{"finish_reason": json.RawMessage(`"stop"`)}},
			`{"id":"m","response_metadata":{"finish_reason":"stop"},"usage_metadata":{"input_tokens":0,"output_tokens":0,"total_tokens":1},"chunk_position":"last"}`,
			`{"type":"AIMessageChunk","id":"m","content":"","tool_calls":[],"invalid_tool_calls":[],"tool_call_chunks":[],"additional_kwargs":{},"response_metadata":{"finish_reason":"stop"},"usage_metadata":{"input_tokens":0,"output_tokens":0,"total_tokens":1},"chunk_position":"last"}`,
		},
		{
			"call",
			MessageChunk{ID: "m", ToolCallChunks: []ToolCallChunk{{Index: 1, Args: `{"`}}},
			`{"id":"m","tool_call_chunks":[{"name":null,"args":"{\"","id":null,"index":1,"type":"tool_call_chunk"}]}`,
			`{"type":"AIMessageChunk","id":"m","content":"","tool_calls":[],"invalid_tool_calls":[],"tool_call_chunks":[{"name":null,"args":"{\"","id":null,"index":1,"type":"tool_call_chunk"}],"additional_kwargs":{},"response_metadata":{}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := string(tc.chunk.AppendJSON(nil)); got != tc.json {
				t.Errorf("short: got  %s\nwant %s", got, tc.json)
			}
			if got := string(tc.chunk.AppendWire(nil)); got != tc.wire {
				t.Errorf("wire: got  %s\nwant %s", got, tc.wire)
			}
			for _, form := range []string{tc.json, tc.wire} {
				var got MessageChunk
				if err := json.Unmarshal([]byte(form), &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.chunk, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", form, diff)
				}
			}
		})
	}
}

func TestPartialObject(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``: ``, `[`: ``, `{`: `{}`, `{"a`: `{}`, `{"a"`: `{}`, `{"a":`: `{}`, `{"a":"b`: `{"a":"b"}`, `{"a":"b\`: `{"a":"b"}`,
		`{"a":1,`: `{"a":1}`, `{"a":1,"b`: `{"a":1}`, `{"a":[1,{"b":2},`: `{"a":[1,{"b":2}]}`, `{"a":{"b":tr`: `{"a":{}}`, `{"a":1}`: `{"a":1}`,
		`{"a":"}{,"`: `{"a":"}{,"}`,
	} {
		if got := string(partialObject([]byte(in))); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func FuzzMessageChunk(f *testing.F) {
	f.Add([]byte(`{"type":"AIMessageChunk","id":"m","content":[{"type":"text","text":"x","index":0}],"tool_call_chunks":[{"index":1,"args":"{}","name":"f"}]}`))
	f.Add([]byte(`{"content":["a",{"x":null}],"chunk_position":"last"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c MessageChunk
		if json.Unmarshal(data, &c) != nil {
			return
		}
		var again MessageChunk
		if err := json.Unmarshal(c.AppendJSON(nil), &again); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if got := Accumulate(c, c).AppendJSON(nil); !json.Valid(c.AppendWire(nil)) || !json.Valid(got) {
			t.Fatalf("%q became no JSON: %s", data, got)
		}
	})
}

func BenchmarkChunkAppendWire(b *testing.B) {
	c := MessageChunk{ID: "run-0c1f7a2e-8a43-4b43-93a5-0c1f7a2e8a43", Content: Content{Text: "token "}}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = c.AppendWire(buf[:0])
	}
}
