package prebuilt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/prebuilt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type place struct {
	City string `json:"city"`
}

var weather = graphs.NewTool("weather", "The weather.", func(_ context.Context, p place) (string, error) {
	return "sunny in " + p.City, nil
})

func call(id, tool, args string) graphs.ToolCall {
	return graphs.ToolCall{ID: id, Name: tool, Args: json.RawMessage(args)}
}

// brief tells a conversation in lines that are easy to compare, and checks that each message has an id of its own.
func brief(t *testing.T, msgs []graphs.Message) []string {
	t.Helper()
	var lines []string
	seen := make(map[string]bool)
	for _, m := range msgs {
		if m.ID == "" || seen[m.ID] {
			t.Errorf("id %q of %s message: empty or twice", m.ID, m.Type)
		}
		seen[m.ID] = true
		line := string(m.Type) + ": " + m.Text()
		for _, c := range m.ToolCalls {
			line += fmt.Sprintf(" %s=%s(%s)", c.ID, c.Name, c.Args)
		}
		if m.Type == graphs.TypeTool {
			line += fmt.Sprintf(" [%s %s %s]", m.ToolCallID, m.Name, m.Status)
		}
		lines = append(lines, line)
	}
	return lines
}

func compile(t *testing.T, g *graphs.StateGraph[graphs.MessagesState]) graphs.Runnable {
	t.Helper()
	r, err := g.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func said(text string) graphs.Input {
	return graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human(text)}}}
}

func run(t *testing.T, r graphs.Runnable, in graphs.Input, cfg graphs.Config) ([]string, error) {
	t.Helper()
	state, err := graphs.Invoke[graphs.MessagesState](t.Context(), r, in, cfg)
	return brief(t, state.Messages), err
}

func TestReactAgent(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(
		graphtest.Ask(call("c1", "weather", `{"city":"Rome"}`), call("c2", "weather", `{"city":"Oslo"}`)), graphtest.Say("Both sunny."),
	)
	agent := compile(t, prebuilt.NewReactAgent(model, prebuilt.Prompt("Be terse."), prebuilt.Tools(weather)))
	got, err := run(t, agent, said("weather?"), graphs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"human: weather?",
		`ai:  c1=weather({"city":"Rome"}) c2=weather({"city":"Oslo"})`,
		"tool: sunny in Rome [c1 weather success]", "tool: sunny in Oslo [c2 weather success]",
		"ai: Both sunny.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, request := range model.Requests() {
		if request.Messages[0].Type != graphs.TypeSystem || len(request.Tools) != 1 {
			t.Errorf("request %d: first %+v, %d tools", i, request.Messages[0], len(request.Tools))
		}
	}
}

func TestReactAgentWithoutTools(t *testing.T) {
	t.Parallel()
	got, err := run(t, compile(t, prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("hi")))), said("hello"), graphs.Config{})
	if diff := cmp.Diff([]string{"human: hello", "ai: hi"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// The tokens that readers see are those of the message in the state, under its id (streaming.md §2.5); tools are reported.
func TestReactAgentEvents(t *testing.T) {
	t.Parallel()
	for _, tags := range [][]string{nil, {graphs.NoStream}} {
		model := graphtest.NewModel(graphtest.Ask(call("c1", "weather", `{"city":"Rome"}`)), graphtest.Say("Sunny."))
		agent := compile(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather), prebuilt.ModelTags(tags...)))
		chunks := make(map[string][]graphs.MessageChunk)
		var phases, written []string
		for e, err := range agent.Stream(t.Context(), said("weather?"), graphs.Config{Messages: true}) {
			if err != nil {
				t.Fatal(err)
			}
			switch e.Kind {
			case graphs.KindChunk:
				chunks[e.Chunk.Delta.ID] = append(chunks[e.Chunk.Delta.ID], e.Chunk.Delta)
			case graphs.KindTool:
				phases = append(phases, e.Tool.Phase+" "+e.Tool.CallID+" "+e.Tool.Name)
			case graphs.KindTaskEnd:
				for _, w := range e.TaskEnd.Writes {
					if w.Channel != "messages" {
						continue
					}
					msgs, err := graphs.CoerceMessages(w.Value)
					if err != nil {
						t.Fatal(err)
					}
					for _, m := range msgs {
						if m.Type != graphs.TypeAI {
							continue
						}
						written = append(written, m.ID)
						if len(tags) > 0 {
							continue
						}
						if diff := cmp.Diff(m, graphs.Accumulate(chunks[m.ID]...)); diff != "" {
							t.Errorf("state and stream differ (-state +stream):\n%s", diff)
						}
					}
				}
			}
		}
		if diff := cmp.Diff([]string{"started c1 weather", "finished c1 weather"}, phases); diff != "" {
			t.Errorf("tool events (-want +got):\n%s", diff)
		}
		if shown := len(chunks); len(written) != 2 || len(tags) == 0 && shown != 2 || len(tags) > 0 && shown != 0 {
			t.Errorf("tags %v: %d messages written, %d streamed", tags, len(written), shown)
		}
	}
}

