package dev

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is the module whose platform, graphs and authhooks packages a server is built from.
const Module = "github.com/locutory/locutory"

// Builder makes a server of a project. The zero Builder is ready.
type Builder struct {
	// Library is the module to take platform, graphs and authhooks from; empty is Module.
	Library string
}

// CompileError is what the compiler or the go command said: lines such as "agent/agent.go:24:9: undefined: x", relative to
// the project.
type CompileError struct{ Output string }

// Error returns the lines as they are.
func (e *CompileError) Error() string { return e.Output }

// Build checks the project's symbols, writes the program and compiles it to output. Its error is a *config.Mistake (or
// several, joined), a *CompileError, or a failure of the machine. What stood at output stays when the build fails, and a
// process that runs it is not disturbed when it does not.
func (b *Builder) Build(ctx context.Context, p *Project, output string) error {
	packages, err := b.inspect(ctx, p)
	if err != nil {
		return err
	}
	if err := b.generate(p, packages); err != nil {
		return err
	}
	return compile(ctx, p, output)
}

// compile builds beside output and renames, so that output is always whole.
func compile(ctx context.Context, p *Project, output string) error {
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	fresh := output + ".new"
	if _, err := goCommand(ctx, p.Dir, "build", "-o", fresh, "./"+outputDir+"/gen"); err != nil {
		return err
	}
	if err := os.Rename(fresh, output); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

func (b *Builder) module() string {
	if b.Library == "" {
		return Module
	}
	return b.Library
}

// goCommand runs the go command in dir and returns its output; a failure with a message is a *CompileError.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = withoutCgo(cmd.Environ()) // with PWD, so that paths come back as dir has them
	err := cmd.Run()
	switch {
	case err == nil:
		return stdout.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case stderr.Len() == 0:
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return nil, &CompileError{Output: withoutHeadings(stderr.String())}
}

// withoutCgo makes binaries that run on any machine of their kind.
func withoutCgo(env []string) []string { return append(env, "CGO_ENABLED=0") }

// withoutHeadings drops the lines "# import/path" that the go command puts before a package's errors.
func withoutHeadings(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if !strings.HasPrefix(line, "# ") {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
