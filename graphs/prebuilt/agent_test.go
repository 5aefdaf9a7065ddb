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

type trip struct {
	graphs.MessagesState
	City   string `json:"city"`
	Turns  int    `json:"turns" reduce:"add"`
	Answer answer `json:"structured_response"`
}

type answer struct {
	Text string `json:"text"`
}

type settings struct {
	Tone  string `json:"tone" default:"kind"`
	Model string `json:"model"`
}

func compileOf[S any](t *testing.T, g *graphs.StateGraph[S]) graphs.Runnable {
	t.Helper()
	r, err := g.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// texts are what a model was told in one of its requests.
func texts(req graphs.ModelRequest) []string {
	var out []string
	for _, m := range req.Messages {
		out = append(out, string(m.Type)+": "+m.Text())
	}
	return out
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	blocks := graphs.System("")
	blocks.Content = graphs.Content{Blocks: []json.RawMessage{json.RawMessage(`{"type":"text","text":"in blocks"}`)}}
	for _, tc := range []struct {
		name string
		opt  prebuilt.Option
		want []string
	}{
		{"text", prebuilt.Prompt("be brief"), []string{"system: be brief", "human: hi"}},
		{"message", prebuilt.PromptMessage(blocks), []string{"system: in blocks", "human: hi"}},
		{"function", prebuilt.PromptFunc(func(ctx context.Context, s trip) ([]graphs.Message, error) {
			c, err := graphs.ContextFrom[settings](ctx)
			if err != nil {
				return nil, err
			}
			return append([]graphs.Message{graphs.System(c.Tone + " in " + s.City)}, s.Messages...), nil
		}), []string{"system: gruff in Rome", "human: hi"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			model := graphtest.NewModel(graphtest.Say("ok"))
			agent := compileOf(t, prebuilt.NewReactAgentOf[trip](model, tc.opt, prebuilt.With(graphs.ContextSchema[settings]())))
			in := graphs.Input{Value: trip{City: "Rome", MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("hi")}}}}
			end, err := graphs.Invoke[trip](t.Context(), agent, in, graphs.Config{Context: json.RawMessage(`{"tone":"gruff"}`)})
			if err != nil || len(end.Messages) != 2 || end.City != "Rome" {
				t.Fatalf("%+v, %v", end, err)
			}
			if diff := cmp.Diff(tc.want, texts(model.Requests()[0])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.Contains(string(agent.Schemas().Context), "tone") {
				t.Errorf("context schema %s", agent.Schemas().Context)
			}
		})
	}
}

func TestModelFunc(t *testing.T) {
	t.Parallel()
	models := map[string]*graphtest.Model{"small": graphtest.NewModel(graphtest.Say("s")), "large": graphtest.NewModel(graphtest.Say("l"))}
	agent := compileOf(t, prebuilt.NewReactAgent(nil, prebuilt.ModelFunc(
		func(ctx context.Context, _ graphs.MessagesState, rt *graphs.Runtime) (graphs.ChatModel, error) {
			c, err := graphs.ContextFrom[settings](ctx)
			if rt == nil || err != nil || models[c.Model] == nil {
				return nil, fmt.Errorf("no model %q (%w)", c.Model, err)
			}
			return models[c.Model], nil
		})))
	for name, want := range map[string]string{"small": "ai: s", "large": "ai: l"} {
		got, err := run(t, agent, said("hi"), graphs.Config{Context: json.RawMessage(`{"model":"` + name + `"}`)})
		if err != nil || got[1] != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := run(t, agent, said("hi"), graphs.Config{}); err == nil || !strings.Contains(err.Error(), "no model") {
		t.Errorf("got %v", err)
	}
}

func TestNameIsOnMessagesAndChunks(t *testing.T) {
	t.Parallel()
	agent := compileOf(t, prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("abc")), prebuilt.Name("bob")))
	res := graphtest.Run(t, agent, said("hi"), graphs.Config{Messages: true})
	var all graphs.Accumulator
	for _, e := range res.Of(graphs.KindChunk) {
		all.Add(e.Chunk.Delta)
	}
	if m := all.Message(); m.Name != "bob" || m.Text() != "abc" || !strings.Contains(string(res.Values["messages"]), `"name":"bob"`) {
		t.Errorf("streamed %+v; state %s", m, res.Values["messages"])
	}
}

