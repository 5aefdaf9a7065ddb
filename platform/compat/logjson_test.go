package compat

import (
	"encoding/json"
	"strings"
	"testing"
)

// LOG_JSON makes every line of the log one that a collector reads.
func TestLogAsJSON(t *testing.T) {
	t.Parallel()
	p := start(t, binary(t, "../../examples/private-chat/platform.json"), "LOG_JSON=true", "LOG_LEVEL=debug")
	s := &server{URL: p.URL, t: t}
	s.must(200, alice, "POST", "/threads", `{"no_such_field": 1}`)
	p.kill()
	lines := strings.Split(strings.TrimSpace(p.log.String()), "\n")
	told := false
	for _, line := range lines {
		var entry struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time == "" || entry.Level == "" {
			t.Errorf("no entry: %s", line)
		}
		told = told || strings.Contains(entry.Msg, "fields ignored")
	}
	if !told {
		t.Errorf("the log does not tell what a request of ours did:\n%s", p.log)
	}
}
