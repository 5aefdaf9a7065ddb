package loop

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Headless has a tool that only clients can run: it asks them to.
var Headless = New(scripted.Model{
	Name:  "model",
	First: scripted.Line{Calls: []graphs.ToolCall{scripted.Call("tool-call-browser-1", "get_location", `{"highAccuracy":false}`)}},
	Last:  scripted.Line{Text: "Location received!"},
}, getLocation)

type accuracy struct {
	High bool `json:"highAccuracy"`
}

var getLocation = graphs.NewTool("get_location", "Tells where the user is.", func(ctx context.Context, _ accuracy) (json.RawMessage, error) {
	call, _ := graphs.ToolCallFrom(ctx)
	return graphs.Interrupt[json.RawMessage](ctx, map[string]any{
		"type": "tool", "toolCall": map[string]any{"id": call.ID, "name": call.Name, "args": call.Args},
	})
})
