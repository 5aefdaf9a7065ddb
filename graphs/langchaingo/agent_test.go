package langchaingo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
	memsaver "github.com/locutory/locutory/graphs/memory"
	"github.com/tmc/langchaingo/agents"
	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"
	"github.com/tmc/langchaingo/memory"
	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/tools"
)

func nodeGraph(t *testing.T, node func(context.Context, graphs.MessagesState) (graphs.Update, error)) graphs.Runnable {
	t.Helper()
	g, err := graphs.NewStateGraph[graphs.MessagesState]().AddNode("n", node).AddEdge(graphs.Start, "n").Compile()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func talk(texts ...string) graphs.Input {
	var s graphs.MessagesState
	for i, text := range texts {
		if i%2 == 0 {
			s.Messages = append(s.Messages, graphs.Human(text))
		} else {
			s.Messages = append(s.Messages, graphs.AI(text))
		}
	}
	return graphs.Input{Value: s}
}

func told(msgs []graphs.Message) []string {
	var out []string
	for _, m := range msgs {
		line := string(m.Type) + ": " + m.Text()
		for _, c := range m.ToolCalls {
			line += " " + c.Name + string(c.Args)
		}
		out = append(out, line)
	}
	return out
}

func TestAgentShowsItsSteps(t *testing.T) {
	t.Parallel()
	stub := func(t *testing.T, turns ...openaistub.Turn) llms.Model {
		model, _ := setup(t, turns...)
		return model
	}
	for _, tc := range []struct {
		name  string
		agent func(t *testing.T) agents.Agent
		want  []string
		tools []string
	}{
		{"one shot", func(*testing.T) agents.Agent {
			model := fake.NewFakeLLM([]string{
				"I shall shout.\nAction: shout\nAction Input: hello", "Again.\nAction: whisper\nAction Input: x", "Thought: I know\nFinal Answer: it is HELLO",
			})
			return agents.NewOneShotAgent(model, []tools.Tool{shout{}})
		}, []string{
			"human: say hello", `ai: I shall shout. shout{"input":"hello"}`, "tool: HELLO", `ai: Again. whisper{"input":"x"}`,
			"tool: whisper is not a valid tool, try another one", "ai: it is HELLO",
		}, []string{"started shout", "finished shout"}},
		{"openai functions", func(t *testing.T) agents.Agent {
			model := stub(t, openaistub.Turn{Deltas: []openaistub.Delta{
				openaistub.Piece(0, "a", "shout", `{"__arg1":"x"}`), openaistub.Piece(1, "b", "shout", `{"__arg1":"y"}`),
			}}, openaistub.Text("X, Y"))
			return agents.NewOpenAIFunctionsAgent(model, []tools.Tool{shout{}})
		}, []string{"human: say hello", `ai:  shout{"input":"x"} shout{"input":"y"}`, "tool: X", "tool: Y", "ai: X, Y"}, []string{
			"started shout", "finished shout", "started shout", "finished shout",
		}},
		{"conversational", func(*testing.T) agents.Agent {
			return agents.NewConversationalAgent(fake.NewFakeLLM([]string{"Thought: no tool\nAI: hi"}), nil)
		}, []string{"human: say hello", "ai: hi"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			graph := nodeGraph(t, Agent[graphs.MessagesState](func() agents.Agent { return tc.agent(t) }))
			saver := memsaver.New()
			res := graphtest.Run(t, graph, talk("say hello"), graphs.Config{Messages: true, Saver: saver})
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			msgs, err := graphs.CoerceMessages(res.Values["messages"])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, told(msgs)); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			var shown []graphs.Message
			for _, e := range res.Of(graphs.KindMessage) {
				shown = append(shown, e.Message.Message)
			}
			if diff := cmp.Diff(msgs[1:], shown); diff != "" {
				t.Errorf("readers saw (-state +shown):\n%s", diff)
			}
			var phases []string
			for _, e := range res.Of(graphs.KindTool) {
				if e.Tool.CallID == "" {
					t.Errorf("a call without id: %+v", e.Tool)
				}
				phases = append(phases, e.Tool.Phase+" "+e.Tool.Name)
			}
			if diff := cmp.Diff(tc.tools, phases); diff != "" {
				t.Errorf("tool events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAgentFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	agent := func() agents.Agent {
		return agents.NewOneShotAgent(fake.NewFakeLLM([]string{"Action: fails\nAction Input: x"}), []tools.Tool{failing{broken}})
	}
	res := graphtest.Run(t, nodeGraph(t, Agent[graphs.MessagesState](agent)), talk("go"), graphs.Config{})
	if !errors.Is(res.Err, broken) || len(res.Of(graphs.KindTool)) != 2 || res.Of(graphs.KindTool)[1].Tool.Phase != "error" {
		t.Errorf("got %v", res.Err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := Agent[graphs.MessagesState](agent)(ctx, graphs.MessagesState{}); err == nil || got != nil {
		t.Errorf("cancelled: %v, %v", got, err)
	}
}

type failing struct{ err error }

func (failing) Name() string                                   { return "fails" }
func (failing) Description() string                            { return "Fails." }
func (f failing) Call(context.Context, string) (string, error) { return "", f.err }

// A tool of an agent may ask a person.
func TestAgentAsks(t *testing.T) {
	t.Parallel()
	ask := graphs.NewTool("ask", "", func(ctx context.Context, _ struct {
		Input string `json:"input"`
	},
	) (string, error) {
		return graphs.Interrupt[string](ctx, "who?")
	})
	graph := nodeGraph(t, Agent[graphs.MessagesState](func() agents.Agent {
		return agents.NewOneShotAgent(fake.NewFakeLLM([]string{"Action: ask\nAction Input: x", "Final Answer: done"}), []tools.Tool{ask})
	}))
	cfg := graphs.Config{Saver: memsaver.New()}
	if res := graphtest.Run(t, graph, talk("go"), cfg); len(res.Interrupts) != 1 || res.Err != nil {
		t.Fatalf("%+v", res)
	}
	res := graphtest.Run(t, graph, graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: []byte(`"Bob"`)}}, cfg)
	if got := string(res.Values["messages"]); res.Err != nil || !strings.Contains(got, "Bob") || !strings.Contains(got, "done") {
		t.Errorf("%s, %v", got, res.Err)
	}
}

// recording remembers its prompts.
type recording struct{ prompts []string }

func (r *recording) Call(ctx context.Context, prompt string, opts ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, r, prompt, opts...)
}

func (r *recording) GenerateContent(_ context.Context, msgs []llms.MessageContent, _ ...llms.CallOption) (*llms.ContentResponse, error) {
	r.prompts = append(r.prompts, fmt.Sprint(msgs[0].Parts[0]))
	return answered(fmt.Sprintf("answer %d", len(r.prompts))), nil
}

// Two threads of one process have memories of their own: what was said in one is not in the prompts of the other.
func TestChainWithHistoryIsPerThread(t *testing.T) {
	t.Parallel()
	model := &recording{}
	graph := nodeGraph(t, ChainWithHistory[graphs.MessagesState](func(h schema.ChatMessageHistory) chains.Chain {
		c := chains.NewConversation(model, memory.NewConversationBuffer(memory.WithChatHistory(h)))
		return &c
	}))
	alice, bob := graphs.Config{Saver: memsaver.New()}, graphs.Config{Saver: memsaver.New()}
	for _, turn := range []struct {
		cfg  graphs.Config
		text string
	}{{alice, "my secret is plum"}, {bob, "hello"}, {alice, "what is it?"}} {
		if res := graphtest.Run(t, graph, talk(turn.text), turn.cfg); res.Err != nil {
			t.Fatal(res.Err)
		}
	}
	if strings.Contains(model.prompts[1], "plum") {
		t.Errorf("the other thread was told: %s", model.prompts[1])
	}
	if !strings.Contains(model.prompts[2], "Human: my secret is plum\nAI: answer 1") || strings.Count(model.prompts[2], "what is it?") != 1 {
		t.Errorf("prompt %s", model.prompts[2])
	}
	shot, err := graphs.ReadState(t.Context(), alice.Saver, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var end struct{ Messages []graphs.Message }
	if end.Messages, err = graphs.CoerceMessages([]byte(strings.TrimSuffix(strings.TrimPrefix(string(shot.Values), `{"messages":`), "}"))); err != nil {
		t.Fatal(err)
	}
	want := []string{"human: my secret is plum", "ai: answer 1", "human: what is it?", "ai: answer 3"}
	if diff := cmp.Diff(want, told(end.Messages)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the chain's model says is seen while it says it, under the id of the message in the state.
func TestChainWithHistoryIsShown(t *testing.T) {
	t.Parallel()
	model, _ := setup(t, openaistub.Text("Hel", "lo"))
	graph := nodeGraph(t, ChainWithHistory[graphs.MessagesState](func(h schema.ChatMessageHistory) chains.Chain {
		c := chains.NewConversation(model, memory.NewConversationBuffer(memory.WithChatHistory(h)))
		return &c
	}))
	res := graphtest.Run(t, graph, talk("hi"), graphs.Config{Messages: true})
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	msgs, err := graphs.CoerceMessages(res.Values["messages"])
	if err != nil {
		t.Fatal(err)
	}
	var pieces []string
	for _, e := range res.Of(graphs.KindChunk) {
		pieces = append(pieces, e.Chunk.Delta.Content.Text)
		if e.Chunk.Delta.ID != msgs[1].ID {
			t.Errorf("shown as %s, but the state has %s", e.Chunk.Delta.ID, msgs[1].ID)
		}
	}
	if diff := cmp.Diff([]string{"Hel", "lo"}, pieces); diff != "" || len(res.Of(graphs.KindMessage)) != 0 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSharedMemoryIsRefused(t *testing.T) {
	t.Parallel()
	shared := memory.NewConversationBuffer()
	for name, build := range map[string]func(){
		"chain": func() {
			c := chains.NewConversation(&recording{}, shared)
			Chain[graphs.MessagesState](&c)
		},
		"agent": func() {
			Agent[graphs.MessagesState](func() agents.Agent { return nil }, agents.WithMemory(shared))
		},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "all threads would share") {
					t.Errorf("%s: recovered %q", name, text)
				}
			}()
			build()
		}()
	}
}
