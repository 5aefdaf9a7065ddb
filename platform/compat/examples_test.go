package compat

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
	"github.com/locutory/locutory/sdk"
)

// example serves an example with a model that makes the turns; it returns clients of two users.
func example(t *testing.T, name string, turn func(last, system string, messages int) openaistub.Turn) (alice, bob *sdk.Client) {
	t.Helper()
	_, alice, bob = exampleServer(t, name, turn)
	return alice, bob
}

func exampleServer(t *testing.T, name string, turn func(last, system string, messages int) openaistub.Turn, env ...string) (server *process, alice, bob *sdk.Client) {
	t.Helper()
	stub := openaistub.New(openaistub.Turn{Answer: func(r openaistub.Request) openaistub.Turn {
		var messages []struct{ Role, Content string }
		for _, raw := range r.Messages {
			var m struct{ Role, Content string }
			if err := json.Unmarshal(raw, &m); err != nil {
				m.Role = err.Error()
			}
			messages = append(messages, m)
		}
		return turn(messages[len(messages)-1].Content, messages[0].Content, len(messages))
	}})
	t.Cleanup(stub.Close)
	server = start(t, binary(t, "../../examples/"+name+"/platform.json"), append(env, "OPENAI_BASE_URL="+stub.URL, "OPENAI_MODEL=stub")...)
	client := func(token string) *sdk.Client {
		c, err := sdk.New(sdk.Config{URL: server.URL, Token: token})
		check(t, err)
		return c
	}
	return server, client("user1-token"), client("user2-token")
}

func newThread(t *testing.T, c *sdk.Client) string {
	t.Helper()
	thread, err := c.Threads.Create(t.Context(), sdk.ThreadCreate{})
	check(t, err)
	return thread.ThreadID
}

func says(text string) sdk.RunCreate { return sdk.RunCreate{Input: sdk.Messages(sdk.Human(text))} }

// Notes that one user's tools keep are not read by another's, though the namespace is the same; in another thread they are there.
func TestExampleToolsAgent(t *testing.T) {
	t.Parallel()
	alice, bob := example(t, "tools-agent", func(last, _ string, _ int) openaistub.Turn {
		if tool, args, ok := strings.Cut(last, " "); ok && strings.HasPrefix(args, "{") {
			return openaistub.Call("call_"+tool, tool, args[:1], args[1:])
		}
		return openaistub.Text("told: ", last)
	})
	ask := func(c *sdk.Client, thread, text string) string {
		result, err := c.Runs.Wait(t.Context(), thread, "agent", says(text), nil)
		check(t, err)
		return string(result.Values)
	}
	if got := ask(alice, newThread(t, alice), `save_note {"title":"pin","text":"plum 4711"}`); !strings.Contains(got, "Kept.") {
		t.Fatalf("state %s", got)
	}
	if got := ask(alice, newThread(t, alice), `read_notes {}`); !strings.Contains(got, "plum 4711") {
		t.Errorf("alice reads %s", got)
	}
	if got := ask(bob, newThread(t, bob), `read_notes {}`); strings.Contains(got, "4711") || !strings.Contains(got, "told: []") {
		t.Errorf("bob reads %s", got)
	}
	if got := ask(bob, newThread(t, bob), `save_note {"title":"pin","text":"bob's"}`); !strings.Contains(got, "Kept.") {
		t.Errorf("state %s", got)
	}
	shopping := newThread(t, alice)
	if got := ask(alice, shopping, `read_notes {}`); !strings.Contains(got, "plum 4711") || strings.Contains(got, "bob's") {
		t.Errorf("alice reads %s", got)
	}
	for _, item := range []string{"tea", "milk"} {
		ask(alice, shopping, `add_item {"name":"`+item+`"}`)
	}
	if got := ask(alice, shopping, `read_list {}`); !strings.Contains(got, `"shopping":["tea","milk"]`) || !strings.Contains(got, "told: tea, milk") {
		t.Errorf("state %s", got)
	}
}

