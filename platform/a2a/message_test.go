package a2a

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someID = "0190aaaa-0000-7000-8000-000000000001"

func TestMessagesOfUsers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ parts, human, answer string }{
		"text":          {`[{"text": "hi"}]`, `"hi"`, `"hi"`},
		"text of 0.3":   {`[{"kind": "text", "text": "hi"}]`, `"hi"`, `"hi"`},
		"two texts":     {`[{"text": "a"}, {"text": "b"}]`, `[{"text":"a","type":"text"},{"text":"b","type":"text"}]`, `"a\nb"`},
		"data":          {`[{"data": {"to": "Oslo", "n": 1}}]`, `[{"text":"{\"to\":\"Oslo\",\"n\":1}","type":"text"}]`, `{"to":"Oslo","n":1}`},
		"data and text": {`[{"text": "so:"}, {"data": [1]}]`, `[{"text":"so:","type":"text"},{"text":"[1]","type":"text"}]`, `[1]`},
		"two data":      {`[{"data": 1}, {"data": true}]`, `[{"text":"1","type":"text"},{"text":"true","type":"text"}]`, `[1,true]`},
		"null is data":  {`[{"data": null}]`, `[{"text":"null","type":"text"}]`, ``},
		"a file by its address": {
			`[{"url": "https://x/y.png", "mediaType": "image/png", "filename": "y.png"}]`,
			`[{"metadata":{"filename":"y.png"},"mime_type":"image/png","type":"image","url":"https://x/y.png"}]`, ``,
		},
		"a file of 0.3": {
			`[{"kind": "file", "file": {"bytes": "AAEC", "mimeType": "application/pdf", "name": "a.pdf"}}]`,
			`[{"base64":"AAEC","metadata":{"filename":"a.pdf"},"mime_type":"application/pdf","type":"file"}]`, ``,
		},
	} {
		var sent sentMessage
		if err := json.Unmarshal([]byte(`{"messageId": "1", "role": "user", "parts": `+test.parts+`}`), &sent); err != nil {
			t.Fatal(err)
		}
		m, err := sent.read()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		human, err := m.human()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"content":`+test.human+`,"type":"human"}`, string(human)); diff != "" {
			t.Errorf("%s, as a message (-want +got):\n%s", name, diff)
		}
		answer, err := m.answer()
		if (err != nil) != (test.answer == "") || string(answer) != test.answer {
			t.Errorf("%s, as an answer: %s, %v, want %s", name, answer, err, test.answer)
		}
	}
}

func TestOnlyLongIDsOfMessagesAreKept(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"1":    `{"content":"","type":"human"}`,
		someID: `{"content":"","id":"` + someID + `","type":"human"}`,
	} {
		m := message{id: id, parts: []part{textPart("")}}
		if got, err := m.human(); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", id, got, err, want)
		}
	}
}

func TestMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`,
		`{"messageId": "1", "role": "user"}`,
		`{"messageId": "1", "role": "user", "parts": []}`,
		`{"messageId": "1", "role": "agent", "parts": [{"text": "x"}]}`,
		`{"role": "user", "parts": [{"text": "x"}]}`,
		`{"messageId": "1", "role": "user", "parts": [{}]}`,
		`{"messageId": "1", "role": "user", "parts": [{"text": "x", "data": {}}]}`,
		`{"messageId": "1", "role": "user", "parts": [{"raw": "no base64!"}]}`,
		`{"messageId": "1", "role": "user", "parts": [{"kind": "file", "file": {}}]}`,
		`{"messageId": "1", "role": "user", "parts": [{"kind": "data", "text": "x"}]}`,
		`{"messageId": "1", "role": "user", "kind": "task", "parts": [{"text": "x"}]}`,
	} {
		var sent sentMessage
		if err := json.Unmarshal([]byte(text), &sent); err != nil {
			t.Fatal(err)
		}
		if _, err := sent.read(); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// What is said comes back as it was said, files with their names.
func TestPartsComeBack(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]part{
		"text":          textPart("x"),
		"a file":        {raw: "AA==", media: "application/pdf", filename: "a.pdf"},
		"an image":      {url: "https://x/y.png", media: "image/png", filename: "y.png"},
		"without names": {url: "https://x/y", media: "audio/wav"},
	} {
		raw, err := json.Marshal(p.block())
		if err != nil {
			t.Fatal(err)
		}
		got, ok := partOf(raw)
		if diff := cmp.Diff(v10.part(p), v10.part(got)); !ok || diff != "" {
			t.Errorf("%s: %v (-said +got):\n%s", name, ok, diff)
		}
	}
	for _, metadata := range []string{`"x"`, `{"filename": 7}`, `null`, `[]`} {
		got, ok := partOf(json.RawMessage(`{"type": "file", "url": "https://x/y", "metadata": ` + metadata + `}`))
		if !ok || got.url != "https://x/y" || got.filename != "" {
			t.Errorf("metadata %s: %v, %+v", metadata, ok, got)
		}
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	const values = `{"messages": [
		{"type": "system", "id": "0", "content": "be kind"}, {"type": "human", "id": "1", "content": "a"},
		{"type": "ai", "id": "2", "content": "", "tool_calls": [{}]}, {"type": "tool", "id": "3", "content": "secret"},
		{"type": "ai", "id": "4", "content": "b"}, {"type": "human", "content": "no id"}, "text", 7, null]}`
	ids := func(n int) (out []string) {
		for _, m := range conversation(json.RawMessage(values), "c", n) {
			out = append(out, m.id)
		}
		return out
	}
	for n, want := range map[int][]string{0: nil, 1: {"4"}, 2: {"1", "4"}, 10: {"1", "4"}} {
		if got := ids(n); !cmp.Equal(got, want) {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for _, values := range []string{``, `null`, `[]`, `{"messages": {}}`, `{"messages": null}`} {
		if got := conversation(json.RawMessage(values), "c", 3); got != nil {
			t.Errorf("%s: %v", values, got)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	file := part{raw: "AA==", media: "image/png", filename: "x.png"}
	for name, test := range map[string]struct {
		got  any
		want string
	}{
		"data of 1.0":   {v10.part(part{data: json.RawMessage(`[1]`)}), `{"data":[1]}`},
		"data of 0.3":   {v03.part(part{data: json.RawMessage(`[1]`)}), `{"data":{"value":[1]},"kind":"data"}`},
		"object of 0.3": {v03.part(part{data: json.RawMessage(`{"a":1}`)}), `{"data":{"a":1},"kind":"data"}`},
		"file of 1.0":   {v10.part(file), `{"filename":"x.png","mediaType":"image/png","raw":"AA=="}`},
		"file of 0.3":   {v03.part(file), `{"file":{"bytes":"AA==","mimeType":"image/png","name":"x.png"},"kind":"file"}`},
		"message of 1.0": {
			v10.message(message{id: "m", parts: []part{textPart("x")}, context: "c"}),
			`{"contextId":"c","messageId":"m","parts":[{"text":"x"}],"role":"ROLE_USER"}`,
		},
		"message of 0.3": {
			v03.message(message{id: "m", agent: true, parts: []part{textPart("x")}, task: "t"}),
			`{"kind":"message","messageId":"m","parts":[{"kind":"text","text":"x"}],"role":"agent","taskId":"t"}`,
		},
		"event of 1.0": {
			v10.event("t", "c", update{status: status{state: stateCanceled}, final: true}),
			`{"statusUpdate":{"contextId":"c","status":{"state":"TASK_STATE_CANCELED"},"taskId":"t"}}`,
		},
		"event of 0.3": {
			v03.event("t", "c", update{status: status{state: stateCanceled}, final: true}),
			`{"contextId":"c","final":true,"kind":"status-update","status":{"state":"canceled"},"taskId":"t"}`,
		},
		"artifact of 0.3": {
			v03.event("t", "c", update{artifact: &artifact{"a", []part{textPart("x")}}, append: true}),
			`{"append":true,"artifact":{"artifactId":"a","name":"Assistant Response","parts":[{"kind":"text","text":"x"}]},"contextId":"c","kind":"artifact-update","lastChunk":false,"taskId":"t"}`,
		},
	} {
		got, err := json.Marshal(test.got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
