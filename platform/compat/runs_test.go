package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
)

// TestRunTimeout covers rest.md §5.6: BG_JOB_TIMEOUT_SECS ends a run as timeout and its thread as error; the next good run clears it.
func TestRunTimeout(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t)
		s := serve(t, hooked(privateChat(gated(make(chan struct{})))), uri, signed, func(p *config.Process) { p.RunTimeout = 2 * time.Second }) // in which a good run has to be able to end
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread + "/runs"
		done := s.must(200, alice, "POST", at+"/wait", saying("gated", "x", `, "webhook": "`+url+`"`))
		if !strings.Contains(string(done.Body), `{"__error__":{"error":"TimeoutError","message":"`) {
			t.Errorf("wait: %s", done.Body)
		}
		id := runID(t, done)
		s.until(t, alice, thread, id, "timeout")
		if status := s.must(200, alice, "GET", "/threads/"+thread, "").field(t, "status"); status != "error" {
			t.Errorf("thread is %s", status)
		}
		if one := next(t, got); one.event.Status != "timeout" || one.event.Error == nil || one.event.Error.Error != "TimeoutError" {
			t.Errorf("webhook: %s", one.raw)
		}
		if again := s.must(200, alice, "GET", at+"/"+id+"/join", ""); string(again.Body) != string(done.Body) {
			t.Errorf("join of a run that has ended: %s, want %s", again.Body, done.Body)
		}
		s.must(200, alice, "POST", at+"/wait", saying("agent", "y", ""))
		if status := s.must(200, alice, "GET", "/threads/"+thread, "").field(t, "status"); status != "idle" {
			t.Errorf("thread after a good run is %s", status)
		}
	})
}

// TestListRuns covers rest.md §5.1 and §1.6: pages, newest first, by status, with the fields that either client asks for in its own way.
func TestListRuns(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread + "/runs"
		first := runID(t, s.must(200, alice, "POST", at+"/wait", saying("agent", "one", `, "metadata": {"n": 1, "deep": {"a": [1, "x"]}}`)))
		second := runID(t, s.must(200, alice, "POST", at+"/wait", saying("agent", "two", "")))
		later := s.must(200, alice, "POST", at, saying("agent", "three", `, "after_seconds": 3600`)).field(t, "run_id")
		for query, want := range map[string][]string{
			"": {later, second, first}, "limit=1": {later}, "limit=1&offset=1": {second}, "status=success": {second, first},
			"status=pending": {later}, "status=error": nil,
			"metadata=" + url.QueryEscape(`{"n": 1}`): {first}, "metadata=" + url.QueryEscape(`{"deep": {"a": ["x"]}}`) + "&status=success": {first},
			"metadata=" + url.QueryEscape(`{"n": 1}`) + "&status=pending": nil, "metadata=" + url.QueryEscape(`{"n": "1"}`): nil, "metadata=%7B%7D": {later, second, first},
		} {
			var list []struct {
				ID string `json:"run_id"`
			}
			page := s.must(200, alice, "GET", at+"?"+query, "")
			page.into(t, &list)
			if total := page.Header.Get("X-Pagination-Total"); !strings.Contains(query, "limit") && total != strconv.Itoa(len(want)) {
				t.Errorf("%s: %s runs in all, want %d", query, total, len(want))
			}
			var ids []string
			for _, run := range list {
				ids = append(ids, run.ID)
			}
			if diff := cmp.Diff(want, ids); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
		}
		want := fmt.Sprintf(`[{"run_id":%q,"status":"pending"}]`, later)
		for _, query := range []string{
			"select=run_id&select=status", "select=" + url.QueryEscape(`["run_id","status"]`), "select=run_id,status",
		} {
			if got := s.must(200, alice, "GET", at+"?limit=1&"+query, ""); string(got.Body) != want {
				t.Errorf("%s: %s, want %s", query, got.Body, want)
			}
		}
		for _, query := range []string{"status=done", "select=principal", "limit=0", "limit=1001", "offset=-1", "limit=x", "metadata=1", "metadata=%7B"} {
			s.must(422, alice, "GET", at+"?"+query, "")
		}
	})
}

// settled is what a graph sees of its run's settings.
type settled struct {
	Word     string                     `json:"word"`
	Tags     []string                   `json:"tags"`
	Limit    int                        `json:"limit"`
	Metadata map[string]json.RawMessage `json:"metadata"`
	Context  json.RawMessage            `json:"context"`
	Model    json.RawMessage            `json:"model"`
}

func settings() platform.Graph {
	graph := graphs.NewStateGraph[settled]().
		AddNode("look", func(ctx context.Context, _ settled) (graphs.Update, error) {
			c := graphs.RuntimeFrom(ctx).Config
			return graphs.Patch(settled{
				Tags: c.Tags, Limit: c.RecursionLimit, Metadata: c.Metadata, Context: c.Context, Model: c.Configurable["model"],
			}), nil
		}).
		AddEdge(graphs.Start, "look").AddEdge("look", graphs.End)
	return platform.Graph{ID: "settings", Source: graph, Symbol: "./settings:Graph"}
}

