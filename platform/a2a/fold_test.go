package a2a

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/events"
)

// heardBy folds frames, each "event data", and writes the updates down.
func heardBy(t *testing.T, f *fold, frames ...string) (out []string) {
	t.Helper()
	write := func(updates []update) {
		for _, u := range updates {
			if u.artifact == nil {
				out = append(out, u.status.state)
				continue
			}
			line := u.artifact.id
			for _, p := range u.artifact.parts {
				if p.text != nil {
					line += fmt.Sprintf(" %q", *p.text)
				} else {
					line += " " + p.url + p.raw
				}
			}
			if u.append {
				line += " +"
			}
			if u.last {
				line += " last"
			}
			out = append(out, line)
		}
	}
	for i, frame := range frames {
		event, data, _ := strings.Cut(frame, " ")
		updates, err := f.apply(events.Frame{ID: int64(i), Event: event, Data: []byte(data)})
		if err != nil {
			t.Fatalf("%s: %v", frame, err)
		}
		write(updates)
	}
	write(f.close())
	return out
}

func TestFold(t *testing.T) {
	t.Parallel()
	chunk := func(id, content, more string) string {
		return fmt.Sprintf(`messages [{"type": "AIMessageChunk", "id": %q, "content": %s%s}, {}]`, id, content, more)
	}
	for name, test := range map[string]struct{ frames, want []string }{
		"chunks": {
			[]string{`metadata {"attempt": 1}`, chunk("m", `"a"`, ""), chunk("m", `"b"`, ""), chunk("m", `""`, `, "chunk_position": "last"`)},
			[]string{"working", `m "a"`, `m "b" +`, `m "" + last`},
		},
		"the last chunk says something": {
			[]string{chunk("m", `"a"`, ""), chunk("m", `"b"`, `, "chunk_position": "last"`)},
			[]string{`m "a"`, `m "b" + last`},
		},
		"nobody says which chunk is the last": {
			[]string{chunk("m", `"a"`, ""), chunk("n", `"b"`, "")},
			[]string{`m "a"`, `m "" + last`, `n "b"`, `n "" + last`},
		},
		"a whole message": {
			[]string{`messages [{"type": "ai", "id": "m", "content": "all"}, {}]`},
			[]string{`m "all" last`},
		},
		"messages without ids": {
			[]string{`messages [{"type": "ai", "content": "one"}, {}]`, `messages [{"type": "ai", "content": "two"}, {}]`},
			[]string{`message-1 "one" last`, `message-2 "two" last`},
		},
		"tools and users are not told": {
			[]string{`messages [{"type": "tool", "id": "m", "content": "secret"}, {}]`, `messages [{"type": "human", "id": "m", "content": "me"}, {}]`},
			nil,
		},
		"a call of a tool says nothing": {
			[]string{chunk("m", `""`, `, "tool_call_chunks": [{"name": "t"}]`), chunk("m", `[]`, `, "chunk_position": "last"`)},
			nil,
		},
		"blocks": {
			[]string{chunk("m", `["a", {"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "b"}, {"type": "image", "url": "http://x"}, 7, {"type": "file", "base64": "AA=="}]`, "")},
			[]string{`m "a" "b" http://x AA==`, `m "" + last`},
		},
		"messages of graphs inside come with the state": {
			[]string{
				`values {"messages": [{"type": "ai", "id": "old", "content": "x"}, {"type": "human", "id": "h", "content": "x"}]}`, chunk("m", `"a"`, ""),
				`values {"messages": [{"type": "ai", "id": "old", "content": "x"}, {"type": "ai", "id": "m", "content": "a"}, {"type": "ai", "id": "in", "content": "b"}, {"type": "tool", "id": "t", "content": "c"}]}`,
				`values {"messages": [{"type": "ai", "id": "m", "content": "a"}, {"type": "ai", "id": "in", "content": "b"}, {"type": "ai", "content": "no id"}]}`,
				`values "no object"`,
			},
			[]string{`m "a"`, `m "" + last`, `in "b" last`},
		},
		"what an attempt has done is not said again": {
			[]string{
				`metadata {"attempt": 1}`, `values {"messages": []}`, `messages [{"type": "ai", "id": "m", "content": "a"}, {}]`,
				`values {"messages": [{"type": "ai", "id": "m", "content": "a"}]}`, chunk("n", `"half"`, ""),
				`metadata {"attempt": 2}`, `values {"messages": [{"type": "ai", "id": "m", "content": "a"}]}`, chunk("n", `"ha"`, ""), chunk("n", `"lf"`, ""),
				`values {"messages": [{"type": "ai", "id": "m", "content": "a"}, {"type": "ai", "id": "n", "content": "half"}]}`,
			},
			[]string{"working", `m "a" last`, `n "half"`, `n "" + last`, `n "ha"`, `n "lf" +`, `n "" + last`},
		},
		"another attempt begins again": {
			[]string{`metadata {"attempt": 1}`, chunk("m", `"a"`, ""), `metadata {"attempt": 2}`, chunk("m", `"a"`, ""), chunk("m", `"b"`, "")},
			[]string{"working", `m "a"`, `m "" + last`, `m "a"`, `m "b" +`, `m "" + last`},
		},
	} {
		if diff := cmp.Diff(test.want, heardBy(t, newFold(), test.frames...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFoldCollects(t *testing.T) {
	t.Parallel()
	f := newFold()
	f.collects = true
	heardBy(
		t, f, `metadata {"attempt": 1}`, `values {"messages": []}`, `messages [{"type": "AIMessageChunk", "id": "lost", "content": "x"}, {}]`,
		`metadata {"attempt": 2}`, `values {"messages": [{"type": "ai", "id": "in", "content": "first"}]}`,
		`messages [{"type": "AIMessageChunk", "id": "m", "content": "a"}, {}]`, `messages [{"type": "AIMessageChunk", "id": "m", "content": "b"}, {}]`,
		`messages [{"type": "AIMessageChunk", "id": "m", "content": [{"type": "image", "url": "http://x"}, "c"]}, {}]`,
		`values {"messages": []}`,
	)
	got, err := json.Marshal(v10.task(task{id: "t", context: "c", status: status{state: stateAsks}, artifacts: f.artifacts()}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"artifacts":[{"artifactId":"in","name":"Assistant Response","parts":[{"text":"first"}]},{"artifactId":"m","name":"Assistant Response","parts":[{"text":"ab"},{"url":"http://x"},{"text":"c"}]}],` +
		`"contextId":"c","id":"t","status":{"state":"TASK_STATE_INPUT_REQUIRED"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if string(f.values) != `{"messages": []}` {
		t.Errorf("values %s", f.values)
	}
}

func TestFoldRefusesWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`{}`, `[]`, `["x"]`, `[{"type": 1}]`} {
		if _, err := newFold().apply(events.Frame{Event: "messages", Data: []byte(data)}); err == nil {
			t.Errorf("%s: no error", data)
		}
	}
}
