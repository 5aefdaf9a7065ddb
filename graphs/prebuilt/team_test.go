package prebuilt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/prebuilt"
)

func agentOf(name string, turns ...graphtest.Turn) prebuilt.Agent {
	return prebuilt.Agent{
		Name: name, Description: "does " + name,
		Graph: prebuilt.NewReactAgent(graphtest.NewModel(turns...), prebuilt.Name(name), prebuilt.Tools(weather)),
	}
}

// lines is brief without the texts of ids that are random.
func lines(msgs []graphs.Message) []string {
	var out []string
	for _, m := range msgs {
		line := fmt.Sprintf("%s %s: %s", m.Type, m.Name, m.Text())
		for _, c := range m.ToolCalls {
			line += " " + c.Name
		}
		out = append(out, line)
	}
	return out
}

// closed fails if a call has no answer right after its message: providers refuse that.
func closed(t *testing.T, msgs []graphs.Message) {
	t.Helper()
	seen := map[string]bool{}
	for i, m := range msgs {
		if seen[m.ID] || m.ID == "" {
			t.Errorf("id %q twice", m.ID)
		}
		seen[m.ID] = true
		for k := range m.ToolCalls {
			found := false
			for _, after := range msgs[i+1 : min(i+1+len(m.ToolCalls), len(msgs))] {
				found = found || after.ToolCallID == m.ToolCalls[k].ID
			}
			if !found {
				t.Errorf("call %s of message %d has no answer after it: %q", m.ToolCalls[k].ID, i, lines(msgs))
			}
		}
	}
}

func TestSupervisor(t *testing.T) {
	t.Parallel()
	research := func() prebuilt.Agent {
		return agentOf("Web Researcher", graphtest.Ask(call("w", "weather", `{"city":"Rome"}`)), graphtest.Say("It is sunny."))
	}
	boss := func(last graphtest.Turn) *graphtest.Model {
		return graphtest.NewModel(graphtest.Ask(call("h1", "transfer_to_web_researcher", `{}`)), last)
	}
	start := []string{"human : ?", "ai supervisor:  transfer_to_web_researcher", "tool transfer_to_web_researcher: Successfully transferred to Web Researcher"}
	back := []string{"ai Web Researcher: Transferring back to supervisor transfer_back_to_supervisor", "tool transfer_back_to_supervisor: Successfully transferred back to supervisor"}
	for _, tc := range []struct {
		name string
		last graphtest.Turn
		opts []prebuilt.Option
		want [][]string
	}{
		{"last message", graphtest.Say("Go."), nil, [][]string{start, {"ai Web Researcher: It is sunny."}, back, {"ai supervisor: Go."}}},
		{"full history", graphtest.Say("Go."), []prebuilt.Option{prebuilt.FullHistory()}, [][]string{
			start, {"ai Web Researcher:  weather", "tool weather: sunny in Rome", "ai Web Researcher: It is sunny."}, back, {"ai supervisor: Go."},
		}},
		{"no hand back", graphtest.Say("Go."), []prebuilt.Option{prebuilt.NoHandBack()}, [][]string{start, {"ai Web Researcher: It is sunny."}, {"ai supervisor: Go."}}},
		{
			"forwarded", graphtest.Ask(call("f", "forward_message", `{"from_agent":"Web Researcher"}`)),
			[]prebuilt.Option{prebuilt.ForwardMessage()},
			[][]string{start, {"ai Web Researcher: It is sunny."}, back, {"ai supervisor: It is sunny."}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, saver := range []graphs.Saver{nil, memory.New()} {
				team := compile(t, prebuilt.NewSupervisor(boss(tc.last), []prebuilt.Agent{research(), agentOf("writer", graphtest.Say("?"))}, tc.opts...))
				end, err := graphs.Invoke[graphs.MessagesState](t.Context(), team, said("?"), graphs.Config{Saver: saver})
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, part := range tc.want {
					want = append(want, part...)
				}
				if diff := cmp.Diff(want, lines(end.Messages)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				closed(t, end.Messages)
			}
		})
	}
}

// Two agents get work in one turn, beside another tool; the supervisor is asked again once both are back.
func TestSupervisorInParallel(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(
		graphtest.Ask(call("t", "weather", `{"city":"Rome"}`), call("h1", "transfer_to_a", `{}`), call("h2", "transfer_to_b", `{}`)), graphtest.Say("Both."))
	team := compile(t, prebuilt.NewSupervisor(model, []prebuilt.Agent{agentOf("a", graphtest.Say("A")), agentOf("b", graphtest.Say("B"))}, prebuilt.Tools(weather)))
	res := graphtest.Run(t, team, said("?"), graphs.Config{Saver: memory.New(), Messages: true})
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	var end graphs.MessagesState
	if err := json.Unmarshal([]byte(`{"messages":`+string(res.Values["messages"])+`}`), &end); err != nil {
		t.Fatal(err)
	}
	closed(t, end.Messages)
	if n := len(model.Requests()); n != 2 || end.Messages[len(end.Messages)-1].Text() != "Both." {
		t.Errorf("asked %d times: %q", n, lines(end.Messages))
	}
	spaces := map[string]bool{}
	for _, e := range res.Events {
		node, _, _ := strings.Cut(e.NS, ":")
		spaces[node] = true
	}
	if diff := cmp.Diff(map[string]bool{"": true, "supervisor": true, "a": true, "b": true}, spaces); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	if subs := graphs.Subgraphs(team); len(subs) != 3 {
		t.Errorf("subgraphs %v", subs)
	}
}

func TestSupervisorPanicsOnEqualNames(t *testing.T) {
	t.Parallel()
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, `"supervisor"`) {
			t.Errorf("recovered %q", text)
		}
	}()
	prebuilt.NewSupervisor(graphtest.NewModel(), []prebuilt.Agent{agentOf("supervisor")})
}