// The hook before the model may shorten what the model is told; history stays. The one after it may answer calls itself.
func TestModelHooks(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(
		graphtest.Ask(call("c1", "weather", `{"city":"Rome"}`), call("c2", "weather", `{"city":"Oslo"}`)),
		graphtest.Ask(call("c3", "weather", `{"city":"Paris"}`)), graphtest.Say("done"),
	)
	agent := compileOf(t, prebuilt.NewReactAgentOf[trip](model, prebuilt.Tools(weather), prebuilt.Prompt("P"),
		prebuilt.PreModelHook(func(_ context.Context, s trip) (graphs.Update, error) {
			if s.Turns == 1 {
				return graphs.Set{"turns": 1}, nil // this time the model sees it all
			}
			return graphs.Set{"llm_input_messages": s.Messages[len(s.Messages)-1:], "turns": 1}, nil
		}),
		prebuilt.PostModelHook(func(_ context.Context, s trip) (graphs.Update, error) {
			var refused []graphs.Message
			for _, c := range s.Messages[len(s.Messages)-1].ToolCalls {
				if c.ID == "c1" || c.ID == "c3" {
					refused = append(refused, graphs.ToolResult(c.ID, "no"))
				}
			}
			return graphs.Set{"messages": refused}, nil
		})))
	in := graphs.Input{Value: trip{MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("old"), graphs.Human("new")}}}}
	for _, saver := range []graphs.Saver{nil, memory.New()} {
		before := len(model.Requests())
		end, err := graphs.Invoke[trip](t.Context(), agent, in, graphs.Config{Saver: saver})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range end.Messages {
			got = append(got, string(m.Type)+": "+m.Text())
		}
		want := []string{"human: old", "human: new", "ai: ", "tool: no", "tool: sunny in Oslo", "ai: ", "tool: no", "ai: done"}
		if diff := cmp.Diff(want, got); diff != "" || end.Turns != 3 {
			t.Errorf("%d turns (-want +got):\n%s", end.Turns, diff)
		}
		asked := model.Requests()[before:]
		if diff := cmp.Diff([]string{"system: P", "human: new"}, texts(asked[0])); diff != "" {
			t.Errorf("first turn (-want +got):\n%s", diff)
		}
		if n := len(asked[1].Messages); n != 6 { // with the prompt
			t.Errorf("second turn: %d messages", n)
		}
		if diff := cmp.Diff([]string{"system: P", "tool: no"}, texts(asked[2])); diff != "" {
			t.Errorf("third turn: %s", diff)
		}
	}
	if state := string(agent.Schemas().Output); strings.Contains(state, "llm_input_messages") {
		t.Errorf("shown: %s", state)
	}
}

