package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
)

// nested is a graph in a graph in a graph.
func nested() platform.Graph {
	level := func(name string, add func(*graphs.StateGraph[graphs.MessagesState]) *graphs.StateGraph[graphs.MessagesState]) *graphs.StateGraph[graphs.MessagesState] {
		return add(graphs.NewStateGraph[graphs.MessagesState]()).AddEdge(graphs.Start, name).AddEdge(name, graphs.End)
	}
	type state = graphs.StateGraph[graphs.MessagesState]
	innermost := level("say", func(g *state) *state {
		return g.AddNode("say", func(context.Context, graphs.MessagesState) (graphs.Update, error) {
			return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI("hello")}}), nil
		})
	})
	source := func(g *state) graphs.Source {
		s, err := graphs.SourceOf(g)
		if err != nil {
			panic(err)
		}
		return s
	}
	middle := level("inner", func(g *state) *state { return g.AddSubgraph("inner", source(innermost)) })
	outer := level("outer", func(g *state) *state { return g.AddSubgraph("outer", source(middle)) })
	return platform.Graph{ID: "nested", Source: outer, Symbol: "./nested:Graph"}
}

func TestAC38VersionsOfAnAssistant(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "name": "one", "metadata": {"v": 1}}`).field(t, "assistant_id")
		at := "/assistants/" + id
		s.must(200, alice, "PATCH", at, `{"name": "two", "metadata": {"v": 2}}`)
		s.must(200, alice, "PATCH", at, `{}`)

		versions := func(body string) string {
			var list []struct {
				Version  int            `json:"version"`
				Name     string         `json:"name"`
				Metadata map[string]any `json:"metadata"`
			}
			s.must(200, alice, "POST", at+"/versions", body).into(t, &list)
			var out []string
			for _, v := range list {
				if v.Metadata["owner"] != nil {
					t.Errorf("version %d holds who owns the assistant: %v", v.Version, v.Metadata)
				}
				out = append(out, fmt.Sprint(v.Version, v.Name, v.Metadata["v"]))
			}
			return strings.Join(out, " ")
		}
		for body, want := range map[string]string{
			``: "3two2 2two2 1one1", `{"limit": 1, "offset": 1}`: "2two2", `{"metadata": {"v": 1}}`: "1one1", `{"metadata": {"v": 9}}`: "",
		} {
			if got := versions(body); got != want {
				t.Errorf("versions %s: %s, want %s", body, got, want)
			}
		}
		back := s.must(200, alice, "POST", at+"/latest", `{"version": 1}`)
		var row struct {
			Version  int
			Name     string
			Metadata map[string]any
		}
		back.into(t, &row)
		if row.Version != 1 || row.Name != "one" || row.Metadata["owner"] != "user1" || row.Metadata["v"] != 1.0 {
			t.Errorf("latest 1: %s", back.Body)
		}
		s.must(200, alice, "PATCH", at, `{"name": "four"}`).into(t, &row)
		if row.Version != 4 {
			t.Errorf("a patch after a way back makes version %d, want 4", row.Version)
		}
		s.must(200, alice, "PATCH", at, `{"name": "", "description": null, "graph_id": "", "config": null, "context": null, "metadata": null}`).into(t, &row)
		if row.Version != 5 || row.Name != "four" {
			t.Errorf("a patch of nothing makes %+v", row)
		}
		for _, way := range []struct{ query, body string }{{"?version=2", ""}, {"?version=2", `{}`}, {"?version=2", `{"version": null}`}, {"?version=1", `{"version": 2}`}} {
			if s.must(200, alice, "POST", at+"/latest"+way.query, way.body).into(t, &row); row.Version != 2 || row.Name != "two" {
				t.Errorf("latest%s %s: %+v", way.query, way.body, row)
			}
		}
		s.must(422, alice, "POST", at+"/latest?version=x", `{"version": 1}`)
		for _, bad := range []struct {
			body   string
			status int
			detail string
		}{{`{"version": 9}`, 404, "Assistant version not found"}, {`{}`, 422, ""}, {`{"version": 0}`, 422, ""}} {
			if a := s.must(bad.status, alice, "POST", at+"/latest", bad.body); bad.detail != "" && a.field(t, "detail") != bad.detail {
				t.Errorf("latest %s: %s", bad.body, a.Body)
			}
		}
		for path, body := range map[string]string{"/versions": `{}`, "/latest": `{"version": 1}`} {
			if a := s.as(bob, "POST", at+path, body); a.Status != 404 || a.field(t, "detail") != "Assistant not found" {
				t.Errorf("%s by another: %d %s", path, a.Status, a.Body)
			}
		}
	})
}

// TestH22RevokedStaysRevoked: going back to a version does not bring back who could reach the assistant then.
func TestH22RevokedStaysRevoked(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		shared := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			if v, ok := c.Value.(*authhooks.AssistantsCreate); ok {
				v.Metadata["team"] = []any{"user1", "user2"}
				c.Stamp("team", []any{"user1", "user2"})
			}
			return authhooks.Only(authhooks.Contains("team", c.User.Identity)), nil
		}
		s := serve(t, withAuth(authhooks.New(people(map[string]authhooks.User{alice: {Identity: "user1"}, bob: {Identity: "user3"}}),
			authhooks.On(authhooks.Any, authhooks.Any, shared))), uri)
		id := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "metadata": {"team": ["user3"]}}`).field(t, "assistant_id")
		s.must(200, alice, "POST", "/assistants/"+id+"/latest", `{"version": 1}`)
		s.must(404, bob, "GET", "/assistants/"+id, "")
		s.must(404, bob, "POST", "/assistants/"+id+"/versions", `{"metadata": {"team": ["user3"]}}`)
	})
}

