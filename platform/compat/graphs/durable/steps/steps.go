// Package steps is a graph of ten steps that a test cuts in the middle.
package steps

import "github.com/locutory/locutory/platform/bench/graphs/chain"

// Graph takes ten steps; configurable.delay_ms makes each of them take that long.
var Graph = chain.Graph
