package compat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/store/storetest"
)

// asMCP sets the headers that clients of the protocol send with a message.
func asMCP(h http.Header, body string) {
	h.Set("Accept", "application/json, text/event-stream")
	h.Set("Content-Type", "application/json")
	var message struct {
		Method string
		Params struct {
			Name string
			Meta struct {
				Version string `json:"io.modelcontextprotocol/protocolVersion"`
			} `json:"_meta"`
		}
	}
	if json.Unmarshal([]byte(body), &message) == nil && message.Params.Meta.Version != "" {
		h.Set("Mcp-Protocol-Version", message.Params.Meta.Version)
		h.Set("Mcp-Method", message.Method)
		h.Set("Mcp-Name", message.Params.Name)
	}
}

// What comes back for what is posted, byte by byte where it matters (rest.md §8.2).
func TestMCPStatuses(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	both := "application/json, text/event-stream"
	const ping = `{"jsonrpc": "2.0", "id": 1, "method": "ping"}`
	for name, y := range map[string]struct {
		method, accept, kind, version, body string
		status                              int
		want                                string // a part of the body
	}{
		"ping":                     {body: ping, status: 200, want: `{"jsonrpc":"2.0","id":1,"result":{}}`},
		"a text for an id":         {body: `{"jsonrpc": "2.0", "id": "a b", "method": "ping"}`, status: 200, want: `"id":"a b"`},
		"the largest id":           {body: `{"jsonrpc": "2.0", "id": 9007199254740992, "method": "ping"}`, status: 200, want: `"id":9007199254740992`},
		"an id that is too large":  {body: `{"jsonrpc": "2.0", "id": 9007199254740994, "method": "ping"}`, status: 400},
		"a huge id":                {body: `{"jsonrpc": "2.0", "id": 1e300, "method": "ping"}`, status: 400},
		"a broken id":              {body: `{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}`, status: 400},
		"an object for an id":      {body: `{"jsonrpc": "2.0", "id": {}, "method": "ping"}`, status: 400},
		"no Accept":                {accept: "-", body: ping, status: 400},
		"Accept anything":          {accept: "*/*", body: ping, status: 400},
		"Accept JSON":              {accept: "application/json", body: ping, status: 400},
		"Accept events":            {accept: "text/event-stream", body: ping, status: 400},
		"Accept with weights":      {accept: "text/event-stream;q=0.5,application/json; charset=utf-8", body: ping, status: 200},
		"a form":                   {kind: "text/plain", body: ping, status: 415},
		"a notification":           {body: `{"jsonrpc": "2.0", "method": "notifications/initialized"}`, status: 202},
		"a cancellation":           {body: `{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}`, status: 202},
		"an unknown notification":  {body: `{"jsonrpc": "2.0", "method": "notifications/nothing"}`, status: 202},
		"a response":               {body: `{"jsonrpc": "2.0", "id": 1, "result": {}}`, status: 202},
		"an error":                 {body: `{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "m"}}`, status: 202},
		"a call without id":        {body: `{"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "agent"}}`, status: 400, want: `{"detail":`},
		"nothing":                  {body: ``, status: 400},
		"no JSON":                  {body: `{`, status: 400},
		"more than one":            {body: ping + ping, status: 400},
		"a batch":                  {body: `[` + ping + `, ` + ping + `]`, status: 400, want: "batches"},
		"no JSON-RPC":              {body: `{"id": 1, "method": "ping"}`, status: 400},
		"text":                     {body: `"ping"`, status: 400},
		"null":                     {body: `null`, status: 400},
		"an unknown method":        {body: `{"jsonrpc": "2.0", "id": 7, "method": "resources/list"}`, status: 200, want: `"id":7,"error":{"code":-32601`},
		"a stream of the server's": {body: `{"jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen", "params": {}}`, status: 200, want: `-32601`},
		"one named twice":          {body: `{"jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen", "METHOD": "ping", "params": {}}`, status: 200, want: `-32601`},
		"a version of the future":  {version: "2099-01-01", body: ping, status: 400},
		"a version of the past":    {version: "1999-01-01", body: ping, status: 400, want: "version"},
		"a call of nothing":        {body: `{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}`, status: 400},
		"parameters in a row":      {body: `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": [1]}`, status: 200, want: `"error"`},
		"a wrong cursor":           {body: `{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "x"}}`, status: 200, want: `-32602`},
		"a cursor past the end":    {body: `{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "9223372036854775807"}}`, status: 200, want: `"tools":[]`},
		"GET":                      {method: "GET", status: 405},
		"DELETE":                   {method: "DELETE", status: 404},
		"PUT":                      {method: "PUT", body: ping, status: 405},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/mcp", "/mcp/"} {
				method := y.method
				if method == "" {
					method = "POST"
				}
				r := s.request(alice, method, path, y.body)
				if r.Header.Set("Accept", both); y.accept == "-" {
					r.Header.Del("Accept")
				} else if y.accept != "" {
					r.Header.Set("Accept", y.accept)
				}
				if y.kind != "" {
					r.Header.Set("Content-Type", y.kind)
				}
				if y.version != "" {
					r.Header.Set("MCP-Protocol-Version", y.version)
				}
				a := s.send(r)
				if a.Status != y.status || !strings.Contains(string(a.Body), y.want) {
					t.Errorf("%s: status %d, want %d: %s, want %s", path, a.Status, y.status, a.Body, y.want)
				}
				if kind := a.Header.Get("Content-Type"); len(a.Body) > 0 && !strings.HasPrefix(kind, "application/json") {
					t.Errorf("%s: Content-Type %q", path, kind)
				}
				if a.Status == http.StatusAccepted && len(a.Body) > 0 {
					t.Errorf("%s: 202 with %s", path, a.Body)
				}
			}
		})
	}
}