func TestResponseFormat(t *testing.T) {
	t.Parallel()
	respond := func(args string) graphtest.Turn { return graphtest.Ask(call("r", "answer", args)) }
	t.Run("added to the state", func(t *testing.T) {
		t.Parallel()
		model := graphtest.NewModel(graphtest.Ask(call("c1", "weather", `{"city":"Rome"}`)), graphtest.Say("Sunny."), respond(`{}`), respond(`{"text":"sun"}`))
		agent := compileOf(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather), prebuilt.ResponseFormat[answer]()))
		res := graphtest.Run(t, agent, said("?"), graphs.Config{Saver: memory.New(), Messages: true})
		if got := string(res.Values["structured_response"]); got != `{"text":"sun"}` || res.Err != nil {
			t.Fatalf("%s, %v", got, res.Err)
		}
		for _, e := range res.Of(graphs.KindChunk) {
			if len(e.Chunk.Delta.ToolCallChunks) > 0 && e.Chunk.Delta.ToolCallChunks[0].Name == "answer" {
				t.Error("the response's tool call was shown")
			}
		}
		var end struct {
			Response answer `json:"structured_response"`
		}
		if err := json.Unmarshal([]byte(`{"structured_response":`+string(res.Values["structured_response"])+`}`), &end); err != nil || end.Response.Text != "sun" {
			t.Errorf("%+v, %v", end, err)
		}
	})
	t.Run("of the state, own prompt", func(t *testing.T) {
		t.Parallel()
		model := graphtest.NewModel(graphtest.Say("Sunny."), respond(`{"text":"sun"}`))
		agent := compileOf(t, prebuilt.NewReactAgentOf[trip](model, prebuilt.Prompt("P"), prebuilt.ResponseFormatOf[answer](2, "Q")))
		end, err := graphs.Invoke[trip](t.Context(), agent, graphs.Input{Value: trip{MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("?")}}}}, graphs.Config{})
		if err != nil || end.Answer.Text != "sun" {
			t.Fatalf("%+v, %v", end, err)
		}
		if diff := cmp.Diff([]string{"system: Q", "human: ?", "ai: Sunny."}, texts(model.Requests()[1])); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		model := graphtest.NewModel(graphtest.Say("Sunny."), respond(`{}`), respond(`{}`), respond(`{}`))
		_, err := run(t, compileOf(t, prebuilt.NewReactAgent(model, prebuilt.ResponseFormat[answer]())), said("?"), graphs.Config{})
		var wrong *graphs.OutputError
		if !errors.As(err, &wrong) || wrong.Attempts != 3 {
			t.Errorf("got %v", err)
		}
	})
}

func TestReturnDirect(t *testing.T) {
	t.Parallel()
	flaky := graphs.NewTool("flaky", "", func(_ context.Context, p place) (string, error) {
		if p.City == "Atlantis" {
			return "", errors.New("sunk")
		}
		return p.City, nil
	})
	for _, each := range []bool{false, true} {
		opts := []prebuilt.Option{prebuilt.Tools(flaky, weather), prebuilt.ReturnDirect("flaky")}
		if each {
			opts = append(opts, prebuilt.EachCall())
		}
		for _, tc := range []struct {
			name  string
			calls []graphs.ToolCall
			want  string
		}{
			{"direct", []graphs.ToolCall{call("a", "flaky", `{"city":"Rome"}`)}, "tool: Rome [a flaky success]"},
			{"beside another", []graphs.ToolCall{call("a", "flaky", `{"city":"Rome"}`), call("b", "weather", `{"city":"Oslo"}`)}, "tool: sunny in Oslo [b weather success]"},
			{"failed", []graphs.ToolCall{call("a", "flaky", `{"city":"Atlantis"}`)}, "ai: ok"},
			{"another only", []graphs.ToolCall{call("b", "weather", `{"city":"Oslo"}`)}, "ai: ok"},
		} {
			model := graphtest.NewModel(graphtest.Ask(tc.calls...), graphtest.Say("ok"))
			got, err := run(t, compileOf(t, prebuilt.NewReactAgent(model, opts...)), said("?"), graphs.Config{})
			if err != nil || got[len(got)-1] != tc.want {
				t.Errorf("%s (each %v): %q, %v", tc.name, each, got, err)
			}
		}
	}
}

func TestStopWhen(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{1: 2, 2: 3, 3: 4} { // after the model, after its tool
		model := graphtest.NewModel(graphtest.Ask(call("c", "weather", `{"city":"Rome"}`)), graphtest.Say("ok"))
		agent := compileOf(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather),
			prebuilt.StopWhen(func(_ context.Context, s graphs.MessagesState) (bool, error) { return len(s.Messages) > limit, nil })))
		got, err := run(t, agent, said("?"), graphs.Config{})
		if err != nil || len(got) != want {
			t.Errorf("limit %d: %q, %v", limit, got, err)
		}
	}
}

func TestBreakpoints(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Ask(call("c", "weather", `{"city":"Rome"}`)), graphtest.Say("ok"))
	agent := compileOf(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather), prebuilt.With(graphs.InterruptBefore("tools"))))
	cfg := graphs.Config{Saver: memory.New()}
	_, err := run(t, agent, said("?"), cfg)
	var paused *graphs.PausedError
	if !errors.As(err, &paused) || len(paused.Nodes) != 1 || paused.Nodes[0] != "tools" {
		t.Fatalf("got %v", err)
	}
	if got, err := run(t, agent, graphs.Input{}, cfg); err != nil || len(got) != 4 {
		t.Errorf("%q, %v", got, err)
	}
}

