package prebuilt

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
)

// Approval is what an agent with [ApproveTools] asks a person: one ActionRequest for each call that needs a decision, in order.
// The run is resumed with [Decisions] of the same number and order. Chat clients know both (streaming.md §6.2).
type Approval struct {
	ActionRequests []ActionRequest `json:"action_requests"`
	ReviewConfigs  []ReviewConfig  `json:"review_configs"`
}

// ActionRequest is a tool call that waits.
type ActionRequest struct {
	Name        string          `json:"name"`
	Args        json.RawMessage `json:"args"`
	Description string          `json:"description"`
}

// ReviewConfig says what may be decided about calls of a tool.
type ReviewConfig struct {
	ActionName       string   `json:"action_name"`
	AllowedDecisions []string `json:"allowed_decisions"`
}

// Decisions answer an Approval.
type Decisions struct {
	Decisions []Decision `json:"decisions"`
}

// Decision is approve, edit (make EditedAction instead) or reject (tell the model Message).
type Decision struct {
	Type         string  `json:"type"`
	EditedAction *Action `json:"edited_action,omitempty"`
	Message      string  `json:"message,omitempty"`
}

// Action is a tool call as a person has changed it.
type Action struct {
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

func (a *agent) decide(ctx context.Context, state graphs.MessagesState) (graphs.Update, error) {
	at, ok := lastAsked(state.Messages)
	if !ok {
		return nil, nil // an update of the state took the calls away
	}
	asked := state.Messages[at]
	var waiting []graphs.ToolCall
	for _, call := range openCalls(state.Messages, at) {
		if a.mustAsk(call.Name) {
			waiting = append(waiting, call)
		}
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	answer, err := graphs.Interrupt[Decisions](ctx, a.question(waiting))
	if err != nil {
		return nil, err
	}
	if len(answer.Decisions) != len(waiting) {
		return nil, fmt.Errorf("approval: %d decisions for %d tool calls", len(answer.Decisions), len(waiting))
	}
	return applyDecisions(asked, waiting, answer.Decisions)
}

func (a *agent) question(calls []graphs.ToolCall) Approval {
	q := Approval{}
	seen := make(map[string]bool)
	for _, call := range calls {
		request := ActionRequest{Name: call.Name, Args: call.Args, Description: "Tool execution requires approval"}
		if request.Args == nil {
			request.Args = json.RawMessage("{}")
		}
		q.ActionRequests = append(q.ActionRequests, request)
		if !seen[call.Name] {
			seen[call.Name] = true
			q.ReviewConfigs = append(q.ReviewConfigs, ReviewConfig{call.Name, []string{"approve", "edit", "reject"}})
		}
	}
	return q
}

// applyDecisions returns the changed ai message, when there were edits, and the answers to what was refused.
func applyDecisions(asked graphs.Message, waiting []graphs.ToolCall, decisions []Decision) (graphs.Update, error) {
	edited := make(map[string]graphs.ToolCall)
	var messages []graphs.Message
	for i, call := range waiting {
		switch d := decisions[i]; d.Type {
		case "approve":
		case "edit":
			if d.EditedAction == nil {
				return nil, fmt.Errorf("approval: decision %d is an edit without edited_action", i)
			}
			call.Name, call.Args = d.EditedAction.Name, d.EditedAction.Args
			edited[call.ID] = call
		case "reject":
			text := d.Message
			if text == "" {
				text = "The user refused the call of " + call.Name + "."
			}
			messages = append(messages, failed(call, text))
		default:
			return nil, fmt.Errorf("approval: decision %d is %q: want approve, edit or reject", i, d.Type)
		}
	}
	if len(edited) > 0 {
		messages = append([]graphs.Message{withCalls(asked, edited)}, messages...)
	}
	if len(messages) == 0 {
		return nil, nil
	}
	return graphs.Set{"messages": messages}, nil
}

// withCalls copies the message: a state is read-only.
func withCalls(m graphs.Message, edited map[string]graphs.ToolCall) graphs.Message {
	calls := make([]graphs.ToolCall, len(m.ToolCalls))
	for i, call := range m.ToolCalls {
		calls[i] = call
		if changed, ok := edited[call.ID]; ok {
			calls[i] = changed
		}
	}
	m.ToolCalls = calls
	return m
}

func (a *agent) afterApproval(_ context.Context, state graphs.MessagesState) (string, error) {
	at, ok := lastAsked(state.Messages)
	if ok && len(openCalls(state.Messages, at))+len(openInvalid(state.Messages, at)) > 0 {
		return nodeTools, nil
	}
	return nodeAgent, nil
}