func TestExampleHumanInTheLoop(t *testing.T) {
	t.Parallel()
	alice, bob := example(t, "human-in-the-loop", func(last, _ string, n int) openaistub.Turn {
		if n == 2 {
			return openaistub.Call("call_1", "delete_file", `{"name":"taxes.pdf"}`)
		}
		return openaistub.Text("told: ", last)
	})
	for _, tc := range []struct{ graph, question, answer, want string }{
		{"letter", `{"question":"Send this?","draft":"Dear Bob, ..."}`, `{"approved":true}`, "Sent as user1: Dear Bob, ..."},
		{"agent", `"args":{"name":"taxes.pdf"}`, `{"decisions":[{"type":"approve"}]}`, "told: taxes.pdf is deleted."},
		{"agent", `"args":{"name":"taxes.pdf"}`, `{"decisions":[{"type":"reject","message":"No!"}]}`, "told: No!"},
	} {
		thread := newThread(t, alice)
		asked, err := alice.Runs.Wait(t.Context(), thread, tc.graph, says("go"), nil)
		check(t, err)
		if len(asked.Interrupts) != 1 || !strings.Contains(string(asked.Interrupts[0].Value), tc.question) || strings.Contains(string(asked.Values), "is deleted") {
			t.Fatalf("%s asked %+v", tc.graph, asked)
		}
		answer := sdk.RunCreate{Command: sdk.Resume(json.RawMessage(tc.answer))}
		_, err = bob.Runs.Wait(t.Context(), thread, tc.graph, answer, nil)
		if got := statusOf(t, err); got != http.StatusNotFound {
			t.Errorf("bob decides for alice: status %d", got)
		}
		end, err := alice.Runs.Wait(t.Context(), thread, tc.graph, answer, nil)
		check(t, err)
		if !strings.Contains(string(end.Values), tc.want) {
			t.Errorf("%s: %s", tc.graph, end.Values)
		}
	}
}

// The agents of a team are children in the stream; their states are found under tools:<task>, by who owns the thread only.
func TestExampleTeam(t *testing.T) {
	t.Parallel()
	alice, bob := example(t, "team", func(last, system string, n int) openaistub.Turn {
		switch {
		case strings.HasPrefix(system, "Give") && n == 2:
			args := func(agent string) string { return `{"description":"plum","subagent_type":"` + agent + `"}` }
			return openaistub.Turn{Deltas: []openaistub.Delta{openaistub.Piece(0, "task-1", "task", args("researcher")), openaistub.Piece(1, "task-2", "task", args("counter"))}}
		case strings.HasPrefix(system, "Hand") && n == 2:
			return openaistub.Call("h", "transfer_to_researcher", `{}`)
		case strings.HasPrefix(system, "You look") && !strings.HasPrefix(last, "A plum"):
			return openaistub.Call("l", "look_up", `{"text":"plum"}`)
		case strings.HasPrefix(system, "You look"):
			return openaistub.Text("looked ", "up")
		case strings.HasPrefix(system, "You count"):
			return openaistub.Text("count", "ed")
		}
		return openaistub.Text("all ", "done")
	})
	t.Run("deep", func(t *testing.T) {
		thread := newThread(t, alice)
		spoken := map[string]string{}
		run := says("What is a plum?")
		run.StreamMode, run.StreamSubgraphs = []sdk.StreamMode{sdk.StreamMessages, sdk.StreamValues}, true
		for event, err := range alice.Runs.Stream(t.Context(), thread, "deep", run) {
			check(t, err)
			if text, ok := event.Token(); ok && len(event.Namespace()) > 0 {
				spoken[event.Namespace()[0]] += text
			}
		}
		if len(spoken) != 2 {
			t.Fatalf("subagents %v", spoken)
		}
		root, err := alice.Threads.History(t.Context(), thread, sdk.HistorySearch{})
		check(t, err)
		reported := map[string]bool{} // what clients look for: a task of the path of Sends, with the message that it wrote
		for _, state := range root {
			for _, task := range state.Tasks {
				if len(task.Path) > 0 && task.Path[0] == "__pregel_push" && strings.Contains(string(task.Result), `"tool_call_id"`) {
					reported[task.Name+":"+task.ID] = true
				}
			}
		}
		for space := range spoken {
			if !reported[space] {
				t.Errorf("no task of %s has a result; there are %v", space, reported)
			}
		}
		for space, text := range spoken {
			search := sdk.HistorySearch{Checkpoint: &sdk.CheckpointConfig{CheckpointNS: space}}
			states, err := alice.Threads.History(t.Context(), thread, search)
			check(t, err)
			if !strings.HasPrefix(space, "tools:") || len(states) == 0 || !strings.Contains(string(states[0].Values), text) || !slices.Contains([]string{"looked up", "counted"}, text) {
				t.Errorf("%s said %q; %d states", space, text, len(states))
			}
			_, err = bob.Threads.History(t.Context(), thread, search)
			if got := statusOf(t, err); got != http.StatusNotFound {
				t.Errorf("bob reads what alice's agent did: status %d", got)
			}
		}
	})
	t.Run("supervisor", func(t *testing.T) {
		thread := newThread(t, alice)
		end, err := alice.Runs.Wait(t.Context(), thread, "supervisor", says("What is a plum?"), nil)
		check(t, err)
		root, err := alice.Threads.History(t.Context(), thread, sdk.HistorySearch{})
		check(t, err)
		members := 0
		for _, state := range root {
			for _, task := range state.Tasks {
				if task.Name != "researcher" {
					continue
				}
				search := sdk.HistorySearch{Checkpoint: &sdk.CheckpointConfig{CheckpointNS: "researcher:" + task.ID}}
				inner, err := alice.Threads.History(t.Context(), thread, search)
				check(t, err)
				if len(inner) == 0 || !strings.Contains(string(inner[0].Values), "looked up") {
					t.Errorf("the researcher has %d states", len(inner))
				}
				_, err = bob.Threads.History(t.Context(), thread, search)
				if got := statusOf(t, err); got != http.StatusNotFound {
					t.Errorf("bob reads what alice's agent did: status %d", got)
				}
				members++
			}
		}
		if members != 1 {
			t.Errorf("the researcher is a task of %d states", members)
		}
		for _, want := range []string{"looked up", "all done", "transfer_back_to_supervisor"} {
			if !strings.Contains(string(end.Values), want) {
				t.Errorf("no %q in %s", want, end.Values)
			}
		}
	})
}

