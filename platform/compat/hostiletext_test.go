package compat

import (
	"strconv"
	"strings"
	"testing"
)

// hostileTexts are JSON values that a client can send and a database may choke on.
func hostileTexts() map[string]string {
	return map[string]string{
		"U+0000":                `"a\u0000b"`,
		"two of U+0000":         `"\u0000\u0000"`,
		"an escaped escape":     `"a\\u0000b"`,
		"half a surrogate pair": `"\ud800"`,
		"the other half":        `"\udc00x"`,
		"halves the wrong way":  `"\udc00\ud800"`,
		"no UTF-8":              "\"\xff\xfe\"",
		"an overlong NUL":       "\"\xc0\x80\"",
		"line separators":       `"\u2028\u2029\n\r"`,
		"direction marks":       `"\u202e\u2066"`,
		"beyond the BMP":        `"\ud83d\ude00"`,
		"a quote":               `"'); DROP TABLE threads; --"`,
		"a huge integer":        strings.Repeat("9", 400),
		"a long fraction":       "0." + strings.Repeat("1", 400),
		"a huge exponent":       `1e400`,
		"a giant exponent":      `1e999999`,
		"a tiny exponent":       `1e-999999`,
		"minus zero":            `-0`,
		"deep lists":            strings.Repeat("[", 900) + strings.Repeat("]", 900),
		"deeper lists":          strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"deepest lists":         strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"deep objects":          strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
		"a key with U+0000":     `{"a\u0000": 1}`,
		"a key of halves":       `{"\ud800": 1}`,
		"an empty key":          `{"": 1}`,
		"the same key twice":    `{"owner": "user1", "owner": "user2"}`,
		"a prototype":           `{"__proto__": {"owner": "user2"}}`,
	}
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		bobs := settle(t, s, bob)
		before := bobs.snapshot()
		var attacks []attack
		for name, value := range hostileTexts() {
			add := func(method, path, body string) {
				attacks = append(attacks, attack{name, method, path, strings.ReplaceAll(body, "?", value), 0, ""})
			}
			add("POST", "/threads", `{"metadata": {"k": ?}}`)
			add("PATCH", "/threads/{thread}", `{"metadata": {"k": ?}}`)
			add("POST", "/threads/search", `{"metadata": {"k": ?}}`)
			add("POST", "/threads/search", `{"values": {"k": ?}}`)
			add("POST", "/threads/count", `{"metadata": ?}`)
			add("POST", "/assistants", `{"graph_id": "agent", "metadata": {"k": ?}, "config": {"configurable": {"k": ?}}}`)
			add("POST", "/assistants", `{"graph_id": "agent", "context": {"k": ?}}`)
			add("POST", "/assistants", `{"graph_id": "agent", "name": ?, "description": ?}`)
			add("POST", "/assistants/search", `{"name": ?}`)
			add("POST", "/assistants/search", `{"graph_id": ?}`)
			add("POST", "/runs/wait", `{"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": ?}]}}`)
			add("POST", "/runs/wait", `{"assistant_id": "agent", "input": ?}`)
			add("POST", "/runs/wait", `{"assistant_id": "agent", "metadata": {"k": ?}, "config": {"configurable": {"k": ?}, "tags": ["t"]}}`)
			add("POST", "/runs/wait", `{"assistant_id": "agent", "context": {"k": ?}}`)
			add("POST", "/runs/wait", `{"assistant_id": ?}`)
			add("POST", "/runs/wait", `{"assistant_id": "agent", "command": {"resume": ?}}`)
			add("POST", "/threads/{thread}/runs", `{"assistant_id": "agent", "input": {}, "webhook": ?, "feedback_keys": [?], "interrupt_before": [?]}`)
			add("POST", "/threads/{thread}/runs/wait", `{"assistant_id": "agent", "input": {}, "checkpoint": {"checkpoint_id": ?, "checkpoint_ns": ?}}`)
			add("POST", "/threads/{thread}/state", `{"values": {"messages": [{"role": "user", "content": ?}]}, "as_node": "echo"}`)
			add("POST", "/threads/{thread}/state", `{"values": ?, "as_node": "echo"}`)
			add("POST", "/threads/{thread}/state", `{"values": {}, "as_node": ?, "checkpoint_id": ?}`)
			add("POST", "/threads/{thread}/state/checkpoint", `{"checkpoint": {"checkpoint_id": ?, "checkpoint_ns": ?}}`)
			add("POST", "/threads/{thread}/history", `{"before": ?, "metadata": {"k": ?}}`)
		}
		survives(t, e, attacks)
		bobs.unchanged(t, before)
	})
}

