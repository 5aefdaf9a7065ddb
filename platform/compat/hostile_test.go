package compat

import (
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/config"
)

// attack is a request that must be refused, or taken without harm.
type attack struct {
	name, method, path, body string
	// status is what it must get; 0 is anything but a failure of the server.
	status int
	says   string // must be in the answer
}

// survives sends the attacks as Alice, and sees after each that the server still serves.
func survives(t *testing.T, e estate, attacks []attack) {
	t.Helper()
	for _, y := range attacks {
		a := e.s.as(e.token, y.method, e.fill(y.path), e.fill(y.body))
		if y.status == 0 && a.Status >= 500 || y.status != 0 && a.Status != y.status {
			t.Errorf("%s: %s %s %.200s: status %d, want %d: %.300s", y.name, y.method, y.path, y.body, a.Status, y.status, a.Body)
		}
		if !strings.Contains(string(a.Body), y.says) {
			t.Errorf("%s: %.300s does not say %s", y.name, a.Body, y.says)
		}
		if a.Status >= 400 && (a.field(t, "detail") == "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json")) {
			t.Errorf("%s: a refusal is one line of JSON with a detail (rest.md §1.3): %s %.300s", y.name, a.Header.Get("Content-Type"), a.Body)
		}
		e.must(200, "GET", "/threads/{thread}", "")
	}
}

