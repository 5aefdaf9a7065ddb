package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/platform/mcp"
)

// FuzzMessages posts anything: no body is the server's fault, and every answer is one JSON document or none.
func FuzzMessages(f *testing.F) {
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	for _, body := range []string{
		``, ` `, `null`, `[]`, `{}`, `{`, `"x"`, `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":1}`,
		`{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":null,"method":"ping"}`, `{"jsonrpc":"2.0","id":1e999,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 1<<16) + `","method":"ping"}`, `{"jsonrpc":"2.0","id":[],"method":"ping"}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"` + strings.Repeat("9", 40) + `"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":` + deep + `}`, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":7}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fill","arguments":{"context":` + deep + `}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fill","arguments":{"context":"\u0000\ud800"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\u0000","arguments":{}}}`,
		"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"tools/call\",\"params\":{\"name\":\"fi\xffll\",\"arguments\":{\"context\":\"\xff\"}}}",
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fill","arguments":{"context":"c"},"context":{"\u0000":1e308}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{"messages":[{"role":"user","content":"x"}],"context":null}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{"messages":"` + strings.Repeat("x", 1<<16) + `"},"_meta":{"progressToken":1}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"x","capabilities":{},"clientInfo":null}}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":null}}`, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":null}`,
		`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
		`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"error":{}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"ping","params":{}}`,
	} {
		f.Add(body, "")
		f.Add(body, "2026-07-28")
	}
	s := setup(f, ownerOnly, "slow") // which would wait for its client to go
	f.Fuzz(func(t *testing.T, body, version string) {
		header := http.Header{"Accept": {"application/json, text/event-stream"}, "Content-Type": {"application/json"}}
		if version != "" {
			header.Set("Mcp-Protocol-Version", version)
			header.Set("Mcp-Method", "tools/call")
			header.Set("Mcp-Name", "fill")
		}
		m, err := mcp.Read(header, []byte(body))
		if err != nil {
			return
		}
		ctx, done := context.WithTimeout(t.Context(), 20*time.Second)
		defer done()
		a, err := s.tools.Answer(as(ctx, "alice"), m, "request", func() {})
		if refusedOf(err) {
			return
		}
		if err != nil || a.Status >= 500 {
			t.Fatalf("status %d, %v: %s", a.Status, err, a.Body)
		}
		if len(a.Body) > 0 && !json.Valid(a.Body) || bytes.Contains(a.Body, []byte("internal error")) {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
	})
}
