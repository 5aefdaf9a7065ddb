package stress

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
	"github.com/locutory/locutory/platform/compat/graphs/more/model"
)

var work = graphs.NewTool("work", "Takes its time.", func(ctx context.Context, l load) (string, error) {
	return "worked", l.step(ctx)
})

// Agent takes each step by a call of a tool.
var Agent = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("call_model", model.Call(scripted.Answering{Name: "stress", Answer: turn}, "", graphs.ModelRequest{Tools: []graphs.Tool{work}})).
	AddNode("tools", prebuilt.ToolNode(work)).
	AddEdge(graphs.Start, "call_model").
	AddConditionalEdges("call_model", func(_ context.Context, s graphs.MessagesState) (string, error) {
		if model.Asks(s) {
			return "tools", nil
		}
		return graphs.End, nil
	}, "tools", graphs.End).
	AddEdge("tools", "call_model")

// turn asks for the next step of what the user said last.
func turn(req graphs.ModelRequest) scripted.Turn {
	text, turns, done, failed := "", 0, 0, false
	for _, m := range req.Messages {
		switch {
		case m.Type == graphs.TypeHuman:
			text, done, failed = m.Text(), 0, false
			turns++
		case m.Type == graphs.TypeTool && m.Status == graphs.StatusError:
			failed = true
		case m.Type == graphs.TypeTool:
			done++
		}
	}
	l := loadOf(text)
	switch {
	case failed:
		return scripted.Turn{Pieces: []string{l.report(text, done, "failed")}}
	case done < l.Steps:
		args, _ := json.Marshal(l) // numbers
		return scripted.Ask(fmt.Sprintf("call_work_%d_%d", turns, done+1), "work", string(args))
	}
	return scripted.Turn{Pieces: []string{l.report(text, done, "completed")}}
}
