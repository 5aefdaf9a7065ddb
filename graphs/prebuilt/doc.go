// Package prebuilt has graphs and nodes that most agents begin with. They are made of nothing but the public names of
// package graphs: who needs something else writes it with those.
//
//	graph := prebuilt.NewReactAgent(model,
//		prebuilt.Prompt("You are a terse assistant."),
//		prebuilt.Tools(weather, sendMail),
//		prebuilt.ApproveTools("send_mail"))
//
// Tools run only when the model asked for them, and a tool that fails is told to the model, never hidden from it.
//
// Several agents work together in one of four ways. [NewSupervisor] has a model that decides who is next; in a [NewSwarm] the agents
// decide among themselves; a [NewDeepAgent] gives tasks to others, several at the same time, and reads reports only; and any graph may
// have agents as nodes, which lead to each other by [Handoff]. Each agent runs under a namespace of its own in the thread.
//
// # Features by example
//
// What LangGraph's and LangChain's agents have, and the example that shows it here:
//
//	ReAct agent, parallel tool calls        ExampleNewReactAgent
//	state of one's own                      ExampleNewReactAgentOf
//	tools that return Commands              ExampleNewReactAgentOf
//	injected state, tool call id            ExampleNewReactAgentOf
//	dynamic prompt                          ExamplePromptFunc
//	dynamic model                           ExampleModelFunc
//	pre-model hook, llm_input_messages      ExamplePreModelHook
//	post-model hook, guards                 ExamplePostModelHook
//	structured response                     ExampleResponseFormat
//	return-direct tools                     ExampleReturnDirect
//	stop conditions                         ExampleStopWhen
//	tool errors: told, passed on, reworded  ExampleToolErrors
//	unknown tools, invalid arguments        ExampleTellErrors
//	human approval of tools                 ExampleApproveTools
//	what may be decided, and why one asks   ExampleApproveTool
//	breakpoints, settings of the graph      ExampleWith
//	ToolNode                                ExampleToolNodeOf
//	a task for each tool call               ExampleToolTasks
//	supervisor                              ExampleNewSupervisor
//	full history, no hand-back              ExampleFullHistory
//	forward message                         ExampleForwardMessage
//	swarm                                   ExampleNewSwarm
//	deep agent with subagents               ExampleNewDeepAgent
//	agents as tools                         ExampleAgentTool
//	hand-off between agents                 ExampleHandoff
//
// An injected store is graphs.RuntimeFrom(ctx).Store in the tool, under the hooks that hold for who started the run.
package prebuilt