// TestRunSettings covers rest.md §5.5: the run's settings over the assistant's, and what null means.
func TestRunSettings(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(settings()), uri)
		id := s.must(200, alice, "POST", "/assistants", `{"graph_id": "settings", "metadata": {"from": "assistant", "own": 1},
			"config": {"tags": ["assistant"], "recursion_limit": 7, "configurable": {"model": "small"}}}`).field(t, "assistant_id")
		look := func(more string) settled {
			var got settled
			s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "`+id+`", "input": {"word": "x"}`+more+`}`).into(t, &got)
			return got
		}
		got := look(`, "config": {"recursion_limit": null, "tags": null, "metadata": null}, "command": null, "webhook": null, "context": null`)
		if diff := cmp.Diff([]string{"assistant"}, got.Tags); diff != "" || got.Limit != 7 || string(got.Model) != `"small"` || string(got.Context) != `{"model":"small"}` {
			t.Errorf("the assistant's settings: %+v", got)
		}
		got = look(`, "config": {"recursion_limit": 9, "tags": ["run"], "metadata": {"from": "config", "inner": 1}, "configurable": {"model": "big"}}, "metadata": {"from": "run"}`)
		if diff := cmp.Diff([]string{"run"}, got.Tags); diff != "" || got.Limit != 9 || string(got.Model) != `"big"` || string(got.Context) != `{"model":"big"}` {
			t.Errorf("the run's settings: %+v", got)
		}
		for key, want := range map[string]string{"from": `"run"`, "inner": "1", "own": "1", "assistant_id": `"` + id + `"`, "graph_id": `"settings"`} {
			if string(got.Metadata[key]) != want {
				t.Errorf("metadata.%s is %s, want %s", key, got.Metadata[key], want)
			}
		}
		got = look(`, "context": {"model": "huge", "checkpoint_id": "nowhere", "user_id": "root"}`)
		if string(got.Model) != `"huge"` || string(got.Context) != `{"checkpoint_id":"nowhere","model":"huge"}` {
			t.Errorf("a context over the assistant's configurable: %+v", got)
		}
		if _, owned := got.Metadata["owner"]; owned {
			t.Error("the run's metadata holds who owns the assistant")
		}
		s.must(422, alice, "POST", "/runs/wait", `{"assistant_id": "`+id+`", "input": {"word": "x"}, "config": {"recursion_limit": 0}}`)
		s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "`+id+`", "input": {"word": "x"}, "feedback_keys": [], "langsmith_tracer": {"project_name": ""},
			"interrupt_before": [], "interrupt_after": null, "stream_mode": [], "checkpoint": {}, "checkpoint_id": ""}`)
	})
}

// TestLeaving covers rest.md §5.2 and §5.7: what becomes of a run whose reader goes away.
func TestLeaving(t *testing.T) {
	t.Parallel()
	const custom = `, "stream_mode": "custom"`
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{}))), uri)
		going := map[string]string{} // run to thread
		for _, tt := range []struct{ name, path, more, join, want string }{
			{"stream", "/stream", custom + `, "on_disconnect": "cancel"`, "", "interrupted"},
			{"wait", "/wait", `, "on_disconnect": "cancel"`, "", "interrupted"},
			{"stream that goes on", "/stream", custom + `, "on_disconnect": "continue"`, "", "running"},
			{"wait that goes on", "/wait", `, "on_disconnect": null`, "", "running"},
			{"join", "", "", "/join?cancel_on_disconnect=1", "interrupted"},
			{"join, as the other client says it", "", "", "/join?cancel_on_disconnect=true", "interrupted"},
			{"join that only looks", "", "", "/join?cancel_on_disconnect=0", "running"},
			{"join of a stream", "", custom, "/stream?cancel_on_disconnect=1", "interrupted"},
			{"join of a stream that only looks", "", custom, "/stream?cancel_on_disconnect=false", "running"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
				at := "/threads/" + thread + "/runs"
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				r := s.request(alice, "POST", at+tt.path, saying("gated", "x", tt.more))
				if tt.join != "" {
					run := runID(t, s.must(200, alice, "POST", at, saying("gated", "x", tt.more)))
					r = s.request(alice, "GET", at+"/"+run+tt.join, "")
				}
				response, err := http.DefaultClient.Do(r.WithContext(ctx))
				if err != nil {
					t.Fatal(err)
				}
				run := runID(t, answer{Header: response.Header})
				s.until(t, alice, thread, run, "running")
				leave()
				_ = response.Body.Close()
				s.until(t, alice, thread, run, tt.want)
				if tt.want == "running" {
					going[run] = thread
				}
			})
		}
		for run, thread := range going { // also after all that was cancelled meanwhile
			s.until(t, alice, thread, run, "running")
		}
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		run := "/threads/" + thread + "/runs/" + runID(t, s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("gated", "x", "")))
		for _, bad := range []string{"/join?cancel_on_disconnect=maybe", "/stream?cancel_on_disconnect=2", "/stream?stream_mode=nope"} {
			if a := s.as(alice, "GET", run+bad, ""); a.Status != 422 || a.Header.Get("Location") != "" || a.Header.Get("Content-Location") != "" {
				t.Errorf("%s: status %d, %v", bad, a.Status, a.Header)
			}
		}
		s.must(422, alice, "POST", run+"/cancel?wait=maybe", "")
	})
}
