// Package agent greets people in their language, which comes with each request and not from what they say.
package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
)

// Graph is named by platform.json: "graphs": {"greeter": "./agent:Graph"}.
var Graph = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("greet", greet).
	AddEdge(graphs.Start, "greet").
	AddEdge("greet", graphs.End)

func greet(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
	rt := graphs.RuntimeFrom(ctx)
	var language string
	if raw, ok := rt.Config.Configurable["language"]; ok {
		if err := json.Unmarshal(raw, &language); err != nil {
			return nil, fmt.Errorf("language: %w", err)
		}
	}
	hello := map[string]string{"de": "Guten Tag", "fr": "Bonjour"}[language]
	if hello == "" {
		hello = "Hello"
	}
	return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI(hello + ", " + rt.User.DisplayName + ".")}}), nil
}
