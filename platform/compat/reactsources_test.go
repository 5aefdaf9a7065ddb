package compat

import (
	questions "github.com/locutory/locutory/platform/compat/graphs/react/asking"
	"github.com/locutory/locutory/platform/compat/graphs/react/deep"
	"github.com/locutory/locutory/platform/compat/graphs/react/loop"
	inner "github.com/locutory/locutory/platform/compat/graphs/react/nested"
	"github.com/locutory/locutory/platform/compat/graphs/react/single"
)

// reactSources are the graphs that graphs/react/platform.json names.
func reactSources() map[string]any {
	return map[string]any{
		"./asking:Graph": questions.Graph, "./asking:Once": questions.Once, "./asking:Several": questions.Several, "./asking:Nested": questions.Nested,
		"./deep:Graph": deep.Graph, "./deep:Interrupt": deep.Interrupt, "./deep:Fanout": deep.Fanout,
		"./loop:Weather": loop.Weather, "./loop:Card": loop.Card, "./loop:Headless": loop.Headless,
		"./nested:Subgraph": inner.Subgraph, "./nested:Embedded": inner.Embedded, "./nested:Parallel": inner.Parallel,
		"./single:Text": single.Text, "./single:Custom": single.Custom, "./single:Error": single.Error, "./single:Remove": single.Remove,
		"./single:Slow": single.Slow, "./single:Stateful": single.Stateful,
	}
}
