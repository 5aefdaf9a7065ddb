package compat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/store/storetest"
)

// The conventions that all routes share (rest.md §1), as they are on the wire itself.

// raw sends text over one connection and returns the answers to so many requests.
func (s *server) raw(t *testing.T, requests int, text string) []answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	text = strings.NewReplacer("\n", "\r\n", "{auth}", "Authorization: Bearer "+alice, "{host}", "Host: "+strings.TrimPrefix(s.URL, "http://")).Replace(text)
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answers, reader := []answer{}, bufio.NewReader(conn)
	for range requests {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatalf("after %d answers: %v", len(answers), err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		answers = append(answers, answer{response.StatusCode, response.Header, bytes.TrimSpace(body)})
	}
	return answers
}

// TestTransport covers rest.md §1.1: a body is read whatever it is called and however it comes.
func TestTransport(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	for name, test := range map[string]struct {
		requests int
		text     string
	}{
		"without a content type":   {1, "POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Length: 23\n\n{\"metadata\": {\"a\": 1}}\n"},
		"text":                     {1, "POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Type: text/plain;charset=UTF-8\nContent-Length: 22\n\n{\"metadata\": {\"a\": 1}}"},
		"a form":                   {1, "POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 22\n\n{\"metadata\": {\"a\": 1}}"},
		"in chunks":                {1, "POST /threads HTTP/1.1\n{host}\n{auth}\nTransfer-Encoding: chunked\n\n8\n{\"metada\ne\nta\": {\"a\": 1}}\n0\n\n"},
		"an old client":            {1, "POST /threads HTTP/1.0\n{auth}\nContent-Length: 22\n\n{\"metadata\": {\"a\": 1}}"},
		"two over a connection":    {2, "POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Length: 22\n\n{\"metadata\": {\"a\": 1}}POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Length: 22\n\n{\"metadata\": {\"a\": 1}}"},
		"an error, and on it goes": {2, "POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Length: 5\n\n{\"a\":POST /threads HTTP/1.1\n{host}\n{auth}\nContent-Length: 22\n\n{\"metadata\": {\"a\": 1}}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := s.raw(t, test.requests, test.text)
			last := answers[len(answers)-1]
			var made struct{ Metadata map[string]any }
			if last.into(t, &made); last.Status != http.StatusOK || made.Metadata["a"] != 1.0 {
				t.Errorf("status %d: %s", last.Status, last.Body)
			}
			if got := last.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
		})
	}
	for name, text := range map[string]string{
		"a GET with a body":      "GET /threads/{id}/state HTTP/1.1\n{host}\n{auth}\nContent-Type: application/json\nContent-Length: 2\n\n{}",
		"a DELETE with a body":   "DELETE /threads/{id} HTTP/1.1\n{host}\n{auth}\nContent-Type: application/json\nContent-Length: 5\n\n{\"a\":",
		"a copy without length":  "POST /threads/{id}/copy HTTP/1.1\n{host}\n{auth}\n\n",
		"a copy with other text": "POST /threads/{id}/copy HTTP/1.1\n{host}\n{auth}\nContent-Length: 1\n\nx",
	} {
		id := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		if a := s.raw(t, 1, strings.ReplaceAll(text, "{id}", id))[0]; a.Status >= 300 {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
}

// TestBodiesThatAreNoJSON covers rest.md §1.3: what is no JSON is 400, JSON of another shape 422, and the text names what is wrong.
func TestBodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	for _, test := range []struct {
		body   string
		status int
		detail string
	}{
		{"", 200, ""},
		{" \n\t ", 200, ""},
		{"null", 200, ""},
		{" {} ", 200, ""},
		{`{"metadata": {"a": 1}, "metadata": {"b": 2}}`, 200, ""},
		{`{"metadata": `, 400, "malformed JSON at byte 13: unexpected end of JSON input"},
		{`{} x`, 400, "malformed JSON at byte 4: invalid character 'x' after top-level value"},
		{`{}{}`, 400, "malformed JSON at byte 3: invalid character '{' after top-level value"},
		{"\ufeff{}", 400, "malformed JSON at byte 1: invalid character 'ï' looking for beginning of value"},
		{`{'a': 1}`, 400, `malformed JSON at byte 2: invalid character '\'' looking for beginning of object key string`},
		{`{"metadata": {"a": NaN}}`, 400, "malformed JSON at byte 20: invalid character 'N' looking for beginning of value"},
		{`[]`, 422, "body: want object, got array"},
		{`"x"`, 422, "body: want object, got string"},
		{`7`, 422, "body: want object, got number"},
		{`{"metadata": 7}`, 422, "metadata: want object, got number"},
		{`{"if_exists": 7}`, 422, "if_exists: want string, got number"},
		{`{"supersteps": [{"updates": [{"as_node": 7}]}]}`, 422, "supersteps.updates.as_node: want string, got number"},
	} {
		a := s.must(test.status, alice, "POST", "/threads", test.body)
		if test.detail != "" && a.field(t, "detail") != test.detail {
			t.Errorf("%s: %s, want %s", test.body, a.Body, test.detail)
		}
	}
	var made struct{ Metadata map[string]any }
	s.must(200, alice, "POST", "/threads", `{"metadata": {"a": 1}, "metadata": {"b": 2}}`).into(t, &made)
	if _, first := made.Metadata["a"]; first || made.Metadata["b"] != 2.0 {
		t.Errorf("of a key that comes twice the last counts, and metadata is %v", made.Metadata)
	}
	text := s.must(200, alice, "POST", "/threads", `{"metadata": {"a": "x\u0000y\\u0000"}}`).Body
	if !bytes.Contains(text, []byte(`"x`+"\ufffd"+`y\\u0000"`)) {
		t.Errorf("U+0000 is kept as %s", text)
	}
}

