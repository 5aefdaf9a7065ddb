// Package factory makes an agent of what its context says.
package factory

import (
	"context"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/more/agent"
	"github.com/locutory/locutory/platform/compat/graphs/more/model"
)

// Settings change the graph.
type Settings struct {
	Model        string `json:"model" default:"scripted"`
	SystemPrompt string `json:"system_prompt"`
	EnableSearch bool   `json:"enable_search" default:"true"`
}

// Graph has tools if search is enabled.
var Graph = graphs.Factory[Settings](func(_ context.Context, _ *graphs.ServerRuntime, s Settings) (graphs.Runnable, error) {
	if s.EnableSearch {
		return agent.New(s.Model, s.SystemPrompt, model.Search).Compile()
	}
	return agent.New(s.Model, s.SystemPrompt).Compile()
})
