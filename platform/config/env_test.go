package config

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func project(t *testing.T, env, file string) *Config {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "platform.json")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, `{"graphs":{"a":"./a:G"}`+env+`}`)
	if file != "" {
		write(filepath.Join(dir, ".env"), file)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The process environment wins, even when it holds the variable as empty.
func TestLoadEnv(t *testing.T) {
	for _, name := range []string{"LOCUTORY_T_FILE", "LOCUTORY_T_WRITTEN"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LOCUTORY_T_MINE", "process")
	t.Setenv("LOCUTORY_T_EMPTY", "")

	c := project(t, "", "LOCUTORY_T_MINE=file\nLOCUTORY_T_EMPTY=file\nLOCUTORY_T_FILE='a $b'\n")
	set, err := c.LoadEnv()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"LOCUTORY_T_FILE"}, set); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	written := project(t, `,"env":{"LOCUTORY_T_WRITTEN":"x","LOCUTORY_T_MINE":"y"}`, "LOCUTORY_T_EMPTY=ignored")
	if _, err := written.LoadEnv(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"LOCUTORY_T_MINE": "process", "LOCUTORY_T_EMPTY": "", "LOCUTORY_T_FILE": "a $b", "LOCUTORY_T_WRITTEN": "x",
	} {
		if got := os.Getenv(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestLoadEnvMissing(t *testing.T) {
	t.Parallel()
	if set, err := project(t, `,"env":".env"`, "").LoadEnv(); err != nil || set != nil {
		t.Errorf("without .env: %v, %v; want nothing", set, err)
	}
	_, err := project(t, `,"env":"prod.env"`, "").LoadEnv()
	if err == nil || !strings.Contains(err.Error(), "platform.json:1:31: env: there is no file prod.env") {
		t.Errorf("err = %v, want the place and the file", err)
	}
}

func TestReadProcess(t *testing.T) {
	t.Parallel()
	defaults := Process{
		Host: "127.0.0.1", Port: 2024, DataDir: ".locutory/data", Workers: 10, RunTimeout: time.Hour, RunAttempts: 3, Lease: 10 * time.Second, MaxBodyBytes: 300 << 20,
		KeepResumable: 7 * 24 * time.Hour,
	}
	tests := []struct {
		name string
		env  map[string]string
		want func(*Process)
		err  string
	}{
		{name: "defaults", want: func(*Process) {}},
		{
			name: "set", env: map[string]string{
				"HOST": "0.0.0.0", "PORT": "0", "N_JOBS_PER_WORKER": "0", "BG_JOB_TIMEOUT_SECS": "60", "LOG_LEVEL": "WARNING",
				"DATABASE_URI": "postgres://x", "HTTP_MAX_REQUEST_BODY_BYTES": "1000", "LOG_JSON": "true", "RESUMABLE_STREAM_TTL_SECONDS": "120", EnvDev: "1", EnvListenFD: "3", EnvReadyFD: "4",
			},
			want: func(p *Process) {
				p.Host, p.Port, p.Workers, p.RunTimeout, p.LogLevel = "0.0.0.0", 0, 0, time.Minute, slog.LevelWarn
				p.LogJSON, p.KeepResumable = true, 2*time.Minute
				p.DatabaseURI, p.MaxBodyBytes, p.Dev, p.ListenFD, p.ReadyFD = "postgres://x", 1000, true, 3, 4
			},
		},
		{name: "port", env: map[string]string{"PORT": "eighty"}, want: func(*Process) {}, err: `PORT: "eighty"; want a whole number from 0 to 65535`},
		{
			name: "redis", env: map[string]string{"REDIS_URI": "redis://x"}, want: func(p *Process) { p.RedisURI = "redis://x" },
			err: "REDIS_URI: not supported yet; unset it",
		},
		{
			name: "settings and secrets", env: map[string]string{
				"LANGGRAPH_CONFIG": `{"agent": {"configurable": {"a": 1}}}`, "LOCUTORY_WEBHOOK_SECRET": " new, old,",
			},
			want: func(p *Process) {
				p.GraphSettings = map[string]json.RawMessage{"agent": json.RawMessage(`{"configurable": {"a": 1}}`)}
				p.WebhookSecrets = []string{"new", "old"}
			},
		},
		{
			name: "metrics", env: map[string]string{"LOCUTORY_METRICS_TOKEN": "x", "LOCUTORY_METRICS_ADDR": ":9464"},
			want: func(p *Process) { p.MetricsToken, p.MetricsAddr = "x", "127.0.0.1:9464" },
		},
		{
			name: "metrics nowhere", env: map[string]string{"LOCUTORY_METRICS_ADDR": "9464"}, want: func(*Process) {},
			err: `LOCUTORY_METRICS_ADDR: "9464"; want a host and a port such as 127.0.0.1:9464`,
		},
		{
			name: "settings that are none", env: map[string]string{"LANGGRAPH_CONFIG": `[]`}, want: func(*Process) {},
			err: `LANGGRAPH_CONFIG: want a JSON object such as {"agent": {"configurable": {}}}: json: cannot unmarshal array into Go value of type map[string]json.RawMessage`,
		},
		{
			name: "joined", env: map[string]string{"LOG_LEVEL": "loud", EnvDev: "maybe"}, want: func(*Process) {},
			err: "LOG_LEVEL: \"loud\"; want debug, info, warn or error\nLOCUTORY_DEV: \"maybe\"; want 1 or 0",
		},
	}
	for name, says := range map[string]string{ // what other servers would heed, and what guards nothing here
		"LANGGRAPH_AES_KEY": "encryption at rest is not supported yet", "LANGGRAPH_AES_JSON_KEYS": "encryption at rest is not supported yet",
		"LANGGRAPH_ENCRYPTION": "encryption at rest is not supported yet", "LANGGRAPH_AUTH": `"auth" in platform.json`,
		"LANGGRAPH_AUTH_TYPE": `"auth" in platform.json`, "LANGGRAPH_HTTP": `"http" in platform.json`, "LANGGRAPH_WEBHOOKS": `"webhooks" in platform.json`,
		"LANGGRAPH_STORE": `"store" in platform.json`, "LANGGRAPH_CHECKPOINTER": `"checkpointer" in platform.json`, "MOUNT_PREFIX": `"mount_prefix"`,
		"POSTGRES_URI_CUSTOM": "set DATABASE_URI", "REDIS_URI_CUSTOM": "not supported yet",
	} {
		_, err := ReadProcess(func(asked string) (string, bool) { return "langsmith", asked == name })
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "unset it") {
			t.Errorf("%s is set: %v", name, err)
		}
		if _, err := ReadProcess(func(asked string) (string, bool) { return "", asked == name }); err != nil {
			t.Errorf("%s is empty: %v", name, err)
		}
	}
	if _, err := ReadProcess(func(asked string) (string, bool) { return "noop", asked == "LANGGRAPH_AUTH_TYPE" }); err != nil {
		t.Errorf("authentication by nobody: %v", err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ReadProcess(func(name string) (string, bool) { s, ok := tt.env[name]; return s, ok })
			want := defaults
			tt.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("process (-want +got):\n%s", diff)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.err {
				t.Errorf("err = %q, want %q", text, tt.err)
			}
		})
	}
}

func TestReadyTakesBothForms(t *testing.T) {
	t.Parallel()
	var got Ready
	err := json.Unmarshal([]byte(`{"ready":true,"graphs":["a",{"id":"b","error":"no"}],"auth":["*:*",{"event":"threads:read","at":"s.go:1"}],"database":"d"}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := Ready{
		Ready: true, Graphs: []ReadyGraph{{ID: "a"}, {ID: "b", Error: "no"}},
		Auth: []ReadyRule{{Event: "*:*"}, {Event: "threads:read", At: "s.go:1"}}, Database: "d",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ready (-want +got):\n%s", diff)
	}
}
