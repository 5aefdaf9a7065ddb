package langchaingo

import (
	"context"
	"encoding/json"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/tools"
)

// Tool makes a tool that models can ask for of a langchaingo tool. Such a tool takes one text: {"input": "..."}.
func Tool(tool tools.Tool) graphs.Tool {
	if own, ok := tool.(graphs.Tool); ok {
		return own
	}
	type input struct {
		Input string `json:"input" jsonschema:"what the tool is to work on"`
	}
	return graphs.NewTool(tool.Name(), tool.Description(), func(ctx context.Context, in input) (string, error) {
		return tool.Call(ctx, in.Input)
	})
}

func toolOptions(req graphs.ModelRequest) []llms.CallOption {
	if len(req.Tools) == 0 {
		return nil
	}
	bound := make([]llms.Tool, len(req.Tools))
	for i, t := range req.Tools {
		bound[i] = llms.Tool{Type: "function", Function: definition(t)}
	}
	opts := []llms.CallOption{llms.WithTools(bound)}
	switch req.ToolChoice {
	case "":
	case "auto", "none", "required":
		opts = append(opts, llms.WithToolChoice(req.ToolChoice))
	default:
		choice := llms.ToolChoice{Type: "function", Function: &llms.FunctionReference{Name: req.ToolChoice}}
		opts = append(opts, llms.WithToolChoice(choice))
	}
	return opts
}

// definition adds the empty properties that OpenAI wants of an object.
func definition(t graphs.Tool) *llms.FunctionDefinition {
	parameters := t.Schema()
	var schema map[string]json.RawMessage
	if json.Unmarshal(parameters, &schema) == nil && schema["properties"] == nil {
		if schema == nil {
			schema = map[string]json.RawMessage{"type": json.RawMessage(`"object"`)}
		}
		schema["properties"] = json.RawMessage("{}")
		if raw, err := json.Marshal(schema); err == nil {
			parameters = raw
		}
	}
	return &llms.FunctionDefinition{Name: t.Name(), Description: t.Description(), Parameters: parameters}
}
