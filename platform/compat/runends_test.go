package compat

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/platform/store/storetest"
)

// TestPlacesOfRuns covers rest.md §1.4: each answer that makes or follows a run says where the run is, to the letter, under the root that
// its client knows, which is behind a mount prefix if there is one.
func TestPlacesOfRuns(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{"at the root": "", "mounted": "/api"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := privateChat()
			parts.Platform = strings.TrimSuffix(parts.Platform, "}") + `, "http": {"mount_prefix": "` + prefix + `"}}`
			s := serve(t, parts, storetest.SQLite(t).URI)
			on := "/threads/" + s.must(200, alice, "POST", prefix+"/threads", `{}`).field(t, "thread_id") + "/runs"
			for _, root := range []string{on, "/runs"} {
				for end, place := range map[string]string{"": "", "/stream": "/stream", "/wait": "/join"} {
					made := s.must(200, alice, "POST", prefix+root+end, saying("agent", "x", `, "on_completion": "keep"`))
					run := runID(t, made)
					places := func(place string) map[string]string {
						want := map[string]string{"Content-Location": root + "/" + run, "Location": ""}
						if place != "" {
							want["Location"] = root + "/" + run + place
						}
						return want
					}
					check := func(what string, a answer, place string) {
						t.Helper()
						got := map[string]string{"Content-Location": a.Header.Get("Content-Location"), "Location": a.Header.Get("Location")}
						if diff := cmp.Diff(places(place), got); diff != "" {
							t.Errorf("%s (-want +got):\n%s", what, diff)
						}
					}
					check("POST "+root+end, made, place)
					for _, join := range []string{"/join", "/stream"} {
						check("GET "+join, s.must(200, alice, "GET", prefix+root+"/"+run+join, ""), join)
					}
				}
			}
		})
	}
}

// TestStatelessEnds covers rest.md §5.6: a stateless run leaves neither a thread nor itself, unless it is kept.
func TestStatelessEnds(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(failing()), uri)
		for _, tt := range []struct {
			name, graph, more string
			kept              bool
		}{
			{"goes", "agent", "", false},
			{"goes after a failure", "failing", "", false},
			{"goes, as it says", "agent", `, "on_completion": "delete", "if_not_exists": "create", "multitask_strategy": "reject"`, false},
			{"is kept", "agent", `, "on_completion": "keep"`, true},
			{"is kept after a failure", "failing", `, "on_completion": "keep"`, true},
			{"has no checkpoint to begin at", "agent", `, "on_completion": "keep", "checkpoint": {"checkpoint_id": "1f09269e-f6c0-69e6-bfff-000000000000"}`, true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				made := s.must(200, alice, "POST", "/runs", saying(tt.graph, "x", tt.more))
				thread, run := made.field(t, "thread_id"), made.field(t, "run_id")
				var kwargs struct{ Kwargs struct{ Temporary bool } }
				if made.into(t, &kwargs); kwargs.Kwargs.Temporary == tt.kept {
					t.Errorf("temporary is %v", kwargs.Kwargs.Temporary)
				}
				end := string(s.must(200, alice, "GET", "/runs/"+run+"/join", "").Body)
				if failed := strings.Contains(end, `"__error__"`); failed != (tt.graph == "failing") || !failed && !strings.Contains(end, "echo: x") {
					t.Errorf("it came to %s", end)
				}
				want := 404
				if tt.kept {
					want = 200
				}
				at := "/threads/" + thread
				for _, path := range []string{at, at + "/state", at + "/history", at + "/runs", at + "/runs/" + run, at + "/runs/" + run + "/join"} {
					if a := s.as(alice, "GET", path, ""); a.Status != want {
						t.Errorf("GET %s: status %d, want %d: %s", path, a.Status, want, a.Body)
					}
					if a := s.as(bob, "GET", path, ""); a.Status != 404 {
						t.Errorf("Bob: GET %s: status %d: %s", path, a.Status, a.Body)
					}
				}
				if found := string(s.must(200, alice, "POST", "/threads/search", `{"limit": 100}`).Body); strings.Contains(found, thread) != tt.kept {
					t.Errorf("a search finds %s", found)
				}
			})
		}
	})
}

