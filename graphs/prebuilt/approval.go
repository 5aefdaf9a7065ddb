package prebuilt

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/locutory/locutory/graphs"
)

// Approval is what an agent with [ApproveTools] asks a person: one ActionRequest for each call that needs a decision, in order.
// The run is resumed with [Decisions] of the same number and order. Chat clients know both (streaming.md §6.2). Decisions that cannot
// be followed are not: the agent asks again, and Error says what was wrong.
type Approval struct {
	ActionRequests []ActionRequest `json:"action_requests"`
	ReviewConfigs  []ReviewConfig  `json:"review_configs"`
	Error          string          `json:"error,omitempty"`
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

func (a *agent) decide(ctx context.Context, msgs []graphs.Message) (graphs.Update, error) {
	at, ok := lastAsked(msgs)
	if !ok {
		return nil, nil // an update of the state took the calls away
	}
	var waiting []graphs.ToolCall
	for _, call := range openCalls(msgs, at) {
		if a.mustAsk(call.Name) {
			waiting = append(waiting, call)
		}
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	decisions, err := a.ask(ctx, waiting)
	if err != nil {
		return nil, err
	}
	return applyDecisions(msgs[at], waiting, decisions), nil
}

// ask returns a decision for each call, when there are such.
func (a *agent) ask(ctx context.Context, calls []graphs.ToolCall) ([]Decision, error) {
	question := a.question(calls)
	for {
		answer, err := graphs.Interrupt[Decisions](ctx, question)
		if err != nil {
			return nil, err
		}
		wrong := a.mistake(calls, answer.Decisions)
		if wrong == nil {
			return answer.Decisions, nil
		}
		question.Error = wrong.Error()
	}
}

func (a *agent) mistake(calls []graphs.ToolCall, decisions []Decision) error {
	if len(decisions) != len(calls) {
		return fmt.Errorf("%d decisions for %d tool calls", len(decisions), len(calls))
	}
	for i, d := range decisions {
		if allowed := a.reviews[calls[i].Name].allowed(); !slices.Contains(allowed, d.Type) {
			return fmt.Errorf("decision %d is %q: want %s", i, d.Type, strings.Join(allowed, " or "))
		}
		if d.Type == "edit" && d.EditedAction == nil {
			return fmt.Errorf("decision %d is an edit without edited_action", i)
		}
	}
	return nil
}

// approval returns how a call that is a task of its own asks for itself; nil if none has to. An edited call is made as edited; the
// message that asked for it stays as it is, since other calls of it may be decided at the same time.
func (a *agent) approval() func(context.Context, graphs.ToolCall) (graphs.ToolCall, *graphs.Message, error) {
	if !a.asks() {
		return nil
	}
	return func(ctx context.Context, call graphs.ToolCall) (graphs.ToolCall, *graphs.Message, error) {
		if !a.mustAsk(call.Name) {
			return call, nil, nil
		}
		decisions, err := a.ask(ctx, []graphs.ToolCall{call})
		if err != nil {
			return call, nil, err
		}
		decided, refusal := decisions[0].apply(call)
		return decided, refusal, nil
	}
}

// apply returns the call as it is to be made, or the answer to it when it was refused.
func (d Decision) apply(call graphs.ToolCall) (graphs.ToolCall, *graphs.Message) {
	switch d.Type {
	case "edit":
		call.Name, call.Args = d.EditedAction.Name, d.EditedAction.Args
	case "reject":
		text := d.Message
		if text == "" {
			text = "The user refused the call of " + call.Name + "."
		}
		refusal := failed(call, text)
		return call, &refusal
	}
	return call, nil
}

// review is how calls of a tool are shown and decided; its zero value has the defaults.
type review struct {
	description string
	decisions   []string
}

func (r review) text() string {
	if r.description == "" {
		return "Tool execution requires approval"
	}
	return r.description
}

func (r review) allowed() []string {
	if len(r.decisions) == 0 {
		return []string{"approve", "edit", "reject"}
	}
	return r.decisions
}

func (a *agent) question(calls []graphs.ToolCall) Approval {
	q := Approval{}
	seen := make(map[string]bool)
	for _, call := range calls {
		shown := a.reviews[call.Name]
		request := ActionRequest{Name: call.Name, Args: call.Args, Description: shown.text()}
		if request.Args == nil {
			request.Args = json.RawMessage("{}")
		}
		q.ActionRequests = append(q.ActionRequests, request)
		if !seen[call.Name] {
			seen[call.Name] = true
			q.ReviewConfigs = append(q.ReviewConfigs, ReviewConfig{call.Name, shown.allowed()})
		}
	}
	return q
}

// applyDecisions returns the changed ai message, when there were edits, and the answers to what was refused.
func applyDecisions(asked graphs.Message, waiting []graphs.ToolCall, decisions []Decision) graphs.Update {
	edited := make(map[string]graphs.ToolCall)
	var messages []graphs.Message
	for i, call := range waiting {
		decided, refusal := decisions[i].apply(call)
		switch {
		case refusal != nil:
			messages = append(messages, *refusal)
		case decisions[i].Type == "edit":
			edited[call.ID] = decided
		}
	}
	if len(edited) > 0 {
		messages = append([]graphs.Message{withCalls(asked, edited)}, messages...)
	}
	if len(messages) == 0 {
		return nil
	}
	return graphs.Set{"messages": messages}
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
