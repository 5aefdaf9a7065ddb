package main

import (
	"slices"
	"time"
)

// sample is what one good operation took. first, token and tokens are of streams only.
type sample struct {
	whole  time.Duration
	first  time.Duration // until the first event
	token  time.Duration // until the first chunk of a message
	tokens int
}

// tally is what came of many operations.
type tally struct {
	samples []sample
	errors  int
	err     error // the first one
	elapsed time.Duration
}

func (t *tally) add(s sample, err error) {
	switch {
	case err == nil:
		t.samples = append(t.samples, s)
	case t.err == nil:
		t.err = err
		fallthrough
	default:
		t.errors++
	}
}

// merge adds the operations of another tally; the elapsed time stays.
func (t *tally) merge(other tally) {
	t.samples = append(t.samples, other.samples...)
	t.errors += other.errors
	if t.err == nil {
		t.err = other.err
	}
}

// sorted returns one figure of all samples in ascending order.
func (t *tally) sorted(of func(sample) time.Duration) []time.Duration {
	out := make([]time.Duration, len(t.samples))
	for i, s := range t.samples {
		out[i] = of(s)
	}
	slices.Sort(out)
	return out
}

func (t *tally) tokens() int {
	var n int
	for _, s := range t.samples {
		n += s.tokens
	}
	return n
}

// percentile returns the smallest value that at least p percent of the sorted values do not exceed (nearest rank); 0 for none.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (p*len(sorted) + 99) / 100 // the ceiling, in whole numbers
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// rate returns n per second; 0 when no time has passed.
func rate(n int, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(n) / elapsed.Seconds()
}
