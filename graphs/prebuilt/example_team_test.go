package prebuilt_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/prebuilt"
)

func ExampleNewSupervisor() {
	researcher := prebuilt.Agent{
		Name: "researcher", Description: "Looks things up.",
		Graph: prebuilt.NewReactAgent(graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("It is sunny.")), prebuilt.Tools(forecast)),
	}
	boss := graphtest.NewModel(asks("transfer_to_researcher", `{}`), graphtest.Say("Take sunglasses."))
	tell(prebuilt.NewSupervisor(boss, []prebuilt.Agent{researcher}, prebuilt.Prompt("You lead a team.")), "What do I need in Rome?")
	// Output:
	// ai supervisor: [transfer_to_researcher {}]
	// tool transfer_to_researcher: Successfully transferred to researcher
	// ai researcher: It is sunny.
	// ai researcher: Transferring back to supervisor[transfer_back_to_supervisor {}]
	// tool transfer_back_to_supervisor: Successfully transferred back to supervisor
	// ai supervisor: Take sunglasses.
}

func ExampleForwardMessage() {
	poet := prebuilt.Agent{Name: "poet", Description: "Writes.", Graph: prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("O Roma!")))}
	boss := graphtest.NewModel(asks("transfer_to_poet", `{}`), asks("forward_message", `{"from_agent":"poet"}`))
	tell(prebuilt.NewSupervisor(boss, []prebuilt.Agent{poet}, prebuilt.ForwardMessage(), prebuilt.NoHandBack()), "A poem")
	// Output:
	// ai supervisor: [transfer_to_poet {}]
	// tool transfer_to_poet: Successfully transferred to poet
	// ai poet: O Roma!
	// ai supervisor: O Roma!
}

// The researcher's calls of tools are in the conversation, too.
func ExampleFullHistory() {
	researcher := prebuilt.Agent{
		Name: "researcher", Description: "Looks things up.",
		Graph: prebuilt.NewReactAgent(graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("It is sunny.")), prebuilt.Tools(forecast)),
	}
	boss := graphtest.NewModel(asks("transfer_to_researcher", `{}`), graphtest.Say("Take sunglasses."))
	tell(prebuilt.NewSupervisor(boss, []prebuilt.Agent{researcher}, prebuilt.FullHistory(), prebuilt.NoHandBack()), "What do I need in Rome?")
	// Output:
	// ai supervisor: [transfer_to_researcher {}]
	// tool transfer_to_researcher: Successfully transferred to researcher
	// ai researcher: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
	// ai researcher: It is sunny.
	// ai supervisor: Take sunglasses.
}

func ExampleNewSwarm() {
	agent := func(name, other string, turns ...graphtest.Turn) prebuilt.Agent {
		return prebuilt.Agent{Name: name, Graph: prebuilt.NewReactAgent(graphtest.NewModel(turns...), prebuilt.Name(name),
			prebuilt.Tools(prebuilt.SwarmHandoff(other, "Knows about "+other)))}
	}
	swarm, err := prebuilt.NewSwarm("sales",
		agent("sales", "refunds", asks("transfer_to_refunds", `{}`)),
		agent("refunds", "sales", graphtest.Say("I am refunds."), graphtest.Say("Still refunds."))).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := graphs.Config{Saver: memory.New()}
	for _, text := range []string{"My money!", "Now?"} {
		in := graphs.Input{Value: graphs.MessagesState{Messages: []graphs.Message{graphs.Human(text)}}}
		end, err := graphs.Invoke[prebuilt.SwarmState](context.Background(), swarm, in, cfg)
		fmt.Println(end.ActiveAgent+":", end.Messages[len(end.Messages)-1].Text(), err)
	}
	// Output:
	// refunds: I am refunds. <nil>
	// refunds: Still refunds. <nil>
}

