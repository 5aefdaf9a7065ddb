// Package graphs is where people write agents: graphs whose nodes share a state, run step by step, and can stop, wait and go on.
//
// It exists because what a LangGraph server shows on the wire (supersteps, checkpoints, pending writes, interrupts by id,
// stream modes) is the behaviour of its engine. So the engine is here, whole, and a server adds nothing to it: it gives a
// [Saver] to keep checkpoints, and folds the [Event] stream into what clients read.
//
//	type State struct {
//		graphs.MessagesState
//		City string `json:"city"`
//	}
//
//	var Graph = graphs.NewStateGraph[State]().
//		AddNode("ask", ask).
//		AddNode("answer", answer).
//		AddEdge(graphs.Start, "ask").
//		AddEdge("ask", "answer")
//
// A step runs all nodes that have been led to, in parallel; then their writes are applied, in an order that does not depend on
// who was first. A node reads the state as it was before the step and returns an [Update]; it must not change what it was given.
// The state's fields are channels: their tags say how writes are taken (see [StateGraph]).
//
// The package refuses to know HTTP, users' rights and databases, and to retry what it cannot know to be safe. A node that is
// interrupted runs again from its beginning: put side effects after [Interrupt].
package graphs