// Who had the conversation last has it again when the user comes back.
func TestSwarm(t *testing.T) {
	t.Parallel()
	member := func(name, other string, turns ...graphtest.Turn) prebuilt.Agent {
		return prebuilt.Agent{Name: name, Graph: prebuilt.NewReactAgent(graphtest.NewModel(turns...), prebuilt.Name(name), prebuilt.Tools(weather, prebuilt.SwarmHandoff(other, "")))}
	}
	swarm := compileOf(t, prebuilt.NewSwarm("alice",
		member("alice", "bob", graphtest.Ask(call("w", "weather", `{"city":"Rome"}`)), graphtest.Ask(call("h", "transfer_to_bob", `{}`))),
		member("bob", "alice", graphtest.Say("Bob here."), graphtest.Say("Still Bob."))))
	cfg := graphs.Config{Saver: memory.New()}
	for _, want := range []string{"Bob here.", "Still Bob."} {
		end, err := graphs.Invoke[prebuilt.SwarmState](t.Context(), swarm, said("hi"), cfg)
		if err != nil {
			t.Fatal(err)
		}
		last := end.Messages[len(end.Messages)-1]
		if last.Text() != want || last.Name != "bob" || end.ActiveAgent != "bob" {
			t.Fatalf("%s: %q", end.ActiveAgent, lines(end.Messages))
		}
		closed(t, end.Messages)
		if want == "Bob here." && len(end.Messages) != 6 { // with what alice had looked up
			t.Errorf("%q", lines(end.Messages))
		}
	}
}

// Two agents work at the same time, each in a namespace tools:<task>, where its messages are found afterwards.
func TestDeepAgent(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Ask(
		call("task-1", "task", `{"description":"look","subagent_type":"researcher"}`),
		call("task-2", "task", `{"description":"count","subagent_type":"analyst"}`),
		call("task-3", "task", `{"description":"count","subagent_type":"nobody"}`)), graphtest.Say("Both subagents completed their tasks."))
	agents := []prebuilt.Agent{
		agentOf("researcher", graphtest.Ask(call("w", "weather", `{"city":"Rome"}`)), graphtest.Say("found")), agentOf("analyst", graphtest.Say("counted")),
	}
	deep := compile(t, prebuilt.NewDeepAgent(model, agents))
	cfg := graphs.Config{ThreadID: "t", Saver: memory.New(), Messages: true}
	res := graphtest.Run(t, deep, said("both"), cfg)
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	if got := string(res.Values["messages"]); !strings.Contains(got, `"found"`) || !strings.Contains(got, `"counted"`) || !strings.Contains(got, `there is no agent \"nobody\", but researcher, analyst`) {
		t.Errorf("messages %s", got)
	}
	tasks := map[string]string{} // by namespace
	for _, e := range res.Of(graphs.KindTaskStart) {
		if e.TaskStart.Name == "tools" && e.NS == "" {
			tasks["tools:"+e.Task] = string(e.TaskStart.Input)
		}
	}
	children := 0
	for ns, input := range tasks {
		shot, err := graphs.ReadState(t.Context(), cfg.Saver, ns, "")
		if strings.Contains(input, "nobody") != errors.Is(err, graphs.ErrNoCheckpoint) {
			t.Errorf("%s of %s: %v", ns, input, err)
		}
		if err != nil {
			continue
		}
		children++
		want := map[bool]string{true: `"found"`, false: `"counted"`}[strings.Contains(input, "researcher")]
		if !strings.Contains(string(shot.Values), want) || len(shot.Next) != 0 {
			t.Errorf("%s: %s", ns, shot.Values)
		}
	}
	if children != 2 || len(tasks) != 3 {
		t.Errorf("tasks %v", tasks)
	}
	if schema := string(model.Requests()[0].Tools[0].Schema()); !strings.Contains(schema, `"enum":["researcher","analyst"]`) {
		t.Errorf("schema %s", schema)
	}
}

