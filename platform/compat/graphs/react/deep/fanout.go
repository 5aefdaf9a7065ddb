package deep

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/react/loop"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Fanout gives six tasks at the same time, all to agents of one kind.
var Fanout = loop.New(scripted.Model{
	Name:  "model",
	First: scripted.Line{ID: "fanout-orchestrator-tool-call", Calls: fanned(6)},
	Last:  scripted.Line{ID: "fanout-orchestrator-final", Text: "All workers completed."},
}, prebuilt.TaskTool(prebuilt.Agent{Name: "worker", Description: "covers a topic", Graph: loop.New(worker{})}))

func fanned(n int) []graphs.ToolCall {
	calls := make([]graphs.ToolCall, n)
	for i := range calls {
		name := fmt.Sprintf("worker-%03d", i+1)
		calls[i] = scripted.Call("task-"+name, "task",
			fmt.Sprintf(`{"description":"Worker %s covering topic %d","subagent_type":"worker"}`, name, i+1))
	}
	return calls
}

// worker is a model that says once that it has done what it was told to.
type worker struct{}

func (worker) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: "scripted", Name: "scripted"}
}

func (worker) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	said := "Nothing to do."
	if n := len(req.Messages); n > 0 {
		said = strings.Replace(req.Messages[n-1].Text(), " covering ", " covered ", 1) + "."
	}
	return scripted.Model{Name: "worker", First: scripted.Line{Text: said}}.Stream(ctx, graphs.ModelRequest{})
}
