package deep

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/react/loop"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Interrupt has an agent with a tool that asks people.
var Interrupt = loop.New(scripted.Model{
	Name: "model",
	First: scripted.Line{ID: "deep-interrupt-orchestrator", Calls: []graphs.ToolCall{
		scripted.Call("task-approve-1", "task", `{"description":"Request approval for the pending change","subagent_type":"approver"}`),
	}},
	Last: scripted.Line{ID: "deep-interrupt-final", Text: "Subagent approval completed."},
}, prebuilt.TaskTool(prebuilt.Agent{Name: "approver", Description: "asks for approval", Graph: loop.New(scripted.Model{
	Name:  "approver",
	First: scripted.Line{ID: "approver-call", Calls: []graphs.ToolCall{scripted.Call("approval-1", "request_approval", `{}`)}},
	Last:  scripted.Line{ID: "approver-done", Text: "Approval recorded."},
}, requestApproval)}))

var requestApproval = graphs.NewTool("request_approval", "Asks a person.", func(ctx context.Context, _ struct{}) (json.RawMessage, error) {
	return graphs.Interrupt[json.RawMessage](ctx, map[string]string{"prompt": "Approve subagent tool action?"})
})
