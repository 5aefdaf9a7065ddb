package prebuilt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/prebuilt"
)

type shop struct {
	graphs.MessagesState
	User  string         `json:"user"`
	Cart  []string       `json:"cart" reduce:"append"`
	Stock map[string]int `json:"stock" reduce:"merge"`
	Mood  string         `json:"mood"`
}

type item struct {
	Name string `json:"name"`
}

// put changes the state; it knows who the user is by the state, and the model cannot say otherwise.
var put = graphs.NewTool("put", "", func(ctx context.Context, in item) (graphs.Command, error) {
	s, err := graphs.StateFrom[shop](ctx)
	if err != nil {
		return graphs.Command{}, err
	}
	own, _ := graphs.ToolCallFrom(ctx)
	return graphs.Command{Update: graphs.Set{
		"messages": []graphs.Message{graphs.ToolResult(own.ID, in.Name+" for "+s.User)},
		"cart":     []string{in.Name}, "stock": map[string]int{in.Name: 1},
	}}, nil
})

func buyer(opts ...prebuilt.Option) *graphs.StateGraph[shop] {
	model := graphtest.NewModel(graphtest.Ask(call("a", "put", `{"name":"pen"}`), call("b", "put", `{"name":"ink","user":"mallory"}`)), graphtest.Say("ok"))
	return prebuilt.NewReactAgentOf[shop](model, append(opts, prebuilt.Tools(put))...)
}

// Commands of one turn combine, in one task or in one for each.
func TestCommandsOfOneTurnCombine(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]prebuilt.Option{"one task": nil, "each": {prebuilt.EachCall()}} {
		in := graphs.Input{Value: shop{User: "alice", MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("buy")}}}}
		agent := compileOf(t, buyer(opts...))
		for _, saver := range []graphs.Saver{nil, memory.New()} {
			end, err := graphs.Invoke[shop](graphtest.RoundTrip(t.Context()), agent, in, graphs.Config{Saver: saver})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff([]string{"pen", "ink"}, end.Cart); diff != "" || end.Stock["pen"]+end.Stock["ink"] != 2 {
				t.Errorf("%s: stock %v, cart (-want +got):\n%s", name, end.Stock, diff)
			}
			if got := end.Messages[2].Text() + ", " + end.Messages[3].Text(); got != "pen for alice, ink for alice" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

// Patches, Sets and plain results mix; a Command's Goto is followed beside the node's own edges.
func TestToolNodeMixesUpdates(t *testing.T) {
	t.Parallel()
	patch := graphs.NewTool("patch", "", func(ctx context.Context, _ struct{}) (graphs.Update, error) {
		own, _ := graphs.ToolCallFrom(ctx)
		return graphs.Patch(shop{Mood: "good", Cart: []string{"patched"}, MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.ToolResult(own.ID, "p")}}}), nil
	})
	leave := graphs.NewTool("leave", "", func(ctx context.Context, _ struct{}) (graphs.Command, error) {
		own, _ := graphs.ToolCallFrom(ctx)
		return graphs.Command{Update: graphs.Set{"messages": []graphs.Message{graphs.ToolResult(own.ID, "l")}}, Goto: []string{"other"}}, nil
	})
	other := func(context.Context, shop) (graphs.Update, error) {
		return graphs.Patch(shop{Cart: []string{"other"}}), nil
	}
	g := graphs.NewStateGraph[shop]().
		AddNode("tools", prebuilt.ToolNodeOf[shop](nil, patch, leave, put, weather), graphs.Goes("other")).AddNode("other", other).AddEdge(graphs.Start, "tools")
	asked := graphs.AI("", call("1", "patch", "{}"), call("2", "put", `{"name":"pen"}`), call("3", "weather", `{"city":"Rome"}`), call("4", "leave", "{}"))
	end, err := graphs.Invoke[shop](t.Context(), compileOf(t, g), graphs.Input{Value: shop{MessagesState: graphs.MessagesState{Messages: []graphs.Message{asked}}}}, graphs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(end.Cart)
	if diff := cmp.Diff([]string{"other", "patched", "pen"}, end.Cart); diff != "" || end.Mood != "good" {
		t.Errorf("mood %q, cart (-want +got):\n%s", end.Mood, diff)
	}
	ids := map[string]bool{}
	for _, m := range end.Messages[1:] {
		ids[m.ToolCallID] = true
	}
	if len(ids) != 4 {
		t.Errorf("answers to %v", ids)
	}
}

