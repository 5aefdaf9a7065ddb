// Package approval has an agent that asks a person before its tools run.
package approval

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/more/model"
)

// Graph is agent with a person between the model and the tools.
var Graph = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("call_model", model.Call(model.New("scripted"), "", graphs.ModelRequest{Tools: []graphs.Tool{model.Search}})).
	AddNode("human_approval", approve, graphs.Goes("tools", "call_model", graphs.End)).
	AddNode("tools", prebuilt.ToolNode(model.Search)).
	AddEdge(graphs.Start, "call_model").
	AddConditionalEdges("call_model", next, "human_approval", graphs.End).
	AddEdge("tools", "call_model")

func next(_ context.Context, s graphs.MessagesState) (string, error) {
	if model.Asks(s) {
		return "human_approval", nil
	}
	return graphs.End, nil
}

// question is what the person reads: the arguments of each call, by its tool.
type question struct {
	Request struct {
		Action string                     `json:"action"`
		Args   map[string]json.RawMessage `json:"args"`
	} `json:"action_request"`
	Config struct {
		Accept  bool `json:"allow_accept"`
		Edit    bool `json:"allow_edit"`
		Ignore  bool `json:"allow_ignore"`
		Respond bool `json:"allow_respond"`
	} `json:"config"`
}

// decision is what the person says, in a list of one.
type decision struct {
	Type string          `json:"type"`
	Args json.RawMessage `json:"args"`
}

func approve(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
	asked := s.Messages[len(s.Messages)-1]
	var q question
	q.Request.Action, q.Request.Args = "tool_execution", map[string]json.RawMessage{}
	for _, call := range asked.ToolCalls {
		q.Request.Args[call.Name] = call.Args
	}
	q.Config.Accept, q.Config.Edit, q.Config.Ignore, q.Config.Respond = true, true, true, true
	said, err := graphs.Interrupt[[]decision](ctx, q)
	if err != nil {
		return nil, err
	}
	if len(said) != 1 {
		return nil, fmt.Errorf("%d decisions, want one", len(said))
	}
	return said[0].follow(asked)
}

func (d decision) follow(asked graphs.Message) (graphs.Update, error) {
	switch d.Type {
	case "accept":
		return goTo("tools"), nil
	case "edit":
		changed, err := d.edit(asked)
		return goTo("tools", changed), err
	case "response":
		text, err := graphs.ToolText(d.Args)
		var plain string
		if json.Unmarshal(d.Args, &plain) == nil {
			text = plain
		}
		return goTo("call_model", append(cancelled(asked), graphs.Human(text))...), err
	case "ignore":
		return goTo(graphs.End, cancelled(asked)...), nil
	}
	return nil, fmt.Errorf("a decision %q: it may be accept, edit, response or ignore", d.Type)
}

func goTo(node string, msgs ...graphs.Message) graphs.Command {
	c := graphs.Command{Goto: []string{node}}
	if len(msgs) > 0 {
		c.Update = graphs.Set{"messages": msgs}
	}
	return c
}

// edit takes arguments by tool, or in the place of those of every call; they may stand in an action, as in the question.
func (d decision) edit(asked graphs.Message) (graphs.Message, error) {
	args := d.Args
	var action struct {
		Args json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal(args, &action); err != nil {
		return asked, fmt.Errorf("edit: %w", err)
	}
	if action.Args != nil {
		args = action.Args
	}
	var byTool map[string]json.RawMessage
	if err := json.Unmarshal(args, &byTool); err != nil {
		return asked, fmt.Errorf("edit: %w", err)
	}
	calls := make([]graphs.ToolCall, len(asked.ToolCalls))
	for i, call := range asked.ToolCalls {
		calls[i] = call
		calls[i].Args = args
		if own := byTool[call.Name]; own != nil {
			calls[i].Args = own
		}
	}
	asked.ToolCalls = calls
	return asked, nil
}

func cancelled(asked graphs.Message) []graphs.Message {
	var out []graphs.Message
	for _, call := range asked.ToolCalls {
		m := graphs.ToolResult(call.ID, "Tool execution was cancelled by the user.")
		m.Name = call.Name
		out = append(out, m)
	}
	return out
}
