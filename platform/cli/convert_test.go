package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/config"
)

// TestEveryKey holds each key that there is in a langgraph.json (rest.md §10) or in a platform.json (API.md §3) against what a
// platform.json may say and against what a conversion makes of it.
func TestEveryKey(t *testing.T) {
	t.Parallel()
	const (
		python = "a Python key; Go has go.mod. locutory validate --convert langgraph.json writes a platform.json"
		index  = `name an embedder in Go: {"embed": "./embed:Embedder", "dims": 1536}`
		noUI   = "components for chat pages are not served from here"
		noKeys = "keys of LangSmith are not known here; an Authenticator decides which keys are good"
		kept   = "" // as it is, or with the name of a Go package in place of a file's
	)
	tests := []struct {
		key, value string
		mistake    string // of the platform.json that says so; "" for none
		left       string // why the conversion leaves it out; kept if it does not
		converted  string // what it makes of the value, if not the same
	}{
		{key: "$schema", value: `"https://x.example"`, left: "without a word"},
		{key: "graphs.more", value: `"./more:Graph"`},
		{key: "graphs.more", value: `"./src/more.py:make_graph"`, mistake: `names a file; a Go package is a directory: "./src:Make_graph"`, converted: `"./src:MakeGraph"`},
		{key: "graphs.more", value: `{"path": "./more:Graph", "description": "d"}`},
		{key: "env", value: `".env.prod"`},
		{key: "env", value: `{"A": "b"}`},
		{key: "env", value: `["A"]`, mistake: `an array; want ".env" or {"NAME": "value"}`},
		{key: "dependencies", value: `["."]`, mistake: python, left: "Go has go.mod"},
		{key: "source", value: `{"kind": "uv", "root": "."}`, mistake: python, left: "Go has go.mod"},
		{key: "python_version", value: `"3.12"`, mistake: python, left: "Go has go.mod"},
		{key: "node_version", value: `"20"`, mistake: python, left: "Go has go.mod"},
		{key: "node_loader", value: `"tsx"`, mistake: python, left: "Go has go.mod"},
		{key: "api_version", value: `"0.4"`, mistake: python, left: "Go has go.mod"},
		{key: "base_image", value: `"x"`, mistake: python, left: "Go has go.mod"},
		{key: "image_distro", value: `"wolfi"`, mistake: python, left: "Go has go.mod"},
		{key: "pip_config_file", value: `"pip.conf"`, mistake: python, left: "Go has go.mod"},
		{key: "pip_installer", value: `"uv"`, mistake: python, left: "Go has go.mod"},
		{key: "dockerfile_lines", value: `["RUN x"]`, mistake: python, left: "Go has go.mod"},
		{key: "docker_compose_file", value: `"x.yml"`, mistake: python, left: "Go has go.mod"},
		{key: "keep_pkg_tools", value: `true`, mistake: python, left: "Go has go.mod"},
		{key: "ui", value: `{"agent": "./ui.tsx"}`, mistake: noUI + "; take it out", left: noUI},
		{key: "ui_config", value: `{"shared": ["x"]}`, mistake: noUI + "; take it out", left: noUI},
		{key: "encryption", value: `{"path": "./e.py:e"}`, mistake: config.Unencrypted, left: config.Unencrypted},
		{key: "nonsense", value: `1`, mistake: "unknown key; there are ", left: "langgraph.json has no such key"},

		{key: "auth.path", value: `"./security:Auth"`},
		{key: "auth.unhandled", value: `"allow"`, left: "langgraph.json has no such key"}, // no other server has it
		{key: "auth.disable_studio_auth", value: `true`},
		{key: "auth.disable_studio_auth", value: `"false"`},
		{key: "auth.openapi", value: `{"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X"}}, "security": [{"k": []}], "paths": {"/ok": {"GET": []}}}`},
		{key: "auth.cache", value: `{"ttl_seconds": 3}`, mistake: "caching is an Authenticator: wrap it", left: "caching is an Authenticator: wrap it"},
		{key: "auth.allow_langsmith_api_keys", value: `true`, mistake: noKeys, left: noKeys},

		{key: "store.index", value: `{"embed": "./embed:New", "dims": 3, "fields": ["$", "a.b"]}`, left: index},
		{key: "store.index", value: `{"embed": "./embed.py:new", "dims": 3}`, mistake: "names a file", converted: `{"embed": "./embed:New", "dims": 3}`},
		{key: "store.index", value: `{"embed": "openai:small", "dims": 3}`},
		{key: "store.index", value: `{"embed": "cohere:small", "dims": 3}`, mistake: `"cohere:small" names a model`, left: index},
		{key: "store.ttl", value: `{"default_ttl": 5, "refresh_on_read": false, "sweep_interval_minutes": 1}`},

		{key: "checkpointer.ttl", value: `{"strategy": "keep_latest", "default_ttl": 5, "sweep_interval_minutes": 1, "sweep_limit": 9}`},
		{key: "checkpointer.path", value: `"./c.py:c"`, mistake: "names a Python class; checkpoints lie in the server's database", left: "states lie in the server's database, as JSON"},
		{key: "checkpointer.serde", value: `{"pickle_fallback": true}`, mistake: "names a Python class; checkpoints are JSON", left: "states lie in the server's database, as JSON"},

		{key: "http.app", value: `"./web:App"`},
		{key: "http.app", value: `"./web/app.py:app"`, mistake: "names a file", converted: `"./web:App"`},
		{key: "http.disable_assistants", value: `true`},
		{key: "http.disable_threads", value: `true`},
		{key: "http.disable_runs", value: `true`},
		{key: "http.disable_store", value: `true`},
		{key: "http.disable_mcp", value: `true`},
		{key: "http.disable_a2a", value: `true`},
		{key: "http.disable_meta", value: `true`},
		{key: "http.disable_ui", value: `true`},
		{key: "http.disable_webhooks", value: `true`},
		{key: "http.cors", value: `{"allow_origins": ["https://a.example"], "allow_methods": ["GET"], "allow_headers": ["X-A"], "allow_credentials": true,
			"allow_origin_regex": "https://.*", "expose_headers": ["X-B"], "max_age": 5}`},
		{key: "http.configurable_headers", value: `{"includes": ["x-*"], "excludes": ["x-b"]}`},
		{key: "http.configurable_headers", value: `{"include": ["x-*"]}`, mistake: "unknown key; did you mean includes?", converted: `{"includes": ["x-*"]}`},
		{key: "http.configurable-headers", value: `{"excludes": ["x-b"]}`, mistake: "unknown key; did you mean configurable_headers?", converted: `http.configurable_headers`},
		{key: "http.logging_headers", value: `{"includes": ["x-*"]}`},
		{key: "http.logging-headers", value: `{"excludes": ["x-b"]}`, mistake: "unknown key; did you mean logging_headers?", converted: `http.logging_headers`},
		{key: "http.middleware_order", value: `"auth_first"`, mistake: "App.Middleware is outermost", left: "App.Middleware is outermost"},
		{key: "http.enable_custom_route_auth", value: `true`, left: "custom routes are authenticated; App.Public names the open ones"},
		{key: "http.enable_custom_route_auth", value: `false`, mistake: "false would open every custom route", left: "custom routes are authenticated; App.Public names the open ones"},
		{key: "http.mount_prefix", value: `"/api"`},

		{key: "webhooks.env_prefix", value: `"HOOK_"`},
		{key: "webhooks.headers", value: `{"X-Key": "${{ env.LG_WEBHOOK_KEY }}"}`},
		{key: "webhooks.url", value: `{"require_https": true, "allowed_domains": ["*.a.example"], "allowed_ports": [443], "max_url_length": 99, "disable_loopback": true}`},
	}
	for _, tt := range tests {
		t.Run(tt.key+" "+tt.value, func(t *testing.T) {
			t.Parallel()
			section, name, nested := strings.Cut(tt.key, ".")
			text := `{"graphs": {"agent": "./agent:Graph"},` + "\n" + `"` + tt.key + `": ` + tt.value + `}`
			if nested {
				with := map[string]string{"graphs": `"agent": "./agent:Graph", `, "auth": `"path": "./security:Auth", `}[section]
				if tt.key == "auth.path" {
					with = ""
				}
				text = `{"graphs": {"agent": "./agent:Graph"},` + "\n" + `"` + section + `": {` + with + `"` + name + `": ` + tt.value + `}}`
				if section == "graphs" {
					text = `{` + "\n" + `"graphs": {` + with + `"` + name + `": ` + tt.value + `}}`
				}
			}
			_, err := config.Parse("platform.json", []byte(text))
			switch {
			case tt.mistake == "" && err != nil:
				t.Errorf("not accepted: %v", err)
			case tt.mistake != "" && err == nil:
				t.Errorf("accepted, want %s", tt.mistake)
			case tt.mistake != "" && (!strings.HasPrefix(err.Error(), "platform.json:2:") || !strings.Contains(err.Error(), tt.mistake)):
				t.Errorf("mistake %v, want one of line 2: %s", err, tt.mistake)
			}

			var old map[string]any
			if err := json.Unmarshal([]byte(text), &old); err != nil {
				t.Fatal(err)
			}
			c := conversion{left: map[string]string{}}
			made, err := json.Marshal(c.root(old))
			if err != nil {
				t.Fatal(err)
			}
			want, key := tt.value, tt.key
			if strings.HasPrefix(tt.converted, "http.") {
				key = tt.converted
			} else if tt.converted != "" {
				want = tt.converted
			}
			got, there := at(t, made, key)
			if tt.left != kept {
				if why := c.left[tt.key]; there || !strings.HasPrefix(why, tt.left) && (why != "" || tt.left != "without a word") {
					t.Errorf("left out since %q, want %q; %s", why, tt.left, made)
				}
				return
			}
			var as any
			if err := json.Unmarshal([]byte(want), &as); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(as, got); diff != "" {
				t.Errorf("converted (-want +got):\n%s", diff)
			}
			if _, err := config.Parse("platform.json", made); err != nil && tt.key != "env" {
				t.Errorf("the conversion is refused: %v", err)
			}
			if why, out := c.left[tt.key]; out {
				t.Errorf("kept, and told as left out: %s", why)
			}
		})
	}
}

// at is the value at a dotted key of JSON.
func at(t *testing.T, text []byte, key string) (value any, there bool) {
	t.Helper()
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(key, ".") {
		object, _ := value.(map[string]any)
		if value, there = object[part]; !there {
			return nil, false
		}
	}
	return value, true
}
