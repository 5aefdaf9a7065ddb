package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/dev"
)

func (p *program) buildCommand() *cobra.Command {
	var file, output string
	cmd := &cobra.Command{
		Use: "build", Short: "Build the project's server: one binary that needs nothing else", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := dev.Open(file)
			if err != nil {
				return err
			}
			binary, shown := project.Binary(), output
			if output == "" {
				shown = relative(binary)
			} else if binary, err = filepath.Abs(output); err != nil {
				return err
			}
			if info, err := os.Stat(binary); err == nil && info.IsDir() {
				return fmt.Errorf("-o %s is a directory; name a file in it", output)
			}
			if err := p.builder.Build(cmd.Context(), project, binary); err != nil {
				return err
			}
			p.say("%s", shown)
			return nil
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVarP(&output, "output", "o", "", "where to put the binary (default .locutory/bin/server)")
	return cmd
}

func (p *program) validateCommand() *cobra.Command {
	var file, convert string
	cmd := &cobra.Command{
		Use: "validate", Short: "Check platform.json and the symbols that it names", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if convert != "" {
				return p.convert(convert, file)
			}
			project, err := dev.Open(file)
			if err != nil {
				return err
			}
			if err := p.builder.Check(cmd.Context(), project); err != nil {
				return err
			}
			p.say("%s is valid: %s", file, summary(project.Config))
			return nil
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&convert, "convert", "", "write platform.json from this langgraph.json")
	return cmd
}

// summary says what a file serves under which rules. That strangers may reach everything is said aloud.
func summary(c *config.Config) string {
	graphs := "1 graph"
	if n := len(c.Graphs); n > 1 {
		graphs = fmt.Sprintf("%d graphs", n)
	}
	switch {
	case c.Auth == nil:
		return graphs + ", no auth"
	case c.Auth.Unhandled == config.Allow:
		return graphs + ", auth " + c.Auth.Path.String() + ", what no rule matches is allowed"
	}
	return graphs + ", auth " + c.Auth.Path.String()
}

// relative is path as seen from the working directory, when it lies in it.
func relative(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