func TestErrorPolicies(t *testing.T) {
	t.Parallel()
	broken := errors.New("no network")
	fails := graphs.NewTool("fails", "", func(context.Context, place) (string, error) { return "", broken })
	own := func(_ context.Context, c graphs.ToolCall, err error) (string, error) {
		return c.Name + " said " + err.Error(), nil
	}
	for _, tc := range []struct {
		name, args string
		policy     prebuilt.ErrorPolicy
		want       string
	}{
		{"default", `{"city":"x"}`, nil, "Error: no network"},
		{"default, bad arguments", `{"town":"x"}`, nil, "Correct them and call fails again."},
		{"own", `{"city":"x"}`, own, "fails said no network"},
		{"text", `{"city":"x"}`, prebuilt.TellText("try later"), "try later"},
		{"passed", `{"city":"x"}`, prebuilt.PassErrors, ""},
		{"passed, bad arguments", `{}`, prebuilt.PassErrors, "city"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			model := graphtest.NewModel(graphtest.Ask(call("c", "fails", tc.args)), graphtest.Say("ok"))
			for _, each := range []bool{false, true} {
				opts := []prebuilt.Option{prebuilt.Tools(fails), prebuilt.ToolErrors(tc.policy)}
				if each {
					opts = append(opts, prebuilt.EachCall())
				}
				got, err := run(t, compileOf(t, prebuilt.NewReactAgent(model, opts...)), said("?"), graphs.Config{})
				if tc.want == "" {
					if !errors.Is(err, broken) {
						t.Fatalf("got %v", err)
					}
					return
				}
				if err != nil || !strings.Contains(got[2], tc.want) || !strings.HasSuffix(got[2], "[c fails error]") {
					t.Errorf("each %v: %q, %v", each, got, err)
				}
			}
		})
	}
}

// A tool reaches the store of its run, by whoever's rights the run has.
func TestToolReachesStoreAndCall(t *testing.T) {
	t.Parallel()
	store := &memory.Store{}
	note := graphs.NewTool("note", "", func(ctx context.Context, in item) (string, error) {
		own, ok := graphs.ToolCallFrom(ctx)
		if !ok {
			return "", errors.New("no call")
		}
		err := graphs.RuntimeFrom(ctx).Store.Put(ctx, graphs.ItemPut{Namespace: []string{"notes"}, Key: own.ID, Value: json.RawMessage(`{"text":"` + in.Name + `"}`)})
		return "noted", err
	})
	for _, opts := range [][]prebuilt.Option{nil, {prebuilt.EachCall()}} {
		model := graphtest.NewModel(graphtest.Ask(call("k", "note", `{"name":"milk"}`)), graphtest.Say("ok"))
		if _, err := run(t, compileOf(t, prebuilt.NewReactAgent(model, append(opts, prebuilt.Tools(note))...)), said("?"), graphs.Config{Store: store}); err != nil {
			t.Fatal(err)
		}
		got, err := store.Get(t.Context(), []string{"notes"}, "k")
		if err != nil || !strings.Contains(string(got.Value), "milk") {
			t.Errorf("%+v, %v", got, err)
		}
		if err := store.Delete(t.Context(), []string{"notes"}, "k"); err != nil {
			t.Fatal(err)
		}
	}
}

