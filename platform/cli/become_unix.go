//go:build unix

package cli

import (
	"fmt"
	"syscall"
)

// become replaces this process, so that signals and the exit status are the server's own.
func become(binary string, args, env []string) error {
	return fmt.Errorf("run %s: %w", binary, syscall.Exec(binary, append([]string{binary}, args...), env))
}