// toolResult is what a tool came to.
type toolResult struct {
	Content []struct {
		Type, Text string
	}
	StructuredContent map[string]json.RawMessage
	IsError           bool
}

// tool calls a tool and wants a result.
func (s *server) tool(token, name, arguments string) toolResult {
	s.t.Helper()
	body := fmt.Sprintf(`{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": %q, "arguments": %s}}`, name, arguments)
	a := s.must(200, token, "POST", "/mcp", body)
	var answer struct{ Result *toolResult }
	if a.into(s.t, &answer); answer.Result == nil || len(answer.Result.Content) != 1 {
		s.t.Fatalf("%s %s came to %s", name, arguments, a.Body)
	}
	return *answer.Result
}

// toolNames are the names of the tools that the token's user sees, in order.
func (s *server) toolNames(token string) []string {
	s.t.Helper()
	var names []string
	for cursor := ""; ; {
		a := s.must(200, token, "POST", "/mcp", `{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "`+cursor+`"}}`)
		var page struct {
			Result struct {
				Tools      []struct{ Name string }
				NextCursor string
			}
		}
		a.into(s.t, &page)
		for _, tool := range page.Result.Tools {
			names = append(names, tool.Name)
		}
		if cursor = page.Result.NextCursor; cursor == "" {
			return names
		}
	}
}

func TestMCPCalls(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		got := s.tool(alice, "agent", `{"messages": [{"role": "user", "content": "hello"}]}`)
		if got.IsError || got.Content[0].Text != "echo: hello" {
			t.Errorf("the tool said %+v", got)
		}
		if diff := gocmp.Diff([]string{"agent"}, s.toolNames(alice)); diff != "" {
			t.Errorf("tools (-want +got):\n%s", diff)
		}
	})
}

// Two users meet over their tools, by the official clients in all their protocols, and by the adapters that hand an agent such tools.
func TestMCPWithTheOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range []client{onPython("tools"), onNode("protocols", "tools"), onAdapters("adapters")} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := binary(t, "../../examples/private-chat/platform.json")
			databases(t, func(t *testing.T, uri string) {
				if out := c.run(t, start(t, path, "DATABASE_URI="+uri).URL); !strings.Contains(out, ": good") {
					t.Errorf("it said %s", out)
				}
			})
		})
	}
}

// The page about tools works as it is written, but for the port.
func TestMCPPage(t *testing.T) {
	t.Parallel()
	const page = "examples/docs/mcp.md"
	server := start(t, binary(t, "../../examples/private-chat/platform.json"))
	here := func(code string) string {
		return strings.ReplaceAll(code, "http://localhost:2024", server.URL)
	}
	out := output(t, exec.Command("bash", "-euc", here(blocksOf(t, page, "sh")[0])))
	for _, want := range []string{`"name":"Time_keeper"`, `"description":"Knows what time it is anywhere."`, `"name":"agent"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	code := blocksOf(t, page, "python")
	for i, c := range []client{onPython("tools"), onAdapters("adapters")} {
		argv := c.argv(t)
		path := filepath.Join(t.TempDir(), "page.py")
		if err := os.WriteFile(path, []byte(here(code[i])), 0o600); err != nil {
			t.Fatal(err)
		}
		argv[len(argv)-1] = path // for the script
		out = output(t, exec.Command(argv[0], argv[1:]...))
		if !strings.Contains(out, "['agent', 'Time_keeper']") || (i == 0 && !strings.Contains(out, "offline script")) {
			t.Errorf("it said %q", out)
		}
	}
	var settings struct {
		Servers map[string]struct{ URL string } `json:"mcpServers"`
	}
	if err := json.Unmarshal([]byte(blocksOf(t, page, "json")[0]), &settings); err != nil || settings.Servers["assistants"].URL != "http://localhost:2024/mcp" {
		t.Errorf("the settings of a client are %v: %v", settings, err)
	}
}
