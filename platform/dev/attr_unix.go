//go:build unix && !linux

package dev

import "syscall"

// attr keeps the terminal's interrupt away from the child, which is stopped in order by its parent.
func attr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