// hostileKeys are names that a search may filter by.
func hostileKeys() []string {
	return []string{
		`owner') OR 1=1 --`, `owner" = "owner`, `$or`, `$and`, `$not`, `$eq`, `owner.x`, `$.owner`, `$`, `*`, `owner[0]`, `"`, `'`, `\`, "`", `;`, `--`, `/*`, `?`,
		`$1`, `%s`, `%`, `_`, `{}`, `t.metadata`, `1`, ``, ` owner`, "owner\u2028", `OWNER`, `__proto__`, strings.Repeat("k", 10_000), `"||owner||"`, `x' ? 'owner`,
	}
}

func TestHostileFilterKeys(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		bobs := settle(t, s, bob)
		var attacks []attack
		for _, key := range hostileKeys() {
			for _, value := range []string{`"user1"`, `1`, `true`, `null`, `[]`, `{}`, `{"$eq": "user1"}`, `{"$ne": "user1"}`, `[{"owner": "user2"}]`, `{"$contains": "user1"}`} {
				filter := `{"metadata": {` + strconv.Quote(key) + `: ` + value + `}}`
				attacks = append(attacks, attack{"filter", "POST", "/threads/search", filter, 0, ""}, attack{"filter", "POST", "/assistants/search", filter, 0, ""})
			}
			attacks = append(attacks, attack{"filter", "POST", "/threads/count", `{"values": {` + strconv.Quote(key) + `: 1}}`, 0, ""},
				attack{"filter", "POST", "/threads/{thread}/history", `{"metadata": {` + strconv.Quote(key) + `: 1}}`, 0, ""})
		}
		for _, y := range attacks { // none reaches what is Bob's
			bobs.reveals(t, s.as(alice, y.method, e.fill(y.path), y.body))
		}
		survives(t, e, attacks)
		wide := `{"metadata": {"a": [` + strings.TrimSuffix(strings.Repeat("1,", 5000), ",") + `]}}`
		survives(t, e, []attack{{"a wide filter", "POST", "/threads/search", wide, 0, ""}, {"a wide filter", "POST", "/assistants/count", wide, 0, ""}})
		if a := s.must(200, alice, "POST", "/threads/count", `{"metadata": {"owner": "user2"}}`); string(a.Body) != "0" {
			t.Errorf("Alice counts %s of Bob's threads", a.Body)
		}
	})
}

// What a graph makes for one user does not make the searches of another fail.
func TestHostileStatesOfOthers(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"nested": strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"U+0000": `"a\u0000b"`, "half a surrogate pair": `"\ud800"`, "giant exponent": "1e999999",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				s := serve(t, privateChat(nesting(value)), uri)
				bobs := settle(t, s, bob)
				before := bobs.snapshot()
				thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
				a := s.must(200, alice, "POST", thread+"/runs/wait", `{"assistant_id": "nesting", "input": {"word": "go"}}`)
				if refused := strings.Contains(string(a.Body), "the final state cannot be kept"); refused != (name == "nested" || name == "giant exponent") {
					t.Errorf("the run ends with %.200s", a.Body)
				}
				s.must(200, alice, "POST", "/threads", `{}`)
				for _, path := range []string{"/threads/search", "/threads/count"} {
					for _, body := range []string{`{"values": {"word": "go"}}`, `{"values": {"nest": 1}}`, `{"values": {"messages": []}}`, `{"metadata": {"a": 1}}`, `{}`} {
						s.must(200, bob, "POST", path, body)
						s.must(200, alice, "POST", path, body)
					}
				}
				for _, path := range []string{thread, thread + "/state", thread + "/history", thread + "/runs"} {
					s.must(200, alice, "GET", path, "")
				}
				bobs.unchanged(t, before)
			})
		})
	}
}
