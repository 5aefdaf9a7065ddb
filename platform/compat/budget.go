package compat

import "os"

// Budget says how much of the long tests one run does. Everything that repeats for chance's sake takes its number from here.
type Budget struct {
	// Kills is how often a server is killed in the middle of runs.
	Kills int
	// Requests is how many random requests the adversary sends.
	Requests int
	// Bodies is of how many hostile bodies one is sent; on Postgres it is one of four times as many.
	Bodies int
}

// Share is the budget of `make test`; `make soak`, which sets LOCUTORY_SOAK=1, has the full figures.
func Share() Budget {
	if os.Getenv("LOCUTORY_SOAK") == "1" {
		return Budget{Kills: 300, Requests: 300_000, Bodies: 1}
	}
	return Budget{Kills: 60, Requests: 30_000, Bodies: 10}
}
