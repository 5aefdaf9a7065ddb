package dev

import "syscall"

// attr keeps the terminal's interrupt away from the child, which is stopped in order by its parent, and ends it with its
// parent however that dies, since it would go on to hold the port.
func attr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
