package compat

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/compat/graphs/auth/agents"
	"github.com/locutory/locutory/platform/compat/graphs/auth/security"
	"github.com/locutory/locutory/platform/compat/graphs/core/agent"
	threefold "github.com/locutory/locutory/platform/compat/graphs/core/nested"
	"github.com/locutory/locutory/platform/compat/graphs/core/single"
	"github.com/locutory/locutory/platform/compat/graphs/core/tools"
	"github.com/locutory/locutory/platform/compat/graphs/core/weather"
	"github.com/locutory/locutory/platform/compat/graphs/core/web"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
)

// sources are the graphs that the files of the sets name.
func sources() map[string]map[string]any {
	return map[string]map[string]any{
		"core": {
			"./agent:Graph": agent.Graph, "./agent:Simple": agent.Simple, "./tools:Graph": tools.Graph, "./tools:WithStats": tools.WithStats,
			"./nested:Graph": threefold.Graph, "./weather:Graph": weather.Graph, "./single:Error": single.Error, "./single:Delay": single.Delay,
			"./single:Dynamic": single.Dynamic, "./single:Runtime": single.Runtime, "./single:Schema": single.Schema,
			"./single:Registry": single.Registry, "./single:Plain": single.Plain,
		},
		"react": reactSources(), "python": pythonSources(), "more": moreSources(),
		"auth": {"./agents:Graph": agents.Graph, "./agents:Simple": agents.Simple},
	}
}

// graphSet is a server's parts of graphs/<name>/platform.json, as the build makes them of it.
func graphSet(t *testing.T, name string) platform.Parts {
	t.Helper()
	raw, err := os.ReadFile("graphs/" + name + "/platform.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Graphs map[string]string
		Auth   struct{ Path string }
		HTTP   struct{ App string }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	parts := platform.Parts{Platform: string(raw), AuthSymbol: file.Auth.Path}
	if file.Auth.Path != "" {
		parts.Auth = security.Auth
	}
	if file.HTTP.App != "" {
		parts.App, parts.AppSymbol = web.New, file.HTTP.App
	}
	for id, symbol := range file.Graphs {
		source := sources()[name][symbol]
		if source == nil {
			t.Fatalf("%s: the test does not know %s", name, symbol)
		}
		parts.Graphs = append(parts.Graphs, platform.Graph{ID: id, Source: source, Symbol: symbol})
	}
	return parts
}

func goldenServer(t *testing.T, set string) *server {
	return serve(t, graphSet(t, set), storetest.SQLite(t).URI, func(p *config.Process) {
		if set == "core" {
			p.GraphSettings = map[string]json.RawMessage{
				"agent":          json.RawMessage(`{"configurable":{"model_name":"openai"}}`),
				"simple_runtime": json.RawMessage(`{"context":{"model":"unknown"}}`),
			}
		}
	})
}

// TestGraphSetsAreBuilt: the sets are what people write: locutory build makes servers of them.
func TestGraphSetsAreBuilt(t *testing.T) {
	t.Parallel()
	for set, first := range map[string]int{
		"core": http.StatusOK, "react": http.StatusOK, "python": http.StatusOK, "more": http.StatusOK, "auth": http.StatusUnauthorized,
	} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			p := start(t, binary(t, "graphs/"+set+"/platform.json"))
			s := &server{URL: p.URL, t: t}
			s.must(first, "", http.MethodPost, "/assistants/search", "{}")
			s.must(http.StatusOK, "", http.MethodGet, "/ok", "")
			s.must(http.StatusNotFound, "", http.MethodPost, "/internal/truncate", "{}") // H-29
		})
	}
}

// TestGolden plays the recordings of the reference server against ours. We must answer as it did, but for the exceptions; and an
// exception that is none any more has to go.
func TestGolden(t *testing.T) {
	t.Parallel()
	used := make([]bool, len(exceptions))
	var mu sync.Mutex
	all, played := 0, 0
	for _, name := range notYet {
		if _, err := os.Stat("testdata/golden/" + name + ".json"); err != nil {
			t.Errorf("not replayed, and not there: %v", err)
		}
	}
	t.Run("recordings", func(t *testing.T) {
		for dir, set := range map[string]string{"core-v1": "core", "auth": "auth"} {
			files, err := filepath.Glob("testdata/golden/" + dir + "/*.json")
			if err != nil || len(files) == 0 {
				t.Fatalf("no recordings: %v", err)
			}
			for _, file := range files {
				name := dir + "/" + strings.TrimSuffix(filepath.Base(file), ".json")
				if slices.Contains(notYet, name) {
					continue
				}
				all++
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					replay(t, set, name, file, func(n int, path string) bool {
						mu.Lock()
						defer mu.Unlock()
						return excused(exceptions, name, n, path, used)
					})
					mu.Lock()
					defer mu.Unlock()
					played++
				})
			}
		}
	})
	if played < all || t.Failed() {
		return // only some of the exceptions had their chance
	}
	for i, x := range exceptions {
		if !used[i] {
			t.Errorf("an exception that is none: %+v", x)
		}
	}
}

// replay plays one recording on a new server; excuse reports whether a difference is wanted.
func replay(t *testing.T, set, name, file string, excuse func(n int, path string) bool) {
	t.Helper()
	s := readScenario(t, file)
	p := &player{server: goldenServer(t, set), symbols: newSymbols(s.Symbols)}
	tell := func(e *exchange, found []difference) {
		for _, d := range found {
			if !excuse(e.N, d.path) {
				t.Errorf("%d %s %s %s: %s\n\trecorded %s\n\tours     %s", e.N, e.Name, e.Request.Method, e.Request.Path, d.path, d.want, d.got)
			}
		}
	}
	p.leaves = name == "core-v1/j03_disconnect"
	for i := range s.Exchanges {
		if slices.Contains(patient[name], s.Exchanges[i].N) {
			p.wait(&s.Exchanges[i], func(e *exchange, d difference) bool { return excuse(e.N, d.path) }, tell)
			continue
		}
		if a := aside[name]; a.exchange == s.Exchanges[i].N {
			p.lookUp(a.symbol, a.path, a.step)
		}
		p.play(&s.Exchanges[i], tell)
	}
	for _, end := range p.open {
		end()
	}
}

// excused reports whether an exception is about the difference, and marks all that are.
func excused(list []exception, scenario string, n int, path string, used []bool) bool {
	found := false
	for i, x := range list {
		if glob(x.scenario, scenario) && (x.exchange == 0 || x.exchange == n) && glob(x.path, path) {
			used[i], found = true, true
		}
	}
	return found
}

// glob matches * to what is between slashes and ** to anything.
func glob(pattern, text string) bool {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`).Replace(quoted)
	return regexp.MustCompile(`^` + quoted + `$`).MatchString(text)
}
