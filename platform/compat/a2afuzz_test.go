package compat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/platform/store/storetest"
)

// FuzzA2A sends bodies to an agent: whatever they are, the answer is no failure of the server's, and it is JSON or a stream that ends.
func FuzzA2A(f *testing.F) {
	text := `"message": {"messageId": "m", "role": "user", "parts": [{"text": "hello"}]}`
	for _, params := range []string{
		``, text, text + `, "configuration": {"historyLength": -1}`, text + `, "configuration": {"historyLength": 1e9}`,
		text + `, "configuration": {"returnImmediately": true, "acceptedOutputModes": null}`, text + `, "configuration": 7`,
		text + `, "metadata": {"a2a_task_id": {"x": []}, "langgraph_auth_user": 1, "\u0000": "\u0000"}`,
		`"message": {"messageId": "m", "role": "user", "parts": [{"text": "\u0000\ud800"}]}`,
		`"message": {"messageId": "m", "role": "user", "parts": [{"data": ` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}]}`,
		`"message": {"messageId": "m", "role": "user", "parts": [{"data": 1e999}]}`,
		`"message": {"messageId": "m", "role": "user", "contextId": "00000000-0000-0000-0000-000000000000", "parts": [{"raw": "AA=="}]}`,
		`"message": {"messageId": "m", "taskId": ":", "parts": [{"url": "\n"}]}`,
		`"message": {"messageId": {}, "parts": {}}`, `"message": []`, `"message": null`,
		`"id": "` + strings.Repeat("9", 100000) + `"`, `"id": "01234567-89ab-7cde-8f01-23456789abcd"`, `"id": 7`, `"id": "a:b:c"`,
		`"pageSize": 2, "pageToken": "e30", "status": "\ud800"`, `"pageSize": 1.5`, `"contextId": "x"`, `"statusTimestampAfter": "yesterday"`,
		`"statusTimestampAfter": "0001-01-01T00:00:00Z"`, `"statusTimestampAfter": "9999-12-31T23:59:59Z"`, `"includeArtifacts": true, "historyLength": 3`,
	} {
		for _, method := range []string{"SendMessage", "message/stream", "GetTask", "tasks/cancel", "ListTasks", "SubscribeToTask", "no"} {
			f.Add([]byte(agentCall(method, params)))
		}
	}
	for _, body := range []string{``, `{`, `[]`, `[{}]`, `null`, "\xff\xfe", `{"jsonrpc": "2.0", "id": 1e5000, "method": "GetTask"}`, strings.Repeat(`{"id":`, 12000)} {
		f.Add([]byte(body))
	}
	client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	f.Cleanup(client.CloseIdleConnections)
	s := serve(f, privateChat(), storetest.SQLite(f).URI)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/a2a/agent", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+alice)
		r.Header.Set("Accept", "*/*")
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		got, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode >= 500 {
			t.Fatalf("status %d, %v: %s", response.StatusCode, err, got)
		}
		if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") && !json.Valid(got) {
			t.Errorf("no JSON: %s", got)
		}
		if strings.Contains(string(got), `"code":-32603`) {
			t.Errorf("an internal error: %s", got)
		}
	})
}
