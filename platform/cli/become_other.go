//go:build !unix

package cli

import (
	"errors"
	"os"
	"os/exec"
)

// become runs the binary in place of this process as far as the system permits, and ends with its exit status.
func become(binary string, args, env []string) error {
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	return err
}
