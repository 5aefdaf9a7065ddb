package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/dev"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"GOWORK": "off", "GOFLAGS": "-mod=readonly", "GOPROXY": "off"} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

const stub = "example.com/library"

// project makes a project on a stub of the library and goes there.
func project(t *testing.T, files map[string]string) {
	t.Helper()
	dir, library := t.TempDir(), t.TempDir()
	if err := os.CopyFS(library, os.DirFS("../dev/testdata/library")); err != nil {
		t.Fatal(err)
	}
	drain, err := os.ReadFile("../drain/drain.go")
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(library, "drain/drain.go"), string(drain))
	save(t, filepath.Join(dir, "go.mod"), "module example.com/chat\n\ngo 1.26\n\nrequire "+stub+" v0.0.0\n\nreplace "+stub+" => "+library+"\n")
	for name, text := range files {
		save(t, filepath.Join(dir, name), text)
	}
	t.Chdir(dir)
}

func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// result is what a command line leaves behind.
type result struct {
	Status      int
	Out, Err    string
	Binary      string
	Args        []string
	environment []string
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	var r result
	p := program{
		stdout: &out, stderr: &errs, builder: dev.Builder{Library: stub},
		become: func(binary string, args, env []string) error {
			r.Binary, r.Args, r.environment = binary, args, env
			return nil
		},
	}
	r.Status = p.run(t.Context(), args)
	r.Out, r.Err = out.String(), errs.String()
	return r
}

const (
	goodAgent = "package agent\n\nimport \"example.com/library/graphs\"\n\nvar Graph = graphs.New[int](\"a\")\n"
	goodAuth  = "package security\n\nimport \"example.com/library/authhooks\"\n\nvar Auth = &authhooks.Auth{}\n"
)

func TestStatus(t *testing.T) {
	project(t, map[string]string{
		"platform.json": `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}}`,
		"allow.json":    `{"graphs": {"agent": "./agent:Graph", "b": "./agent:Graph"}, "auth": {"path": "./security:Auth", "unhandled": "allow"}}`,
		"open.json":     `{"graphs": {"agent": "./agent:Graph"}}`,
		"key.json":      `{"graphs": {"agent": "./agent:Graph"}, "dependencies": ["."]}`,
		"symbol.json":   `{"graphs": {"agent": "./agent:Graf"}}`,
		"broken.json":   `{"graphs": {"agent": "./broken:Graph"}}`,
		"agent/a.go":    goodAgent, "security/s.go": goodAuth, "broken/b.go": "package broken\n\nvar x = y\n",
	})
	tests := []struct {
		name string
		args []string
		want result
	}{
		{"valid", []string{"validate"}, result{Out: "platform.json is valid: 1 graph, auth ./security:Auth\n"}},
		{"allow is said aloud", []string{"validate", "--config", "allow.json"}, result{Out: "allow.json is valid: 2 graphs, auth ./security:Auth, what no rule matches is allowed\n"}},
		{"no auth is said aloud", []string{"validate", "--config", "open.json"}, result{Out: "open.json is valid: 1 graph, no auth\n"}},
		{"a mistake in the file", []string{"validate", "--config", "key.json"}, result{Status: 2, Err: "key.json:1:40: dependencies: a Python key; Go has go.mod. locutory validate --convert langgraph.json writes a platform.json\n"}},
		{"a mistake in a symbol", []string{"build", "--config", "symbol.json"}, result{Status: 2, Err: "symbol.json:1:22: graphs.agent: ./agent has no exported name \"Graf\"; did you mean \"Graph\"?\n"}},
		{"code that does not compile", []string{"validate", "--config", "broken.json"}, result{Status: 1, Err: "broken/b.go:3:9: undefined: y\n"}},
		{"a flag that is not there", []string{"dev", "--prot", "1"}, result{Status: 1, Err: "locutory dev: unknown flag: --prot\nlocutory dev --help lists what there is\n"}},
		{"no directory", []string{"new"}, result{Status: 1, Err: "locutory new: 0 directories; name one, as in locutory new ../chat\n"}},
		{"no file", []string{"build", "--config", "none.json"}, result{Status: 1, Err: "locutory build: there is no none.json; locutory new DIR makes a project, and --config names another file\n"}},
		{"no command", []string{"sreve"}, result{Status: 1, Err: "locutory: unknown command \"sreve\" for \"locutory\"\n\nDid you mean this?\n\tserve\n\n"}},
		{"output is a directory", []string{"build", "-o", "agent"}, result{Status: 1, Err: "locutory build: -o agent is a directory; name a file in it\n"}},
		{"build", []string{"build"}, result{Out: ".locutory/bin/server\n"}},
		{"dev stops at a mistake", []string{"dev", "--port", "0", "--config", "symbol.json"}, result{Status: 2, Out: "building the server\n", Err: "symbol.json:1:22: graphs.agent: ./agent has no exported name \"Graf\"; did you mean \"Graph\"?\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, run(t, tt.args...), cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("%v (-want +got):\n%s", tt.args, diff)
			}
		})
	}
}