func TestSubgraphsOfAnAssistant(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(nested()), uri)
		for path, want := range map[string][]string{
			"/assistants/nested/subgraphs":                             {"outer"},
			"/assistants/nested/subgraphs?recurse=True":                {"outer", "outer|inner"},
			"/assistants/nested/subgraphs?recurse=false":               {"outer"},
			"/assistants/nested/subgraphs/outer":                       {"outer"},
			"/assistants/nested/subgraphs/outer%7Cinner?recurse=true":  {"outer|inner"},
			"/assistants/nested/subgraphs/outer%7Cinner?recurse=false": {"outer|inner"},
			"/assistants/nested/subgraphs/nowhere":                     nil,
			"/assistants/agent/subgraphs":                              nil,
		} {
			a := s.must(200, alice, "GET", path, "")
			var found map[string]map[string]json.RawMessage
			a.into(t, &found)
			var names []string
			for _, name := range []string{"outer", "outer|inner"} {
				if schemas, ok := found[name]; ok {
					names = append(names, name)
					if _, named := schemas["graph_id"]; named || schemas["state_schema"] == nil || string(schemas["input_schema"]) == "null" {
						t.Errorf("%s: %s", path, a.Body)
					}
				}
			}
			if diff := cmp.Diff(want, names); diff != "" || len(found) != len(names) {
				t.Errorf("%s (-want +got):\n%s\n%s", path, diff, a.Body)
			}
		}
	})
}

