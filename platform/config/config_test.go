package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const data = `{
  "$schema": "https://example.com/platform.schema.json",
  "graphs": {
    "trip": {"path": "./trip:New", "description": "Plans trips"},
    "agent": "./agent/:Graph",
    "root": ".:Graph"
  },
  "env": {"A": "1"},
  "auth": {"path": "./security:Auth", "unhandled": "allow", "index": ["team"], "disable_studio_auth": "true"},
  "http": {
    "cors": {"allow_origins": ["https://a.example"], "allow_credentials": true, "expose_headers": ["X-A"]},
    "mount_prefix": "/api", "disable_mcp": true, "disable_a2a": false, "enable_custom_route_auth": true
  },
  "store": {},
  "checkpointer": {"ttl": {"strategy": "keep_latest", "default_ttl": 0.5, "sweep_interval_minutes": 10, "sweep_limit": 7}}
}`
	got, err := Parse("platform.json", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		File: "platform.json",
		Graphs: []Graph{
			{ID: "trip", Symbol: Symbol{"./trip", "New"}, Description: "Plans trips", Pos: Pos{"platform.json", 4, 22}},
			{ID: "agent", Symbol: Symbol{"./agent", "Graph"}, Pos: Pos{"platform.json", 5, 14}},
			{ID: "root", Symbol: Symbol{".", "Graph"}, Pos: Pos{"platform.json", 6, 13}},
		},
		Env: Env{Vars: map[string]string{"A": "1"}, Pos: Pos{"platform.json", 8, 10}},
		Auth: &Auth{
			Path: Symbol{"./security", "Auth"}, Unhandled: Allow, Index: []string{"team"}, DisableStudio: true,
			Pos: Pos{"platform.json", 9, 20},
		},
		HTTP: HTTP{
			CORS: &CORS{
				AllowOrigins: []string{"https://a.example"}, AllowCredentials: true, ExposeHeaders: []string{"X-A"}, MaxAge: 600,
			},
			MountPrefix: "/api", Disabled: map[string]bool{"mcp": true},
		},
		Webhooks:     defaultWebhooks(),
		Checkpointer: Checkpointer{Strategy: "keep_latest", TTL: 30 * time.Second, SweepEvery: 10 * time.Minute, SweepLimit: 7},
		Store:        Store{TTL: StoreTTL{RefreshOnRead: true, SweepInterval: 5 * time.Minute}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"team"}, got.Index()); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := Parse("platform.json", []byte(`{"graphs":{"a":"./a:G"},"auth":{"path":"./s:Auth"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Auth.Unhandled != Deny {
		t.Errorf("unhandled = %q, want deny", c.Auth.Unhandled)
	}
	if diff := cmp.Diff([]string{"owner", "tenant_id"}, c.Index()); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
	if c.Env.File != ".env" || c.HTTP.CORS != nil || c.Auth.DisableStudio {
		t.Errorf("env %q, cors %v, disable studio %v; want .env, nil, false", c.Env.File, c.HTTP.CORS, c.Auth.DisableStudio)
	}
}

// unknown keys are errors. Each case is a value of the root object after the graphs.
func TestMistakes(t *testing.T) {
	t.Parallel()
	const python = "a Python key; Go has go.mod. locutory validate --convert langgraph.json writes a platform.json"
	tests := []struct{ name, json, want string }{
		{"unknown key", `"auth": {"path": "./s:Auth", "disable_studio": true}`, "2:30: auth.disable_studio: unknown key; did you mean disable_studio_auth?"},
		{"unknown root key", `"graph": {}`, "2:1: graph: unknown key; did you mean graphs?"},
		{"nothing near", `"port": 2024`, "2:1: port: unknown key; there are $schema, auth, checkpointer, env, graphs, http, store, webhooks"},
		{"twice", `"env": ".env", "env": ".env"`, "2:16: env: written twice, first at line 2"},
		{"auth without path", `"auth": {"unhandled": "allow"}`, `2:9: auth: no "path"; want {"path": "./security:Auth"}`},
		{"R-3 auth path is no symbol", `"auth": {"path": "./auth.py:auth"}`, `2:18: auth.path: ./auth.py names a file; a Go package is a directory: ".:Auth"`},
		{"auth is no object", `"auth": "./s:Auth"`, "2:9: auth: a string; want an object"},
		{"unhandled", `"auth": {"path": "./s:Auth", "unhandled": "Allow"}`, `2:43: auth.unhandled: "Allow"; want "deny" or "allow"`},
		{"index", `"auth": {"path": "./s:Auth", "index": ["a b"]}`, "2:40: auth.index[0]: \"a b\" is no key of a filter; it must match ^[A-Za-z0-9_.:-]{1,128}$"},
		{"index twice", `"auth": {"path": "./s:Auth", "index": ["a", "a"]}`, `2:45: auth.index[1]: "a" is there already`},
		{"studio word", `"auth": {"path": "./s:Auth", "disable_studio_auth": "yes"}`, "2:53: auth.disable_studio_auth: a string; want true or false"},
		{"H-3 cache", `"auth": {"path": "./s:Auth", "cache": {}}`, "2:30: auth.cache: caching is an Authenticator: wrap it"},
		{"openapi", `"auth": {"path": "./s:Auth", "openapi": {"path": {}}}`, "2:42: auth.openapi.path: unknown key; did you mean paths?"},
		{"openapi scheme of no type", `"auth": {"path": "./s:Auth", "openapi": {"securitySchemes": {"key": {"in": "header"}}}}`, `2:69: auth.openapi.securitySchemes.key: no "type"; want one of apiKey, http, mutualTLS, oauth2, openIdConnect`},
		{"openapi scheme of another type", `"auth": {"path": "./s:Auth", "openapi": {"securitySchemes": {"key": {"type": "key"}}}}`, `2:78: auth.openapi.securitySchemes.key.type: "key"; want "apiKey" or "http" or "mutualTLS" or "oauth2" or "openIdConnect"`},
		{"openapi needs what is not there", `"auth": {"path": "./s:Auth", "openapi": {"securitySchemes": {"key": {"type": "apiKey"}}, "security": [{"keys": []}]}}`, "2:104: auth.openapi.security[0].keys: there is no such security scheme; did you mean key?"},
		{"openapi method", `"auth": {"path": "./s:Auth", "openapi": {"paths": {"ok": {"Get": []}}}}`, "2:52: auth.openapi.paths.ok: a path begins with a slash, as in \"/threads/{thread_id}\"\nplatform.json:2:59: auth.openapi.paths.ok.Get: no such method; there are GET, PUT, POST, DELETE, OPTIONS, HEAD, PATCH, TRACE"},
		{"R-9 credentials", `"http": {"cors": {"allow_origins": ["*"], "allow_credentials": true}}`, `2:64: http.cors.allow_credentials: "*" with credentials would let any site act for its visitor; name the origins`},
		{"origin", `"http": {"cors": {"allow_origins": ["a.example"]}}`, `2:37: http.cors.allow_origins[0]: "a.example" is no origin; want one as in "https://chat.example.com"`},
		{"origin path", `"http": {"cors": {"allow_origins": ["https://a.example/"]}}`, `2:37: http.cors.allow_origins[0]: "https://a.example/" has a path; an origin ends with the host or the port`},
		{"origin regex", `"http": {"cors": {"allow_origin_regex": "("}}`, "2:41: http.cors.allow_origin_regex: \"(\" is no regular expression: missing closing ): `^(?:()$`"},
		{"max age", `"http": {"cors": {"max_age": 1.5}}`, "2:30: http.cors.max_age: 1.5; want a whole number of 0 or more"},
		{"mount prefix", `"http": {"mount_prefix": "api/"}`, `2:26: http.mount_prefix: "api/"; want a path that begins with a slash and does not end with one, as in "/api"`},
		{"R-6 custom route auth", `"http": {"enable_custom_route_auth": false}`, "2:38: http.enable_custom_route_auth: false would open every custom route; name the open ones in App.Public"},
		{"app", `"http": {"app": "./web.go:app"}`, `2:17: http.app: ./web.go names a file; a Go package is a directory: ".:App"`},
		{"include", `"http": {"configurable_headers": {"include": []}}`, "2:35: http.configurable_headers.include: unknown key; did you mean includes?"},
		{"exclude", `"http": {"logging_headers": {"exclude": []}}`, "2:30: http.logging_headers.exclude: unknown key; did you mean excludes?"},
		{"a credential as setting", `"http": {"configurable_headers": {"includes": ["x-*", "Authorization"]}}`, `2:55: http.configurable_headers.includes[1]: "authorization" is a credential: it would be stored or logged where others read it; what graphs need of it goes into User.Secret`},
		{"a credential in the log", `"http": {"logging_headers": {"includes": ["cookie"]}}`, `2:43: http.logging_headers.includes[0]: "cookie" is a credential: it would be stored or logged where others read it; what graphs need of it goes into User.Secret`},
		{"header names", `"http": {"logging_headers": {"excludes": ["x y", 1]}}`, "2:43: http.logging_headers.excludes[0]: \"x y\" is no name of a header\nplatform.json:2:50: http.logging_headers.excludes[1]: a number; want a string"},
		{"dashes", `"http": {"configurable-headers": {}}`, "2:10: http.configurable-headers: unknown key; did you mean configurable_headers?"},
		{"middleware order", `"http": {"middleware_order": "auth_first"}`, "2:10: http.middleware_order: App.Middleware is outermost, auth inside, CORS around both"},
		{"disable", `"http": {"disable_mcp": "true"}`, "2:25: http.disable_mcp: a string; want true or false"},
		{"store index", `"store": {"index": {"dims": 3}}`, `2:20: store.index: no "embed"; want {"embed": "./embed:Embedder", "dims": 1536}`},
		{"store index dims", `"store": {"index": {"embed": "./e:E"}}`, `2:20: store.index: no "dims"; want how many numbers a vector of "embed" has`},
		{"store index embed", `"store": {"index": {"embed": "cohere:small", "dims": 0}}`, `2:30: store.index.embed: "cohere:small" names a model; want one of "openai:" or "ollama:", or a Go embedder of it, as in "./embed:New"` +
			"\nplatform.json:2:54: store.index.dims: 0; want a whole number of 1 or more"},
		{"store index model", `"store": {"index": {"embed": "ollama:", "dims": 3}}`, `2:30: store.index.embed: "ollama:" names no model; want one, as in "openai:text-embedding-3-small"`},
		{"store ttl", `"store": {"ttl": {"default_ttl": 0, "sweep_interval_minutes": 1e12}}`, "2:34: store.ttl.default_ttl: 0; want a number of minutes above 0 and at most 52560000\n" +
			"platform.json:2:63: store.ttl.sweep_interval_minutes: 1e12; want a number of minutes above 0 and at most 52560000"},
		{"checkpointer strategy", `"checkpointer": {"ttl": {"strategy": "archive"}}`, `2:38: checkpointer.ttl.strategy: "archive"; want "delete" or "keep_latest"`},
		{"checkpointer ttl", `"checkpointer": {"ttl": {"default_ttl": 0}}`, "2:41: checkpointer.ttl.default_ttl: 0; want a number of minutes above 0 and at most 52560000"},
		{"checkpointer ttl as text", `"checkpointer": {"ttl": {"default_ttl": "1h"}}`, "2:41: checkpointer.ttl.default_ttl: a string; want a number of minutes"},
		{"checkpointer serde", `"checkpointer": {"serde": {}}`, "2:18: checkpointer.serde: names a Python class; checkpoints are JSON"},
		{"webhook ports", `"webhooks": {"url": {"allowed_ports": [0, 70000]}}`, "2:40: webhooks.url.allowed_ports[0]: 0; want a whole number of 1 or more\nplatform.json:2:43: webhooks.url.allowed_ports[1]: 70000; want a port, 65535 at most"},
		{"no webhook ports", `"webhooks": {"url": {"allowed_ports": []}}`, "2:39: webhooks.url.allowed_ports: is empty; http.disable_webhooks takes webhooks away"},
		{"webhook domain", `"webhooks": {"url": {"allowed_domains": ["a.example", "*"]}}`, `2:55: webhooks.url.allowed_domains[1]: "*" is no domain; want one as in "hooks.example.com" or "*.example.com"`},
		{"webhook header", `"webhooks": {"headers": {"Content-Type": "x"}}`, "2:25: webhooks.headers.Content-Type: is set by the server itself"},
		{"webhook header name", `"webhooks": {"headers": {"a b": "x"}}`, "2:25: webhooks.headers.a b: is no name of a header"},
		{"webhook variable", `"webhooks": {"headers": {"X": "${{ env.AWS_SECRET }}"}}`, "2:25: webhooks.headers.X: AWS_SECRET does not begin with LG_WEBHOOK_; rename the variable, or set webhooks.env_prefix"},
		{"webhook template", `"webhooks": {"headers": {"X": "${{ secrets.A }}"}}`, "2:25: webhooks.headers.X: only ${{ env.NAME }} is expanded"},
		{"encryption", `"encryption": {"path": "./e.py:e"}`, "2:1: encryption: encryption at rest is not supported yet, and rows would be stored as they are: encrypt the database's disk or volume, and take it out"},
		{"python", `"dependencies": ["."]`, "2:1: dependencies: " + python},
		{"env", `"env": 1`, `2:8: env: a number; want ".env" or {"NAME": "value"}`},
		{"env value", `"env": {"A": 1}`, "2:14: env.A: a number; want a string"},
		{"schema", `"$schema": null`, "2:12: $schema: null; want a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("platform.json", []byte("{\"graphs\": {\"agent\": \"./agent:Graph\"},\n"+tt.json+"}"))
			checkMistakes(t, err, "platform.json:"+tt.want)
		})
	}
}

func TestGraphMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, json, want string }{
		{"none", `{}`, `1:1: no "graphs"; want at least {"graphs": {"agent": "./agent:Graph"}}`},
		{"empty", `{"graphs": {}}`, `1:12: graphs: no graph; want at least {"agent": "./agent:Graph"}`},
		{"list", `{"graphs": []}`, `1:12: graphs: an array; want an object from graph id to "./dir:Name"`},
		{"number", `{"graphs": {"a": 1}}`, `1:18: graphs.a: a number; want "./dir:Name"`},
		{"no path", `{"graphs": {"a": {}}}`, `1:18: graphs.a: no "path"; want {"path": "./dir:Name"}`},
		{"no id", `{"graphs": {"": "./a:G"}}`, `1:13: graphs.: a graph needs an id that is not empty`},
		{"file", `{"graphs": {"a": "./agent/agent.go:Graph"}}`, `1:18: graphs.a: ./agent/agent.go names a file; a Go package is a directory: "./agent:Graph"`},
		{"python file", `{"graphs": {"a": "./src/agent.py:graph"}}`, `1:18: graphs.a: ./src/agent.py names a file; a Go package is a directory: "./src:Graph"`},
		{"no name", `{"graphs": {"a": "./agent"}}`, `1:18: graphs.a: "./agent" is not of the form "./dir:Name", as in "./agent:Graph"`},
		{"not exported", `{"graphs": {"a": "./agent:graph"}}`, `1:18: graphs.a: "./agent:graph": graph is not exported; a Go name for others begins with a capital: Graph`},
		{"no name in Go", `{"graphs": {"a": "./agent:New()"}}`, `1:18: graphs.a: "./agent:New()": New() is not a Go name`},
		{"bare", `{"graphs": {"a": "agent:Graph"}}`, `1:18: graphs.a: "agent:Graph": the directory is relative to this file; did you mean "./agent:Graph"?`},
		{"absolute", `{"graphs": {"a": "/agent:Graph"}}`, `1:18: graphs.a: "/agent:Graph": the directory must be relative to this file, as in "./agent:Graph"`},
		{"backslash", `{"graphs": {"a": ".\\agent:Graph"}}`, `1:18: graphs.a: ".\\agent:Graph": write the directory with slashes: "./agent:Graph"`},
		{"root", `[]`, "1:1: an array; want an object"},
		{"nothing", " \n", ` the file is empty; want at least {"graphs": {"agent": "./agent:Graph"}}`},
		{"comment", "{\n  // mine\n}", "2:3: a comment; this file is plain JSON, which has none"},
		{"comma", "{\"graphs\": {},\n}", "2:1: a comma before the end; take it out"},
		{"cut off", `{"graphs": {`, "1:12: unexpected end of JSON input"},
		{"two values", `{} {}`, "1:4: invalid character '{' after top-level value"},
		{
			"all at once", "{\n  \"graphs\": {\"a\": \"x\", \"b\": \"./b:g\"},\n  \"gaphs\": {}\n}",
			"2:19: graphs.a: \"x\" is not of the form \"./dir:Name\", as in \"./agent:Graph\"\n" +
				"platform.json:2:29: graphs.b: \"./b:g\": g is not exported; a Go name for others begins with a capital: G\n" +
				"platform.json:3:3: gaphs: unknown key; did you mean graphs?",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("platform.json", []byte(tt.json))
			checkMistakes(t, err, "platform.json:"+tt.want)
		})
	}
}

func checkMistakes(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s", want)
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if _, ok := errors.AsType[*Mistake](err); !ok {
		t.Errorf("%v holds no *Mistake", err)
	}
}

func TestOriginRegexMatchesWhole(t *testing.T) {
	t.Parallel()
	c, err := Parse("platform.json", []byte(`{"graphs":{"a":"./a:G"},"http":{"cors":{"allow_origin_regex":"https://.*\\.a\\.example|http://b"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{
		"https://x.a.example": true, "http://b": true, "https://x.a.example.evil.example": false, "http://b.evil": false,
	} {
		if got := c.HTTP.CORS.AllowOriginRegex.MatchString(origin); got != want {
			t.Errorf("%s allowed: %v, want %v", origin, got, want)
		}
	}
}

func TestLoadMissing(t *testing.T) {
	t.Parallel()
	_, err := Load(filepath.Join(t.TempDir(), "platform.json"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v, want not exist", err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		known []string
		want  string
	}{
		{"Graf", []string{"Graph", "State"}, "Graph"},
		{"graph", []string{"Graph"}, "Graph"},
		{"Grpah", []string{"Graph"}, "Graph"},
		{"disable_studio", []string{"disable_mcp", "disable_studio_auth"}, "disable_studio_auth"},
		{"X", []string{"Y"}, ""},
		{"Planner", []string{"Graph"}, ""},
		{"G", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Nearest(tt.name, tt.known); got != tt.want {
				t.Errorf("Nearest(%q, %v) = %q, want %q", tt.name, tt.known, got, tt.want)
			}
		})
	}
}
