// Package prebuilt has graphs and nodes that most agents begin with. They are made of nothing but the public names of
// package graphs: who needs something else writes it with those.
//
//	graph := prebuilt.NewReactAgent(model,
//		prebuilt.Prompt("You are a terse assistant."),
//		prebuilt.Tools(weather, sendMail),
//		prebuilt.ApproveTools("send_mail"))
//
// Tools run only when the model asked for them, and a tool that fails is told to the model, never hidden from it.
package prebuilt
