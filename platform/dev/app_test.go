package dev

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const apps = `package web

import (
	"context"
	"net/http"

	"example.com/library/graphs"
	"example.com/library/platform"
)

var (
	Graph   = graphs.New[struct{}]("g")
	App     = platform.App{Handler: Mux}
	Pointer = &App
	Twice   = &Pointer
	Mux     = http.NewServeMux()
	Nil     error
)

type other struct{ platform.App }

var Embedding other

func New(context.Context) (platform.App, error)         { return App, nil }
func NewPointer(context.Context) (*platform.App, error) { return &App, nil }
func Alone() platform.App                               { return App }
func Without() (platform.App, error)                    { return App, nil }
`

// TestCheckApp: a mistake is told with the key of platform.json, before anything is built.
func TestCheckApp(t *testing.T) {
	t.Parallel()
	const want = "; want platform.App, *platform.App, or func(context.Context) (one of them, error)"
	for name, mistake := range map[string]string{
		"App": "", "Pointer": "", "New": "", "NewPointer": "",
		"Twice":     "web.Twice is a **platform.App" + want,
		"Mux":       "web.Mux is a *http.ServeMux" + want,
		"Nil":       "web.Nil is an error" + want,
		"Embedding": "web.Embedding is a web.other" + want,
		"Alone":     "web.Alone is a func() platform.App" + want,
		"Without":   "web.Without is a func() (platform.App, error)" + want,
		"Ap":        `./web has no exported name "Ap"; did you mean "App"?`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := create(t, map[string]string{
				"web/web.go":    apps,
				"platform.json": "{\"graphs\": {\"g\": \"./web:Graph\"},\n\"http\": {\"app\": \"./web:" + name + "\"}}",
			})
			project, err := Open(filepath.Join(dir, "platform.json"))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := (&Builder{Library: library}).Check(t.Context(), project); err != nil {
				got = strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
			}
			if mistake != "" {
				mistake = "platform.json:2:17: http.app: " + mistake
			}
			if diff := cmp.Diff(mistake, got); diff != "" {
				t.Errorf("mistake (-want +got):\n%s", diff)
			}
		})
	}
}

// A change of the app is a change as any: it is watched, built and swapped in.
func TestDevelopWithAnApp(t *testing.T) {
	t.Parallel()
	web := func(word string) string {
		return `package web

import (
	"fmt"
	"net/http"

	"example.com/library/platform"
)

var App = platform.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "` + word + `") })}
`
	}
	dir := create(t, map[string]string{
		"platform.json":  `{"graphs": {"agent": "./agent:Graph"}, "http": {"app": "./web:App"}}`,
		"agent/agent.go": agent("one"), "web/web.go": web("first"),
	})
	s := develop(t, dir, nil)
	s.up(t)
	if got := s.get(t, "/app/x"); got != "first" {
		t.Errorf("the app answers %q", got)
	}
	save(t, dir, "web/web.go", web("second"))
	s.out.shows(t, "web/web.go changed: serving again after", 1)
	if got := s.get(t, "/app/x"); got != "second" {
		t.Errorf("after the change the app answers %q", got)
	}
}
