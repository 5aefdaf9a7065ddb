// Package agents has the two graphs of the set that is served behind hooks.
package agents

import "github.com/locutory/locutory/platform/compat/graphs/core/agent"

// Graph and Simple are those of the set without hooks.
var (
	Graph  = agent.Graph
	Simple = agent.Simple
)
