package loop

import (
	"context"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Weather asks a tool for the weather and tells it.
var Weather = New(scripted.Model{
	Name:  "model",
	First: scripted.Line{ID: "call-weather-1-message", Calls: []graphs.ToolCall{scripted.Call("call-weather-1", "get_weather", `{"city":"San Francisco"}`)}},
	Last:  scripted.Line{ID: "call-weather-1-final", Text: "It's 64F and foggy in San Francisco."},
}, getWeather)

type place struct {
	City string `json:"city"`
}

type weather struct {
	City      string `json:"city"`
	Degrees   int    `json:"temp_f"`
	Condition string `json:"condition"`
}

var getWeather = graphs.NewTool("get_weather", "Tells the weather of a city.", func(ctx context.Context, at place) (weather, error) {
	return weather{at.City, 64, "Foggy"}, scripted.Pause(ctx, 200*time.Millisecond)
})
