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
package prebuilt
