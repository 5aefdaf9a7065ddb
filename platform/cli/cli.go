// Package cli is the locutory command: it makes a project (new), runs it while its author types (dev), checks it (validate)
// and builds the server (build). A server has commands of its own, such as serve; inside a project, the command builds what
// is stale and becomes that server, so that both are called in the same way:
//
//	go tool locutory dev
//	go tool locutory serve --port 8080
//
// The package holds no server and reads no database. A mistake in platform.json ends with exit status 2 and is told as
// file:line:column; every other failure ends with 1.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/dev"
)

// Main runs the command line of this process and does not return. The first interrupt stops in order, a second one at once.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	p := program{stdout: os.Stdout, stderr: os.Stderr, become: become}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// program is one run of the command line.
type program struct {
	stdout, stderr io.Writer
	builder        dev.Builder
	// become replaces this process by another program; it returns only when it cannot.
	become func(binary string, args, env []string) error
}

// run returns the exit status.
func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	_, mistake := errors.AsType[*config.Mistake](err)
	_, compile := errors.AsType[*dev.CompileError](err)
	switch {
	case mistake:
		p.complain("%v", err)
		return 2
	case compile:
		p.complain("%v", err)
	default:
		p.complain("%s: %v", cmd.CommandPath(), err)
		if text := err.Error(); strings.HasPrefix(text, "unknown ") && !strings.Contains(text, "\n") { // a command or a flag, and nothing is like it
			p.complain("%s --help lists what there is", cmd.CommandPath())
		}
	}
	return 1
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "locutory", Short: "An agent server in Go: your graphs, your rules of who may reach what",
		Version: version(), SilenceUsage: true, SilenceErrors: true,
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddCommand(p.newCommand(), p.devCommand(), p.buildCommand(), p.validateCommand())
	root.AddCommand(p.serverCommands()...)
	return root
}

// configFlag adds --config, which every command about a project has.
func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "platform.json", "the project's platform.json")
}

func (p *program) say(format string, args ...any)      { tell(p.stdout, format, args...) }
func (p *program) complain(format string, args ...any) { tell(p.stderr, format, args...) }

// tell is for a terminal: when that is gone, nobody is there to be told.
func tell(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }

// version is that of the module that this program was built from, "(devel)" for a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	for _, module := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if module.Path != dev.Module {
			continue
		}
		if module.Replace != nil || module.Version == "" {
			break
		}
		return module.Version
	}
	return "(devel)"
}
