package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// spent is what a number of runs took together. Allocations are known of Go only.
type spent struct {
	Wall   time.Duration `json:"wall"`
	CPU    time.Duration `json:"cpu"`
	Allocs uint64        `json:"-"`
	Bytes  uint64        `json:"-"`
	// Answer is what the last run came to.
	Answer int `json:"answer"`
}

// cost is one run's, as medians of rounds.
type cost struct {
	wall, cpu     float64 // microseconds
	allocs, bytes float64
}

// row is a case with what each engine took, in the engines' order.
type row struct {
	benchCase
	costs []cost
	kept  []stored
}

// measure finds how many runs fill a round, for each engine, and then lets the engines take turns. Those of other processes do so at the
// end: what their threads do after a round would be in the way of the next.
func measure(ctx context.Context, c benchCase, engines []engine, o options) (row, error) {
	r := row{benchCase: c, costs: make([]cost, len(engines)), kept: make([]stored, len(engines))}
	times := make([]int, len(engines))
	for i, e := range engines {
		var err error
		if times[i], err = warm(ctx, c, e, o.batch); err != nil {
			return r, fmt.Errorf("%s: %w", e.name(), err)
		}
		if !c.Saved {
			continue
		}
		if r.kept[i], err = e.kept(ctx, c); err != nil {
			return r, fmt.Errorf("%s: %w", e.name(), err)
		}
	}
	rounds := make([][]cost, len(engines))
	for round := range 2 * o.rounds {
		for i, e := range engines {
			if e.elsewhere() != (round >= o.rounds) {
				continue
			}
			s, err := check(ctx, c, e, times[i])
			if err != nil {
				return r, fmt.Errorf("%s: %w", e.name(), err)
			}
			rounds[i] = append(rounds[i], s.each(times[i]))
		}
	}
	for i := range engines {
		r.costs[i] = cost{
			wall: median(rounds[i], func(c cost) float64 { return c.wall }), cpu: median(rounds[i], func(c cost) float64 { return c.cpu }),
			allocs: median(rounds[i], func(c cost) float64 { return c.allocs }), bytes: median(rounds[i], func(c cost) float64 { return c.bytes }),
		}
	}
	return r, nil
}

// warmup is long enough for a compiler that watches the program run.
const warmup = 1500 * time.Millisecond

// warm runs a case until it is as fast as it gets, and says how many runs take the time.
func warm(ctx context.Context, c benchCase, e engine, batch time.Duration) (int, error) {
	times := 1
	for end := time.Now().Add(warmup); ; {
		s, err := check(ctx, c, e, times)
		if err != nil {
			return 0, err
		}
		if s.Wall > 0 {
			times = max(1, int(float64(times)*min(10, float64(batch)/float64(s.Wall))))
		}
		if time.Now().After(end) {
			return times, nil
		}
	}
}

func check(ctx context.Context, c benchCase, e engine, times int) (spent, error) {
	s, err := e.run(ctx, c, times)
	if err == nil && s.Answer != c.want {
		err = fmt.Errorf("the answer is %d, not %d", s.Answer, c.want)
	}
	return s, err
}

func (s spent) each(times int) cost {
	n := float64(times)
	return cost{
		wall: float64(s.Wall) / n / 1e3, cpu: float64(s.CPU) / n / 1e3,
		allocs: float64(s.Allocs) / n, bytes: float64(s.Bytes) / n,
	}
}

func median(rounds []cost, of func(cost) float64) float64 {
	list := make([]float64, len(rounds))
	for i, c := range rounds {
		list[i] = of(c)
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// inProcess measures runs in this process, after it has cleaned up what others left. What the runs leave behind is collected while
// they run, or not at all: as it is for every engine.
func inProcess(times int, once func() (int, error)) (spent, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := processTime(), time.Now()
	var s spent
	for range times {
		answer, err := once()
		if err != nil {
			return s, err
		}
		if s.Answer != 0 && answer != s.Answer {
			return s, errors.New("two runs have different answers")
		}
		s.Answer = answer
	}
	s.Wall, s.CPU = time.Since(start), processTime()-cpu
	runtime.ReadMemStats(&after)
	s.Allocs, s.Bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	return s, nil
}

// processTime is the processor time of all threads.
func processTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
