package graphs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMessageCoercion holds the forms of streaming.md §2.4.
func TestMessageCoercion(t *testing.T) {
	t.Parallel()
	const empty = `"additional_kwargs":{},"response_metadata":{}`
	const noCalls = `"tool_calls":[],"invalid_tool_calls":[]`
	const call = `{"name":"f","args":{"a":1},"id":"c1","type":"tool_call"}`
	for _, tc := range []struct{ name, in, want string }{
		{"string", `"hi"`, `{"type":"human","content":"hi",` + empty + `}`},
		{"pair", `["user","hi"]`, `{"type":"human","content":"hi",` + empty + `}`},
		{"pair of blocks", `["assistant",[{"type":"text","text":"hi"}]]`, `{"type":"ai","content":[{"type":"text","text":"hi"}],` + noCalls + `,` + empty + `}`},
		{"role user", `{"role":"user","content":"hi"}`, `{"type":"human","content":"hi",` + empty + `}`},
		{"role assistant", `{"role":"assistant","content":null,"name":null,"id":null}`, `{"type":"ai","content":"",` + noCalls + `,` + empty + `}`},
		{"role developer", `{"role":"developer","content":"d"}`, `{"type":"system","content":"d","additional_kwargs":{"__openai_role__":"developer"},"response_metadata":{}}`},
		{"role tool", `{"role":"tool","tool_call_id":"c1","content":"r"}`, `{"type":"tool","content":"r","tool_call_id":"c1",` + empty + `}`},
		{"function", `{"role":"function","name":"f","content":"r"}`, `{"type":"function","content":"r","name":"f",` + empty + `}`},
		{"chat keeps its role", `{"type":"chat","role":"critic","content":"r"}`, `{"type":"chat","content":"r",` + empty + `,"role":"critic"}`},
		{"type beats role", `{"type":"system","role":"user","content":"r"}`, `{"type":"system","content":"r",` + empty + `}`},
		{"role when the type is none", `{"type":"message","role":"user","content":"r"}`, `{"type":"human","content":"r",` + empty + `}`},
		{"null objects", `{"type":"human","content":"h","additional_kwargs":null,"response_metadata":null}`, `{"type":"human","content":"h",` + empty + `}`},
		{"unknown fields", `{"type":"human","content":"h","example":false,"a":{"b":[1]}}`, `{"type":"human","content":"h",` + empty + `,"a":{"b":[1]},"example":false}`},
		{"unknown block keys", `{"type":"human","content":[{"type":"image","mimeType":"image/png","data":"x","metadata":{"n":1.50}}]}`, `{"type":"human","content":[{"type":"image","mimeType":"image/png","data":"x","metadata":{"n":1.50}}],` + empty + `}`},
		{"calls", `{"type":"ai","content":"","tool_calls":[` + call + `]}`, `{"type":"ai","content":"","tool_calls":[` + call + `],"invalid_tool_calls":[],` + empty + `}`},
		{"calls of OpenAI", `{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]}`, `{"type":"ai","content":"","tool_calls":[` + call + `],"invalid_tool_calls":[],` + empty + `}`},
		{"broken arguments", `{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a"}}]}`, `{"type":"ai","content":"","tool_calls":[],"invalid_tool_calls":[{"name":"f","args":"{\"a","id":"c1","error":"arguments are not a JSON object","type":"invalid_tool_call"}],` + empty + `}`},
		{"calls in additional_kwargs", `{"type":"ai","content":"","additional_kwargs":{"tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]}}`, `{"type":"ai","content":"","tool_calls":[` + call + `],"invalid_tool_calls":[],"additional_kwargs":{"tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]},"response_metadata":{}}`},
		{"extra of a call", `{"type":"ai","content":"","tool_calls":[{"name":"f","args":{},"id":null,"type":"tool_call","x":1}]}`, `{"type":"ai","content":"","tool_calls":[{"name":"f","args":{},"id":null,"type":"tool_call","x":1}],"invalid_tool_calls":[],` + empty + `}`},
		{"usage", `{"type":"ai","content":"","usage_metadata":{"input_tokens":9,"output_tokens":4,"total_tokens":13}}`, `{"type":"ai","content":"",` + noCalls + `,"usage_metadata":{"input_tokens":9,"output_tokens":4,"total_tokens":13},` + empty + `}`},
		{"usage of another form", `{"type":"ai","content":"","usage_metadata":{"input_tokens":1,"cost":0.5}}`, `{"type":"ai","content":"",` + noCalls + `,` + empty + `,"usage_metadata":{"input_tokens":1,"cost":0.5}}`},
		{"chunk", `{"type":"AIMessageChunk","id":"r","content":"x","tool_call_chunks":[{"name":"f","args":"{\"a\":","id":"c1","index":0},{"name":null,"args":"1}","id":null,"index":0}]}`, `{"type":"ai","id":"r","content":"x","tool_calls":[` + call + `],"invalid_tool_calls":[],` + empty + `}`},
		{"chunk of a human", `{"type":"HumanMessageChunk","content":"x"}`, `{"type":"human","content":"x",` + empty + `}`},
		{"constructor", `{"lc":1,"type":"constructor","id":["langchain","schema","messages","AIMessage"],"kwargs":{"content":"x","id":"m","tool_calls":[]}}`, `{"type":"ai","id":"m","content":"x",` + noCalls + `,` + empty + `}`},
		{"constructor of a chunk", `{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessageChunk"],"kwargs":{"content":"x","type":"human"}}`, `{"type":"human","content":"x",` + empty + `}`},
		{"stored", `{"type":"human","data":{"content":"x","id":"m","type":"human"}}`, `{"type":"human","id":"m","content":"x",` + empty + `}`},
		{"data beside content", `{"type":"human","content":"x","data":{"k":1}}`, `{"type":"human","content":"x",` + empty + `,"data":{"k":1}}`},
		{"remove", `{"type":"remove","id":"x","content":""}`, `{"type":"remove","id":"x","content":"",` + empty + `}`},
		{"tool with all", `{"type":"tool","id":"t","tool_call_id":"c","name":"f","status":"error","artifact":{"x":1},"content":"r"}`, `{"type":"tool","id":"t","content":"r","name":"f","tool_call_id":"c","status":"error","artifact":{"x":1},` + empty + `}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var m Message
			if err := json.Unmarshal([]byte(tc.in), &m); err != nil {
				t.Fatal(err)
			}
			got := string(m.AppendJSON(nil))
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			var again Message
			if err := json.Unmarshal([]byte(got), &again); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, again); diff != "" {
				t.Errorf("not stable (-first +second):\n%s", diff)
			}
		})
	}
}

func TestMessageRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"null":                     `null`,
		"number":                   `3`,
		"unknown role":             `{"role":"alien","content":"z"}`,
		"neither type nor role":    `{"content":"z"}`,
		"triple":                   `["user","a","b"]`,
		"pair without role":        `[1,"b"]`,
		"tool without call id":     `{"role":"tool","content":"z"}`,
		"remove without id":        `{"type":"remove"}`,
		"content is an object":     `{"role":"user","content":{}}`,
		"id is a number":           `{"role":"user","content":"","id":1}`,
		"kwargs is a list":         `{"role":"user","content":"","additional_kwargs":[]}`,
		"args is a number":         `{"role":"ai","content":"","tool_calls":[{"name":"f","args":1}]}`,
		"constructor without name": `{"lc":1,"type":"constructor","id":[],"kwargs":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m Message
			if err := json.Unmarshal([]byte(in), &m); !errors.Is(err, ErrMessage) {
				t.Errorf("got %v (%+v), want ErrMessage", err, m)
			}
		})
	}
}

