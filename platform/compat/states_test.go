package compat

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store/storetest"
)

// threadState is a state as clients index it (rest.md §2.5).
type threadState struct {
	Values     json.RawMessage  `json:"values"`
	Next       []string         `json:"next"`
	Tasks      []threadTask     `json:"tasks"`
	Checkpoint threadCheckpoint `json:"checkpoint"`
	Parent     *struct {
		ID string `json:"checkpoint_id"`
	} `json:"parent_checkpoint"`
	Metadata map[string]any `json:"metadata"`
}

type threadTask struct {
	ID         string            `json:"id"`
	Checkpoint *threadCheckpoint `json:"checkpoint"`
	State      *threadState      `json:"state"`
}

type threadCheckpoint struct {
	Thread string            `json:"thread_id"`
	NS     string            `json:"checkpoint_ns"`
	ID     string            `json:"checkpoint_id"`
	Map    map[string]string `json:"checkpoint_map"`
}

// TestStates covers rest.md §4.6 to §4.8: which state is meant, and what it shows of the graphs inside.
func TestStates(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("halting", graphs.InterruptAfter("draft"))), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread
		s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "halting", "input": {}, "metadata": {"n": 1}}`)
		read := func(method, path, body string) (state threadState) {
			t.Helper()
			s.must(200, alice, method, at+path, body).into(t, &state)
			return state
		}
		outer := read("GET", "/state", "")
		task := outer.Tasks[0]
		if task.State != nil || task.Checkpoint == nil || task.Checkpoint.NS != "write:"+task.ID || task.Checkpoint.Thread != thread || outer.Checkpoint.NS != "" || outer.Checkpoint.Map != nil {
			t.Fatalf("the outer state is %+v", outer)
		}
		ns := task.Checkpoint.NS
		whole := read("GET", "/state?subgraphs=true", "")
		nested := whole.Tasks[0].State
		if nested == nil || whole.Tasks[0].Checkpoint != nil || !slices.Equal(nested.Next, []string{"print"}) || nested.Checkpoint.NS != ns || nested.Checkpoint.Map[""] != outer.Checkpoint.ID {
			t.Fatalf("with subgraphs: %+v", whole.Tasks)
		}
		var inner []threadState
		s.must(200, alice, "POST", at+"/history", `{"checkpoint": {"checkpoint_ns": "`+ns+`"}}`).into(t, &inner)
		oldest := inner[len(inner)-1].Checkpoint
		quoted := func(c threadCheckpoint) string {
			text, _ := json.Marshal(c)
			return string(text)
		}
		// An id means the same in any case, as on every other route.
		s.must(200, alice, "POST", "/threads/"+strings.ToUpper(thread)+"/state/checkpoint", `{"checkpoint": `+quoted(outer.Checkpoint)+`}`)
		byMap := `{"checkpoint_ns": "` + ns + `", "checkpoint_id": null, "checkpoint_map": ` + marshalled(t, oldest.Map) + `}`
		for name, ask := range map[string]struct {
			method, path, body string
			want               threadCheckpoint
		}{
			"without a body":              {"POST", "/state/checkpoint", ``, outer.Checkpoint},
			"a null checkpoint":           {"POST", "/state/checkpoint", `{"checkpoint": null, "subgraphs": null}`, outer.Checkpoint},
			"an empty checkpoint":         {"POST", "/state/checkpoint", `{"checkpoint": {}}`, outer.Checkpoint},
			"as it was told":              {"POST", "/state/checkpoint", `{"checkpoint": ` + quoted(oldest) + `}`, oldest},
			"a namespace":                 {"POST", "/state/checkpoint", `{"checkpoint": {"checkpoint_ns": "` + ns + `"}}`, nested.Checkpoint},
			"by its map":                  {"POST", "/state/checkpoint", `{"checkpoint": ` + byMap + `}`, oldest},
			"an id":                       {"GET", "/state/" + outer.Checkpoint.ID, ``, outer.Checkpoint},
			"an id in capitals":           {"GET", "/state/" + strings.ToUpper(outer.Checkpoint.ID), ``, outer.Checkpoint},
			"an id in capitals in a body": {"POST", "/state/checkpoint", `{"checkpoint": {"checkpoint_id": "` + strings.ToUpper(outer.Checkpoint.ID) + `"}}`, outer.Checkpoint},
		} {
			if diff := cmp.Diff(ask.want, read(ask.method, ask.path, ask.body).Checkpoint); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if deep := read("POST", "/state/checkpoint", `{"subgraphs": true}`); deep.Tasks[0].State == nil {
			t.Error("POST state/checkpoint does not heed subgraphs")
		}
		if deep := read("GET", "/state/"+outer.Checkpoint.ID+"?subgraphs=1", ""); deep.Tasks[0].State == nil {
			t.Error("GET state/{id} does not heed subgraphs")
		}
		t.Run("history", func(t *testing.T) {
			latest := outer.Checkpoint.ID
			ids := func(method, query, body string) (ids []string) {
				t.Helper()
				var states []threadState
				s.must(200, alice, method, at+"/history"+query, body).into(t, &states)
				for _, state := range states {
					ids = append(ids, state.Checkpoint.ID)
				}
				return ids
			}
			all := ids("POST", "", ``)
			if len(all) < 3 || all[0] != latest || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(b, a) }) {
				t.Fatalf("history %v", all)
			}
			for _, before := range []string{
				`"` + latest + `"`, `"` + strings.ToUpper(latest) + `"`, `{"checkpoint_id": "` + latest + `"}`, quoted(outer.Checkpoint), `{"configurable": {"checkpoint_id": "` + latest + `"}}`,
			} {
				if diff := cmp.Diff(all[1:], ids("POST", "", `{"before": `+before+`}`)); diff != "" {
					t.Errorf("before %s (-want +got):\n%s", before, diff)
				}
			}
			for _, none := range []string{`null`, `""`, `{}`, `{"configurable": {}}`, `{"checkpoint_id": null}`} {
				if diff := cmp.Diff(all, ids("POST", "", `{"before": `+none+`}`)); diff != "" {
					t.Errorf("before %s (-want +got):\n%s", none, diff)
				}
			}
			if diff := cmp.Diff(all[1:2], ids("GET", "?limit=1&before="+strings.ToUpper(latest), "")); diff != "" {
				t.Errorf("GET (-want +got):\n%s", diff)
			}
			one := `"checkpoint": {"checkpoint_id": "` + latest + `"}`
			for body, want := range map[string]int{
				`{` + one + `}`: 1, `{` + one + `, "metadata": {"n": 1}}`: 1, `{` + one + `, "metadata": {"n": 2}}`: 0, `{` + one + `, "metadata": {"source": "loop"}}`: 1,
				`{` + one + `, "before": "` + latest + `"}`: 0, `{"checkpoint": {"checkpoint_id": "` + all[1] + `"}, "before": "` + latest + `"}`: 1,
				`{"metadata": {"n": 1}}`: len(all), `{"metadata": {"n": 2}}`: 0, `{"metadata": {"thread_id": "x"}}`: 0, `{"metadata": null}`: len(all), `{"limit": 1}`: 1,
				`{"checkpoint": {"checkpoint_ns": "nowhere"}}`: 0,
			} {
				if got := ids("POST", "", body); len(got) != want {
					t.Errorf("%s: %d states, want %d", body, len(got), want)
				}
			}
		})
		t.Run("update", func(t *testing.T) {
			status := s.must(200, alice, "GET", at, "").field(t, "status")
			a := s.must(200, alice, "POST", at+"/state", `{"values": {"lines": ["forked"]}, "as_node": "draft", "checkpoint": `+byMap+`}`)
			var made map[string]threadCheckpoint
			if a.into(t, &made); !slices.Equal(slices.Sorted(maps.Keys(made)), []string{"checkpoint", "configurable"}) || made["checkpoint"].NS != ns {
				t.Fatalf("made %s", a.Body)
			}
			fork := read("POST", "/state/checkpoint", `{"checkpoint": `+quoted(made["checkpoint"])+`}`)
			if fork.Parent == nil || fork.Parent.ID != oldest.ID || fork.Metadata["source"] != "update" {
				t.Errorf("the fork of %s is %+v, parent %+v", oldest.ID, fork, fork.Parent)
			}
			if now := s.must(200, alice, "GET", at, "").field(t, "status"); status != "interrupted" || now != status {
				t.Errorf("status was %s, and is %s", status, now)
			}
		})
	})
}

// TestUpdatesOfStates covers streaming.md §3.5: what can be written to a state, and that what cannot is the caller's mistake, which is told.
func TestUpdatesOfStates(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	for _, c := range []struct {
		name, body string
		status     int
		tells      string // of a mistake: a part of the detail; else the ids of the messages
	}{
		{"several updates", `{"values": [{"messages": [{"role": "user", "id": "a", "content": "1"}]}, {"messages": [{"role": "user", "id": "b", "content": "2"}]}]}`, 200, "q a b"},
		{"pairs", `{"values": [["messages", [{"role": "user", "id": "a", "content": "1"}]], ["nowhere", 1]]}`, 200, "q a"},
		{"no update of several", `{"values": []}`, 200, "q"},
		{"neither object nor pair", `{"values": [7]}`, 422, "want an object, or a list of objects and of [channel, value] pairs"},
		{"half a pair", `{"values": [["messages"]]}`, 422, "want an object, or a list of objects and of [channel, value] pairs"},
		{"end with values", `{"values": {}, "as_node": "__end__"}`, 422, "as_node __end__ ends what is pending: values has to be null"},
		{"end", `{"values": null, "as_node": "__end__"}`, 200, "q"},
		{"removal of nothing", `{"values": {"messages": [{"type": "remove", "id": "gone"}]}}`, 422, "Attempting to delete a message with an ID that doesn't exist"},
		{"unknown node", `{"values": {}, "as_node": "nobody"}`, 422, `the graph has no node "nobody"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			thread := s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "agent"}, "supersteps": [{"updates": [
				{"values": {"messages": [{"role": "user", "id": "q", "content": "hi"}]}, "as_node": "__start__"}]}]}`).field(t, "thread_id")
			a := s.must(c.status, alice, "POST", "/threads/"+thread+"/state", c.body)
			if c.status != 200 {
				if detail := a.field(t, "detail"); !strings.Contains(detail, c.tells) {
					t.Errorf("the mistake is told as %q", detail)
				}
				return
			}
			var ids []string
			for _, m := range s.state(t, alice, thread).Values["messages"].([]any) {
				ids = append(ids, m.(map[string]any)["id"].(string))
			}
			if got := strings.Join(ids, " "); got != c.tells {
				t.Errorf("messages %s, want %s", got, c.tells)
			}
		})
	}
	empty := s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "agent"}}`).field(t, "thread_id")
	a := s.must(422, alice, "POST", "/threads/"+empty+"/state", `{"values": null, "as_node": "__copy__"}`)
	if detail := a.field(t, "detail"); detail != "as_node __copy__: there is no checkpoint to copy" {
		t.Errorf("a copy of nothing is told as %q", detail)
	}
}