func TestToolNodeTellsTheModel(t *testing.T) {
	t.Parallel()
	fails := graphs.NewTool("fails", "", func(context.Context, struct{}) (string, error) { return "", errors.New("no network") })
	panics := graphs.NewTool("panics", "", func(context.Context, struct{}) (string, error) { panic("boom") })
	loud := graphs.NewTool("loud", "", func(ctx context.Context, _ struct{}) (graphs.Message, error) {
		own, ok := graphs.ToolCallFrom(ctx)
		if !ok || own.ID != "c" {
			return graphs.Message{}, fmt.Errorf("call %+v", own)
		}
		m := graphs.ToolResult("", "short")
		m.Artifact = json.RawMessage(`{"long":true}`)
		return m, nil
	})
	node := prebuilt.ToolNode(weather, fails, panics, loud)
	for _, tc := range []struct {
		name string
		call graphs.ToolCall
		want string
	}{
		{"error", call("c", "fails", `{}`), "tool: Error: no network [c fails error]"},
		{"panic", call("c", "panics", `{}`), "tool: Error: the tool panicked: boom [c panics error]"},
		{"unknown", call("c", "nope", `{}`), "tool: Error: nope is not a valid tool, try one of [weather, fails, panics, loud]. [c nope error]"},
		{"message with artifact", call("c", "loud", `{}`), "tool: short [c loud success]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			update, err := node(t.Context(), graphs.MessagesState{Messages: []graphs.Message{graphs.AI("", tc.call)}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tc.want}, brief(t, update.(graphs.Set)["messages"].([]graphs.Message))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("wrong and unreadable arguments", func(t *testing.T) {
		t.Parallel()
		asked := graphs.AI("", call("c1", "weather", `{"city":3}`))
		asked.InvalidToolCalls = []graphs.InvalidToolCall{{ID: "c2", Name: "weather", Args: `{"ci`, Error: "not JSON"}}
		update, err := node(t.Context(), graphs.MessagesState{Messages: []graphs.Message{asked}})
		if err != nil {
			t.Fatal(err)
		}
		got := update.(graphs.Set)["messages"].([]graphs.Message)
		if len(got) != 2 || got[0].Status != graphs.StatusError || got[1].Status != graphs.StatusError ||
			!strings.Contains(got[0].Text(), "city") || !strings.Contains(got[1].Text(), `{"ci`) || got[1].ToolCallID != "c2" {
			t.Errorf("got %q", brief(t, got))
		}
	})
}

