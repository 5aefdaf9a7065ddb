package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/dev"
)

// serverCommands are those of the built server. Flags and arguments are the server's business, so that both ways to call it
// can never differ.
func (p *program) serverCommands() []*cobra.Command {
	var commands []*cobra.Command
	for _, c := range []struct{ name, short string }{
		{"serve", "Build the project if stale, and serve the API and execute runs"},
		{"worker", "Build the project if stale, and execute runs without an API"},
		{"migrate", "Build the project if stale, and bring the database's schema up to date"},
		{"routes", "Build the project if stale, and print each route with the rule that answers it"},
	} {
		commands = append(commands, &cobra.Command{
			Use: c.name, Short: c.short, DisableFlagParsing: true,
			RunE: func(cmd *cobra.Command, args []string) error { return p.server(cmd, args) },
		})
	}
	return commands
}

// server builds the project, where the go command does nothing that is done already, and becomes the binary.
func (p *program) server(cmd *cobra.Command, args []string) error {
	file := configOf(args)
	if file == "" {
		file = os.Getenv(config.EnvConfig)
	}
	if file == "" {
		file = "platform.json"
	}
	project, err := dev.Open(file)
	if err != nil {
		return err
	}
	if err := p.builder.Build(cmd.Context(), project, project.Binary()); err != nil {
		return err
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	env := append(os.Environ(), config.EnvConfig+"="+path)
	return p.become(project.Binary(), append([]string{cmd.Name()}, args...), env)
}

// configOf finds --config among the arguments of a server.
func configOf(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			return value
		}
		if arg == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
