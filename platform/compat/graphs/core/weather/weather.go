// Package weather is a router to a graph that stops in its middle.
package weather

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// Router is the outer state.
type Router struct {
	Route string `json:"route" jsonschema:"one of: weather, other"`
	graphs.MessagesState
}

// Forecast is the inner one.
type Forecast struct {
	City string `json:"city"`
	graphs.MessagesState
}

// Graph stops before it tells the weather.
var Graph = graphs.NewStateGraph[Router]().
	AddNode("router_node", func(context.Context, Router) (graphs.Update, error) {
		return graphs.Patch(Router{Route: "weather"}), nil
	}).
	AddNode("normal_llm_node", say[Router]("Hello")).
	AddSubgraph("weather_graph", forecast).
	AddEdge(graphs.Start, "router_node").
	AddConditionalEdges("router_node", route, "weather_graph", "normal_llm_node").
	AddEdge("normal_llm_node", graphs.End).AddEdge("weather_graph", graphs.End)

var forecast = graphs.NewStateGraph[Forecast](graphs.InterruptBefore("weather_node")).
	AddNode("model_node", func(context.Context, Forecast) (graphs.Update, error) {
		return graphs.Patch(Forecast{City: "San Francisco"}), nil
	}).
	AddNode("weather_node", func(_ context.Context, s Forecast) (graphs.Update, error) {
		return graphs.Set{"messages": []graphs.Message{graphs.AI("It's sunny in " + s.City + "!")}}, nil
	}).
	AddEdge(graphs.Start, "model_node").AddEdge("model_node", "weather_node").AddEdge("weather_node", graphs.End)

func route(_ context.Context, s Router) (string, error) {
	if s.Route == "weather" {
		return "weather_graph", nil
	}
	return "normal_llm_node", nil
}

func say[S any](text string) func(context.Context, S) (graphs.Update, error) {
	return func(context.Context, S) (graphs.Update, error) {
		return graphs.Set{"messages": []graphs.Message{graphs.AI(text)}}, nil
	}
}