func TestCoerceMessages(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     []Message
	}{
		{"null", `null`, nil},
		{"empty list", `[]`, []Message{}},
		{"bare string", `"hi"`, []Message{Human("hi")}},
		{"single message", `{"role":"system","content":"s"}`, []Message{System("s")}},
		{"list of strings is no pair", `["user","hi"]`, []Message{Human("user"), Human("hi")}},
		{"mixed", `[["ai","a"], "b" , {"type":"human","content":"c","id":"x"}]`, []Message{AI("a"), Human("b"), {Type: TypeHuman, ID: "x", Content: Content{Text: "c"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := CoerceMessages(json.RawMessage(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, err := CoerceMessages(json.RawMessage(`["a",{"role":"alien"}]`))
	if !errors.Is(err, ErrMessage) || !strings.Contains(err.Error(), "messages[1]") || !strings.Contains(err.Error(), "alien") {
		t.Errorf("error does not say which message and why: %v", err)
	}
}

// A frame of a stream is one line, whatever clients or graphs put into a message.
func TestMessageIsOneLine(t *testing.T) {
	t.Parallel()
	pretty := "{\n\"type\": \"human\",\r\n \"content\": [\n{\"type\": \"text\", \"text\": \"a\u2028b\\n\"}\n], \"x\": {\n\"y\": 1}\n}"
	var read Message
	if err := json.Unmarshal([]byte(pretty), &read); err != nil {
		t.Fatal(err)
	}
	made := Human("a\nb\u2029c\x00\"\\\xff<é")
	made.Artifact = json.RawMessage("{\n\"a\": \"\u2028\"}")
	for _, m := range []Message{read, made} {
		got := m.AppendJSON(nil)
		if i := strings.IndexAny(string(got), "\n\r\u2028\u2029"); i >= 0 || !json.Valid(got) {
			t.Errorf("broken line at %d: %s", i, got)
		}
		var again Message
		if err := json.Unmarshal(got, &again); err != nil || again.Text() == "" {
			t.Errorf("lost: %v %q", err, again.Text())
		}
	}
	if got, want := read.Text(), "a\u2028b\n"; got != want {
		t.Errorf("text: got %q want %q", got, want)
	}
	var text string
	if err := json.Unmarshal(appendString(nil, made.Content.Text), &text); err != nil || text != "a\nb\u2029c\x00\"\\\ufffd<é" {
		t.Errorf("string: %v %q", err, text)
	}
}

func TestContentText(t *testing.T) {
	t.Parallel()
	var c Content
	if err := json.Unmarshal([]byte(`[{"type":"text","text":"a"},"b",{"type":"image","url":"u"},{"type":"text","text":"c"}]`), &c); err != nil {
		t.Fatal(err)
	}
	if c.String() != "abc" {
		t.Errorf("got %q", c.String())
	}
}

func TestEnsureIDs(t *testing.T) {
	t.Parallel()
	whole := []Message{{Type: TypeHuman, ID: "a"}}
	if got := EnsureIDs(whole); &got[0] != &whole[0] {
		t.Error("copied without need")
	}
	in := []Message{{Type: TypeHuman, ID: "a"}, Human("x"), Human("y")}
	got := EnsureIDs(in)
	if in[1].ID != "" || in[2].ID != "" {
		t.Error("input was changed")
	}
	if got[0].ID != "a" || got[1].ID == "" || got[2].ID == "" || got[1].ID == got[2].ID {
		t.Errorf("ids: %q %q %q", got[0].ID, got[1].ID, got[2].ID)
	}
	if EnsureIDs(nil) != nil {
		t.Error("nil became something")
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`"x"`, `["user","x"]`, `{"type":"ai","content":[{"a":1},"b"],"tool_calls":[{"name":"f","args":"{","id":"1"}]}`,
		`{"lc":1,"type":"constructor","id":["AIMessage"],"kwargs":{"content":"\ud800"}}`, `{"type":"human","data":{"content":""}}`,
		`{"type":"AIMessageChunk","tool_call_chunks":[{"index":1,"args":"{}"}]}`, `{"\u0074ype":"tool","tool_call_id":"\"","x":[[{}],-1e3,true]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Message
		if json.Unmarshal(data, &m) != nil {
			return
		}
		first := m.AppendJSON(nil)
		if !json.Valid(first) {
			t.Fatalf("%q became no JSON: %s", data, first)
		}
		var again Message
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%q became what cannot be read: %s: %v", data, first, err)
		}
		if second := again.AppendJSON(nil); string(first) != string(second) {
			t.Fatalf("%q is not stable:\n%s\n%s", data, first, second)
		}
	})
}

func BenchmarkMessageAppendJSON(b *testing.B) {
	m := AI("Let me look that up for you.", ToolCall{ID: "call_1", Name: "weather", Args: json.RawMessage(`{"city":"sf"}`)})
	m.ID = "run-0c1f7a2e"
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = m.AppendJSON(buf[:0])
	}
}

func BenchmarkMessageUnmarshal(b *testing.B) {
	data := AI("Let me look that up for you.", ToolCall{ID: "call_1", Name: "weather", Args: json.RawMessage(`{"city":"sf"}`)}).AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		var m Message
		if err := m.UnmarshalJSON(data); err != nil {
			b.Fatal(err)
		}
	}
}
