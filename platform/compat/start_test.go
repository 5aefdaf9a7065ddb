package compat

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
)

// TestStartsThatAreRefused: a server that would not do what its operator asked for does not start.
func TestStartsThatAreRefused(t *testing.T) {
	t.Parallel()
	plain := privateChat()
	headers := privateChat()
	headers.Platform = strings.TrimSuffix(headers.Platform, "}") + `, "webhooks": {"headers": {"X-Key": "${{ env.LG_WEBHOOK_THAT_NOBODY_SET }}"}}}`
	for name, tt := range map[string]struct {
		parts    platform.Parts
		settings string
		want     string
	}{
		"settings of no graph":   {plain, `{"nowhere": {}}`, `LANGGRAPH_CONFIG: there is no graph "nowhere"`},
		"settings that are none": {plain, `{"agent": {"recursion_limit": 0}}`, `LANGGRAPH_CONFIG: graph "agent": config.recursion_limit`},
		"a context that is none": {plain, `{"agent": {"context": 1}}`, `LANGGRAPH_CONFIG: graph "agent": context: want an object`},
		"a header's variable":    {headers, `{}`, "webhooks.headers.X-Key: the environment has no LG_WEBHOOK_THAT_NOBODY_SET"},
	} {
		file, err := config.Parse("platform.json", []byte(tt.parts.Platform))
		if err != nil {
			t.Fatal(err)
		}
		process, err := config.ReadProcess(func(string) (string, bool) { return "", false })
		process.DatabaseURI = filepath.Join(t.TempDir(), "test.db")
		if err := errors.Join(err, json.Unmarshal([]byte(tt.settings), &process.GraphSettings)); err != nil {
			t.Fatal(err)
		}
		made, err := platform.New(t.Context(), platform.Config{Parts: tt.parts, File: file, Process: process, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			err = made.Close()
			t.Errorf("%s: the server was made (%v)", name, err)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

// A setting that would lock something elsewhere and nothing here stops every command, also when the environment file has it.
func TestSettingsThatGuardNothing(t *testing.T) {
	t.Parallel()
	path := binary(t, "graphs/core/platform.json")
	for _, command := range []string{"serve", "worker", "migrate"} {
		for name, want := range map[string]string{
			"LANGGRAPH_AES_KEY": "encryption at rest is not supported yet", "LANGGRAPH_AUTH_TYPE": `hooks are Go, named by "auth" in platform.json`,
		} {
			cmd := exec.Command(path, command)
			cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), name+"=something")
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "serving") {
				t.Errorf("%s with %s: %v\n%s", command, name, err, out)
			}
			file := filepath.Join(t.TempDir(), "platform.json")
			text := `{"graphs": {"agent": "./agent:Graph"}, "env": {"` + name + `": "something"}}`
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd = exec.Command(path, command, "--config", file)
			cmd.Dir = t.TempDir()
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%s with %s in the environment file: %v\n%s", command, name, err, out)
			}
		}
	}
}
