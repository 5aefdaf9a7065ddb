package loop

import (
	"context"
	"fmt"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Card has a tool that shows a card, as a message, before it does anything.
var Card = New(scripted.Model{
	Name:  "model",
	First: scripted.Line{ID: "call-review-1-message", Calls: []graphs.ToolCall{scripted.Call("call-review-1", "review_action", `{"toolArg":"delete_db"}`)}},
	Last:  scripted.Line{ID: "call-review-1-final", Text: "Done."},
}, reviewAction)

type action struct {
	Name string `json:"toolArg"`
}

type decision struct {
	Approved bool `json:"approved"`
}

var reviewAction = graphs.NewTool("review_action", "Does something dangerous.", func(ctx context.Context, a action) (string, error) {
	said, err := graphs.Interrupt[decision](ctx, map[string]any{
		"type": "ai", "content": fmt.Sprintf("Please review the %q action.", a.Name),
		"response_metadata": map[string]any{"cards": map[string]any{
			"kind": "tool_validation", "action": a.Name, "buttons": []string{"approve", "reject"},
		}},
	})
	if err != nil {
		return "", err
	}
	if !said.Approved {
		return fmt.Sprintf("Rejected %q.", a.Name), nil
	}
	return fmt.Sprintf("Executed %q.", a.Name), scripted.Pause(ctx, time.Second)
})
