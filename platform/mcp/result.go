package mcp

import (
	"encoding/json"
	"fmt"
	"slices"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/wire"
)

// result tells a model what a run came to.
func result(end runs.Outcome) (*sdk.CallToolResult, error) {
	if f := end.Failure; f != nil {
		out := wrong(f.Class + ": " + f.Message)
		out.StructuredContent = wire.RunFailed{Error: wire.RunError{Error: f.Class, Message: f.Message}}
		return out, nil
	}
	out := &sdk.CallToolResult{StructuredContent: end.Values}
	if end.Cancelled {
		out.IsError = true
		out.Content = text("The run was cancelled before it had ended.")
		return out, nil
	}
	var values struct {
		Interrupts []struct {
			Value json.RawMessage `json:"value"`
		} `json:"__interrupt__"`
		Messages json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal(end.Values, &values); err != nil {
		return nil, fmt.Errorf("values of a run: %w", err)
	}
	if len(values.Interrupts) > 0 {
		said := "The assistant has stopped to ask something, and this run cannot go on. Call it again with what it asks for:"
		for _, interrupt := range values.Interrupts {
			said += "\n" + string(interrupt.Value)
		}
		out.Content = text(said)
		return out, nil
	}
	said := lastWords(values.Messages)
	if said == "" {
		said = string(end.Values)
	}
	out.Content = text(said)
	return out, nil
}

// wrong is a result that a model may mend its call by.
func wrong(said string) *sdk.CallToolResult {
	return &sdk.CallToolResult{IsError: true, Content: text(said)}
}

func text(said string) []sdk.Content { return []sdk.Content{&sdk.TextContent{Text: said}} }

// lastWords is the text of the last message that the model wrote, empty when these are no messages or there is none.
func lastWords(list json.RawMessage) string {
	var all []graphs.Message
	if json.Unmarshal(list, &all) != nil {
		return ""
	}
	for _, m := range slices.Backward(all) {
		if m.Type == graphs.TypeAI && m.Text() != "" {
			return m.Text()
		}
	}
	return ""
}
