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
//
// # Features by example
//
// What LangGraph's graph API has, and the example that shows it here:
//
//	state, nodes, edges, START and END      Example
//	sequences                               ExampleStateGraph_AddSequence
//	several outgoing edges, joins           ExampleStateGraph_AddJoin
//	conditional edges, loops                ExampleStateGraph_AddConditionalEdges
//	conditional entry point                 ExampleStateGraph_AddConditionalEdges_start
//	Send, map and reduce                    ExampleCommand
//	conditional edges that return Sends     ExampleStateGraph_AddRouter
//	Command with goto                       ExampleCommand_goto
//	Command to the parent graph             ExampleCommand_parent
//	reducers                                ExampleReduce
//	Overwrite                               ExampleOverwrite
//	MessagesState, add_messages, removal    ExampleMessagesState
//	ephemeral and untracked channels        ExampleStateGraph_channels
//	input and output schema                 ExampleInputSchema
//	private state, nodes' own input types   ExampleField_private
//	state without a class: a dict           ExampleField
//	JSON schemas of a graph                 ExampleRunnable_schemas
//	runtime context                         ExampleContextFrom
//	graphs made for each run                ExampleFactory
//	recursion limit, remaining steps        ExampleConfig_recursionLimit
//	max_concurrency                         ExampleConfig_maxConcurrency
//	retry policies                          ExampleRetry
//	timeouts of nodes and steps             ExampleTimeout
//	cache policies                          ExampleCache
//	deferred nodes                          ExampleDefer
//	subgraphs                               ExampleStateGraph_AddSubgraph
//	graphs called inside of a node          ExampleCall
//	structured output                       ExampleCallModelFor
//	checkpoints, history, state updates     ExampleReadHistory
//	fault tolerance, pending writes         ExampleInvoke_goesOn
//	durability                              ExampleConfig_durability
//	replay and time travel                  ExampleConfig_timeTravel
//	replay inside of subgraphs              ExampleConfig_replayInside
//	interrupt and resume                    ExampleInterrupt
//	several interrupts by id                ExampleInterrupt_several
//	static breakpoints                      ExampleInterruptBefore
//	streaming, custom events                ExampleRunnable_stream
//	stream transformers                     ExampleWithTransformer
//	events: traces of chains and models     ExampleConfig_trace
//	drawings: Mermaid, xray                 ExampleDrawing_Mermaid
//
// Agents with tools, supervisors and swarms are in the package prebuilt, whose table goes on from here; long-term
// memory is the example of Store in the package memory; the functional API has no counterpart: a node is a Go function already.
package graphs