// Each call is a task in the path that clients look for; what has ended is not made again; each asks for itself.
func TestEachCallIsATask(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	count := graphs.NewTool("count", "", func(context.Context, struct{}) (string, error) { return fmt.Sprint(ran.Add(1)), nil })
	asked := graphtest.Ask(call("a", "weather", `{"city":"Rome"}`), call("b", "count", `{}`), call("c", "weather", `{"city":"Oslo"}`))
	model := graphtest.NewModel(asked, graphtest.Say("ok"))
	agent := compileOf(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather, count), prebuilt.EachCall(), prebuilt.ApproveTools("weather")))
	cfg := graphs.Config{ThreadID: "t", Saver: memory.New()}
	res := graphtest.Run(t, agent, said("go"), cfg)
	if len(res.Interrupts) != 2 || res.Interrupts[0].ID == res.Interrupts[1].ID || res.Err != nil {
		t.Fatalf("asked %+v, %v", res.Interrupts, res.Err)
	}
	var paths []string
	for _, e := range res.Of(graphs.KindTaskStart) {
		if e.TaskStart.Name == "tools" {
			paths = append(paths, fmt.Sprint(e.TaskStart.Path))
			if !strings.Contains(string(e.TaskStart.Input), `"tool_call":`) {
				t.Errorf("input %s", e.TaskStart.Input)
			}
		}
	}
	if diff := cmp.Diff([]string{"[__pregel_push 0]", "[__pregel_push 1]", "[__pregel_push 2]"}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	resume := func(decisions map[string]string) []graphs.Interruption {
		answers := map[string]json.RawMessage{}
		for _, q := range res.Interrupts {
			for city, d := range decisions {
				if strings.Contains(string(q.Value), city) {
					answers[q.ID] = json.RawMessage(d)
				}
			}
		}
		raw, err := json.Marshal(answers)
		if err != nil {
			t.Fatal(err)
		}
		res := graphtest.Run(t, agent, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: raw}}, cfg)
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		return res.Interrupts
	}
	if open := resume(map[string]string{"Rome": `{"decisions":[{"type":"reject","message":"Not Rome."}]}`}); len(open) != 1 {
		t.Fatalf("open: %+v", open)
	}
	open := resume(map[string]string{"Oslo": `{"decisions":[{"type":"edit","edited_action":{"name":"weather","args":{"city":"Bergen"}}}]}`})
	if len(open) != 0 {
		t.Fatalf("open: %+v", open)
	}
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var end graphs.MessagesState
	if err := json.Unmarshal(shot.Values, &end); err != nil {
		t.Fatal(err)
	}
	want := []string{"tool: Not Rome. [a weather error]", "tool: 1 [b count success]", "tool: sunny in Bergen [c weather success]", "ai: ok"}
	if diff := cmp.Diff(want, brief(t, end.Messages)[2:]); diff != "" || ran.Load() != 1 {
		t.Errorf("count ran %d times (-want +got):\n%s", ran.Load(), diff)
	}
}

// Who edits the model's message by hand is followed: the tools run as the state says, not as the model said.
func TestEachCallAfterAnUpdateOfTheState(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Ask(call("a", "weather", `{"city":"Rome"}`)), graphtest.Say("ok"))
	agent := compileOf(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather), prebuilt.EachCall(), prebuilt.With(graphs.InterruptBefore("tools"))))
	cfg := graphs.Config{Saver: memory.New()}
	if _, err := run(t, agent, said("go"), cfg); err == nil {
		t.Fatal("did not stop")
	}
	shot, err := graphs.ReadState(t.Context(), cfg.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.ReplaceAll(string(shot.Values), "Rome", "Oslo")
	if _, err := agent.Write(t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{{Values: json.RawMessage(edited), AsNode: "agent"}}}}, cfg); err != nil {
		t.Fatal(err)
	}
	if got, err := run(t, agent, graphs.Input{}, cfg); err != nil || got[2] != "tool: sunny in Oslo [a weather success]" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestUnreadableCallsByTask(t *testing.T) {
	t.Parallel()
	asked := graphs.AI("", call("c1", "weather", `{"city":"Rome"}`))
	asked.InvalidToolCalls = []graphs.InvalidToolCall{{ID: "c2", Name: "weather", Args: `{"ci`, Error: "not JSON"}}
	g := graphs.NewStateGraph[graphs.MessagesState]().
		AddNodeOf("tools", prebuilt.ToolTasks(nil, weather), graphs.SeeState()).
		AddRouter(graphs.Start, func(_ context.Context, s graphs.MessagesState) (graphs.Command, error) {
			return graphs.Command{Send: prebuilt.SendCalls("tools", s.Messages)}, nil
		}, "tools")
	got, err := run(t, compile(t, g), graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{asked}}}, graphs.Config{Saver: memory.New()})
	if err != nil || len(got) != 3 || !strings.Contains(got[2], `{"ci`) {
		t.Errorf("%q, %v", got, err)
	}
}