// TestErrorsAreOneShape covers rest.md §1.3 and §1.4: one key with a text, as JSON, with the request's id.
func TestErrorsAreOneShape(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	const gone = "0198f0d4-0000-7000-8000-00000000000a"
	id := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
	for _, test := range []struct {
		method, path, body string
		status             int
		detail             string
	}{
		{"GET", "/nowhere", "", 404, "Not Found"},
		{"POST", "/threads/", "{}", 404, "Not Found"},
		{"PUT", "/threads/" + id, "{}", 405, "Method Not Allowed"},
		{"PATCH", "/threads/" + id + "/state", "{}", 405, "Method Not Allowed"},
		{"GET", "/threads/x", "", 422, `thread_id: "x" is not a UUID`},
		{"GET", "/threads/" + gone, "", 404, "Thread with ID " + gone + " not found"},
		{"PATCH", "/threads/" + gone, "{}", 404, "Thread with ID " + gone + " not found"},
		{"DELETE", "/threads/" + gone, "", 404, "Thread with ID " + gone + " not found"},
		{"POST", "/threads/" + gone + "/copy", "", 404, "Thread with ID " + gone + " not found"},
		{"GET", "/threads/" + gone + "/state", "", 404, "Thread with ID " + gone + " not found"},
		{"POST", "/threads/" + gone + "/state", "{}", 404, "Thread with ID " + gone + " not found"},
		{"GET", "/threads/" + id + "/state/" + gone, "", 404, "Checkpoint " + gone + " not found"},
		{"GET", "/threads/" + gone + "/history", "", 404, "Thread with ID " + gone + " not found"},
		{"POST", "/threads/" + id + "/state", `{"values": {}}`, 400, "Thread " + id + " has no graph ID"},
		{"POST", "/threads", `{"thread_id": "` + id + `"}`, 409, "Thread already exists"},
		{"POST", "/assistants", `{"graph_id": "agent", "assistant_id": "` + assistant + `"}`, 409, "Assistant already exists"},
		{"POST", "/assistants", `{"graph_id": "nowhere"}`, 404, `Graph "nowhere" not found`},
		{"PATCH", "/assistants/" + assistant, `{"graph_id": "nowhere"}`, 404, `Graph "nowhere" not found`},
		{"GET", "/assistants/" + gone, "", 404, "Assistant not found"},
		{"POST", "/assistants/" + gone + "/versions", "", 404, "Assistant not found"},
		{"POST", "/assistants/" + assistant + "/latest", `{"version": 9}`, 404, "Assistant version not found"},
		{"POST", "/assistants/" + assistant + "/latest", `{"version": 9007199254740991}`, 404, "Assistant version not found"},
		{"GET", "/assistants/nowhere", "", 422, `assistant_id: "nowhere" is not a UUID`},
		{"GET", "/threads/" + id + "/history?before=x", "", 422, `before: "x" is no checkpoint's id`},
		{"GET", "/threads/" + id + "/history?limit=0", "", 422, `limit: want an integer from 1 to 1000, got "0"`},
		{"GET", "/threads/" + id + "/state?subgraphs=maybe", "", 422, `subgraphs: want true or false, got "maybe"`},
		{"GET", "/threads/" + id + "?include=all", "", 422, `include: "all" is not ttl, and there is nothing else to include`},
		{"DELETE", "/assistants/" + assistant + "?delete_threads=perhaps", "", 422, `delete_threads: want true or false, got "perhaps"`},
		{"GET", "/assistants/agent/graph?xray=deep", "", 422, `xray: want true or false, got "deep"`},
		{"GET", "/assistants/" + gone + "/graph?xray=deep", "", 422, `xray: want true or false, got "deep"`},
		{"GET", "/assistants/" + gone + "/subgraphs?recurse=deep", "", 422, `recurse: want true or false, got "deep"`},
		{"GET", "/assistants/agent/graph?xray=101", "", 422, `xray: want an integer from 0 to 100, got "101"`},
		{"POST", "/threads/search", `{"ids": [""]}`, 422, `ids: "" is not a UUID`},
		{"POST", "/threads/search", `{"select": ["owned"]}`, 422, `select: "owned" is not one of thread_id, created_at, updated_at, state_updated_at, metadata, config, status, values, interrupts, context`},
	} {
		r := s.request(alice, test.method, test.path, test.body)
		r.Header.Set("X-Request-Id", "request-7")
		a := s.send(r)
		want, _ := json.Marshal(map[string]string{"detail": test.detail})
		if a.Status != test.status || string(a.Body) != string(want) {
			t.Errorf("%s %s: status %d, %s; want %d, %s", test.method, test.path, a.Status, a.Body, test.status, want)
		}
		if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Errorf("%s %s: content type %q", test.method, test.path, got)
		}
		if a.Header.Get("X-Request-Id") != "request-7" {
			t.Errorf("%s %s: request id %q", test.method, test.path, a.Header.Get("X-Request-Id"))
		}
	}
	if a := s.as(alice, "PUT", "/threads/"+id, "{}"); a.Header.Get("Allow") != "GET, DELETE, PATCH" || a.Header.Get("X-Request-Id") == "" {
		t.Errorf("405: %v", a.Header)
	}
}
