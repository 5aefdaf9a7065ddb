package compat

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestReactGolden plays the recordings of protocol v2 as runs of protocol v1: what they tell has to be the same, but for the exceptions;
// and an exception that is none any more has to go.
func TestReactGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/react-v2/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	used := make([]bool, len(reactExceptions))
	var mu sync.Mutex
	played := 0
	t.Run("recordings", func(t *testing.T) {
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := &reactPlayer{name: name, excuse: func(n int, path string) bool {
					mu.Lock()
					defer mu.Unlock()
					return excused(reactExceptions, name, n, path, used)
				}}
				r.play(t, readScenario(t, file))
				mu.Lock()
				defer mu.Unlock()
				played++
			})
		}
	})
	if played < len(files) || t.Failed() {
		return // only some of the exceptions had their chance
	}
	for i, x := range reactExceptions {
		if !used[i] {
			t.Errorf("an exception that is none: %+v", x)
		}
	}
}

// reactPlayer plays one recording on a server of its own.
type reactPlayer struct {
	*server
	*symbols
	name     string
	graph    string // that was started
	thread   string // its path
	modes    []string
	recorded [][]telling // of each run that is still to come
	excuse   func(n int, path string) bool
}

func (p *reactPlayer) play(t *testing.T, s scenario) {
	t.Helper()
	if p.name == "s_parallel_subgraph" { // they are counted in an order that no scheduler makes
		for i := range 6 {
			s.Symbols["stategraph-message-"+strconv.Itoa(i)] = "message"
		}
	}
	p.server, p.symbols = goldenServer(t, "react"), newSymbols(s.Symbols)
	p.thread = p.fill("/threads/T1")
	p.must(http.StatusOK, "", http.MethodPost, "/threads", `{"thread_id": "`+strings.TrimPrefix(p.thread, "/threads/")+`"}`)
	p.open(s.Exchanges[0])
	for _, e := range s.Exchanges[1:] {
		switch {
		case strings.HasSuffix(e.Request.Path, "/commands"):
			p.run(e)
		case strings.HasSuffix(e.Request.Path, "/state"):
			var ours any
			p.must(http.StatusOK, "", http.MethodGet, p.thread+"/state", "").into(t, &ours)
			c := p.comparer()
			c.compare("state", plain(e.Response.JSON), plain(ours))
			p.tell(e, c.found)
		}
	}
	if len(p.recorded) > 0 {
		t.Errorf("runs that were not started: %v", p.recorded)
	}
}

// open takes what the recording's stream of all events has told.
func (p *reactPlayer) open(e exchange) {
	p.t.Helper()
	var asked struct{ Channels []string }
	if err := json.Unmarshal(e.Request.Body, &asked); err != nil {
		p.t.Fatal(err)
	}
	for _, channel := range asked.Channels {
		switch channel {
		case "lifecycle", "input": // of every stream
		case "messages":
			p.modes = append(p.modes, "messages-tuple")
		default:
			p.modes = append(p.modes, channel)
		}
	}
	p.recorded = toldByV2(e.Response.SSE)
}

// run sends a command as a run, and compares what is told until that ends.
func (p *reactPlayer) run(e exchange) {
	p.t.Helper()
	var command struct {
		Method string
		Params struct {
			respond
			Assistant string `json:"assistant_id"`
			Input     json.RawMessage
			Responses []respond
		}
	}
	if err := json.Unmarshal([]byte(p.fill(string(e.Request.Body))), &command); err != nil {
		p.t.Fatal(err)
	}
	body := map[string]any{"stream_mode": p.modes, "stream_subgraphs": true}
	switch command.Method {
	case "run.start":
		p.graph, body["input"] = command.Params.Assistant, command.Params.Input
	case "input.respond":
		answers := map[string]json.RawMessage{}
		for _, r := range append(command.Params.Responses, command.Params.respond) {
			if r.ID != "" {
				answers[r.ID] = r.Response
			}
		}
		body["command"] = map[string]any{"resume": answers}
	default:
		p.t.Fatalf("%d: what is %s?", e.N, command.Method)
	}
	body["assistant_id"] = p.graph
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	ours := toldByV1(frames(p.must(http.StatusOK, "", http.MethodPost, p.thread+"/runs/stream", string(raw)).Body))
	c := p.comparer()
	c.tellings(p.recorded[0], ours)
	p.recorded = p.recorded[1:]
	p.tell(e, c.found)
}

// respond is one answer of input.respond.
type respond struct {
	ID       string `json:"interrupt_id"`
	Response json.RawMessage
}

func (p *reactPlayer) comparer() *comparer {
	return &comparer{symbols: p.symbols, seen: map[string]string{}}
}

func (p *reactPlayer) tell(e exchange, found []difference) {
	p.t.Helper()
	for _, d := range found {
		if !p.excuse(e.N, d.path) {
			p.t.Errorf("%d %s %s: recorded %s\n\tours %s", e.N, e.Name, d.path, d.want, d.got)
		}
	}
}

// tellings compares what two runs have told. Graphs that run side by side are compared each for itself, else there is one sequence.
func (c *comparer) tellings(want, got []telling) {
	if apart := sideBySide(want); apart || sideBySide(got) {
		theirs, ours := bySpace(want), bySpace(got)
		for i := range max(len(theirs), len(ours)) {
			if i >= len(theirs) || i >= len(ours) {
				c.differ("told/spaces", len(theirs), len(ours))
				return
			}
			c.tale(theirs[i], ours[i])
		}
		return
	}
	c.tale(inOrder(want), inOrder(got))
}

func (c *comparer) tale(want, got []telling) {
	pairs := align(taleKinds(want), taleKinds(got))
	i, j := 0, 0
	for _, pair := range append(pairs, [2]int{len(want), len(got)}) {
		for ; i < pair[0]; i++ {
			c.differ("-told/"+want[i].kind(), want[i].data, absent{})
		}
		for ; j < pair[1]; j++ {
			c.differ("+told/"+got[j].kind(), absent{}, got[j].data)
		}
		if i < len(want) && j < len(got) {
			path := "told/" + want[i].method + "/"
			if !c.matches(want[i].space, got[j].space) {
				c.differ(path+"space", want[i].space, got[j].space)
			}
			if want[i].within != got[j].within {
				c.differ(path+"within", want[i].within, got[j].within)
			}
			c.compare(path+strconv.Itoa(i), want[i].data, got[j].data)
		}
		i, j = i+1, j+1
	}
}

func taleKinds(list []telling) []string {
	kinds := make([]string, len(list))
	for i, x := range list {
		kinds[i] = x.nodes() + " " + x.kind()
		if state, ok := x.data.(map[string]any); ok && x.method == "values" {
			messages, _ := state["messages"].([]any)
			kinds[i] += " " + strconv.Itoa(len(messages))
		}
	}
	return kinds
}