// What may be decided about a tool is said, and held to.
func TestApproveTool(t *testing.T) {
	t.Parallel()
	for _, each := range []bool{false, true} {
		model := graphtest.NewModel(graphtest.Ask(call("a", "weather", `{"city":"Rome"}`)), graphtest.Say("ok"))
		opts := []prebuilt.Option{prebuilt.Tools(weather), prebuilt.ApproveTool("weather", "Costs money.", "approve", "reject")}
		if each {
			opts = append(opts, prebuilt.EachCall())
		}
		agent := compileOf(t, prebuilt.NewReactAgent(model, opts...))
		cfg := graphs.Config{Saver: memory.New()}
		res := graphtest.Run(t, agent, said("go"), cfg)
		want := `{"action_requests":[{"name":"weather","args":{"city":"Rome"},"description":"Costs money."}],"review_configs":[{"action_name":"weather","allowed_decisions":["approve","reject"]}]}`
		if len(res.Interrupts) != 1 || string(res.Interrupts[0].Value) != want {
			t.Fatalf("asked %+v", res.Interrupts)
		}
		edit := `{"decisions":[{"type":"edit","edited_action":{"name":"weather","args":{"city":"Oslo"}}}]}`
		res = graphtest.Run(t, agent, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: json.RawMessage(edit)}}, cfg)
		if len(res.Interrupts) != 1 || !strings.Contains(string(res.Interrupts[0].Value), "want approve or reject") || len(res.Of(graphs.KindTool)) > 0 {
			t.Errorf("each %v: %+v, %v", each, res.Interrupts, res.Err)
		}
	}
}

// Readers see the tool message of a tool that returns a Command, as it is in the state; one that leaves its call open is a mistake.
func TestToolsThatReturnUpdates(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		update func(id string) graphs.Update
		fails  bool
	}{
		"command": {func(id string) graphs.Update {
			return graphs.Command{Update: graphs.Set{"messages": []graphs.Message{{Type: graphs.TypeTool, ToolCallID: id, Content: graphs.Content{Text: "done"}}}}}
		}, false},
		"pointer": {func(id string) graphs.Update {
			return &graphs.Command{Update: graphs.Set{"messages": []graphs.Message{graphs.ToolResult(id, "done")}}}
		}, false},
		"several": {func(id string) graphs.Update {
			return graphs.Updates{graphs.Set{"mood": "good"}, graphs.Set{"messages": []graphs.Message{graphs.ToolResult(id, "done")}}}
		}, false},
		"no message": {func(string) graphs.Update { return graphs.Set{"mood": "good"} }, true},
		"another's": {func(string) graphs.Update {
			return graphs.Set{"messages": []graphs.Message{graphs.ToolResult("b", "done")}}
		}, true},
		"command of none": {func(string) graphs.Update { return graphs.Command{Goto: []string{graphs.End}} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tool := graphs.NewTool("act", "", func(ctx context.Context, _ struct{}) (graphs.Update, error) {
				own, _ := graphs.ToolCallFrom(ctx)
				return tc.update(own.ID), nil
			})
			model := graphtest.NewModel(graphtest.Ask(call("a", "act", `{}`)), graphtest.Say("ok"))
			agent := compileOf(t, prebuilt.NewReactAgentOf[shop](model, prebuilt.Tools(tool)))
			res := graphtest.Run(t, agent, said("go"), graphs.Config{})
			if tc.fails {
				if res.Err == nil || !strings.Contains(res.Err.Error(), "leaves the call open") {
					t.Errorf("got %v", res.Err)
				}
				return
			}
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			events := res.Of(graphs.KindTool)
			reported, err := graphs.CoerceMessages(events[len(events)-1].Tool.Data)
			if err != nil {
				t.Fatal(err)
			}
			state, err := graphs.CoerceMessages(res.Values["messages"])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(state[2:3], reported); diff != "" || reported[0].Name != "act" || reported[0].Status != graphs.StatusSuccess {
				t.Errorf("(-state +reported):\n%s", diff)
			}
		})
	}
}
