// Package tools has an agent that searches once.
package tools

import (
	"context"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

type query struct {
	Query string `json:"query"`
}

var search = graphs.NewTool("search", "Searches.", func(_ context.Context, q query) (string, error) {
	return fmt.Sprintf("result for '%s'", q.Query), nil
})

// Graph searches until there is a result, and is done.
var Graph = prebuilt.NewReactAgent(scripted.Answering{Name: "search", Answer: turn}, prebuilt.Tools(search))

func turn(req graphs.ModelRequest) scripted.Turn {
	for _, m := range req.Messages {
		if m.Type == graphs.TypeTool {
			return scripted.Say("done.")
		}
	}
	return scripted.Ask("tc-1", "search", `{"query":"v3"}`).As("ai-tools-call")
}
