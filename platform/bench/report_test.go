package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	got := summarize("stream", tally{
		samples: []sample{
			{whole: 30 * time.Millisecond, first: 2 * time.Millisecond, token: 4 * time.Millisecond, tokens: 200},
			{whole: 10 * time.Millisecond, first: time.Millisecond, token: 3 * time.Millisecond, tokens: 200},
		},
		errors: 1, err: errors.New("boom"), elapsed: 2 * time.Second,
	}, spent{server: 8 * time.Millisecond, self: 2 * time.Millisecond, all: 10 * time.Millisecond, peak: 64 << 20})
	want := result{
		Name: "stream", Ops: 2, Errors: 1, Error: "boom", PerSecond: 1, P50: 10, P99: 30,
		ServerCPU: 4000, GeneratorCPU: 1000, PeakRSS: 64 << 20,
		Stream: &stream{TokensPerSecond: 200, FirstEventP50: 1, FirstEventP99: 2, FirstTokenP50: 3, FirstTokenP99: 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(result{Name: "none"}, summarize("none", tally{}, spent{})); diff != "" {
		t.Errorf("result of nothing (-want +got):\n%s", diff)
	}
}

func TestOthers(t *testing.T) {
	t.Parallel()
	used := spent{server: 2 * time.Second, self: time.Second, all: 5 * time.Second}
	if got := used.others(2*time.Second, 2); got != 0.5 {
		t.Errorf("others used %v of the machine, want 0.5", got)
	}
	rounded := spent{server: 2 * time.Second, all: 2*time.Second - tick}
	if got := rounded.others(time.Second, 2); got != 0 {
		t.Errorf("others used %v of the machine, want 0", got)
	}
}

func TestReportFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		measure result
		want    string // "" is no failure
	}{
		"good":   {result{Name: "x", Ops: 1}, ""},
		"errors": {result{Name: "x", Ops: 1, Errors: 2, Error: "boom"}, "x: 2 errors, the first: boom"},
		"silent": {result{Name: "x"}, "x: no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := report{Measures: []result{test.measure}}.failed()
			if got := strings.TrimSpace(errorText(err)); got != test.want {
				t.Errorf("error is %q, want %q", got, test.want)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReportIsWritten(t *testing.T) {
	t.Parallel()
	r := report{Go: "go1", CPUs: 2, Database: "sqlite", Connections: 8, Seconds: 3, Measures: []result{
		{Name: "thread create", Ops: 9, PerSecond: 5000, P50: 1.5, P99: 2.25, ServerCPU: 200, GeneratorCPU: 40, PeakRSS: 64 << 20},
		{Name: "stream", Ops: 1, PerSecond: 100, Stream: &stream{TokensPerSecond: 20_000, FirstEventP50: 0.5}},
	}}
	var table, text strings.Builder
	if err := errors.Join(r.writeTable(&table), r.writeJSON(&text)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sqlite, 8 connections", "thread create   5000    1.50    2.25", "tokens/s", "20000"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	var back report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
