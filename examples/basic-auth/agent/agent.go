// Package agent is a chat agent with one tool: it knows what time it is.
package agent

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // zones are known on machines without a zone database, too

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo"
	"github.com/locutory/locutory/graphs/prebuilt"
)

// Graph is named by platform.json: "graphs": {"agent": "./agent:Graph"}. It is a function since the model needs the environment:
// OPENAI_API_KEY or OPENAI_BASE_URL, ANTHROPIC_API_KEY, or OLLAMA_HOST.
func Graph() (graphs.Runnable, error) {
	model, err := langchaingo.ModelFromEnv()
	if err != nil {
		return nil, err
	}
	return prebuilt.NewReactAgent(model,
		prebuilt.Prompt("You are a terse assistant. Use tools for facts that you cannot know."),
		prebuilt.Tools(graphs.NewTool("current_time", "The time it is now in a time zone.", currentTime)),
	).Compile()
}

// Zone is the tool's input; the JSON Schema that the model sees is made of it.
type Zone struct {
	Name string `json:"name" jsonschema:"IANA name of the time zone, such as Europe/Berlin; UTC if unsure"`
}

func currentTime(_ context.Context, zone Zone) (string, error) {
	location, err := time.LoadLocation(zone.Name)
	if err != nil {
		return "", fmt.Errorf("%q is no time zone; want an IANA name such as Europe/Berlin", zone.Name)
	}
	return time.Now().In(location).Format("Monday 2 January 2006, 15:04 MST"), nil
}
