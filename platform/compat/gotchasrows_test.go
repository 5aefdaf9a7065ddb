package compat

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGotchasOfRows drives what rest.md §15 says about rows: assistants, threads, states, crons and items.
func TestGotchasOfRows(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(append(odd(), press("press"), nested())...), uri)
		thread := func(s *server, body string) string {
			s.t.Helper()
			return "/threads/" + s.must(200, alice, "POST", "/threads", body).field(s.t, "thread_id")
		}

		s.drive(t, "13 and 17 versions of an assistant", func(t *testing.T, s *server) {
			made := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "config": {"tags": ["a"]}, "metadata": {"a": 1, "b": {"c": 1}}, "name": "one"}`)
			made.is(t, "version", "1")
			at := "/assistants/" + made.field(t, "assistant_id")
			patched := s.must(200, alice, "PATCH", at, `{"config": {"recursion_limit": 5}, "metadata": {"b": {"d": 1}}}`)
			for path, want := range map[string]string{"version": "2", "config": `{"recursion_limit":5}`, "metadata": `{"a":1,"b":{"d":1}}`, "name": `"one"`} {
				patched.is(t, path, want)
			}
			s.must(200, alice, "PATCH", at, `{}`).is(t, "version", "3")
			back := s.must(200, alice, "POST", at+"/latest", `{"version": 1}`)
			back.is(t, "version", "1")
			back.is(t, "config", `{"tags":["a"]}`)
			s.must(200, alice, "PATCH", at, `{"name": "four"}`).is(t, "version", "4")
			var versions []struct{ Version int }
			s.must(200, alice, "POST", at+"/versions", `{}`).into(t, &versions)
			if !slices.EqualFunc(versions, []int{4, 3, 2, 1}, func(v struct{ Version int }, n int) bool { return v.Version == n }) {
				t.Errorf("versions %v", versions)
			}
		})

		s.drive(t, "14 the assistants of the graphs", func(t *testing.T, s *server) {
			s.must(200, alice, "GET", "/assistants/agent", "").is(t, "assistant_id", `"fe096781-5601-53d2-b2f6-0d3403f7e9ca"`)
			s.must(200, alice, "GET", "/assistants/fe096781-5601-53d2-b2f6-0d3403f7e9ca", "").is(t, "metadata.created_by", `"system"`)
		})

		s.drive(t, "15 do_nothing", func(t *testing.T, s *server) {
			const id = "0190a0a0-0000-7000-8000-0000000000aa"
			first := s.must(200, alice, "POST", "/threads", `{"thread_id": "`+id+`", "metadata": {"a": 1}}`)
			again := s.must(200, alice, "POST", "/threads", `{"thread_id": "`+id+`", "metadata": {"b": 1}, "if_exists": "do_nothing"}`)
			if diff := cmp.Diff(string(first.Body), string(again.Body)); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
			made := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "assistant_id": "`+id+`", "name": "a"}`)
			same := s.must(200, alice, "POST", "/assistants", `{"graph_id": "press", "assistant_id": "`+id+`", "name": "b", "if_exists": "do_nothing"}`)
			if diff := cmp.Diff(string(made.Body), string(same.Body)); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
		})

		s.drive(t, "16 shapes", func(t *testing.T, s *server) {
			s.must(204, alice, "PUT", "/store/items", `{"namespace": ["shapes", "a"], "key": "k", "value": {}}`)
			at := thread(s, `{}`)
			for path, body := range map[string]string{"/threads": `{}`, "/assistants": `{}`, "/runs/crons": `{}`} {
				if a := s.must(200, alice, "POST", path+"/count", body); strings.Trim(string(a.Body), "0123456789") != "" {
					t.Errorf("%s: count %s", path, a.Body)
				}
				if a := s.must(200, alice, "POST", path+"/search", body); a.Body[0] != '[' {
					t.Errorf("%s: search %s", path, a.Body)
				}
			}
			s.must(200, alice, "POST", "/store/namespaces", `{"prefix": ["shapes"], "max_depth": 1}`).is(t, "", `{"namespaces":[["shapes"]]}`)
			s.must(200, alice, "POST", "/threads/prune", `{"thread_ids": ["`+strings.TrimPrefix(at, "/threads/")+`"]}`).is(t, "", `{"pruned_count":1}`)
		})

		s.drive(t, "18 and 19 the state of a thread, new and used", func(t *testing.T, s *server) {
			at := thread(s, `{}`)
			id := strings.TrimPrefix(at, "/threads/")
			state := s.must(200, alice, "GET", at+"/state", "")
			for path, want := range map[string]string{
				"values": "{}", "next": "[]", "tasks": "[]", "metadata": "{}", "created_at": "null", "parent_checkpoint": "null", "interrupts": "[]",
				"checkpoint": `{"checkpoint_id":null,"checkpoint_map":null,"checkpoint_ns":"","thread_id":"` + id + `"}`,
			} {
				state.is(t, path, want)
			}
			s.must(200, alice, "GET", at+"/history", "").is(t, "", "[]")
			s.must(200, alice, "POST", at+"/history", `{"limit": 10}`).is(t, "", "[]")
			s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "press", "input": {}}`)
			row := s.must(200, alice, "GET", at, "")
			row.is(t, "metadata.graph_id", `"press"`)
			row.is(t, "metadata.assistant_id", s.must(200, alice, "GET", "/assistants/press", "").at(t, "assistant_id"))
			var states []map[string]json.RawMessage
			s.must(200, alice, "POST", at+"/history", `{"limit": 10}`).into(t, &states)
			for _, state := range states {
				for _, key := range []string{"values", "next", "tasks", "checkpoint", "metadata", "created_at", "parent_checkpoint"} {
					if state[key] == nil {
						t.Errorf("no %s in %s", key, state)
					}
				}
				var tasks []map[string]json.RawMessage
				check(t, json.Unmarshal(state["tasks"], &tasks))
				for _, task := range tasks {
					for _, key := range []string{"id", "name", "interrupts", "error", "checkpoint", "state"} {
						if task[key] == nil {
							t.Errorf("no %s in %s", key, task)
						}
					}
				}
			}
			for _, graph := range []string{"press", "nested", "pair", "loop"} {
				for _, xray := range []string{"", "?xray=true", "?xray=1"} {
					var drawn struct{ Edges []map[string]any }
					s.must(200, alice, "GET", "/assistants/"+graph+"/graph"+xray, "").into(t, &drawn)
					for _, edge := range drawn.Edges {
						for key := range edge {
							if !slices.Contains([]string{"source", "target", "data", "conditional"}, key) {
								t.Errorf("%s: an edge has %s", graph, key)
							}
						}
					}
				}
			}
		})

		s.drive(t, "20 and 22 and 17.6 checkpoints", func(t *testing.T, s *server) {
			at := thread(s, `{"metadata": {"graph_id": "press"}}`)
			s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "press", "input": {}}`)
			var states []struct {
				Checkpoint struct {
					ID string `json:"checkpoint_id"`
				}
				Next []string
			}
			s.must(200, alice, "POST", at+"/history", `{"limit": 10}`).into(t, &states)
			newest, oldest := states[0].Checkpoint.ID, states[len(states)-1].Checkpoint.ID
			for _, before := range []string{`"` + newest + `"`, `{"checkpoint_id": "` + newest + `"}`, `{"configurable": {"checkpoint_id": "` + newest + `"}}`} {
				page := s.must(200, alice, "POST", at+"/history", `{"limit": 1, "before": `+before+`}`)
				page.is(t, "0.checkpoint.checkpoint_id", `"`+states[1].Checkpoint.ID+`"`)
			}
			mid := slices.IndexFunc(states, func(s struct {
				Checkpoint struct {
					ID string `json:"checkpoint_id"`
				}
				Next []string
			},
			) bool {
				return cmp.Equal(s.Next, []string{"write"})
			})
			if mid < 0 {
				t.Fatalf("no state before write: %v", states)
			}
			// checkpoint counts, and not checkpoint_id beside it.
			forked := s.must(200, alice, "POST", at+"/state", `{"values": {"lines": ["forked"]}, "as_node": "plan", "checkpoint_id": "`+oldest+`",
				"checkpoint": {"checkpoint_ns": "", "checkpoint_id": "`+states[mid].Checkpoint.ID+`"}}`)
			fork := forked.at(t, "checkpoint", "checkpoint_id")
			one := s.must(200, alice, "GET", at+"/state/"+strings.Trim(fork, `"`), "")
			one.is(t, "parent_checkpoint.checkpoint_id", `"`+states[mid].Checkpoint.ID+`"`)
			one.is(t, "metadata.source", `"update"`)
			a := s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "press", "input": null, "checkpoint": {"checkpoint_ns": "", "checkpoint_id": `+fork+`}, "checkpoint_id": "`+oldest+`"}`)
			if told := a.told(t); !strings.Contains(told, "forked") || !strings.HasSuffix(told, "print") {
				t.Errorf("the fork ends with %q", told)
			}
			row := s.must(200, alice, "GET", at, "")
			if strings.Contains(row.at(t, "config"), "checkpoint") {
				t.Errorf("the thread's config is %s", row.at(t, "config"))
			}
		})

		s.drive(t, "21 and 17.9 items", func(t *testing.T, s *server) {
			s.must(204, alice, "PUT", "/store/items", `{"namespace": ["users", "u1"], "key": "prefs", "value": {"theme": "dark"}}`)
			item := s.must(200, alice, "GET", "/store/items?namespace=users.u1&key=prefs", "")
			item.is(t, "namespace", `["users","u1"]`)
			item.is(t, "value", `{"theme":"dark"}`)
			s.must(200, alice, "GET", "/store/items?namespace=users.u1&key=none", "").is(t, "", "null")
			found := s.must(200, alice, "POST", "/store/items/search", `{"namespace_prefix": ["users"], "filter": {"theme": "dark"}, "limit": 10, "offset": 0}`)
			found.is(t, "items.0.key", `"prefs"`)
			s.must(200, alice, "POST", "/store/namespaces", `{"prefix": ["users"], "max_depth": 1, "limit": 100, "offset": 0}`).is(t, "", `{"namespaces":[["users"]]}`)
			s.must(204, alice, "DELETE", "/store/items", `{"namespace": ["users", "u1"], "key": "prefs"}`)
			s.must(200, alice, "GET", "/store/items?namespace=users.u1&key=prefs", "").is(t, "", "null")
			s.must(204, alice, "DELETE", "/store/items", `{"namespace": ["users", "u1"], "key": "prefs"}`)
		})

		s.drive(t, "27 Prefer", func(t *testing.T, s *server) {
			at := thread(s, `{}`)
			r := s.request(alice, "PATCH", at, `{"metadata": {"a": 1}}`)
			r.Header.Set("Prefer", "return=minimal")
			if a := s.send(r); a.Status != 204 || len(a.Body) > 0 {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			s.must(200, alice, "GET", at, "").is(t, "metadata.a", "1")
		})

		s.drive(t, "28 and 29 browsers and wrong types", func(t *testing.T, s *server) {
			r := s.request(alice, "POST", thread(s, `{}`)+"/runs/wait", saying("agent", "hi", ""))
			r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
			a := s.send(r)
			if a.Status != 200 {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			again := s.request(alice, "GET", a.Header.Get("Location"), "{}")
			again.Header.Set("Content-Type", "application/json")
			if b := s.send(again); b.Status != 200 || string(b.Body) != string(a.Body) {
				t.Errorf("status %d: %s", b.Status, b.Body)
			}
		})

		s.drive(t, "32 and 17.8 crons", func(t *testing.T, s *server) {
			made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", "schedule": "0 8 * * *", "timezone": "Europe/Berlin", "input": {"messages": []}}`)
			for path, want := range map[string]string{
				"assistant_id": `"fe096781-5601-53d2-b2f6-0d3403f7e9ca"`, "thread_id": "null", "end_time": "null", "enabled": "true",
				"on_run_completed": `"delete"`, "timezone": `"Europe/Berlin"`, "schedule": `"0 8 * * *"`, "metadata": "{}", "user_id": `"user1"`,
			} {
				made.is(t, path, want)
			}
			at := "/runs/crons/" + made.field(t, "cron_id")
			s.must(200, alice, "PATCH", at, `{"enabled": false}`).is(t, "enabled", "false")
			s.must(204, alice, "DELETE", at, "")
			s.must(404, alice, "GET", at, "")
		})

		s.drive(t, "33 values", func(t *testing.T, s *server) {
			at := thread(s, `{"metadata": {"for": "values"}}`)
			thread(s, `{"metadata": {"for": "values"}}`)
			s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "none", "input": {"word": "found"}}`)
			for _, path := range []string{"/threads/search", "/threads/count"} {
				for body, want := range map[string]string{`{"word": "found"}`: "1", `{"word": "lost"}`: "0", `{}`: "2"} {
					a := s.must(200, alice, "POST", path, `{"metadata": {"for": "values"}, "values": `+body+`}`)
					got := string(a.Body)
					if path == "/threads/search" {
						got = a.Header.Get("X-Pagination-Total")
					}
					if got != want {
						t.Errorf("%s %s: %s, want %s", path, body, got, want)
					}
				}
			}
		})

		s.drive(t, "17.1 and 17.5 and 17.7", func(t *testing.T, s *server) {
			made := s.must(200, alice, "POST", "/threads", `{"metadata": {"user": "u1"}}`)
			for path, want := range map[string]string{"metadata": `{"user":"u1"}`, "status": `"idle"`, "config": "{}", "values": "null", "interrupts": "{}"} {
				made.is(t, path, want)
			}
			at := "/threads/" + made.field(t, "thread_id")
			run := s.must(200, alice, "POST", at+"/runs", saying("agent", "hi", `, "after_seconds": 3600`))
			run.is(t, "status", `"pending"`)
			row := s.must(200, alice, "GET", at, "")
			row.is(t, "status", `"busy"`)
			row.is(t, "metadata", `{"assistant_id":"fe096781-5601-53d2-b2f6-0d3403f7e9ca","graph_id":"agent","user":"u1"}`)
			one := at + "/runs/" + run.field(t, "run_id")
			s.must(202, alice, "POST", one+"/cancel?wait=0&action=interrupt", "")
			s.must(200, alice, "GET", one, "").is(t, "status", `"interrupted"`)
			s.must(200, alice, "GET", at, "").is(t, "status", `"idle"`)
			other := at + "/runs/" + s.must(200, alice, "POST", at+"/runs", saying("agent", "hi", `, "after_seconds": 3600`)).field(t, "run_id")
			s.must(204, alice, "POST", other+"/cancel?wait=1&action=rollback", "")
			s.must(404, alice, "GET", other, "")
			last := s.must(200, alice, "POST", at+"/runs", saying("agent", "hi", `, "after_seconds": 3600`))
			// All of somebody's runs are cancelled in batch_test.go: here no rule says whose a run is.
			s.must(204, alice, "POST", "/runs/cancel?action=interrupt", `{"thread_id": `+last.at(t, "thread_id")+`, "run_ids": [`+last.at(t, "run_id")+`]}`)
			for _, path := range []string{at + "/runs", at + "/runs/wait", at + "/runs/stream", "/runs", "/runs/wait", "/runs/stream"} {
				s.must(404, alice, "POST", path, `{"assistant_id": "nope", "input": {}}`).
					is(t, "detail", `"No assistant found for \"nope\". Make sure the assistant ID is for a valid assistant or a valid graph ID."`)
			}
		})
	})
}
