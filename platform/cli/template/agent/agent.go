// Package agent is a chat agent with one tool.
package agent

import (
	"context"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo"
	"github.com/locutory/locutory/graphs/prebuilt"
)

// Graph is named by platform.json: "graphs": {"agent": "./agent:Graph"}. It is a function since the model needs .env.
func Graph() (graphs.Runnable, error) {
	model, err := langchaingo.ModelFromEnv() // OPENAI_API_KEY | OPENAI_BASE_URL | ANTHROPIC_API_KEY | OLLAMA_HOST
	if err != nil {
		return nil, err
	}
	return prebuilt.NewReactAgent(model,
		prebuilt.Prompt("You are a terse assistant."),
		prebuilt.Tools(graphs.NewTool("get_weather", "Today's weather in a city.", getWeather)),
	).Compile()
}

// Query is the tool's input; the JSON Schema that the model sees is made of it.
type Query struct {
	City string `json:"city" jsonschema:"name of a city, in English"`
}

func getWeather(_ context.Context, q Query) (string, error) {
	return fmt.Sprintf("It is sunny in %s.", q.City), nil
}
