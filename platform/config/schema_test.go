package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
)

func resolved(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Schema and reader judge alike.
func TestSchemaJudgesAsTheReader(t *testing.T) {
	t.Parallel()
	schema := resolved(t)
	const graphs = `"graphs": {"agent": "./agent:Graph"}`
	tests := []struct {
		name, json string
		good       bool
	}{
		{"the least", `{` + graphs + `}`, true},
		{"schema", `{"$schema": "http://127.0.0.1:2024/platform.schema.json", ` + graphs + `}`, true},
		{"no graphs", `{}`, false},
		{"no graph", `{"graphs": {}}`, false},
		{"an array", `[]`, false},
		{"null", `null`, false},
		{"unknown key", `{` + graphs + `, "port": 2024}`, false},
		{"python key", `{` + graphs + `, "dependencies": ["."]}`, false},
		{"long graph", `{"graphs": {"agent": {"path": "./agent:Graph", "description": "d"}}}`, true},
		{"long graph without path", `{"graphs": {"agent": {"description": "d"}}}`, false},
		{"long graph, unknown key", `{"graphs": {"agent": {"path": "./agent:Graph", "name": "d"}}}`, false},
		{"graph without id", `{"graphs": {"": "./agent:Graph"}}`, false},
		{"this directory", `{"graphs": {"agent": ".:Graph"}}`, true},
		{"a directory above", `{"graphs": {"agent": "../a.b/agent:Graph2"}}`, true},
		{"an accent", `{"graphs": {"agent": "./agent:Überblick"}}`, true},
		{"a file", `{"graphs": {"agent": "./agent.go:Graph"}}`, false},
		{"a python file", `{"graphs": {"agent": "./agent/agent.py:graph"}}`, false},
		{"no dot", `{"graphs": {"agent": "agent:Graph"}}`, false},
		{"absolute", `{"graphs": {"agent": "/agent:Graph"}}`, false},
		{"backslash", `{"graphs": {"agent": ".\\agent:Graph"}}`, false},
		{"not exported", `{"graphs": {"agent": "./agent:graph"}}`, false},
		{"no name", `{"graphs": {"agent": "./agent"}}`, false},
		{"two names", `{"graphs": {"agent": "./agent:Graph:More"}}`, false},
		{"env file", `{` + graphs + `, "env": "prod.env"}`, true},
		{"env variables", `{` + graphs + `, "env": {"A": "b"}}`, true},
		{"env number", `{` + graphs + `, "env": {"A": 1}}`, false},
		{"env list", `{` + graphs + `, "env": ["A"]}`, false},
		{"env empty", `{` + graphs + `, "env": ""}`, false},
		{"env name", `{` + graphs + `, "env": {"A=": "b"}}`, false},
		{"auth", `{` + graphs + `, "auth": {"path": "./s:Auth", "unhandled": "allow", "index": ["owner"], "disable_studio_auth": "true"}}`, true},
		{"auth without path", `{` + graphs + `, "auth": {}}`, false},
		{"auth unhandled", `{` + graphs + `, "auth": {"path": "./s:Auth", "unhandled": "maybe"}}`, false},
		{"auth index", `{` + graphs + `, "auth": {"path": "./s:Auth", "index": ["a b"]}}`, false},
		{"auth index twice", `{` + graphs + `, "auth": {"path": "./s:Auth", "index": ["a", "a"]}}`, false},
		{"auth studio", `{` + graphs + `, "auth": {"path": "./s:Auth", "disable_studio_auth": "yes"}}`, false},
		{"auth cache", `{` + graphs + `, "auth": {"path": "./s:Auth", "cache": {}}}`, false},
		{"auth openapi", `{` + graphs + `, "auth": {"path": "./s:Auth", "openapi": {
			"securitySchemes": {"o": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/token", "scopes": {"me": "m"}}}}},
			"security": [{"o": ["me"]}], "paths": {"/threads": {"POST": [], "get": [{"o": []}]}}}}}`, true},
		{"auth openapi scheme", `{` + graphs + `, "auth": {"path": "./s:Auth", "openapi": {"securitySchemes": {"o": {"type": "password"}}}}}`, false},
		{"auth openapi scheme without type", `{` + graphs + `, "auth": {"path": "./s:Auth", "openapi": {"securitySchemes": {"o": {}}}}}`, false},
		{"auth openapi path", `{` + graphs + `, "auth": {"path": "./s:Auth", "openapi": {"paths": {"threads": {}}}}}`, false},
		{"auth openapi method", `{` + graphs + `, "auth": {"path": "./s:Auth", "openapi": {"paths": {"/threads": {"Post": []}}}}}`, false},
		{"cors", `{` + graphs + `, "http": {"cors": {"allow_origins": ["https://a.example", "*", "null"], "allow_origin_regex": "^https://", "max_age": 0}}}`, true},
		{"cors credentials", `{` + graphs + `, "http": {"cors": {"allow_origins": ["https://a.example"], "allow_credentials": true}}}`, true},
		{"cors any with credentials", `{` + graphs + `, "http": {"cors": {"allow_origins": ["*"], "allow_credentials": true}}}`, false},
		{"cors origin", `{` + graphs + `, "http": {"cors": {"allow_origins": ["https://a.example/"]}}}`, false},
		{"cors pattern", `{` + graphs + `, "http": {"cors": {"allow_origins": ["https://*.example"]}}}`, false},
		{"cors age", `{` + graphs + `, "http": {"cors": {"max_age": -1}}}`, false},
		{"prefix", `{` + graphs + `, "http": {"mount_prefix": "/api/v1"}}`, true},
		{"no prefix", `{` + graphs + `, "http": {"mount_prefix": ""}}`, true},
		{"prefix of a slash", `{` + graphs + `, "http": {"mount_prefix": "/"}}`, false},
		{"prefix ends", `{` + graphs + `, "http": {"mount_prefix": "/api/"}}`, false},
		{"prefix begins", `{` + graphs + `, "http": {"mount_prefix": "api"}}`, false},
		{"prefix parameter", `{` + graphs + `, "http": {"mount_prefix": "/:a"}}`, false},
		{"app", `{` + graphs + `, "http": {"app": "./web:App"}}`, true},
		{"app file", `{` + graphs + `, "http": {"app": "./web.py:app"}}`, false},
		{"headers", `{` + graphs + `, "http": {"configurable_headers": {"includes": ["x-*"], "excludes": ["x-b"]}, "logging_headers": {}}}`, true},
		{"headers that are credentials", `{` + graphs + `, "http": {"configurable_headers": {"includes": ["Authorization"]}}}`, false},
		{"headers of no name", `{` + graphs + `, "http": {"logging_headers": {"excludes": ["a b"]}}}`, false},
		{"headers misspelt", `{` + graphs + `, "http": {"logging_headers": {"include": []}}}`, false},
		{"custom auth", `{` + graphs + `, "http": {"enable_custom_route_auth": true}}`, true},
		{"no custom auth", `{` + graphs + `, "http": {"enable_custom_route_auth": false}}`, false},
		{"disabled", `{` + graphs + `, "http": {"disable_meta": true, "disable_ui": false}}`, true},
		{"disabled word", `{` + graphs + `, "http": {"disable_meta": "true"}}`, false},
		{"store", `{` + graphs + `, "store": {"ttl": {"default_ttl": 0.5, "refresh_on_read": false, "sweep_interval_minutes": 1}, "index": {"embed": "./e:New", "dims": 3, "fields": ["a.b"]}}}`, true},
		{"store without dims", `{` + graphs + `, "store": {"index": {"embed": "./e:New"}}}`, false},
		{"store provider", `{` + graphs + `, "store": {"index": {"embed": "cohere:small", "dims": 3}}}`, false},
		{"store model", `{` + graphs + `, "store": {"index": {"embed": "ollama:nomic-embed-text:v1.5", "dims": 3}}}`, true},
		{"store without a model", `{` + graphs + `, "store": {"index": {"embed": "openai:", "dims": 3}}}`, false},
		{"store minutes", `{` + graphs + `, "store": {"ttl": {"default_ttl": 0}}}`, false},
		{"store years", `{` + graphs + `, "store": {"ttl": {"default_ttl": 52560001}}}`, false},
		{"checkpointer", `{` + graphs + `, "checkpointer": {"ttl": {"strategy": "keep_latest", "default_ttl": 60, "sweep_limit": 1}}}`, true},
		{"checkpointer strategy", `{` + graphs + `, "checkpointer": {"ttl": {"strategy": "keep"}}}`, false},
		{"checkpointer limit", `{` + graphs + `, "checkpointer": {"ttl": {"sweep_limit": 0}}}`, false},
		{"checkpointer path", `{` + graphs + `, "checkpointer": {"path": "./a.py:f"}}`, false},
		{"webhooks", `{` + graphs + `, "webhooks": {"env_prefix": "A_", "headers": {"X-A": "b"}, "url": {"allowed_domains": ["*.a.example"], "allowed_ports": [443], "max_url_length": 100, "require_https": false}}}`, true},
		{"webhook header", `{` + graphs + `, "webhooks": {"headers": {"X A": "b"}}}`, false},
		{"webhook domains", `{` + graphs + `, "webhooks": {"url": {"allowed_domains": []}}}`, false},
		{"webhook domain", `{` + graphs + `, "webhooks": {"url": {"allowed_domains": ["a.*"]}}}`, false},
		{"webhook port", `{` + graphs + `, "webhooks": {"url": {"allowed_ports": [65536]}}}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse("platform.json", []byte(test.json)); (err == nil) != test.good {
				t.Errorf("the reader: %v; want good: %v", err, test.good)
			}
			var value any
			if err := json.Unmarshal([]byte(test.json), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != test.good {
				t.Errorf("the schema: %v; want good: %v", err, test.good)
			}
		})
	}
}

// Every object of the schema has exactly the keys that the reader knows, and a word about each.
func TestSchemaHasTheReadersKeys(t *testing.T) {
	t.Parallel()
	var root jsonschema.Schema
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	objects := map[string]string{ // where an unknown key is put: %s
		"":                          `{"graphs": {"a": "./a:A"}, %s}`,
		"auth":                      `{"graphs": {"a": "./a:A"}, "auth": {"path": "./s:Auth", %s}}`,
		"auth.openapi":              `{"graphs": {"a": "./a:A"}, "auth": {"path": "./s:Auth", "openapi": {%s}}}`,
		"http":                      `{"graphs": {"a": "./a:A"}, "http": {%s}}`,
		"http.configurable_headers": `{"graphs": {"a": "./a:A"}, "http": {"configurable_headers": {%s}}}`,
		"http.logging_headers":      `{"graphs": {"a": "./a:A"}, "http": {"logging_headers": {%s}}}`,
		"http.cors":                 `{"graphs": {"a": "./a:A"}, "http": {"cors": {%s}}}`,
		"store":                     `{"graphs": {"a": "./a:A"}, "store": {%s}}`,
		"store.ttl":                 `{"graphs": {"a": "./a:A"}, "store": {"ttl": {%s}}}`,
		"store.index":               `{"graphs": {"a": "./a:A"}, "store": {"index": {"embed": "./e:E", "dims": 1, %s}}}`,
		"checkpointer":              `{"graphs": {"a": "./a:A"}, "checkpointer": {%s}}`,
		"checkpointer.ttl":          `{"graphs": {"a": "./a:A"}, "checkpointer": {"ttl": {%s}}}`,
		"webhooks":                  `{"graphs": {"a": "./a:A"}, "webhooks": {%s}}`,
		"webhooks.url":              `{"graphs": {"a": "./a:A"}, "webhooks": {"url": {%s}}}`,
		"graphs.*":                  `{"graphs": {"a": {"path": "./a:A", %s}}}`,
	}
	met := 0
	var walk func(path string, s *jsonschema.Schema)
	walk = func(path string, s *jsonschema.Schema) {
		if s.Description == "" && path != "" {
			t.Errorf("%s has no description", path)
		}
		if s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil { // a closed object
			met++
			text, ok := objects[path]
			if !ok {
				t.Errorf("the test does not know the object %q", path)
				return
			}
			_, err := Parse("platform.json", []byte(strings.Replace(text, "%s", `"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq": 1`, 1)))
			if err == nil {
				t.Fatalf("%s: the reader took an unknown key", path)
			}
			_, names, _ := strings.Cut(err.Error(), "unknown key; there are ")
			if diff := cmp.Diff(names, strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")); diff != "" {
				t.Errorf("%s: keys (-reader +schema):\n%s", path, diff)
			}
		}
		for name, p := range s.Properties {
			if name == "graphs" {
				walk("graphs.*", p.AdditionalProperties.AnyOf[1])
				continue
			}
			walk(strings.TrimPrefix(path+"."+name, "."), p)
		}
	}
	walk("", &root)
	if met != len(objects) {
		t.Errorf("met %d objects, want %d", met, len(objects))
	}
}
