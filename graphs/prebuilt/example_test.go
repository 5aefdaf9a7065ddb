package prebuilt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/prebuilt"
)

// City is what the model fills in to call the tool.
type City struct {
	Name string `json:"name" jsonschema:"name of a city, in English"`
}

var forecast = graphs.NewTool("get_weather", "Today's weather in a city.", func(_ context.Context, c City) (string, error) {
	if c.Name == "Atlantis" {
		return "", errors.New("no such city")
	}
	return "It is sunny in " + c.Name + ".", nil
})

// asks is a turn of a scripted model that calls a tool.
func asks(tool, args string) graphtest.Turn {
	return graphtest.Ask(graphs.ToolCall{ID: "call_" + tool, Name: tool, Args: json.RawMessage(args)})
}

// tell runs an agent on a question and prints what was said.
func tell(source graphs.Source, question string) {
	agent, err := source.Load(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	in := graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human(question)}}}
	end, err := graphs.Invoke[graphs.MessagesState](context.Background(), agent, in, graphs.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range end.Messages[1:] {
		who := string(m.Type)
		if m.Name != "" {
			who += " " + m.Name
		}
		fmt.Print(who, ": ", m.Text())
		for _, c := range m.ToolCalls {
			fmt.Printf("[%s %s]", c.Name, c.Args)
		}
		fmt.Println()
	}
}

func ExampleNewReactAgent() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("Sunny."))
	tell(prebuilt.NewReactAgent(model, prebuilt.Prompt("You are terse."), prebuilt.Tools(forecast)), "Weather in Rome?")
	// Output:
	// ai: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
	// ai: Sunny.
}

// Trip is a state of one's own.
type Trip struct {
	graphs.MessagesState
	Traveller string   `json:"traveller"`
	Booked    []string `json:"booked" reduce:"append"`
}

// A tool reads the state, which the model neither sees nor sets, and changes it by a Command.
func ExampleNewReactAgentOf() {
	book := graphs.NewTool("book", "Books a hotel.", func(ctx context.Context, c City) (graphs.Command, error) {
		trip, err := graphs.StateFrom[Trip](ctx)
		if err != nil {
			return graphs.Command{}, err
		}
		call, _ := graphs.ToolCallFrom(ctx)
		return graphs.Command{Update: graphs.Set{
			"booked":   []string{c.Name + " for " + trip.Traveller},
			"messages": []graphs.Message{graphs.ToolResult(call.ID, "booked")},
		}}, nil
	})
	twice := graphtest.Ask(
		graphs.ToolCall{ID: "1", Name: "book", Args: json.RawMessage(`{"name":"Rome"}`)},
		graphs.ToolCall{ID: "2", Name: "book", Args: json.RawMessage(`{"name":"Pisa"}`)})
	agent, err := prebuilt.NewReactAgentOf[Trip](graphtest.NewModel(twice, graphtest.Say("Done.")), prebuilt.Tools(book)).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	in := Trip{Traveller: "Ada", MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("Rome, then Pisa")}}}
	trip, err := graphs.Invoke[Trip](context.Background(), agent, graphs.Input{Value: in}, graphs.Config{})
	fmt.Println(trip.Booked, err)
	// Output: [Rome for Ada Pisa for Ada] <nil>
}

func ExamplePromptFunc() {
	model := graphtest.NewModel(graphtest.Say("Buon giorno."))
	agent := prebuilt.NewReactAgent(model, prebuilt.PromptFunc(func(_ context.Context, s graphs.MessagesState) ([]graphs.Message, error) {
		rule := fmt.Sprintf("This is turn %d.", len(s.Messages))
		return append([]graphs.Message{graphs.System(rule)}, s.Messages...), nil
	}))
	tell(agent, "Hello")
	fmt.Println(model.Requests()[0].Messages[0].Text())
	// Output:
	// ai: Buon giorno.
	// This is turn 1.
}

func ExampleModelFunc() {
	small, large := graphtest.NewModel(graphtest.Say("small answer")), graphtest.NewModel(graphtest.Say("large answer"))
	tell(prebuilt.NewReactAgent(nil, prebuilt.ModelFunc(func(_ context.Context, s graphs.MessagesState, _ *graphs.Runtime) (graphs.ChatModel, error) {
		if len(s.Messages[0].Text()) > 20 {
			return large, nil
		}
		return small, nil
	})), "A question that is not that short")
	// Output: ai: large answer
}

// The model sees the last message only; the thread keeps all.
func ExamplePreModelHook() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("Sunny."))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast),
		prebuilt.PreModelHook(func(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
			return graphs.Set{"llm_input_messages": s.Messages[max(0, len(s.Messages)-2):]}, nil
		})), "Weather?")
	fmt.Println("told in its second turn:", len(model.Requests()[1].Messages))
	// Output:
	// ai: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
	// ai: Sunny.
	// told in its second turn: 2
}