// TestKeysOfAnswers covers rest.md §2: which keys objects have, and what they hold when there is nothing.
func TestKeysOfAnswers(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("halting", graphs.InterruptAfter("draft"))), uri)
		keys := func(raw json.RawMessage) string {
			t.Helper()
			var object map[string]json.RawMessage
			answer{Body: raw}.into(t, &object)
			return strings.Join(slices.Sorted(maps.Keys(object)), " ")
		}
		holds := func(what string, raw json.RawMessage, want map[string]string) {
			t.Helper()
			var object map[string]json.RawMessage
			answer{Body: raw}.into(t, &object)
			for key, value := range want {
				if string(object[key]) != value {
					t.Errorf("%s: %s is %s, want %s", what, key, object[key], value)
				}
			}
		}
		same := func(what, want, got string) {
			t.Helper()
			if want != got {
				t.Errorf("%s has the keys %s, want %s", what, got, want)
			}
		}
		const (
			ofThread = "config created_at interrupts metadata state_updated_at status thread_id updated_at values"
			ofState  = "checkpoint checkpoint_id created_at interrupts metadata next parent_checkpoint parent_checkpoint_id tasks values"
			ofPlace  = "checkpoint_id checkpoint_map checkpoint_ns thread_id"
		)
		thread := s.must(200, alice, "POST", "/threads", `{}`)
		id := thread.field(t, "thread_id")
		same("a thread", ofThread, keys(thread.Body))
		holds("a new thread", thread.Body, map[string]string{"status": `"idle"`, "config": `{}`, "values": `null`, "interrupts": `{}`})
		fresh := s.must(200, alice, "GET", "/threads/"+id+"/state", "")
		same("a new thread's state", ofState, keys(fresh.Body))
		holds("a new thread's state", fresh.Body, map[string]string{
			"values": `{}`, "next": `[]`, "tasks": `[]`, "interrupts": `[]`, "metadata": `{}`, "created_at": `null`, "parent_checkpoint": `null`,
			"checkpoint": `{"thread_id":"` + id + `","checkpoint_ns":"","checkpoint_id":null,"checkpoint_map":null}`,
		})
		if history := s.must(200, alice, "POST", "/threads/"+id+"/history", ""); string(history.Body) != "[]" {
			t.Errorf("a new thread's history: %s", history.Body)
		}
		s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", `{"assistant_id": "halting", "input": {}}`)
		state := s.must(200, alice, "GET", "/threads/"+id+"/state", "")
		same("a state", ofState, keys(state.Body))
		var parts struct {
			Checkpoint json.RawMessage   `json:"checkpoint"`
			Parent     json.RawMessage   `json:"parent_checkpoint"`
			Tasks      []json.RawMessage `json:"tasks"`
			Metadata   json.RawMessage   `json:"metadata"`
		}
		state.into(t, &parts)
		same("a checkpoint", ofPlace, keys(parts.Checkpoint))
		same("a parent", ofPlace, keys(parts.Parent))
		same("a task", "checkpoint error id interrupts name path result state", keys(parts.Tasks[0]))
		holds("a task", parts.Tasks[0], map[string]string{"error": `null`, "interrupts": `[]`, "state": `null`, "result": `null`, "name": `"write"`})
		holds("a state's metadata", parts.Metadata, map[string]string{"checkpoint_ns": "", "source": `"loop"`, "parents": `{}`, "graph_id": `"halting"`})

		const ofVersion = "assistant_id config context created_at description graph_id metadata name version"
		assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent"}`)
		same("an assistant", "assistant_id config context created_at description graph_id metadata name updated_at version", keys(assistant.Body))
		holds("an assistant", assistant.Body, map[string]string{"config": `{}`, "context": `{}`, "description": `null`, "name": `"Untitled"`, "version": `1`, "metadata": `{"owner":"user1"}`})
		var versions []json.RawMessage
		s.must(200, alice, "POST", "/assistants/"+assistant.field(t, "assistant_id")+"/versions", "").into(t, &versions)
		same("a version", ofVersion, keys(versions[0]))
		holds("a graph's assistant", s.must(200, alice, "GET", "/assistants/agent", "").Body, map[string]string{
			"assistant_id": `"fe096781-5601-53d2-b2f6-0d3403f7e9ca"`, "name": `"agent"`, "metadata": `{"created_by":"system"}`, "version": `1`, "description": `null`,
		})
		same("schemas", "config_schema context_schema graph_id input_schema output_schema state_schema", keys(s.must(200, alice, "GET", "/assistants/agent/schemas", "").Body))
		same("a drawing", "edges nodes", keys(s.must(200, alice, "GET", "/assistants/agent/graph", "").Body))
		same("what is stored", "channel_values checkpoints pending_writes thread_id total_bytes", keys(s.must(200, alice, "GET", "/threads/"+id+"/storage", "").Body))
		if got := string(s.must(200, alice, "POST", "/threads/prune", `{"thread_ids": []}`).Body); got != `{"pruned_count":0}` {
			t.Errorf("prune: %s", got)
		}
	})
}
