package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"
)

// template is a project; its Go packages are compiled and tested with this module. Files of the root are stored without
// their dot, since a tool may take hidden ones for its own.
//
//go:embed template
var template embed.FS

func (p *program) newCommand() *cobra.Command {
	return &cobra.Command{
		Use: "new DIR", Short: "Make a project: a chat agent with one tool, private to each user",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%d directories; name one, as in locutory new ../chat", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := ownSource(cmd.Context())
			if err != nil {
				return err
			}
			return p.create(args[0], source)
		},
	}
}

// create writes the project into a directory that is empty or not there.
func (p *program) create(dir string, source source) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return fmt.Errorf("%s is not empty; name a directory that is, or that is not there yet", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	module, sums, err := source.module(dir)
	if err != nil {
		return err
	}
	if err := unpack(dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), module, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		return err
	}
	p.say("%s\n%s\nuses %s\n\n  cd %[1]s\n  go tool locutory dev", dir, contents, source)
	return nil
}

const contents = `  agent/agent.go           a chat agent with one tool
  security/security.go     who may call, and whose rows are whose: two toy users
  security/security_test.go
  platform.json  go.mod  .env.example  .gitignore`

func unpack(dir string) error {
	return fs.WalkDir(template, "template", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("template", filepath.FromSlash(name))
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rel), 0o755)
		}
		text, err := template.ReadFile(name)
		if err != nil {
			return err
		}
		if base := path.Base(name); base == "gitignore" || base == "env.example" {
			rel = "." + base
		}
		return os.WriteFile(filepath.Join(dir, rel), text, 0o644)
	})
}
