// Package agent has a conversation that shows one thing of a stream after the other: tokens, a tool, a question, a graph in a node.
package agent

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

// State is what the nodes share.
type State struct {
	graphs.MessagesState
	Value string   `json:"value"`
	Items []string `json:"items" reduce:"append"`
}

// Graph goes through all of its nodes, and tells of each when it begins and when it ends.
var Graph = graphs.NewStateGraph[State]().
	AddNode("stream_message", told("stream_message", streamMessage)).
	AddNode("call_tool", told("call_tool", callTool)).
	AddNode("ask_human", told("ask_human", askHuman)).
	AddNode("run_subgraph", told("run_subgraph", runSubgraph)).
	AddSequence(graphs.Start, "stream_message", "call_tool", "ask_human", "run_subgraph", graphs.End)

type node func(ctx context.Context, s State) (graphs.Update, error)

func told(step string, n node) node {
	return func(ctx context.Context, s State) (graphs.Update, error) {
		tell := func(phase string) error {
			return graphs.RuntimeFrom(ctx).Write(map[string]string{"name": "progress", "step": step, "phase": phase})
		}
		if err := tell("start"); err != nil {
			return nil, err
		}
		update, err := n(ctx, s)
		if err != nil {
			return nil, err
		}
		return update, tell("end")
	}
}

var model = scripted.Cycle("hello", scripted.Say("Hello, world!").As("ai-msg-1"))

func streamMessage(ctx context.Context, s State) (graphs.Update, error) {
	said, err := graphs.CallModel(ctx, model, graphs.ModelRequest{Messages: s.Messages})
	if err != nil {
		return nil, err
	}
	return graphs.Set{"messages": []graphs.Message{said}, "value": "x", "items": []string{"streamed"}}, nil
}

// callTool only says that a tool was called: nobody is told of it as of a tool.
func callTool(context.Context, State) (graphs.Update, error) {
	asked := withID("ai-msg-2", graphs.AI("", graphs.ToolCall{ID: "tc-1", Name: "search", Args: json.RawMessage(`{"query":"v3"}`)}))
	answer := graphs.ToolResult("tc-1", "result for 'v3'")
	answer.Name = "search"
	return graphs.Set{"messages": []graphs.Message{asked, answer}, "items": []string{"tool"}}, nil
}

func askHuman(ctx context.Context, _ State) (graphs.Update, error) {
	answer, err := graphs.Interrupt[any](ctx, "Are we good?")
	if err != nil {
		return nil, err
	}
	text, err := graphs.ToolText(answer)
	if err != nil {
		return nil, err
	}
	said := withID("ai-msg-3", graphs.AI("Human said: "+text))
	return graphs.Set{"messages": []graphs.Message{said}, "items": []string{"asked"}}, nil
}

var inner = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("sub", func(context.Context, graphs.MessagesState) (graphs.Update, error) {
		return graphs.Set{"messages": []graphs.Message{withID("sub-msg-1", graphs.AI("from subgraph"))}}, nil
	}).
	AddEdge(graphs.Start, "sub")

// runSubgraph invokes a graph by itself: readers of the run do not see it.
func runSubgraph(ctx context.Context, _ State) (graphs.Update, error) {
	made, err := inner.Compile()
	if err != nil {
		return nil, err
	}
	end, err := graphs.Invoke[graphs.MessagesState](ctx, made, graphs.Input{Value: graphs.MessagesState{}}, graphs.Config{})
	if err != nil {
		return nil, err
	}
	return graphs.Set{"messages": end.Messages, "items": []string{"sub"}}, nil
}

func withID(id string, m graphs.Message) graphs.Message {
	m.ID = id
	return m
}