// A question deep inside pauses everything; its answer finds the agent that asked, and no agent begins again.
func TestAgentToolAsks(t *testing.T) {
	t.Parallel()
	for _, each := range []bool{false, true} {
		ask := graphs.NewTool("request_approval", "", func(ctx context.Context, p place) (string, error) {
			ok, err := graphs.Interrupt[bool](ctx, "Approve "+p.City+"?")
			return fmt.Sprint(p.City, " approved: ", ok), err
		})
		approver := func(name string) (prebuilt.Agent, *graphtest.Model) {
			model := graphtest.NewModel(graphtest.Ask(call("q", "request_approval", `{"city":"`+name+`"}`)), graphtest.Say(name+" completed."))
			return prebuilt.Agent{Name: name, Graph: prebuilt.NewReactAgent(model, prebuilt.Tools(ask))}, model
		}
		one, oneModel := approver("one")
		two, twoModel := approver("two")
		model := graphtest.NewModel(graphtest.Ask(call("a", "one", `{"request":"x"}`), call("b", "two", `{"request":"y"}`)), graphtest.Say("ok"))
		opts := []prebuilt.Option{prebuilt.Tools(prebuilt.AgentTool(one), prebuilt.AgentTool(two))}
		if each {
			opts = append(opts, prebuilt.EachCall())
		}
		agent := compile(t, prebuilt.NewReactAgent(model, opts...))
		cfg := graphs.Config{ThreadID: "t", Saver: memory.New()}
		res := graphtest.Run(t, agent, said("go"), cfg)
		if len(res.Interrupts) != 2 || res.Err != nil {
			t.Fatalf("each %v: asked %+v, %v", each, res.Interrupts, res.Err)
		}
		answers := map[string]bool{}
		for _, q := range res.Interrupts {
			answers[q.ID] = strings.Contains(string(q.Value), "one")
		}
		raw, err := json.Marshal(answers)
		if err != nil {
			t.Fatal(err)
		}
		got, err := run(t, agent, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: raw}}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"tool: one completed. [a one success]", "tool: two completed. [b two success]", "ai: ok"}
		if diff := cmp.Diff(want, got[2:]); diff != "" {
			t.Errorf("each %v (-want +got):\n%s", each, diff)
		}
		for want, m := range map[string]*graphtest.Model{"one approved: true": oneModel, "two approved: false": twoModel} {
			asked := m.Requests()
			if last := asked[len(asked)-1].Messages; len(asked) != 2 || last[len(last)-1].Text() != want {
				t.Errorf("each %v: %d requests, told %q, want %q", each, len(asked), last[len(last)-1].Text(), want)
			}
		}
	}
}

// Members of a team may hand over among themselves; the supervisor gets the conversation from the last one.
func TestMembersHandOver(t *testing.T) {
	t.Parallel()
	first := prebuilt.Agent{Name: "first", Graph: prebuilt.NewReactAgent(
		graphtest.NewModel(graphtest.Ask(call("x", "transfer_to_second", `{}`))), prebuilt.Name("first"), prebuilt.Tools(prebuilt.Handoff("second", "")))}
	model := graphtest.NewModel(graphtest.Ask(call("h", "transfer_to_first", `{}`)), graphtest.Say("End."))
	team := compile(t, prebuilt.NewSupervisor(model, []prebuilt.Agent{first, agentOf("second", graphtest.Say("Second."))}, prebuilt.NoHandBack()))
	end, err := graphs.Invoke[graphs.MessagesState](t.Context(), team, said("?"), graphs.Config{Saver: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, end.Messages)
	want := []string{
		"human : ?", "ai supervisor:  transfer_to_first", "tool transfer_to_first: Successfully transferred to first", "ai first:  transfer_to_second",
		"tool transfer_to_second: Successfully transferred to second", "ai second: Second.", "ai supervisor: End.",
	}
	if diff := cmp.Diff(want, lines(end.Messages)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With EachCall the first handoff wins; what the model is told later has no open calls.
func TestHandoffOfEachCall(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Ask(call("h1", "transfer_to_a", `{}`), call("h2", "transfer_to_b", `{}`)), graphtest.Say("End."))
	team := compile(t, prebuilt.NewSupervisor(model, []prebuilt.Agent{agentOf("a", graphtest.Say("A")), agentOf("b", graphtest.Say("B"))}, prebuilt.EachCall()))
	end, err := graphs.Invoke[graphs.MessagesState](t.Context(), team, said("?"), graphs.Config{Saver: memory.New()})
	if err != nil || end.Messages[len(end.Messages)-1].Text() != "End." {
		t.Fatalf("%q, %v", lines(end.Messages), err)
	}
	closed(t, model.Requests()[1].Messages)
}

// An agent that leads out of itself does not lead its caller anywhere: the model is told.
func TestAgentToolThatLeadsOut(t *testing.T) {
	t.Parallel()
	lost := prebuilt.Agent{Name: "lost", Graph: prebuilt.NewReactAgent(
		graphtest.NewModel(graphtest.Ask(call("x", "transfer_to_nowhere", `{}`))), prebuilt.Tools(prebuilt.Handoff("nowhere", "")))}
	model := graphtest.NewModel(graphtest.Ask(call("c", "lost", `{"request":"go"}`)), graphtest.Say("ok"))
	got, err := run(t, compile(t, prebuilt.NewReactAgent(model, prebuilt.Tools(prebuilt.AgentTool(lost)))), said("?"), graphs.Config{})
	if err != nil || !strings.Contains(got[2], "led out of itself") || got[3] != "ai: ok" {
		t.Errorf("%q, %v", got, err)
	}
}
