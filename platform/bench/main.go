// Command bench measures a whole server from the outside: it builds the binary that people deploy, with the graphs of
// platform/bench/graphs and hooks that keep users apart, starts it on a loopback port over an empty database, and sends it
// one kind of request after the other.
//
//	go run ./platform/bench                            # SQLite, 8 connections, 3 s each
//	go run ./platform/bench -run stream -c 1           # one kind only, without contention
//	go run ./platform/bench -json -database postgres://...
//
// Every connection sends its next request when it has the answer to the last one, so latencies are those of a busy server. The
// generator shares the machine with the server: its own use of the processor is in the report, and so is that of all others,
// a Postgres among them: figures from a busy machine tell little but the server's time per request. It measures nothing but
// loopback, drives no server that it did not start, and leaves nothing behind but the rows in a database that was named.
// An answer that is not the right one is an error, and one error makes the exit status 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	duration, warmup   time.Duration
	connections, count int
	database, server   string
	only               *regexp.Regexp
	json               bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.DurationVar(&o.duration, "d", 3*time.Second, "time of each measure")
	set.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "time before each measure that does not count")
	set.IntVar(&o.connections, "c", 8, "connections, each one a user")
	set.IntVar(&o.count, "n", 200_000, "most requests of a measure")
	set.StringVar(&o.database, "database", "", "DSN of a Postgres database to fill; without it SQLite in a directory of its own")
	set.StringVar(&o.server, "server", "", "server binary to measure in place of building one")
	set.StringVar(&only, "run", "", "measure only what matches this regular expression")
	set.BoolVar(&o.json, "json", false, "print JSON in place of a table")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", set.Arg(0))
	}
	if o.duration <= 0 || o.warmup < 0 || o.connections < 1 || o.count < 1 {
		return o, errors.New("-d, -c and -n must be positive, -warmup must not be negative")
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-run: %w", err)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "locutory-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if o.server == "" {
		if o.server, err = build(ctx, dir, stderr); err != nil {
			return err
		}
	}
	target, err := start(ctx, o.server, dir, o.database)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stderr, "bench: server %d at %s\n", target.pid(), target.base)
	out, err := measureAll(ctx, o, target, stderr)
	if err := errors.Join(err, target.stop()); err != nil {
		return fmt.Errorf("%w\n%s", err, target.lastWords())
	}
	if o.json {
		err = out.writeJSON(stdout)
	} else {
		err = out.writeTable(stdout)
	}
	return errors.Join(err, out.failed())
}

// measureAll runs every measure that was asked for, one after the other.
func measureAll(ctx context.Context, o options, target *server, progress io.Writer) (report, error) {
	out := report{
		Go: runtime.Version(), CPUs: runtime.NumCPU(), Database: "sqlite",
		Connections: o.connections, Seconds: o.duration.Seconds(),
	}
	if o.database != "" {
		out.Database = "postgres"
	}
	lanes := connect(target.base, o.connections)
	for _, m := range measures() {
		if !o.only.MatchString(m.name) {
			continue
		}
		_, _ = fmt.Fprintf(progress, "bench: %s\n", m.name)
		one, err := m.take(ctx, o, target.pid(), lanes)
		if err != nil {
			return out, fmt.Errorf("%s: %w", m.name, err)
		}
		out.Measures = append(out.Measures, one)
	}
	if len(out.Measures) == 0 {
		return out, fmt.Errorf("-run: no measure matches %q", o.only)
	}
	return out, nil
}
