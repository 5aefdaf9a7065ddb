package compat

import (
	moreagent "github.com/locutory/locutory/platform/compat/graphs/more/agent"
	"github.com/locutory/locutory/platform/compat/graphs/more/approval"
	morefactory "github.com/locutory/locutory/platform/compat/graphs/more/factory"
	"github.com/locutory/locutory/platform/compat/graphs/more/stress"
	"github.com/locutory/locutory/platform/compat/graphs/more/subgraph"
	"github.com/locutory/locutory/platform/compat/graphs/python/agent"
	"github.com/locutory/locutory/platform/compat/graphs/python/deep"
	"github.com/locutory/locutory/platform/compat/graphs/python/factory"
	"github.com/locutory/locutory/platform/compat/graphs/python/tools"
)

func pythonSources() map[string]any {
	return map[string]any{
		"./agent:Graph": agent.Graph, "./tools:Graph": tools.Graph, "./deep:Graph": deep.Graph, "./factory:Graph": factory.Graph,
	}
}

func moreSources() map[string]any {
	return map[string]any{
		"./agent:Graph": moreagent.Graph, "./approval:Graph": approval.Graph, "./factory:Graph": morefactory.Graph,
		"./stress:Graph": stress.Graph, "./stress:Agent": stress.Agent, "./subgraph:Agent": subgraph.Agent, "./subgraph:Asking": subgraph.Asking,
	}
}
