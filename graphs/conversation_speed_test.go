//go:build !race

package graphs_test

import (
	"slices"
	"testing"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// A late step costs what an early one does.
func TestConversationSteps(t *testing.T) {
	for _, kept := range []bool{false, true} {
		early, late := stepCosts(t, kept)
		for range 4 { // what is true shows sooner or later, however busy the machine is
			if float64(late) <= 1.3*float64(early) {
				break
			}
			early, late = stepCosts(t, kept)
		}
		t.Logf("saver=%v: steps 20-30 %v, steps 190-200 %v", kept, early, late)
		if float64(late) > 1.3*float64(early) {
			t.Errorf("saver=%v: steps 190-200 take %v, steps 20-30 %v", kept, late, early)
		}
	}
}

// stepCosts returns the median time of the steps 20-30 and of the steps 190-200, the least of many runs: others use the machine too.
func stepCosts(t *testing.T, kept bool) (early, late time.Duration) {
	var times []time.Time
	g := talk(t, turns, func() { times = append(times, time.Now()) })
	early, late = time.Hour, time.Hour
	for range 40 {
		times = make([]time.Time, 0, turns+1)
		cfg := graphs.Config{RecursionLimit: 2 * turns}
		if kept {
			cfg.Saver = memory.New()
		}
		in := graphs.Input{Value: graphs.Set{"messages": kilobyte}}
		if _, err := graphs.Invoke[graphs.MessagesState](t.Context(), g, in, cfg); err != nil {
			t.Fatal(err)
		}
		early, late = min(early, median(times[20:31])), min(late, median(times[190:201]))
	}
	return early, late
}

func median(times []time.Time) time.Duration {
	steps := make([]time.Duration, 0, len(times))
	for i := range times[1:] {
		steps = append(steps, times[i+1].Sub(times[i]))
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}