func TestHostileJSON(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri, func(p *config.Process) { p.MaxBodyBytes = 16 << 20 })
		e := settle(t, s, alice)
		garbage := strings.Repeat("\xff\x00{[\"", 2<<20)
		var attacks []attack
		for _, body := range []string{`{`, `[1,`, `{"metadata":}`, `nonsense`, `{} {}`, `{"metadata": {}}x`, "\x00", `{"a": "` + "\x01" + `"}`, `{'a': 1}`, garbage, "[" + garbage} {
			for _, path := range []string{"/threads", "/threads/search", "/assistants", "/threads/{thread}/runs", "/threads/{thread}/state", "/runs/wait"} {
				attacks = append(attacks, attack{"malformed", "POST", path, body, 400, "detail"})
			}
			attacks = append(attacks, attack{"malformed", "PATCH", "/threads/{thread}", body, 400, "detail"})
		}
		for _, y := range []struct{ body, field string }{
			{`{"metadata": 5}`, "metadata"},
			{`{"metadata": []}`, "metadata"},
			{`{"thread_id": 7}`, "thread_id"},
			{`{"thread_id": "seven"}`, "thread_id"},
			{`{"if_exists": "perhaps"}`, "if_exists"},
			{`{"if_exists": {}}`, "if_exists"},
			{`{"metadata": {"k": ` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}}`, "deeper than 500 levels"},
			{`{"metadata": {"k": 1e400}}`, "out of range"},
		} {
			attacks = append(attacks, attack{"wrong type", "POST", "/threads", y.body, 422, y.field})
		}
		for _, y := range []struct{ body, field string }{
			{`{"limit": "ten"}`, "limit"},
			{`{"limit": 0}`, "limit"},
			{`{"limit": 1001}`, "limit"},
			{`{"limit": 1e99}`, "limit"},
			{`{"offset": -1}`, "offset"},
			{`{"ids": "all"}`, "ids"},
			{`{"ids": ["x' OR 1=1 --"]}`, "ids"},
			{`{"sort_by": "metadata"}`, "sort_by"},
			{`{"sort_by": "id; DROP TABLE threads"}`, "sort_by"},
			{`{"sort_order": "sideways"}`, "sort_order"},
			{`{"status": "dead"}`, "status"},
			{`{"select": ["principal"]}`, "select"},
			{`{"values": 1}`, "values"},
		} {
			attacks = append(attacks, attack{"wrong type", "POST", "/threads/search", y.body, 422, y.field})
		}
		for _, y := range []struct{ field, value string }{
			{"assistant_id", `5`},
			{"stream_subgraphs", `"yes"`},
			{"config", `[]`},
			{"after_seconds", `"soon"`},
			{"after_seconds", `-1`},
			{"context", `"x"`},
			{"stream_mode", `"everything"`},
			{"stream_mode", `{}`},
			{"stream_mode", `[""]`},
			{"stream_mode", `["values", null]`},
			{"feedback_keys", `[""]`},
			{"interrupt_before", `[""]`},
			{"interrupt_after", `["echo", ""]`},
			{"on_completion", `"complete"`},
			{"langsmith_tracer", `{"project_name": "p"}`},
			{"multitask_strategy", `"panic"`},
			{"if_not_exists", `1`},
			{"durability", `"never"`},
			{"checkpoint", `"x"`},
			{"command", `"go"`},
			{"recursion_limit", `0`},
			{"webhook", `""`},
			{"on_disconnect", `"sulk"`},
			{"interrupt_before", `7`},
		} {
			body := strings.Replace(hello, "{", `{"`+y.field+`": `+y.value+`, `, 1)
			switch y.field {
			case "assistant_id":
				body = `{"assistant_id": 5}`
			case "recursion_limit":
				body = strings.Replace(hello, "{", `{"config": {"recursion_limit": 0}, `, 1)
			}
			attacks = append(attacks, attack{"wrong type", "POST", "/threads/{thread}/runs", body, 422, y.field})
		}
		for _, mode := range []string{"values", "messages", "messages-tuple", "updates", "events", "debug", "tasks", "checkpoints", "custom"} {
			body := strings.Replace(hello, "{", `{"stream_mode": ["values", "everything"], `, 1)
			attacks = append(attacks, attack{"unknown stream mode", "POST", "/runs/stream", body, 422, mode})
		}
		survives(t, e, attacks)
	})
}

func TestHostilePaths(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		var attacks []attack
		for _, id := range []string{
			"not-a-uuid", "1", "%00", "..%2f..%2fetc", "%27%20OR%201=1--", "{thread}%00", "%7B{thread}%7D", "urn:uuid:{thread}", "{thread}x", "%ff",
			strings.Repeat("a", 4000),
		} {
			attacks = append(attacks,
				attack{"wrong id", "GET", "/threads/" + id, "", 422, "UUID"}, attack{"wrong id", "DELETE", "/threads/" + id, "", 422, "UUID"},
				attack{"wrong id", "POST", "/threads/" + id + "/runs", hello, 422, "UUID"}, attack{"wrong id", "GET", "/threads/" + id + "/history", "", 422, "UUID"},
				attack{"wrong id", "GET", "/threads/{thread}/runs/" + id, "", 422, "UUID"}, attack{"wrong id", "GET", "/runs/" + id + "/stream", "", 422, "UUID"},
				attack{"wrong id", "GET", "/threads/{thread}/state/" + id, "", 422, "UUID"}, attack{"wrong id", "GET", "/assistants/" + id, "", 422, "UUID"})
		}
		for _, id := range []string{"nope", "0190a0a0-0000-7000-8000-00000000000c", "AGENT", "agent' --"} {
			says := `No assistant found for \"` + id + `\". Make sure the assistant ID is for a valid assistant or a valid graph ID.`
			for _, path := range []string{"/threads/{thread}/runs", "/threads/{thread}/runs/wait", "/runs", "/runs/stream"} {
				attacks = append(attacks, attack{"unknown assistant", "POST", path, strings.Replace(hello, "agent", id, 1), 404, says})
			}
		}
		attacks = append(attacks,
			attack{"unknown graph", "POST", "/assistants", `{"graph_id": "nope"}`, 404, `Graph \"nope\" not found`},
			attack{"no route", "GET", "/nowhere", "", 404, "Not Found"}, attack{"no method", "PUT", "/threads", `{}`, 405, "Method Not Allowed"},
			attack{"a trailing slash", "GET", "/threads/{thread}/", "", 404, ""}, attack{"dots", "GET", "/threads/../threads/{thread}", "", 0, ""},
			attack{"two slashes", "GET", "//threads//{thread}", "", 0, ""},
			attack{"a limit", "GET", "/threads/{thread}/history?limit=99999999999999999999", "", 422, "limit"},
			attack{"a limit", "GET", "/threads/{thread}/runs?limit=-1", "", 422, "limit"}, attack{"a status", "GET", "/threads/{thread}/runs?status=%27", "", 422, "status"},
			attack{"a field", "GET", "/threads/{thread}/runs?select=principal", "", 422, "select"},
			attack{"a checkpoint", "GET", "/threads/{thread}/history?before=%27%00", "", 0, ""},
			attack{"a stream mode", "GET", "/threads/{thread}/runs/{run}/stream?stream_mode=everything", "", 422, "everything"},
			attack{"another thread", "POST", "/threads/{thread}/state/checkpoint", `{"checkpoint": {"thread_id": "{busy}"}}`, 422, "thread_id"},
			attack{"another thread", "POST", "/threads/{thread}/state", `{"values": {}, "checkpoint": {"thread_id": "{busy}"}}`, 422, "thread_id"},
			attack{"another thread", "POST", "/threads/{thread}/history", `{"checkpoint": {"thread_id": "{busy}"}}`, 422, "thread_id"},
			attack{"another thread", "POST", "/threads/{thread}/runs", strings.Replace(hello, "{", `{"checkpoint": {"thread_id": "{busy}"}, `, 1), 422, "thread_id"},
			attack{
				"both kinds of settings", "POST", "/threads/{thread}/runs", strings.Replace(hello, "{", `{"context": {"a": 1}, "config": {"configurable": {"a": 1}}, `, 1),
				400, "Cannot specify both configurable and context.",
			},
		)
		survives(t, e, attacks)
		for name, value := range map[string]string{"Last-Event-ID": "'; --", "X-Request-Id": "a\tb", "Prefer": strings.Repeat("x", 8000), "Origin": "null"} {
			r := s.request(alice, "GET", e.fill("/threads/{thread}/runs/{run}/stream"), "")
			r.Header.Set(name, value)
			if a := s.send(r); a.Status >= 500 || a.Header.Get("X-Request-Id") == "a\tb" {
				t.Errorf("%s: %q: status %d: %s", name, value, a.Status, a.Body)
			}
		}
	})
}

func TestHostileSizes(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri, func(p *config.Process) { p.MaxBodyBytes = 64 << 10 })
		e := settle(t, s, alice)
		big := `{"metadata": {"note": "` + strings.Repeat("x", 128<<10) + `"}}`
		survives(t, e, []attack{
			{"too big", "POST", "/threads", big, 413, "65536"},
			{"too big", "PATCH", "/threads/{thread}", big, 413, "65536"},
			{"too big", "POST", "/runs/wait", big, 413, "65536"},
			{"too big", "POST", "/threads/search", big, 413, "65536"},
			{"too big, and garbage", "POST", "/threads", strings.Repeat("\x00", 128<<10), 413, "65536"},
			{"big enough", "POST", "/threads", big[:64<<9] + `"}}`, 200, ""},
		})
	})
}
