package langchaingo_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo"
	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
	saver "github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/tmc/langchaingo/agents"
	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/llms/fake"
	"github.com/tmc/langchaingo/memory"
	"github.com/tmc/langchaingo/prompts"
	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/tools"
)

// run runs a graph of messages on what a user says and prints the answers.
func run(source graphs.Source, cfg graphs.Config, texts ...string) {
	graph, err := source.Load(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range texts {
		in := graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human(text)}}}
		end, err := graphs.Invoke[graphs.MessagesState](context.Background(), graph, in, cfg)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(end.Messages[len(end.Messages)-1].Text())
	}
}

func node(n func(context.Context, graphs.MessagesState) (graphs.Update, error)) graphs.Source {
	return graphs.NewStateGraph[graphs.MessagesState]().AddNode("node", n).AddEdge(graphs.Start, "node")
}

// Any model of langchaingo is the model of an agent.
func ExampleModel() {
	llm := fake.NewFakeLLM([]string{"Hello!"})
	run(prebuilt.NewReactAgent(langchaingo.Model(llm)), graphs.Config{}, "Hi")
	// Output: Hello!
}

// shout is a tool of langchaingo.
type shout struct{}

func (shout) Name() string        { return "shout" }
func (shout) Description() string { return "Shouts a text." }
func (shout) Call(_ context.Context, text string) (string, error) {
	return strings.ToUpper(text) + "!", nil
}

func ExampleTool() {
	stub := openaistub.New(openaistub.Call("call_1", "shout", `{"input":`, `"hello"}`), openaistub.Text("Done."))
	defer stub.Close()
	model, err := langchaingo.NewOpenAI(langchaingo.OpenAIConfig{BaseURL: stub.URL, Model: "stub"})
	if err != nil {
		fmt.Println(err)
		return
	}
	run(prebuilt.NewReactAgent(model, prebuilt.Tools(langchaingo.Tool(shout{})), prebuilt.ReturnDirect("shout")), graphs.Config{}, "Shout hello")
	// Output: HELLO!
}

func ExampleChain() {
	type Letter struct {
		Topic string `json:"topic"`
		Text  string `json:"text"`
	}
	chain := chains.NewLLMChain(fake.NewFakeLLM([]string{"Dear Bob ..."}), prompts.NewPromptTemplate("Write about {{.topic}}.", []string{"topic"}))
	graph, err := graphs.NewStateGraph[Letter]().
		AddNode("write", langchaingo.Chain[Letter](chain)). // reads topic, writes text
		AddEdge(graphs.Start, "write").
		Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	letter, err := graphs.Invoke[Letter](context.Background(), graph, graphs.Input{Value: Letter{Topic: "plums"}}, graphs.Config{})
	fmt.Println(letter.Text, err)
	// Output: Dear Bob ... <nil>
}

// The thread is the chain's memory: it is in the state, not in the process.
func ExampleChainWithHistory() {
	llm := fake.NewFakeLLM([]string{"Nice to meet you.", "You are Ada."})
	run(node(langchaingo.ChainWithHistory[graphs.MessagesState](func(h schema.ChatMessageHistory) chains.Chain {
		chain := chains.NewConversation(llm, memory.NewConversationBuffer(memory.WithChatHistory(h)))
		return &chain
	})), graphs.Config{Saver: saver.New()}, "I am Ada", "Who am I?")
	// Output:
	// Nice to meet you.
	// You are Ada.
}

func ExampleAgent() {
	run(node(langchaingo.Agent[graphs.MessagesState](func() agents.Agent {
		llm := fake.NewFakeLLM([]string{"I shall shout.\nAction: shout\nAction Input: hello", "Final Answer: HELLO! it was."})
		return agents.NewOneShotAgent(llm, []tools.Tool{shout{}})
	})), graphs.Config{}, "Shout hello")
	// Output: HELLO! it was.
}

func ExampleNewStructured() {
	type Weather struct {
		City  string `json:"city"`
		Sunny bool   `json:"sunny"`
	}
	llm := fake.NewFakeLLM([]string{"It is sunny in Rome.", `{"city": "Rome", "sunny": true}`}) // the first is refused
	weather, err := langchaingo.NewStructured[Weather](llm).Call(context.Background(), "What is it like in Rome?")
	fmt.Printf("%+v %v\n", weather, err)
	// Output: {City:Rome Sunny:true} <nil>
}