// Two agents work at the same time; each call is a task, under whose namespace the agent's run is seen.
func ExampleNewDeepAgent() {
	agents := []prebuilt.Agent{
		{Name: "researcher", Description: "Looks things up.", Graph: prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("Rome is old.")))},
		{Name: "analyst", Description: "Counts.", Graph: prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("It has 2.7 million people.")))},
	}
	call := func(id, agent string) graphs.ToolCall {
		return graphs.ToolCall{ID: id, Name: "task", Args: json.RawMessage(`{"description":"About Rome","subagent_type":"` + agent + `"}`)}
	}
	boss := graphtest.NewModel(graphtest.Ask(call("1", "researcher"), call("2", "analyst")), graphtest.Say("Old and large."))
	tell(prebuilt.NewDeepAgent(boss, agents), "Tell me about Rome")
	// Output:
	// ai: [task {"description":"About Rome","subagent_type":"researcher"}][task {"description":"About Rome","subagent_type":"analyst"}]
	// tool task: Rome is old.
	// tool task: It has 2.7 million people.
	// ai: Old and large.
}

func ExampleAgentTool() {
	guide := prebuilt.Agent{Name: "guide", Description: "Knows Rome.", Graph: prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("See the Forum.")))}
	model := graphtest.NewModel(asks("guide", `{"request":"What to see?"}`), graphtest.Say("The Forum."))
	tell(prebuilt.NewReactAgent(model, prebuilt.Tools(forecast, prebuilt.AgentTool(guide)), prebuilt.EachCall()), "What to see in Rome?")
	// Output:
	// ai: [guide {"request":"What to see?"}]
	// tool guide: See the Forum.
	// ai: The Forum.
}

// An agent that is a node of a graph of your own leads on to another node.
func ExampleHandoff() {
	clerk := prebuilt.NewReactAgent(graphtest.NewModel(asks("transfer_to_expert", `{}`)), prebuilt.Name("clerk"), prebuilt.Tools(prebuilt.Handoff("expert", "Knows it all.")))
	expert := prebuilt.NewReactAgent(graphtest.NewModel(graphtest.Say("42.")), prebuilt.Name("expert"))
	tell(graphs.NewStateGraph[graphs.MessagesState]().
		AddSubgraph("clerk", clerk, graphs.Goes("expert")).
		AddSubgraph("expert", expert).
		AddEdge(graphs.Start, "clerk"), "What is it?")
	// Output:
	// ai clerk: [transfer_to_expert {}]
	// tool transfer_to_expert: Successfully transferred to expert
	// ai expert: 42.
}

func ExampleToolNodeOf() {
	tools := prebuilt.ToolNodeOf[Trip](prebuilt.PassErrors, forecast)
	asked := graphs.AI("", graphs.ToolCall{ID: "1", Name: "get_weather", Args: json.RawMessage(`{"name":"Rome"}`)})
	update, err := tools(context.Background(), Trip{MessagesState: graphs.MessagesState{Messages: []graphs.Message{asked}}})
	fmt.Println(update.(graphs.Set)["messages"].([]graphs.Message)[0].Text(), err)
	// Output: It is sunny in Rome. <nil>
}

func ExampleToolTasks() {
	model := graphtest.NewModel(asks("get_weather", `{"name":"Rome"}`), graphtest.Say("Sunny."))
	tell(graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("agent", func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
			m, err := graphs.CallModel(ctx, model, graphs.ModelRequest{Messages: s.Messages, Tools: []graphs.Tool{forecast}})
			return graphs.Set{"messages": []graphs.Message{m}}, err
		}).
		AddNodeOf("tools", prebuilt.ToolTasks(nil, forecast), graphs.SeeState()).
		AddEdge(graphs.Start, "agent").
		AddRouter("agent", func(_ context.Context, s graphs.MessagesState) (graphs.Command, error) {
			return graphs.Command{Send: prebuilt.SendCalls("tools", s.Messages)}, nil
		}, "tools", graphs.End).
		AddEdge("tools", "agent"), "Weather?")
	// Output:
	// ai: [get_weather {"name":"Rome"}]
	// tool get_weather: It is sunny in Rome.
	// ai: Sunny.
}
