// Command against runs the same small graphs on our engine and on others, in one go on one machine, and prints what each costs:
//
//	make bench-against                 # installs the npm package into the cache first
//	go run . -run loop -rounds 5       # in this directory; -node names the directory with node_modules, without it no JavaScript
//
// The peers are eino's compose graph (Go) and the LangGraph engine for JavaScript. They do not do the same work: what a case asks
// of each, and what each leaves out, is in ../README.md. Rounds of the engines in Go alternate, so that a machine that is busy
// for a while is busy for both; those of the other process come after them, since its threads go on for a while after a round. Figures are
// medians of rounds. Processor time counts all threads of an engine's process, its garbage
// collector too. An answer that is not the right one stops the program.
//
// It is a module of its own, so that what we measure against is no dependency of ours.
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
		fmt.Fprintln(os.Stderr, "against:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	rounds int
	batch  time.Duration
	node   string
	only   *regexp.Regexp
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	set := flag.NewFlagSet("against", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&o.rounds, "rounds", 15, "rounds; figures are their medians")
	set.DurationVar(&o.batch, "batch", 40*time.Millisecond, "time of a round of one engine")
	set.StringVar(&o.node, "node", "", "directory whose node_modules has @langchain/langgraph; empty leaves that engine out")
	set.StringVar(&only, "run", "", "run only the cases that match this regular expression")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", set.Arg(0))
	}
	if o.rounds < 1 || o.batch <= 0 {
		return o, errors.New("-rounds and -batch must be positive")
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
	busy := load()
	own, err := newOurs()
	if err != nil {
		return err
	}
	peer, err := newEino(ctx)
	if err != nil {
		return err
	}
	engines := []engine{own, peer}
	if o.node != "" {
		js, err := startLangGraph(ctx, o.node, stderr)
		if err != nil {
			return err
		}
		defer js.stop()
		engines = append(engines, js)
	}
	var rows []row
	for _, c := range cases() {
		if !o.only.MatchString(c.title()) {
			continue
		}
		_, _ = fmt.Fprintln(stderr, "running", c.title())
		r, err := measure(ctx, c, engines, o)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title(), err)
		}
		rows = append(rows, r)
	}
	return tell(stdout, engines, rows, busy)
}
