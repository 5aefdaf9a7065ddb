package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n    int // of the values 1, 2 ... n
		p    int
		want time.Duration
	}{
		"of none":            {0, 50, 0},
		"of one":             {1, 99, 1},
		"least":              {10, 0, 1},
		"median of ten":      {10, 50, 5},
		"median of eleven":   {11, 50, 6},
		"99th of ten":        {10, 99, 10},
		"99th of a hundred":  {100, 99, 99},
		"99th of 101":        {101, 99, 100},
		"100th of a hundred": {100, 100, 100},
		"99th of a thousand": {1000, 99, 990},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sorted := make([]time.Duration, test.n)
			for i := range sorted {
				sorted[i] = time.Duration(i + 1)
			}
			if got := percentile(sorted, test.p); got != test.want {
				t.Errorf("percentile = %d, want %d", got, test.want)
			}
		})
	}
}

// The nearest rank is the smallest value that enough values do not exceed: count them.
func TestPercentileCovers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 50), 1, 60).Draw(t, "values")
		p := rapid.IntRange(1, 100).Draw(t, "p")
		var all tally
		for _, v := range values {
			all.add(sample{whole: time.Duration(v)}, nil)
		}
		got := percentile(all.sorted(func(s sample) time.Duration { return s.whole }), p)
		within, below := 0, 0
		for _, v := range values {
			if time.Duration(v) <= got {
				within++
			}
			if time.Duration(v) < got {
				below++
			}
		}
		if within*100 < p*len(values) || below*100 >= p*len(values) {
			t.Fatalf("%d%% of %v is %d: %d within, %d below", p, values, got, within, below)
		}
	})
}

func TestTally(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first"), errors.New("second")
	var a, b tally
	a.add(sample{whole: 3, tokens: 2}, nil)
	b.add(sample{}, first)
	b.add(sample{whole: 1, tokens: 5}, nil)
	b.add(sample{}, second)
	a.merge(b)
	if a.errors != 2 || !errors.Is(a.err, first) || a.tokens() != 7 {
		t.Errorf("errors %d, first %v, tokens %d; want 2, %v, 7", a.errors, a.err, a.tokens(), first)
	}
	got := a.sorted(func(s sample) time.Duration { return s.whole })
	if diff := cmp.Diff([]time.Duration{1, 3}, got); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	if got := rate(30, 1500*time.Millisecond); got != 20 {
		t.Errorf("rate = %v, want 20", got)
	}
	if got := rate(30, 0); got != 0 {
		t.Errorf("rate in no time = %v, want 0", got)
	}
}