func TestToolNodeAnswersOnlyOpenCalls(t *testing.T) {
	t.Parallel()
	state := graphs.MessagesState{Messages: []graphs.Message{
		graphs.AI("", call("c1", "weather", `{"city":"Rome"}`), call("c2", "weather", `{"city":"Oslo"}`)), graphs.ToolResult("c1", "done"),
	}}
	update, err := prebuilt.ToolNode(weather)(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	if got := update.(graphs.Set)["messages"].([]graphs.Message); len(got) != 1 || got[0].ToolCallID != "c2" {
		t.Errorf("got %q", brief(t, got))
	}
	if _, err := prebuilt.ToolNode(weather)(t.Context(), graphs.MessagesState{Messages: []graphs.Message{graphs.Human("x")}}); err == nil {
		t.Error("answered nobody")
	}
}

// Calls of one turn run at the same time: each of these waits for the other.
func TestToolNodeIsParallel(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Add(2)
	meet := graphs.NewTool("meet", "", func(context.Context, struct{}) (string, error) {
		both.Done()
		both.Wait()
		return "met", nil
	})
	state := graphs.MessagesState{Messages: []graphs.Message{graphs.AI("", call("a", "meet", "{}"), call("b", "meet", "{}"))}}
	if _, err := prebuilt.ToolNode(meet)(t.Context(), state); err != nil {
		t.Fatal(err)
	}
}

func TestToolNodeUpdates(t *testing.T) {
	t.Parallel()
	note := graphs.NewTool("note", "", func(ctx context.Context, _ struct{}) (graphs.Update, error) {
		own, _ := graphs.ToolCallFrom(ctx)
		return graphs.Command{Update: graphs.Set{"messages": []graphs.Message{graphs.ToolResult(own.ID, "noted")}, "noted": true}, Goto: []string{"x"}}, nil
	})
	update, err := prebuilt.ToolNode(weather, note)(t.Context(), graphs.MessagesState{Messages: []graphs.Message{
		graphs.AI("", call("a", "note", "{}"), call("b", "weather", `{"city":"Rome"}`)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	command := update.(graphs.Command)
	set := command.Update.(graphs.Set)
	if msgs := set["messages"].([]graphs.Message); len(msgs) != 2 || set["noted"] != true || len(command.Goto) != 1 {
		t.Errorf("got %+v", command)
	}
}

// A cancelled run has no answers: it must not look as if its tools had failed.
func TestToolNodeCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hangs := graphs.NewTool("hangs", "", func(ctx context.Context, _ struct{}) (string, error) {
		cancel()
		<-ctx.Done()
		return "", ctx.Err()
	})
	update, err := prebuilt.ToolNode(hangs)(ctx, graphs.MessagesState{Messages: []graphs.Message{graphs.AI("", call("a", "hangs", "{}"))}})
	if !errors.Is(err, context.Canceled) || update != nil {
		t.Errorf("got %v, %v", update, err)
	}
}

// Two tools ask at once; each gets the answer to its own question, in whatever order they came to ask.
func TestToolInterruptsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	for range 20 {
		ask := graphs.NewTool("ask", "", func(ctx context.Context, p place) (string, error) {
			answer, err := graphs.Interrupt[string](ctx, p.City)
			if err != nil {
				return "", err
			}
			return p.City + "=" + answer, nil
		})
		model := graphtest.NewModel(graphtest.Ask(call("a", "ask", `{"city":"A"}`), call("b", "ask", `{"city":"B"}`)), graphtest.Say("ok"))
		agent := compile(t, prebuilt.NewReactAgent(model, prebuilt.Tools(ask)))
		cfg := graphs.Config{ThreadID: "t", Saver: memory.New()}
		in := said("go")
		for _, question := range []string{`"A"`, `"B"`} {
			_, err := run(t, agent, in, cfg)
			var paused *graphs.PausedError
			if !errors.As(err, &paused) || len(paused.Interrupts) != 1 || string(paused.Interrupts[0].Value) != question {
				t.Fatalf("want the question %s, got %v", question, err)
			}
			in = graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: json.RawMessage(strings.ToLower(question))}}
		}
		got, err := run(t, agent, in, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"tool: A=a [a ask success]", "tool: B=b [b ask success]", "ai: ok"}, got[2:]); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

func TestApproveTools(t *testing.T) {
	t.Parallel()
	free := graphs.NewTool("free", "", func(context.Context, struct{}) (string, error) { return "done", nil })
	approved := []string{
		`ai:  c1=weather({"city":"Rome"}) c2=free({})`, "tool: sunny in Rome [c1 weather success]", "tool: done [c2 free success]", "ai: ok",
	}
	for _, tc := range []struct {
		name, resume string
		want         []string
		again        string
	}{
		{"approve", `{"decisions":[{"type":"approve"}]}`, approved, ""},
		{"edit", `{"decisions":[{"type":"edit","edited_action":{"name":"weather","args":{"city":"Oslo"}}}]}`, []string{
			`ai:  c1=weather({"city":"Oslo"}) c2=free({})`, "tool: sunny in Oslo [c1 weather success]", "tool: done [c2 free success]", "ai: ok",
		}, ""},
		{"reject", `{"decisions":[{"type":"reject","message":"Not Rome."}]}`, []string{
			`ai:  c1=weather({"city":"Rome"}) c2=free({})`, "tool: Not Rome. [c1 weather error]", "tool: done [c2 free success]", "ai: ok",
		}, ""},
		{"too few", `{"decisions":[]}`, approved, "0 decisions for 1"},
		{"unknown", `{"decisions":[{"type":"perhaps"}]}`, approved, "perhaps"},
		{"half an edit", `{"decisions":[{"type":"edit"}]}`, approved, "without edited_action"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			model := graphtest.NewModel(graphtest.Ask(call("c1", "weather", `{"city":"Rome"}`), call("c2", "free", `{}`)), graphtest.Say("ok"))
			agent := compile(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather, free), prebuilt.ApproveTools("weather")))
			cfg := graphs.Config{ThreadID: "t", Saver: memory.New()}
			_, err := run(t, agent, said("go"), cfg)
			var paused *graphs.PausedError
			if !errors.As(err, &paused) || len(paused.Interrupts) != 1 {
				t.Fatalf("did not ask: %v", err)
			}
			want := `{"action_requests":[{"name":"weather","args":{"city":"Rome"},"description":"Tool execution requires approval"}],` +
				`"review_configs":[{"action_name":"weather","allowed_decisions":["approve","edit","reject"]}]}`
			if got := string(paused.Interrupts[0].Value); got != want {
				t.Errorf("asked %s", got)
			}
			got, err := run(t, agent, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: json.RawMessage(tc.resume)}}, cfg)
			if tc.again != "" { // what cannot be followed is asked again
				if !errors.As(err, &paused) || !strings.Contains(string(paused.Interrupts[0].Value), tc.again) {
					t.Fatalf("got %v, want %q", err, tc.again)
				}
				approve := json.RawMessage(`{"decisions":[{"type":"approve"}]}`)
				got, err = run(t, agent, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: approve}}, cfg)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got[1:]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReactAgentStopsInTime(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Ask(call("c1", "weather", `{"city":"Rome"}`)))
	agent := compile(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather)))
	got, err := run(t, agent, said("go"), graphs.Config{RecursionLimit: 2})
	if err != nil || len(got) != 2 || !strings.Contains(got[1], "need more steps") {
		t.Errorf("got %q, %v", got, err)
	}
}

// A run that was cancelled among its tools leaves open calls, which providers refuse.
func TestReactAgentClosesOpenCalls(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(graphtest.Say("ok"))
	agent := compile(t, prebuilt.NewReactAgent(model, prebuilt.Tools(weather)))
	state := graphs.MessagesState{Messages: []graphs.Message{graphs.AI("", call("c1", "weather", "{}"), call("c2", "weather", "{}")), graphs.ToolResult("c2", "x"), graphs.Human("again")}}
	got, err := run(t, agent, graphs.Input{Value: state}, graphs.Config{})
	if err != nil || len(got) != 4 {
		t.Fatalf("got %q, %v: the state itself must not change", got, err)
	}
	var roles []string
	for _, m := range model.Requests()[0].Messages {
		roles = append(roles, string(m.Type)+m.ToolCallID)
	}
	if diff := cmp.Diff([]string{"ai", "toolc1", "toolc2", "human"}, roles); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestToolNodePanicsOnEqualNames(t *testing.T) {
	t.Parallel()
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, `"weather"`) {
			t.Errorf("recovered %q", text)
		}
	}()
	prebuilt.ToolNode(weather, weather)
}
