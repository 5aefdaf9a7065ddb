package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// report is what -json prints.
type report struct {
	Go          string   `json:"go"`
	CPUs        int      `json:"cpus"`
	Database    string   `json:"database"`
	Connections int      `json:"connections"`
	Seconds     float64  `json:"seconds"` // of each measure
	Measures    []result `json:"measures"`
}

// result is one measure. Times are in milliseconds, processor time in microseconds for each good answer.
type result struct {
	Name         string  `json:"name"`
	Ops          int     `json:"ops"`
	Errors       int     `json:"errors"`
	Error        string  `json:"error,omitempty"` // the first one
	PerSecond    float64 `json:"per_second"`
	P50          float64 `json:"p50_ms"`
	P99          float64 `json:"p99_ms"`
	ServerCPU    float64 `json:"server_cpu_us"`
	GeneratorCPU float64 `json:"generator_cpu_us"`
	Others       float64 `json:"others_cpu_share"`      // of all processors, used by neither
	PeakRSS      int64   `json:"server_peak_rss_bytes"` // since the server's start
	Stream       *stream `json:"stream,omitempty"`
}

// stream is what only streams have.
type stream struct {
	TokensPerSecond float64 `json:"tokens_per_second"`
	FirstEventP50   float64 `json:"first_event_p50_ms"`
	FirstEventP99   float64 `json:"first_event_p99_ms"`
	FirstTokenP50   float64 `json:"first_token_p50_ms"`
	FirstTokenP99   float64 `json:"first_token_p99_ms"`
}

func summarize(name string, t tally, used spent) result {
	whole := t.sorted(func(s sample) time.Duration { return s.whole })
	r := result{
		Name: name, Ops: len(t.samples), Errors: t.errors, PerSecond: rate(len(t.samples), t.elapsed),
		P50: milliseconds(percentile(whole, 50)), P99: milliseconds(percentile(whole, 99)), PeakRSS: used.peak,
		Others: used.others(t.elapsed, runtime.NumCPU()),
	}
	if t.err != nil {
		r.Error = t.err.Error()
	}
	if n := float64(r.Ops); n > 0 {
		r.ServerCPU, r.GeneratorCPU = microseconds(used.server)/n, microseconds(used.self)/n
	}
	if n := t.tokens(); n > 0 {
		first := t.sorted(func(s sample) time.Duration { return s.first })
		token := t.sorted(func(s sample) time.Duration { return s.token })
		r.Stream = &stream{
			TokensPerSecond: rate(n, t.elapsed),
			FirstEventP50:   milliseconds(percentile(first, 50)), FirstEventP99: milliseconds(percentile(first, 99)),
			FirstTokenP50: milliseconds(percentile(token, 50)), FirstTokenP99: milliseconds(percentile(token, 99)),
		}
	}
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// failed is an error when any answer was wrong, or a measure has none.
func (r report) failed() error {
	var errs []error
	for _, m := range r.Measures {
		switch {
		case m.Errors > 0:
			errs = append(errs, fmt.Errorf("%s: %d errors, the first: %s", m.Name, m.Errors, m.Error))
		case m.Ops == 0:
			errs = append(errs, fmt.Errorf("%s: no answer in time", m.Name))
		}
	}
	return errors.Join(errs...)
}

func (r report) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func (r report) writeTable(w io.Writer) error {
	_, _ = fmt.Fprintf(w, "%s, %d CPUs shared with the generator, %s, %d connections, %gs each; cpu is per op\n\n",
		r.Go, r.CPUs, r.Database, r.Connections, r.Seconds)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\tops/s\tp50 ms\tp99 ms\terrors\tserver cpu µs\tgenerator cpu µs\tothers cpu %%\tserver peak MiB\t\n")
	for _, m := range r.Measures {
		fmt.Fprintf(table, "%s\t%.0f\t%.2f\t%.2f\t%d\t%.0f\t%.0f\t%.0f\t%d\t\n",
			r.label(m), m.PerSecond, m.P50, m.P99, m.Errors, m.ServerCPU, m.GeneratorCPU, 100*m.Others, m.PeakRSS>>20)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return r.writeStreams(w)
}

func (r report) writeStreams(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "\n\ttokens/s\tfirst event p50 ms\tp99\tfirst token p50 ms\tp99\t\n"
	for _, m := range r.Measures {
		s := m.Stream
		if s == nil {
			continue
		}
		fmt.Fprintf(table, "%s%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", head,
			r.label(m), s.TokensPerSecond, s.FirstEventP50, s.FirstEventP99, s.FirstTokenP50, s.FirstTokenP99)
		head = ""
	}
	return table.Flush()
}

// label is the measure's name, padded so that names stand at the left of a table that is aligned to the right.
func (r report) label(m result) string {
	width := 0
	for _, other := range r.Measures {
		width = max(width, len(other.Name))
	}
	return fmt.Sprintf("%-*s", width, m.Name)
}