// A server that dies while one of two agents is still at work: the other one's report is kept, and the one that was at work goes on
// from its own last step.
func TestKilledTeamGoesOn(t *testing.T) {
	t.Parallel()
	var counted, lookedUp, begun atomic.Int32
	gate := make(chan struct{})
	server, alice, _ := exampleServer(t, "team", func(last, system string, n int) openaistub.Turn {
		switch {
		case strings.HasPrefix(system, "Give") && n == 2:
			begun.Add(1)
			args := func(agent string) string { return `{"description":"plum","subagent_type":"` + agent + `"}` }
			return openaistub.Turn{Deltas: []openaistub.Delta{openaistub.Piece(0, "task-1", "task", args("researcher")), openaistub.Piece(1, "task-2", "task", args("counter"))}}
		case strings.HasPrefix(system, "You look") && !strings.HasPrefix(last, "A plum"):
			lookedUp.Add(1)
			return openaistub.Call("l", "look_up", `{"text":"plum"}`)
		case strings.HasPrefix(system, "You look"):
			held := openaistub.Text("looked ", "up")
			held.Gate = gate
			return held
		case strings.HasPrefix(system, "You count"):
			counted.Add(1)
			return openaistub.Text("counted")
		}
		return openaistub.Text("all done")
	}, "LOCUTORY_LEASE=500ms")
	thread := newThread(t, alice)
	run, err := alice.Runs.Create(t.Context(), thread, "deep", says("What is a plum?"))
	check(t, err)
	atWork := func() bool { // one has reported, the other one has looked up
		states, err := alice.Threads.History(t.Context(), thread, sdk.HistorySearch{Limit: 1})
		check(t, err)
		reported, steps := 0, 0
		for _, state := range states {
			for _, task := range state.Tasks {
				if strings.Contains(string(task.Result), "counted") {
					reported++
				}
				inner, err := alice.Threads.History(t.Context(), thread, sdk.HistorySearch{Checkpoint: &sdk.CheckpointConfig{CheckpointNS: "tools:" + task.ID}})
				check(t, err)
				if len(inner) > 0 && strings.Contains(string(inner[0].Values), "A plum is") {
					steps++
				}
			}
		}
		return reported == 1 && steps == 1
	}
	for deadline := time.Now().Add(20 * time.Second); !atWork(); {
		if time.Now().After(deadline) {
			t.Fatal("the agents did not get so far")
		}
	}
	server.kill()
	close(gate)
	server.again()
	var end struct{ Messages []struct{ Content string } }
	_, err = alice.Runs.Join(t.Context(), thread, run.RunID, &end)
	check(t, err)
	var texts []string
	for _, m := range end.Messages {
		texts = append(texts, m.Content)
	}
	if diff := cmp.Diff([]string{"What is a plum?", "", "looked up", "counted", "all done"}, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if begun.Load() != 1 || counted.Load() != 1 || lookedUp.Load() != 1 {
		t.Errorf("asked again: the head %d times, the counter %d, the researcher's first turn %d", begun.Load(), counted.Load(), lookedUp.Load())
	}
}

// The pages quote the examples as they are.
func TestPagesQuoteTheirExamples(t *testing.T) {
	t.Parallel()
	for page, dir := range map[string]string{"tools": "tools-agent", "human-in-the-loop": "human-in-the-loop", "teams": "team"} {
		text, err := os.ReadFile("../../examples/docs/" + page + ".md")
		check(t, err)
		files, err := filepath.Glob("../../examples/" + dir + "/agent/*.go")
		check(t, err)
		var code strings.Builder
		for _, name := range files {
			file, err := os.ReadFile(name)
			check(t, err)
			code.Write(file)
		}
		quotes := 0
		for i, part := range strings.Split(string(text), "```") {
			if quote, ok := strings.CutPrefix(part, "go\n"); ok && i%2 == 1 {
				quotes++
				if !strings.Contains(code.String(), quote) {
					t.Errorf("%s.md quotes what is not in %s:\n%s", page, dir, quote)
				}
			}
		}
		if quotes == 0 {
			t.Errorf("%s.md quotes nothing", page)
		}
	}
}