// TestAssistantSettings covers rest.md §3.2 and R-14: settings of either kind are there for graphs of the other, and nothing of them
// says who the user is.
func TestAssistantSettings(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri, func(p *config.Process) {
			p.GraphSettings = map[string]json.RawMessage{"agent": json.RawMessage(`{"tags": ["x"], "configurable": {"model": "m", "user_id": "root"}}`)}
		})
		type row struct {
			ID       string         `json:"assistant_id"`
			Config   map[string]any `json:"config"`
			Context  map[string]any `json:"context"`
			Metadata map[string]any `json:"metadata"`
		}
		check := func(what string, a answer, config, context string) row {
			t.Helper()
			var got row
			a.into(t, &got)
			c, _ := json.Marshal(got.Config)
			x, _ := json.Marshal(got.Context)
			if string(c) != config || string(x) != context {
				t.Errorf("%s: config %s, want %s; context %s, want %s", what, c, config, x, context)
			}
			return got
		}
		check("LANGGRAPH_CONFIG", s.must(200, alice, "GET", "/assistants/agent", ""), `{"configurable":{"model":"m"},"tags":["x"]}`, `{"model":"m"}`)
		spoof := `"user_id": "root", "langgraph_auth_user": {"identity": "root"}, "__pregel": 1, "principal": 1`
		made := check("configurable", s.must(200, alice, "POST", "/assistants",
			`{"graph_id": "agent", "metadata": {"k": 1, `+spoof+`}, "config": {"recursion_limit": 7, "configurable": {"a": 1, "thread_id": "t", `+spoof+`}}, "context": {`+spoof+`}}`),
			`{"configurable":{"a":1,"thread_id":"t"},"recursion_limit":7}`, `{"a":1}`)
		if diff := cmp.Diff(map[string]any{"k": 1.0, "owner": "user1"}, made.Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		at := "/assistants/" + made.ID
		check("a context in a patch", s.must(200, alice, "PATCH", at, `{"context": {"b": 2, `+spoof+`}, "metadata": {`+spoof+`}}`),
			`{"configurable":{"b":2},"recursion_limit":7}`, `{"b":2}`)
		check("a config in a patch", s.must(200, alice, "PATCH", at, `{"config": {"configurable": {"c": 3, `+spoof+`}}}`),
			`{"configurable":{"c":3}}`, `{"c":3}`)
		check("a patch of neither", s.must(200, alice, "PATCH", at, `{"name": "n"}`), `{"configurable":{"c":3}}`, `{"c":3}`)
		check("context", s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "context": {"a": 1}}`),
			`{"configurable":{"a":1}}`, `{"a":1}`)
		both := `{"graph_id": "agent", "config": {"configurable": {"a": 1}}, "context": {"b": 1}}`
		for method, path := range map[string]string{"POST": "/assistants", "PATCH": at} {
			if a := s.must(400, alice, method, path, both); !strings.HasPrefix(a.field(t, "detail"), "Cannot specify both configurable and context") {
				t.Errorf("%s: %s", method, a.Body)
			}
		}
	})
}

// TestH12DeletingAnAssistant: threads, runs and waiting runs of other users stay; of the caller's own, runs are stopped and threads go
// when that was asked for.
func TestH12DeletingAnAssistant(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		common := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			if c.Resource == authhooks.Assistants {
				return authhooks.Allow(), nil
			}
			return authhooks.OwnerOnly("owner")(context.Background(), c)
		}
		s := serve(t, withAuth(authhooks.New(people(map[string]authhooks.User{alice: {Identity: "user1"}, bob: {Identity: "user2"}}),
			authhooks.On(authhooks.Any, authhooks.Any, common))), uri)
		for _, query := range []string{"", "?delete_threads=false", "?delete_threads=true"} {
			id := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
			run := `{"assistant_id": "` + id + `", "input": {"messages": []}, "after_seconds": 3600}`
			type place struct{ thread, run string }
			begin := func(token string) place {
				thread := s.must(200, token, "POST", "/threads", `{}`).field(t, "thread_id")
				return place{thread, s.must(200, token, "POST", "/threads/"+thread+"/runs", run).field(t, "run_id")}
			}
			mine, theirs := begin(alice), begin(bob)
			cron := `{"assistant_id": "` + id + `", "schedule": "0 8 * * *", "input": {}}`
			mineCron := s.must(200, alice, "POST", "/runs/crons", cron).field(t, "cron_id")
			theirCron := s.must(200, bob, "POST", "/runs/crons", cron).field(t, "cron_id")
			s.must(204, alice, "DELETE", "/assistants/"+id+query, "")
			s.must(404, alice, "GET", "/assistants/"+id, "")
			s.must(404, alice, "GET", "/runs/crons/"+mineCron, "")
			s.must(200, bob, "GET", "/runs/crons/"+theirCron, "")
			if status := s.must(200, bob, "GET", "/threads/"+theirs.thread+"/runs/"+theirs.run, "").field(t, "status"); status != "pending" {
				t.Errorf("%s: another's run is %s", query, status)
			}
			if query == "?delete_threads=true" {
				s.must(404, alice, "GET", "/threads/"+mine.thread, "")
				continue
			}
			if status := s.must(200, alice, "GET", "/threads/"+mine.thread+"/runs/"+mine.run, "").field(t, "status"); status != "interrupted" {
				t.Errorf("%s: the caller's own run is %s", query, status)
			}
		}
	})
}

func TestSearchAssistants(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		const odd = `Straße Ω *[x]? (a|b) ^\\w$`
		s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "name": "`+odd+`"}`)
		for _, name := range []string{"Beta", "alpha", "gamma 100%"} {
			s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "name": "`+name+`", "metadata": {"mine": true}}`)
		}
		names := func(body string) string {
			var list []map[string]any
			s.must(200, alice, "POST", "/assistants/search", body).into(t, &list)
			var out []string
			for _, a := range list {
				out = append(out, fmt.Sprint(a["name"]))
			}
			return strings.Join(out, ",")
		}
		for body, want := range map[string]string{
			`{"metadata": {"mine": true}, "sort_by": "name", "sort_order": "asc"}`:       "Beta,alpha,gamma 100%",
			`{"metadata": {"mine": true}, "sort_by": "created_at", "sort_order": "asc"}`: "Beta,alpha,gamma 100%",
			`{"metadata": {"mine": true}}`:                                               "gamma 100%,alpha,Beta",
			`{"name": "ALPHA"}`:                                                          "alpha",
			`{"name": "0%"}`:                                                             "gamma 100%",
			`{"name": "_"}`:                                                              "",
			`{"name": "STRAßE ω *[X]? (A|B) ^\\W$"}`:                                     "Straße Ω *[x]? (a|b) ^\\w$",
			`{"name": "ω"}`:                                                              "Straße Ω *[x]? (a|b) ^\\w$",
			`{"name": "]"}`:                                                              "Straße Ω *[x]? (a|b) ^\\w$",
			`{"name": "("}`:                                                              "Straße Ω *[x]? (a|b) ^\\w$",
			`{"name": "a*"}`:                                                             "",
			`{"name": ".lpha"}`:                                                          "",
			`{"name": "?lpha"}`:                                                          "",
			`{"name": "` + strings.Repeat("x", 300) + `"}`:                               "",
			`{"metadata": {"mine": true}, "limit": 1, "offset": 1}`:                      "alpha",
			`{"metadata": {"mine": true}, "graph_id": "nested"}`:                         "",
			`{"metadata": {"mine": true}, "select": ["name"], "limit": 1}`:               "gamma 100%",
		} {
			if got := names(body); got != want {
				t.Errorf("%s: %s, want %s", body, got, want)
			}
		}
		var only []map[string]any
		s.must(200, alice, "POST", "/assistants/search", `{"metadata": {"mine": true}, "select": ["name", "version"], "limit": 1}`).into(t, &only)
		if diff := cmp.Diff([]map[string]any{{"name": "gamma 100%", "version": 1.0}}, only); diff != "" {
			t.Errorf("select (-want +got):\n%s", diff)
		}
		for _, bad := range []string{`{"sort_by": "owner"}`, `{"select": ["owned"]}`, `{"limit": 0}`, `{"limit": 1001}`, `{"offset": -1}`, `{"sort_order": "up"}`} {
			s.must(422, alice, "POST", "/assistants/search", bad)
		}
	})
}