// TestRecursionLimitOnTheWire covers gotcha 26: who waits, the run and the thread are told the class that applications look for.
func TestRecursionLimitOnTheWire(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("press")), uri)
		at := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		done := s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "press", "input": {}, "config": {"recursion_limit": 1}}`)
		var failed struct {
			Error struct{ Error, Message string } `json:"__error__"`
		}
		done.into(t, &failed)
		if failed.Error.Error != "GraphRecursionError" || !strings.HasPrefix(failed.Error.Message, "Recursion limit of 1 reached") {
			t.Errorf("wait: %s", done.Body)
		}
		if status := s.must(200, alice, "GET", at+"/runs/"+runID(t, done), "").field(t, "status"); status != "error" {
			t.Errorf("the run is %s", status)
		}
		if thread := s.must(200, alice, "GET", at, ""); thread.field(t, "status") != "error" || !strings.Contains(string(thread.Body), `"GraphRecursionError"`) {
			t.Errorf("the thread is %s", thread.Body)
		}
		if told := s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "press", "input": null, "config": {"recursion_limit": null}}`).told(t); told != printed {
			t.Errorf("the run after it told %q", told)
		}
		if status := s.must(200, alice, "GET", at, "").field(t, "status"); status != "idle" {
			t.Errorf("the thread is %s afterwards", status)
		}
	})
}

// TestWhatCheckpointsTell covers rest.md §5.5: which of a run's settings its checkpoints keep, and which no one reads there nor in the run.
func TestWhatCheckpointsTell(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(whoami()), uri)
		at := "/threads/" + s.must(200, alice, "POST", "/threads", `{"metadata": {"of_thread": 1}}`).field(t, "thread_id")
		const own = `"m": 1, "langgraph_auth_user": 2, "user_id": "root", "__m": 3`
		done := s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "whoami", "input": {"word": "x"}, "metadata": {`+own+`},
			"config": {"tags": ["t"], "metadata": {"c": 1, "m": 0, "__c": 1}, "configurable": {"plain": "p", "n": 7, "list": [1], "langgraph_request_id": "forged",
			"langgraph_auth_user_id": "root", "__x": 1, "checkpoint_ns": ""}}}`)
		run := runID(t, done)
		var row struct{ Metadata map[string]any }
		read := s.must(200, alice, "GET", at+"/runs/"+run, "")
		read.into(t, &row)
		var thread struct{ Metadata map[string]any }
		s.must(200, alice, "GET", at, "").into(t, &thread)
		system := row.Metadata["assistant_id"]
		if diff := cmp.Diff(map[string]any{"of_thread": 1.0, "owner": "user1", "graph_id": "whoami", "assistant_id": system}, thread.Metadata); diff != "" || system == nil {
			t.Errorf("metadata of the thread (-want +got):\n%s", diff)
		}
		unmade := "/threads/" + uuid.NewString()
		s.must(404, alice, "POST", unmade+"/runs/wait", `{"assistant_id": "whoami", "input": {}}`)
		s.must(200, alice, "POST", unmade+"/runs/wait", `{"assistant_id": "whoami", "input": {"word": "x"}, "if_not_exists": "create", "metadata": {`+own+`}}`)
		thread.Metadata = nil
		s.must(200, alice, "GET", unmade, "").into(t, &thread)
		if diff := cmp.Diff(map[string]any{"m": 1.0, "owner": "user1", "graph_id": "whoami", "assistant_id": system}, kept(thread.Metadata, "m", "owner", "graph_id", "assistant_id", "user_id", "__m", "langgraph_auth_user", "of_thread")); diff != "" {
			t.Errorf("metadata of the thread that a run made (-want +got):\n%s", diff)
		}
		var state struct{ Metadata map[string]any }
		s.must(200, alice, "GET", at+"/state", "").into(t, &state)
		want := map[string]any{"m": 1.0, "c": 1.0, "plain": "p", "n": 7.0, "user_id": "user1", "run_id": run, "graph_id": "whoami"}
		if diff := cmp.Diff(want, kept(state.Metadata, slices.Collect(maps.Keys(want))...)); diff != "" {
			t.Errorf("metadata of the checkpoint (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]any{"m": 1.0, "c": 1.0}, kept(row.Metadata, "m", "c", "plain", "user_id", "langgraph_auth_user", "__m", "__c")); diff != "" {
			t.Errorf("metadata of the run (-want +got):\n%s", diff)
		}
		history := s.must(200, alice, "POST", at+"/history", `{"metadata": {"plain": "p"}}`)
		var found []any
		if history.into(t, &found); len(found) == 0 {
			t.Error("no checkpoint is found by a setting of its run")
		}
		for _, key := range slices.Sorted(maps.Keys(state.Metadata)) {
			if strings.HasPrefix(key, "langgraph_auth") || strings.HasPrefix(key, "__") || strings.HasPrefix(key, "checkpoint_") || key == "langgraph_request_id" || key == "list" {
				t.Errorf("the checkpoint tells %s", key)
			}
		}
		for _, word := range []string{"langgraph_auth", `"root"`, "forged", `"__`, `"principal`} {
			if strings.Contains(string(read.Body), word) {
				t.Errorf("the run tells %s: %s", word, read.Body)
			}
		}
	})
}
