package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// What implementers get wrong (rest.md §15), each by its number there, on one server.

// at is the value at a path of an answer, as JSON; "" is none.
func (a answer) at(t testing.TB, path ...string) string {
	t.Helper()
	var value any
	a.into(t, &value)
	for _, step := range path {
		switch in := value.(type) {
		case map[string]any:
			found, ok := in[step]
			if !ok {
				return ""
			}
			value = found
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(in) {
				return ""
			}
			value = in[i]
		default:
			return ""
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// is wants the value at a path, which is given with dots.
func (a answer) is(t testing.TB, path, want string) {
	t.Helper()
	steps := strings.Split(path, ".")
	if path == "" {
		steps = nil
	}
	if got := a.at(t, steps...); got != want {
		t.Errorf("%q is %s, want %s, in %s", path, got, want, a.Body)
	}
}

// drive runs a test of its own on the server.
func (s *server) drive(t *testing.T, name string, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { test(t, &server{URL: s.URL, t: t}) })
}

// boom fails as an error of Python's would.
type boom struct{}

func (boom) Error() string { return "boom" }

func (boom) Class() string { return "ValueError" }

// odd are graphs that end as few do: "pair" asks twice at a time, "fail" fails, "loop" never ends, "none" has no output.
func odd() []platform.Graph {
	type state struct {
		Word string   `json:"word,omitempty"`
		Said []string `json:"said,omitempty" reduce:"append"`
	}
	type word struct {
		Word string `json:"word,omitempty"`
	}
	asks := func(ctx context.Context, _ state) (graphs.Update, error) {
		word, err := graphs.Interrupt[string](ctx, map[string]string{"approve?": "x"})
		return graphs.Set{"said": []string{word}}, err
	}
	nothing := func(context.Context, state) (graphs.Update, error) { return nil, nil }
	named := func(id string, source graphs.Source) platform.Graph {
		return platform.Graph{ID: id, Source: source, Symbol: "./" + id + ":Graph"}
	}
	return []platform.Graph{
		named("human", graphs.NewStateGraph[state]().AddNode("human", asks).AddEdge(graphs.Start, "human").AddEdge("human", graphs.End)),
		named("pair", graphs.NewStateGraph[state]().AddNode("a", asks).AddNode("b", asks).
			AddEdge(graphs.Start, "a").AddEdge(graphs.Start, "b").AddEdge("a", graphs.End).AddEdge("b", graphs.End)),
		named("fail", graphs.NewStateGraph[state]().AddNode("fail", func(context.Context, state) (graphs.Update, error) { return nil, boom{} }).
			AddEdge(graphs.Start, "fail").AddEdge("fail", graphs.End)),
		named("loop", graphs.NewStateGraph[state]().AddNode("loop", nothing).AddEdge(graphs.Start, "loop").AddEdge("loop", "loop")),
		named("none", graphs.NewStateGraph[word]().AddNode("none", func(context.Context, word) (graphs.Update, error) { return nil, nil }).AddEdge(graphs.Start, "none").AddEdge("none", graphs.End)),
	}
}

// TestGotchas drives what is about runs.
func TestGotchas(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		gate := make(chan struct{})
		s := serve(t, basicAuth(append(odd(), gated(gate), press("press"))...), uri)
		thread := func(s *server) string {
			s.t.Helper()
			return "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(s.t, "thread_id")
		}
		wait := func(assistant, more string) string { return saying(assistant, "hi", more) }

		s.drive(t, "1 and 2 where a run is", func(t *testing.T, s *server) {
			for _, path := range []string{"/runs", "/runs/wait", "/runs/stream", thread(s) + "/runs", thread(s) + "/runs/wait", thread(s) + "/runs/stream"} {
				a := s.must(200, alice, "POST", path, wait("agent", `, "stream_resumable": true, "on_completion": "keep"`))
				own, _, _ := strings.Cut(path, "/runs")
				place := regexp.MustCompile(`^` + own + `/runs/[0-9a-f-]{36}$`)
				at := a.Header.Get("Content-Location")
				if !place.MatchString(at) {
					t.Errorf("%s: Content-Location %q", path, at)
				}
				switch to := a.Header.Get("Location"); {
				case strings.HasSuffix(path, "/runs"):
					if to != "" {
						t.Errorf("%s: Location %q of what is not waited for", path, to)
					}
				case !strings.HasPrefix(to, "/"):
					t.Errorf("%s: Location %q is no path", path, to)
				default:
					again := s.must(200, alice, "GET", to, "")
					if strings.HasSuffix(path, "/wait") {
						if string(again.Body) != string(a.Body) {
							t.Errorf("%s has %s, want %s", to, again.Body, a.Body)
						}
						continue
					}
					if want := strings.Count(string(a.Body), "event: "); want < 3 || !strings.Contains(string(again.Body), "event: metadata") {
						t.Errorf("%s has\n%s\nwant\n%s", to, again.Body, a.Body)
					}
				}
			}
		})

		s.drive(t, "3 an answer with a body or without one", func(t *testing.T, s *server) {
			at := thread(s)
			run := runID(t, s.must(200, alice, "POST", at+"/runs/wait", wait("agent", "")))
			assistant := "/assistants/" + s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
			cron := "/runs/crons/" + s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", "schedule": "0 0 1 1 *"}`).field(t, "cron_id")
			held := s.must(200, alice, "POST", at+"/runs", wait("agent", `, "after_seconds": 3600`)).field(t, "run_id")
			for _, c := range []struct {
				status             int
				method, path, body string
			}{
				{202, "POST", at + "/runs/" + held + "/cancel?wait=0", ""},
				{204, "POST", at + "/runs/" + held + "/cancel?wait=1&action=rollback", ""},
				{204, "DELETE", at + "/runs/" + run, ""},
				{204, "PUT", "/store/items", `{"namespace": ["a"], "key": "k", "value": {}}`},
				{204, "DELETE", "/store/items", `{"namespace": ["a"], "key": "k"}`},
				{204, "DELETE", cron, ""},
				{204, "DELETE", assistant, ""},
				{204, "DELETE", at, ""},
			} {
				a := s.as(alice, c.method, c.path, c.body)
				if (a.Status != 204 && a.Status != c.status) || len(a.Body) > 0 {
					t.Errorf("%s %s: status %d: %s", c.method, c.path, a.Status, a.Body)
				}
			}
		})

		s.drive(t, "4 and 26 wait has an object", func(t *testing.T, s *server) {
			s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "none", "input": {}}`).is(t, "", `{}`)
			s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "fail", "input": {}}`).is(t, "", `{"__error__":{"error":"ValueError","message":"boom"}}`)
			at := thread(s)
			s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "loop", "input": {}, "config": {"recursion_limit": 3}}`).
				is(t, "__error__.error", `"GraphRecursionError"`)
			s.must(200, alice, "GET", at, "").is(t, "status", `"error"`)
			s.must(200, alice, "GET", at+"/runs", "").is(t, "0.status", `"error"`)
			s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "none", "input": {}}`)
			s.must(200, alice, "GET", at, "").is(t, "status", `"idle"`)
		})

		s.drive(t, "6 wait=0", func(t *testing.T, s *server) {
			at := thread(s)
			for _, query := range []string{"?wait=0", "?wait=false", "", "?wait=0&action=interrupt"} {
				run := s.must(200, alice, "POST", at+"/runs", wait("gated", "")).field(t, "run_id")
				s.must(202, alice, "POST", at+"/runs/"+run+"/cancel"+query, "")
				s.until(t, alice, strings.TrimPrefix(at, "/threads/"), run, "interrupted")
			}
			// A run that has ended is not cancelled any more, nor taken back (rest.md §16).
			ended := at + "/runs/" + runID(t, s.must(200, alice, "POST", at+"/runs/wait", wait("agent", "")))
			s.must(202, alice, "POST", ended+"/cancel?wait=0", "")
			s.must(204, alice, "POST", ended+"/cancel?wait=1&action=rollback", "")
			after := s.must(200, alice, "GET", ended, "")
			after.is(t, "status", `"success"`)
			after.is(t, "cancel_reason", "")
		})

		s.drive(t, "7 lists in a query", func(t *testing.T, s *server) {
			at := "/threads/" + s.must(200, alice, "POST", "/threads", `{"ttl": {"ttl": 60, "strategy": "delete"}}`).field(t, "thread_id")
			run := runID(t, s.must(200, alice, "POST", at+"/runs/wait", wait("agent", `, "stream_resumable": true, "stream_mode": ["values", "updates"]`)))
			for _, query := range []string{"select=run_id&select=status", "select=run_id,status", "select=%5B%22run_id%22,%22status%22%5D"} {
				s.must(200, alice, "GET", at+"/runs?"+query, "").is(t, "", `[{"run_id":"`+run+`","status":"success"}]`)
			}
			for _, query := range []string{"include=ttl", "include=%5B%22ttl%22%5D"} {
				if a := s.must(200, alice, "GET", at+"?"+query, ""); a.at(t, "ttl") == "" {
					t.Errorf("%s: no ttl in %s", query, a.Body)
				}
			}
			for _, query := range []string{"stream_mode=updates", "stream_mode=%5B%22updates%22%5D", "stream_mode=updates&stream_mode=values", "stream_mode="} {
				s.must(200, alice, "GET", at+"/runs/"+run+"/stream?"+query, "")
			}
			for _, name := range []string{"stream_mode", "stream_modes"} {
				ctx, cancel := context.WithCancel(t.Context())
				r := s.request(alice, "GET", at+"/stream?"+name+"=lifecycle", "").WithContext(ctx)
				response, err := http.DefaultClient.Do(r)
				check(t, err)
				if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
					t.Errorf("%s: status %d, %s", name, response.StatusCode, kind)
				}
				cancel()
				_ = response.Body.Close()
				s.must(422, alice, "GET", at+"/stream?"+name+"=nothing", "")
			}
		})

		s.drive(t, "8 and 17.4 reject", func(t *testing.T, s *server) {
			at := thread(s)
			s.must(200, alice, "POST", at+"/runs", wait("agent", `, "after_seconds": 3600`))
			s.must(409, alice, "POST", at+"/runs", wait("agent", `, "multitask_strategy": "reject"`)).
				is(t, "detail", `"Thread is already running a task. Wait for it to finish or choose a different multitask strategy."`)
			if a := s.must(200, alice, "GET", at+"/runs", ""); a.at(t, "1") != "" {
				t.Errorf("a run that was refused is there: %s", a.Body)
			}
		})

		s.drive(t, "9 and 17.2 a paused graph", func(t *testing.T, s *server) {
			at := thread(s)
			asked := s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "human", "input": {"word": "x"}}`)
			asked.is(t, "word", `"x"`)
			asked.is(t, "__interrupt__.0.value", `{"approve?":"x"}`)
			id := asked.at(t, "__interrupt__", "0", "id")
			if !regexp.MustCompile(`^"[0-9a-f]{32}"$`).MatchString(id) {
				t.Errorf("the interrupt's id is %s", id)
			}
			s.must(200, alice, "GET", at+"/runs", "").is(t, "0.status", `"success"`)
			state := s.must(200, alice, "GET", at+"/state", "")
			state.is(t, "next", `["human"]`)
			state.is(t, "interrupts.0.id", id)
			task := "tasks.0."
			for path, want := range map[string]string{
				"name": `"human"`, "path": `["__pregel_pull","human"]`, "error": "null", "checkpoint": "null", "state": "null", "result": "null", "interrupts.0.id": id,
			} {
				state.is(t, task+path, want)
			}
			row := s.must(200, alice, "GET", at, "")
			row.is(t, "status", `"interrupted"`)
			row.is(t, "interrupts."+strings.Trim(state.at(t, "tasks", "0", "id"), `"`)+".0.id", id)
			s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "human", "command": {"resume": "done"}}`).is(t, "", `{"said":["done"],"word":"x"}`)
			row = s.must(200, alice, "GET", at, "")
			row.is(t, "status", `"idle"`)
			row.is(t, "interrupts", `{}`)
		})

		s.drive(t, "10 two streams on a thread", func(t *testing.T, s *server) {
			at := thread(s)
			streams := make([]answer, 2)
			done := make(chan int, 2)
			for i := range streams {
				go func() {
					streams[i] = s.as(alice, "POST", at+"/runs/stream", saying("agent", fmt.Sprint("word", i), ""))
					done <- i
				}()
			}
			for range streams {
				<-done
			}
			for i, a := range streams {
				if !strings.Contains(string(a.Body), fmt.Sprint("echo: word", i)) || strings.Count(string(a.Body), "event: metadata") != 1 {
					t.Errorf("stream %d: status %d:\n%s", i, a.Status, a.Body)
				}
				id := a.Header.Get("Content-Location")
				if id = id[strings.LastIndex(id, "/")+1:]; !strings.Contains(string(a.Body), id) {
					t.Errorf("stream %d does not tell its own run:\n%s", i, a.Body)
				}
			}
			s.must(200, alice, "POST", at+"/runs", wait("agent", "")).is(t, "multitask_strategy", `"enqueue"`)
		})

		s.drive(t, "11 and 23 a run that is for later", func(t *testing.T, s *server) {
			at := thread(s)
			run := s.must(200, alice, "POST", at+"/runs", wait("agent", `, "after_seconds": 1000, "command": null, "webhook": null, "interrupt_before": null,
				"config": null, "context": null, "metadata": null, "checkpoint": null, "checkpoint_id": null, "stream_mode": null, "feedback_keys": null,
				"multitask_strategy": null, "if_not_exists": null, "on_disconnect": null, "durability": null, "langsmith_tracer": null`))
			made, err := time.Parse(time.RFC3339, run.field(t, "created_at"))
			check(t, err)
			updated, err := time.Parse(time.RFC3339, run.field(t, "updated_at"))
			check(t, err)
			if after := made.Sub(updated).Round(time.Second); after != 1000*time.Second {
				t.Errorf("created %v after it was updated", after)
			}
			s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "agent", "input": null, "command": null}`)
			for field, value := range map[string]string{"webhook": `""`, "interrupt_before": `[""]`, "interrupt_after": `[""]`} {
				detail := s.must(422, alice, "POST", at+"/runs", wait("agent", `, "`+field+`": `+value)).field(t, "detail")
				if !strings.Contains(detail, field) {
					t.Errorf("%s: %s", field, detail)
				}
			}
		})

		s.drive(t, "12 and 34 runs without a thread", func(t *testing.T, s *server) {
			for _, strategy := range []string{"reject", "interrupt", "rollback", "enqueue"} {
				run := s.must(200, alice, "POST", "/runs", wait("agent", `, "multitask_strategy": "`+strategy+`", "if_not_exists": "create"`))
				run.is(t, "kwargs.temporary", "true")
				s.must(200, alice, "GET", "/runs/"+run.field(t, "run_id")+"/join", "")
				s.must(404, alice, "GET", "/threads/"+run.field(t, "thread_id"), "")
				s.must(404, alice, "GET", "/threads/"+run.field(t, "thread_id")+"/runs/"+run.field(t, "run_id"), "")
			}
			run := s.must(200, alice, "POST", "/runs", wait("agent", `, "on_completion": "keep"`))
			s.must(200, alice, "GET", "/runs/"+run.field(t, "run_id")+"/join", "")
			s.must(200, alice, "GET", "/threads/"+run.field(t, "thread_id"), "").is(t, "status", `"idle"`)
		})

		s.drive(t, "30 and 35 what a stream tells", func(t *testing.T, s *server) {
			a := s.must(200, alice, "POST", thread(s)+"/runs/stream", wait("agent", `, "stream_mode": ["updates", "tools"]`))
			id := runID(t, a)
			if frames, _ := framesOf(a.Body); !strings.HasPrefix(frames[0], "metadata {") || !strings.Contains(frames[0], `"run_id":"`+id+`"`) || !strings.Contains(frames[0], `"attempt":1`) {
				t.Errorf("the first frame is %s", frames[0])
			}
			detail := s.must(422, alice, "POST", thread(s)+"/runs/stream", wait("agent", `, "stream_mode": ["values", "valeus"]`)).field(t, "detail")
			for _, word := range []string{"valeus", "values", "messages-tuple", "custom", "tools"} {
				if !strings.Contains(detail, word) {
					t.Errorf("no %s in %q", word, detail)
				}
			}
		})

		s.drive(t, "31 two questions at a time", func(t *testing.T, s *server) {
			at := thread(s)
			asked := s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "pair", "input": {"word": "x"}}`)
			state := s.must(200, alice, "GET", at+"/state", "")
			var flat []graphs.Interruption
			check(t, json.Unmarshal([]byte(state.at(t, "interrupts")), &flat))
			var row struct {
				Interrupts map[string][]graphs.Interruption
			}
			s.must(200, alice, "GET", at, "").into(t, &row)
			ids := func(list []graphs.Interruption) (ids []string) {
				for _, one := range list {
					ids = append(ids, one.ID)
				}
				slices.Sort(ids)
				return ids
			}
			var byTask []graphs.Interruption
			for _, list := range row.Interrupts {
				byTask = append(byTask, list...)
			}
			if len(flat) != 2 || len(row.Interrupts) != 2 || !cmp.Equal(ids(flat), ids(byTask)) || asked.at(t, "__interrupt__", "1", "id") == "" {
				t.Fatalf("state %s, thread %v, wait %s", state.Body, row, asked.Body)
			}
			s.must(200, alice, "POST", at+"/runs/wait", fmt.Sprintf(`{"assistant_id": "pair", "command": {"resume": {%q: "one", %q: "two"}}}`, flat[0].ID, flat[1].ID)).
				is(t, "said", `["one","two"]`)
		})
		close(gate)
	})
}
