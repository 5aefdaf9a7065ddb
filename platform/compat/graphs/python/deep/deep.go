// Package deep has an agent that gives its work to another one.
package deep

import (
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

// model speaks for both agents, in turn.
var model = scripted.Cycle("deep",
	scripted.Ask("tc-task-1", "task", `{"description":"Look into it.","subagent_type":"researcher"}`).As("sup-1"),
	scripted.Say("I looked into it.").As("res-1"),
	scripted.Say("Research complete.").As("sup-2"),
)

// Graph has a researcher look into it, and says when that is done.
var Graph = prebuilt.NewDeepAgent(model, []prebuilt.Agent{
	{Name: "researcher", Description: "looks into things", Graph: prebuilt.NewReactAgent(model)},
})