// The guard leaves room for every node of a turn, else the run would fail among them.
func TestGuardCountsEveryNode(t *testing.T) {
	t.Parallel()
	none := func(context.Context, graphs.MessagesState) (graphs.Update, error) { return nil, nil }
	for name, opts := range map[string][]prebuilt.Option{
		"plain":    {},
		"hooks":    {prebuilt.PreModelHook(none), prebuilt.PostModelHook(none)},
		"approval": {prebuilt.ApproveTools("other"), prebuilt.Tools(graphs.NewTool("other", "", func(context.Context, struct{}) (string, error) { return "", nil }))},
		"each":     {prebuilt.EachCall(), prebuilt.PostModelHook(none)},
	} {
		for limit := 1; limit < 9; limit++ {
			model := graphtest.NewModel(graphtest.Ask(call("c", "weather", `{"city":"Rome"}`)))
			agent := compileOf(t, prebuilt.NewReactAgent(model, append(opts, prebuilt.Tools(weather))...))
			got, err := run(t, agent, said("go"), graphs.Config{RecursionLimit: limit})
			if errors.Is(err, graphs.ErrGraphRecursion) && limit > 2 || err == nil && !strings.Contains(got[len(got)-1], "need more steps") {
				t.Errorf("%s, limit %d: %q, %v", name, limit, got, err)
			}
		}
	}
}

func TestOptionOfAnotherState(t *testing.T) {
	t.Parallel()
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "StopWhen is for the state prebuilt_test.trip") {
			t.Errorf("recovered %q", text)
		}
	}()
	prebuilt.NewReactAgent(graphtest.NewModel(), prebuilt.StopWhen(func(context.Context, trip) (bool, error) { return true, nil }))
}

// An approval that names no tool would never be asked for.
func TestOptionsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string][]prebuilt.Option{
		`ApproveTools names "wether", which is no tool of the agent`:       {prebuilt.Tools(weather), prebuilt.ApproveTools("weather", "wether")},
		`ApproveTools names "wether"`:                                      {prebuilt.ApproveTool("wether", ""), prebuilt.Tools(weather)},
		`ApproveTools names "weather"`:                                     {prebuilt.ApproveTools("weather")},
		`ReturnDirect names "wether"`:                                      {prebuilt.Tools(weather), prebuilt.ReturnDirect("wether")},
		`ApproveTool of "weather" allows "ok"; want approve, edit, reject`: {prebuilt.Tools(weather), prebuilt.ApproveTool("weather", "", "approve", "ok")},
		``: {prebuilt.ApproveTools("weather"), prebuilt.Tools(weather)},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) || (text == "") != (want == "") {
					t.Errorf("panicked with %q, want %q", text, want)
				}
			}()
			prebuilt.NewReactAgent(graphtest.NewModel(), opts...)
		}()
	}
	// A supervisor makes tools itself, which may be named as well.
	prebuilt.NewSupervisor(graphtest.NewModel(), []prebuilt.Agent{{Name: "other", Graph: prebuilt.NewReactAgent(graphtest.NewModel())}}, prebuilt.ApproveTools("transfer_to_other"))
}

type keyed struct {
	graphs.MessagesState
	Told []graphs.Message `json:"llm_input_messages" channel:"ephemeral"`
}

// A state may have the hook's key itself, and the last hook counts.
func TestPreModelHookOfAStateWithItsKey(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Say("ok"))
	hook := func(text string) prebuilt.Option {
		return prebuilt.PreModelHook(func(context.Context, keyed) (graphs.Update, error) {
			return graphs.Patch(keyed{Told: []graphs.Message{graphs.Human(text)}}), nil
		})
	}
	agent := compileOf(t, prebuilt.NewReactAgentOf[keyed](model, hook("one"), hook("two")))
	if _, err := run(t, agent, said("hi"), graphs.Config{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"human: two"}, texts(model.Requests()[0])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