// A guard that answers a call itself: the tool is not run.
func ExamplePostModelHook() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Area 51"}`), graphtest.Say("I cannot tell."))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast),
		prebuilt.PostModelHook(func(_ context.Context, s graphs.MessagesState) (graphs.Update, error) {
			var refused []graphs.Message
			for _, call := range s.Messages[len(s.Messages)-1].ToolCalls {
				refused = append(refused, graphs.ToolResult(call.ID, "That place is secret."))
			}
			return graphs.Set{"messages": refused}, nil
		})), "Weather?")
	// Output:
	// ai: [get_weather {"name":"Area 51"}]
	// tool: That place is secret.
	// ai: I cannot tell.
}

// Weather is what the program wants, not prose.
type Weather struct {
	City  string `json:"city"`
	Sunny bool   `json:"sunny"`
}

// The first answer does not fit: the model is told, and mends it.
func ExampleResponseFormat() {
	model := graphtest.NewModel(graphtest.Say("It is sunny in Rome."), asks("Weather", `{"city":"Rome"}`), asks("Weather", `{"city":"Rome","sunny":true}`))
	agent, err := prebuilt.NewReactAgent(model, prebuilt.ResponseFormat[Weather]()).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	in := graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("Weather in Rome?")}}}
	end, err := graphs.Invoke[struct {
		Response Weather `json:"structured_response"`
	}](context.Background(), agent, in, graphs.Config{})
	fmt.Printf("%+v %v, after %d calls of the model\n", end.Response, err, len(model.Requests()))
	// Output: {City:Rome Sunny:true} <nil>, after 3 calls of the model
}

func ExampleReturnDirect() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast), prebuilt.ReturnDirect("get_weather")), "Weather?")
	// Output:
	// ai: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
}

func ExampleStopWhen() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast),
		prebuilt.StopWhen(func(_ context.Context, s graphs.MessagesState) (bool, error) { return len(s.Messages) >= 5, nil })), "Weather?")
	// Output:
	// ai: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
	// ai: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
}

func ExampleToolErrors() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Atlantis"}`), graphtest.Say("Sorry."))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast), prebuilt.ToolErrors(
		func(_ context.Context, call graphs.ToolCall, err error) (string, error) {
			return call.Name + " could not: " + err.Error(), nil
		})), "Weather?")
	// Output:
	// ai: [get_weather {"name":"Atlantis"}]
	// tool get_weather: get_weather could not: no such city
	// ai: Sorry.
}

// The model does not know the tools well: what is wrong is told to it.
func ExampleTellErrors() {
	model := graphtest.NewModel(asks("weather", `{}`), asks("get_weather", `{"town":"Rome"}`), graphtest.Say("Sorry."))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast)), "Weather?")
	// Output:
	// ai: [weather {}]
	// tool weather: Error: weather is not a valid tool, try one of [get_weather].
	// ai: [get_weather {"town":"Rome"}]
	// tool get_weather: Error: the arguments do not fit the tool's schema: validating root: required: missing properties: ["name"]. Correct them and call get_weather again.
	// ai: Sorry.
}

func ExampleApproveTools() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("Sunny in Oslo."))
	agent, err := prebuilt.NewReactAgent(model, prebuilt.Tools(forecast), prebuilt.ApproveTools("get_weather")).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := graphs.Config{Saver: memory.New()}
	in := graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("Weather?")}}}
	_, err = graphs.Invoke[graphs.MessagesState](context.Background(), agent, in, cfg)
	fmt.Println(err)

	decision := `{"decisions":[{"type":"edit","edited_action":{"name":"get_weather","args":{"name":"Oslo"}}}]}`
	in = graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: json.RawMessage(decision)}}
	end, err := graphs.Invoke[graphs.MessagesState](context.Background(), agent, in, cfg)
	fmt.Println(end.Messages[2].Text(), err)
	// Output:
	// the run waits for an answer to {"action_requests":[{"name":"get_weather","args":{"name":"Rome"},"description":"Tool execution requires approval"}],"review_configs":[{"action_name":"get_weather","allowed_decisions":["approve","edit","reject"]}]}; resume it with a Command
	// It is sunny in Oslo. <nil>
}

// The person sees why he is asked, and may not change the call.
func ExampleApproveTool() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("As you wish."))
	agent, err := prebuilt.NewReactAgent(model, prebuilt.Tools(forecast), prebuilt.ApproveTool("get_weather", "It costs money.", "approve", "reject")).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := graphs.Config{Saver: memory.New()}
	in := graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("Weather?")}}}
	_, err = graphs.Invoke[graphs.MessagesState](context.Background(), agent, in, cfg)
	fmt.Println(err)

	in = graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: json.RawMessage(`{"decisions":[{"type":"reject","message":"Too dear."}]}`)}}
	end, err := graphs.Invoke[graphs.MessagesState](context.Background(), agent, in, cfg)
	fmt.Println(end.Messages[2].Text(), err)
	// Output:
	// the run waits for an answer to {"action_requests":[{"name":"get_weather","args":{"name":"Rome"},"description":"It costs money."}],"review_configs":[{"action_name":"get_weather","allowed_decisions":["approve","reject"]}]}; resume it with a Command
	// Too dear. <nil>
}

// What is an option of the graph is passed on to it.
func ExampleWith() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast), prebuilt.With(graphs.InterruptBefore("tools"))), "Weather?")
	// Output:
	// the run stopped at the breakpoint [tools]; run it again without input to go on
}