func TestBecomesTheServer(t *testing.T) {
	project(t, map[string]string{
		"platform.json": `{"graphs": {"agent": "./agent:Graph"}}`, "deep/other.json": `{"graphs": {"agent": "./agent:Graph"}}`,
		"agent/a.go": goodAgent, "deep/agent/a.go": goodAgent,
	})
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		args   []string
		binary string
		config string
	}{
		{"here", []string{"serve", "--workers=0", "-x"}, ".locutory/bin/server", "platform.json"},
		{"elsewhere", []string{"routes", "--config", "deep/other.json"}, "deep/.locutory/bin/server", "deep/other.json"},
		{"elsewhere, with a sign", []string{"migrate", "--config=deep/other.json"}, "deep/.locutory/bin/server", "deep/other.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, tt.args...)
			if want := filepath.Join(dir, tt.binary); got.Status != 0 || got.Binary != want {
				t.Fatalf("status %d, %s, binary %s; want %s", got.Status, got.Err, got.Binary, want)
			}
			if _, err := os.Stat(got.Binary); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.args, got.Args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			if want := config.EnvConfig + "=" + filepath.Join(dir, tt.config); got.environment[len(got.environment)-1] != want {
				t.Errorf("environment ends with %s, want %s", got.environment[len(got.environment)-1], want)
			}
		})
	}
}

// A new project builds with what its go.mod and go.sum say, without the network, and its tests pass.
func TestNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my chat")
	got := run(t, "new", dir)
	want := dir + "\n" + contents + "\nuses this checkout (replace in go.mod)\n\n  cd " + dir + "\n  go tool locutory dev\n"
	if got.Status != 0 || got.Out != want {
		t.Fatalf("status %d, %s\n%s", got.Status, got.Err, cmp.Diff(want, got.Out))
	}
	for _, name := range []string{".gitignore", ".env.example", "platform.json", "go.sum", "agent/agent.go"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"module example.com/my-chat", "tool github.com/locutory/locutory/cmd/locutory", "require github.com/locutory/locutory v0.0.0"} {
		if !strings.Contains(string(mod), line+"\n") {
			t.Errorf("go.mod has no line %q", line)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "./...")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
	p, err := dev.Open(filepath.Join(dir, "platform.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := (&dev.Builder{}).Check(t.Context(), p); err != nil {
		t.Errorf("check: %v", err)
	}
	if again := run(t, "new", dir); again.Status != 1 || again.Err != "locutory new: "+dir+" is not empty; name a directory that is, or that is not there yet\n" {
		t.Errorf("a second time: status %d, %s", again.Status, again.Err)
	}
}

func TestConvert(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "langgraph.json", `{
  "dependencies": ["."], "python_version": "3.12", "env": ".env", "store": {"ttl": {"default_ttl": 5}, "index": {"embed": "openai:small", "dims": 3}},
  "graphs": {"agent": "./agent.py:graph", "trip": {"path": "./src/trip/graph.py:make_graph", "description": "Plans"}},
  "auth": {"path": "./src/security/auth.py:auth", "cache": {}, "disable_studio_auth": true},
  "http": {"app": "./app.py:app", "cors": {"allow_origins": ["https://a.example"]}, "disable_mcp": true,
    "enable_custom_route_auth": true, "configurable_headers": {"include": ["x-*"], "excludes": ["x-y"]}},
  "checkpointer": {"ttl": {"strategy": "delete", "default_ttl": 60}, "serde": {}}
}`)
	got := run(t, "validate", "--convert", "langgraph.json")
	want := result{Out: `platform.json is written
  left out auth.cache: caching is an Authenticator: wrap it
  left out checkpointer.serde: states lie in the server's database, as JSON
  left out dependencies: Go has go.mod
  left out http.enable_custom_route_auth: custom routes are authenticated; App.Public names the open ones
  left out python_version: Go has go.mod
  mind: events without a rule are denied here; "unhandled": "allow" in "auth" is what the other server does
next: write in Go what it names (./agent:Graph, ./src/trip:MakeGraph, ./src/security:Auth, ./app:App), then: locutory validate
`}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("convert (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile("platform.json")
	if err != nil {
		t.Fatal(err)
	}
	const file = `{
  "graphs": {
    "agent": "./agent:Graph",
    "trip": {
      "description": "Plans",
      "path": "./src/trip:MakeGraph"
    }
  },
  "env": ".env",
  "auth": {
    "disable_studio_auth": true,
    "path": "./src/security:Auth"
  },
  "http": {
    "app": "./app:App",
    "configurable_headers": {
      "excludes": [
        "x-y"
      ],
      "includes": [
        "x-*"
      ]
    },
    "cors": {
      "allow_origins": [
        "https://a.example"
      ]
    },
    "disable_mcp": true
  },
  "store": {
    "index": {
      "dims": 3,
      "embed": "openai:small"
    },
    "ttl": {
      "default_ttl": 5
    }
  },
  "checkpointer": {
    "ttl": {
      "default_ttl": 60,
      "strategy": "delete"
    }
  }
}
`
	if diff := cmp.Diff(file, string(text)); diff != "" {
		t.Errorf("platform.json (-want +got):\n%s", diff)
	}
	if again := run(t, "validate", "--convert", "langgraph.json"); again.Status != 1 || again.Err != "locutory validate: platform.json is there already\n" {
		t.Errorf("a second time: status %d, %s", again.Status, again.Err)
	}
}
