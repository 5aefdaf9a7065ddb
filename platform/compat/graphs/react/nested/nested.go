// Package nested has graphs inside of others: as nodes, called by a node, and several side by side.
package nested

import (
	"context"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

type node = func(context.Context, graphs.MessagesState) (graphs.Update, error)

func one(name string, fn node) *graphs.StateGraph[graphs.MessagesState] {
	return graphs.NewStateGraph[graphs.MessagesState]().AddNode(name, fn).AddEdge(graphs.Start, name).AddEdge(name, graphs.End)
}

// Subgraph has a graph as a node.
var Subgraph = graphs.NewStateGraph[graphs.MessagesState]().
	AddSubgraph("child", one("inner", between("child", scripted.NewTeller("Reply from child")))).
	AddEdge(graphs.Start, "child").
	AddEdge("child", graphs.End)

// between tells when a model begins to speak and when it has spoken.
func between(label string, model graphs.ChatModel) node {
	speak := scripted.Node(model)
	return func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
		rt := graphs.RuntimeFrom(ctx)
		if err := rt.Write(progress{"progress", label + "-started"}); err != nil {
			return nil, err
		}
		update, err := speak(ctx, s)
		if err != nil {
			return nil, err
		}
		return update, rt.Write(progress{"progress", label + "-finished"})
	}
}

type progress struct {
	Type  string `json:"type"`
	Label string `json:"label"`
}

// Embedded has a node that calls a graph, and keeps nothing of what that says.
var Embedded = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("research", research, graphs.Calls(researcher)).
	AddNode("summarize", scripted.Node(say("Summary line"))).
	AddEdge(graphs.Start, "research").
	AddEdge("research", "summarize").
	AddEdge("summarize", graphs.End)

var (
	researcher = one("inner", between("research", scripted.NewTeller("Subgraph reply")))
	researched = scripted.Node(say("Research done"))
)

func say(text string) scripted.Model { return scripted.Model{First: scripted.Line{Text: text}} }

func research(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
	if _, err := graphs.Call[graphs.MessagesState](ctx, researcher, s); err != nil {
		return nil, err
	}
	return researched(ctx, s)
}

// Parallel sends six tasks to a graph at the same time.
var Parallel = graphs.NewStateGraph[graphs.MessagesState]().
	AddSubgraph("worker", one("inner", scripted.Node(scripted.NewTeller("Subgraph reply")))).
	AddRouter(graphs.Start, func(context.Context, graphs.MessagesState) (graphs.Command, error) {
		var all graphs.Command
		for i := range 6 {
			task := graphs.MessagesState{Messages: []graphs.Message{graphs.Human(fmt.Sprintf("Subtask %d", i+1))}}
			all.Send = append(all.Send, graphs.Send{Node: "worker", Arg: task})
		}
		return all, nil
	}, "worker").
	AddEdge("worker", graphs.End)
