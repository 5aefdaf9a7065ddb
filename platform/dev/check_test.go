package dev

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/config"
)

const symbols = `package agent

import (
	"context"

	"example.com/library/authhooks"
	"example.com/library/graphs"
)

type State struct{}

type own struct{}

func (own) Label() string { return "own" }

var (
	Graph    = graphs.New[State]("g")
	Runnable graphs.Runnable = Graph
	Own      own
	Factory  = graphs.Factory[State](func(context.Context, *graphs.ServerRuntime, State) (graphs.Runnable, error) { return Graph, nil })
	Text     = "text"
	Number   int
	Auth     = &authhooks.Auth{}
)

const Name = "name"

type alias = func() (graphs.Runnable, error)

var Alias alias = New

func New() (graphs.Runnable, error)                      { return Graph, nil }
func NewState() (*graphs.StateGraph[State], error)       { return Graph, nil }
func Plain() graphs.Runnable                             { return Graph }
func With(context.Context) (graphs.Runnable, error)      { return Graph, nil }
func NewAuth(context.Context) (*authhooks.Auth, error)   { return Auth, nil }
func NoContext() (*authhooks.Auth, error)                { return Auth, nil }
`

func TestCheck(t *testing.T) {
	t.Parallel()
	const want = "; want *graphs.StateGraph, graphs.Runnable, graphs.Factory or func() (graphs.Runnable, error)"
	const wantAuth = "; want *authhooks.Auth or func(context.Context) (*authhooks.Auth, error)"
	dir := create(t, map[string]string{
		"agent/agent.go": symbols,
		"main/main.go":   "package main\n\nfunc main() {}\n",
		"empty/README":   "",
		"platform.json": `{
  "graphs": {
    "ok1": "./agent:Graph", "ok2": "./agent:Runnable", "ok3": "./agent:Own", "ok4": "./agent:Factory", "ok5": "./agent:New", "ok6": "./agent:Alias",
    "agent": "./agent:Graf",
    "long": {"path": "./agent:Text"},
    "number": "./agent:Number",
    "const": "./agent:Name",
    "type": "./agent:State",
    "invariant": "./agent:NewState",
    "plain": "./agent:Plain",
    "with": "./agent:With",
    "auth": "./agent:Auth",
    "far": "./agent:Zzzzzz",
    "main": "./main:Graph",
    "none": "./nowhere:Graph",
    "empty": "./empty:Graph"
  },
  "auth": {"path": "./agent:NoContext"}
}`,
	})
	project, err := Open(filepath.Join(dir, "platform.json"))
	if err != nil {
		t.Fatal(err)
	}
	err = (&Builder{Library: library}).Check(t.Context(), project)
	if _, ok := errors.AsType[*config.Mistake](err); !ok {
		t.Fatalf("err = %v, want mistakes", err)
	}
	got := strings.Split(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), "\n")
	lines := []string{
		`4:14: graphs.agent: ./agent has no exported name "Graf"; did you mean "Graph"?`,
		"5:22: graphs.long: agent.Text is a string" + want,
		"6:15: graphs.number: agent.Number is an int" + want,
		"7:14: graphs.const: agent.Name is a string" + want,
		"8:13: graphs.type: agent.State is a type; want a value: " + want[len("; want "):],
		"9:18: graphs.invariant: agent.NewState is a func() (*graphs.StateGraph[agent.State], error)" + want,
		"10:14: graphs.plain: agent.Plain is a func() graphs.Runnable" + want,
		"11:13: graphs.with: agent.With is a func(context.Context) (graphs.Runnable, error)" + want,
		"12:13: graphs.auth: agent.Auth is a *authhooks.Auth" + want,
		`13:12: graphs.far: ./agent has no exported name "Zzzzzz"`,
		"14:13: graphs.main: ./main is package main, which nothing can import; move Graph to a package of its own",
		"15:13: graphs.none: there is no directory ./nowhere",
		"16:14: graphs.empty: ./empty has no Go files",
		"18:20: auth.path: agent.NoContext is a func() (*authhooks.Auth, error)" + wantAuth,
	}
	for i := range lines {
		lines[i] = "platform.json:" + lines[i]
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestCompileErrorsAreTheCompilers(t *testing.T) {
	t.Parallel()
	dir := create(t, map[string]string{
		"agent/agent.go": "package agent\n\nvar x = undefined\n",
		"platform.json":  `{"graphs": {"agent": "./agent:Graph"}}`,
	})
	project, err := Open(filepath.Join(dir, "platform.json"))
	if err != nil {
		t.Fatal(err)
	}
	b := &Builder{Library: library}
	for name, err := range map[string]error{
		"check": b.Check(t.Context(), project), "build": b.Build(t.Context(), project, project.Binary()),
	} {
		if _, ok := errors.AsType[*CompileError](err); !ok || err.Error() != "agent/agent.go:3:9: undefined: undefined" {
			t.Errorf("%s: %v, want the compiler's line", name, err)
		}
	}
}

func TestCheckWithoutTheLibrary(t *testing.T) {
	t.Parallel()
	dir := create(t, map[string]string{
		"agent/agent.go": agent("a"),
		"platform.json":  `{"graphs": {"agent": "./agent:Graph"}}`,
		"go.mod":         "module example.com/chat\n\ngo 1.26\n",
	})
	project, err := Open(filepath.Join(dir, "platform.json"))
	if err != nil {
		t.Fatal(err)
	}
	err = (&Builder{Library: library}).Check(t.Context(), project)
	if err == nil || !strings.Contains(err.Error(), "go.mod does not require example.com/library; run: go get -tool example.com/library/cmd/locutory") {
		t.Errorf("err = %v, want the way out", err)
	}
}
