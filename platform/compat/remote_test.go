package compat

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// remoteGraph drives LangGraph's RemoteGraph, as it is, against the built server.
func remoteGraph(t *testing.T, path string) {
	t.Helper()
	c := clientsOf("remote")[0]
	databases(t, func(t *testing.T, uri string) {
		c.run(t, start(t, path, "DATABASE_URI="+uri).URL, "core")
	})
}

// RemoteGraph of two users: what one of them has made is not there for the other.
func TestRemoteGraphOfTwoUsers(t *testing.T) {
	t.Parallel()
	c := clientsOf("remote")[0]
	path := binary(t, "graphs/durable/platform.json")
	databases(t, func(t *testing.T, uri string) {
		c.run(t, start(t, path, "DATABASE_URI="+uri).URL, "users")
	})
}

// What RemoteGraph sends as the node of a graph that resumes: its input once more, and all answers that its graph was given.
func TestResumingAsANode(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32 // how often the hook saw a resume
	owner := authhooks.OwnerOnly("owner")
	watch := authhooks.OnEvent(func(ctx context.Context, c *authhooks.Call, v *authhooks.RunsCreate) (authhooks.Verdict, error) {
		if strings.Contains(string(v.Command()), `"resume"`) {
			asked.Add(1)
		}
		return owner(ctx, c)
	})
	parts := withAuth(authhooks.New(tutors(), watch, authhooks.On(authhooks.Any, authhooks.Any, owner)), asking())
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, parts, uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		wait := func(input, settings string) map[string]any {
			t.Helper()
			var values map[string]any
			s.must(200, alice, "POST", thread+"/runs/wait", `{"assistant_id": "asking", "input": {"said": ["`+input+`"]}, "config": {"configurable": {`+settings+`}}}`).into(t, &values)
			return values
		}
		question := func(values map[string]any) string {
			t.Helper()
			all, _ := values["__interrupt__"].([]any)
			if len(all) != 1 {
				t.Fatalf("want one question: %v", values)
			}
			return all[0].(map[string]any)["id"].(string)
		}
		says := func(values map[string]any, want ...any) {
			t.Helper()
			if diff := cmp.Diff(want, values["said"]); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		}
		// A thread that does not wait begins with the input, whatever the caller does.
		id := question(wait("one", `"__pregel_resuming": true, "__pregel_resume_map": {"00000000000000000000000000000000": "x"}`))
		// One that waits asks again, and does not take the input a second time.
		for _, settings := range []string{
			`"__pregel_resuming": true`, `"__pregel_resuming": true, "__pregel_resume_map": {"00000000000000000000000000000000": "for another"}`,
			`"__pregel_resuming": true, "__pregel_resume_map": "nonsense"`,
		} {
			if again := question(wait("one", settings)); again != id {
				t.Errorf("%s: question %s, want %s", settings, again, id)
			}
		}
		before := asked.Load()
		values := wait("one", `"__pregel_resuming": true, "__pregel_resume_map": {"`+id+`": "yes", "00000000000000000000000000000000": "for another"}`)
		says(values, "one", "yes")
		if asked.Load() != before+1 {
			t.Error("the hook was not shown that the run resumes")
		}
		// Without the word of a graph that resumes, new input is new input.
		question(wait("two", `"__pregel_resuming": false, "__pregel_resume_map": {"`+id+`": "yes"}`))
		if runs := s.must(200, alice, "GET", thread+"/runs", ""); strings.Contains(string(runs.Body), "__pregel") {
			t.Errorf("internal keys are shown: %s", runs.Body)
		}
		s.must(404, bob, "POST", thread+"/runs/wait", `{"assistant_id": "asking", "input": {}, "config": {"configurable": {"__pregel_resuming": true}}}`)
	})
}

// asking asks once, and takes down the answer.
func asking() platform.Graph {
	type state struct {
		Said []string `json:"said" reduce:"append"`
	}
	return platform.Graph{ID: "asking", Symbol: "./asking:Graph", Source: graphs.NewStateGraph[state]().
		AddNode("ask", func(ctx context.Context, _ state) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, "may I?")
			if err != nil {
				return nil, err
			}
			return graphs.Patch(state{Said: []string{answer}}), nil
		}).AddEdge(graphs.Start, "ask").AddEdge("ask", graphs.End)}
}
