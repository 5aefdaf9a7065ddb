package main

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const after = " S 1 2 3 4 5 6 7 8 9 10 250 31 14 15 20 0 9 0 100 200 300"
	for name, test := range map[string]struct {
		stat string
		want time.Duration
		bad  bool
	}{
		"plain":                       {"77 (server)" + after, 2810 * time.Millisecond, false},
		"name with a space and paren": {"77 (a ) S 1 (b)" + after, 2810 * time.Millisecond, false},
		"no name":                     {"77 server" + after, 0, true},
		"cut off":                     {"77 (server) S 1 2 3", 0, true},
		"not a number":                {"77 (server) S 1 2 3 4 5 6 7 8 9 10 x 31", 0, true},
		"empty":                       {"", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStat([]byte(test.stat))
			if got != test.want || (err != nil) != test.bad {
				t.Errorf("parseStat = %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestParseStatus(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status string
		want   int64
		bad    bool
	}{
		"plain":        {"Name:\tserver\nVmPeak:\t  999 kB\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n", 12345 << 10, false},
		"missing":      {"Name:\tserver\nVmPeak:\t  999 kB\n", 0, true},
		"other unit":   {"VmHWM:\t 12 MB\n", 0, true},
		"not a number": {"VmHWM:\t twelve kB\n", 0, true},
		"empty":        {"", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStatus([]byte(test.status))
			if got != test.want || (err != nil) != test.bad {
				t.Errorf("parseStatus = %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestParseMachine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stat string
		want time.Duration
		bad  bool
	}{
		"plain":        {"cpu  100 20 30 9999 8888 4 5 6 50 60\ncpu0 1 2 3\n", 1650 * time.Millisecond, false},
		"old kernel":   {"cpu  100 20 30 9999\n", 0, true},
		"other line":   {"cpu0 100 20 30 9999 8888 4 5 6\n", 0, true},
		"not a number": {"cpu  100 20 x 9999 8888 4 5 6\n", 0, true},
		"empty":        {"", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseMachine([]byte(test.stat))
			if got != test.want || (err != nil) != test.bad {
				t.Errorf("parseMachine = %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestUsageOf(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("linux: there is no /proc")
	}
	u, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if u.peak < 1<<20 || u.cpu < 0 {
		t.Errorf("usage of this process is %+v", u)
	}
	if busy, err := machine(); err != nil || busy < u.cpu {
		t.Errorf("the machine used %v, %v; this process alone %v", busy, err, u.cpu)
	}
	if _, err := usageOf(1 << 30); err == nil {
		t.Error("a process that does not exist has a usage")
	}
}
