package main

import (
	"context"
	"fmt"
)

// shape is what a graph looks like. Every node adds 1 to a counter and leaves a list of one message alone.
type shape string

const (
	shapeOne       shape = "one"       // one node
	shapeChain     shape = "chain"     // ten nodes, one after the other
	shapeFan       shape = "fan"       // one node, then ten at once, then one
	shapeLoop      shape = "loop"      // a node that leads to itself by a conditional edge
	shapeInterrupt shape = "interrupt" // a node, then one that asks; the answer resumes the run
	shapeTokens    shape = "tokens"    // a model that answers in 200 chunks, which the caller reads one by one
)

// Sizes of the graphs.
const (
	chainNodes = 10
	fanNodes   = 10
	loopSteps  = 100
	longSteps  = 1000
	tokens     = 200
)

// benchCase is one shape with or without a saver. Saved means: with the engine's saver in memory, on a thread that is new each time.
type benchCase struct {
	Shape shape `json:"shape"`
	Steps int   `json:"steps"` // of a loop
	Saved bool  `json:"saved"`
	// want is the counter at the end, or the chunks read.
	want int
}

func cases() []benchCase {
	var list []benchCase
	for _, saved := range []bool{false, true} {
		list = append(list,
			benchCase{Shape: shapeOne, Saved: saved, want: 1},
			benchCase{Shape: shapeChain, Saved: saved, want: chainNodes},
			benchCase{Shape: shapeFan, Saved: saved, want: fanNodes + 2},
			benchCase{Shape: shapeLoop, Steps: loopSteps, Saved: saved, want: loopSteps},
			benchCase{Shape: shapeLoop, Steps: longSteps, Saved: saved, want: longSteps},
			benchCase{Shape: shapeTokens, Saved: saved, want: tokens},
		)
	}
	return append(list, benchCase{Shape: shapeInterrupt, Saved: true, want: 2})
}

func (c benchCase) title() string {
	title := map[shape]string{
		shapeOne: "one node", shapeChain: "chain of 10", shapeFan: "fan-out 1-10-1", shapeInterrupt: "interrupt and resume",
		shapeTokens: "stream of 200 tokens",
	}[c.Shape]
	if c.Shape == shapeLoop {
		title = fmt.Sprintf("loop of %d steps", c.Steps)
	}
	if c.Saved {
		title += ", saved"
	}
	return title
}

// engine is something that runs the cases.
type engine interface {
	name() string
	// run runs a case so many times and says what that took. An answer other than the case's is an error.
	run(ctx context.Context, c benchCase, times int) (spent, error)
	// kept runs a saved case once and says what the saver holds afterwards: checkpoints and their bytes.
	kept(ctx context.Context, c benchCase) (stored, error)
	// elsewhere says that the engine has a process of its own.
	elsewhere() bool
}

// stored is what a saver holds after one run.
type stored struct {
	Checkpoints int `json:"checkpoints"`
	Bytes       int `json:"bytes"`
}
