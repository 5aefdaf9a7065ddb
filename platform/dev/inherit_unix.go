//go:build unix

package dev

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// inherit returns the listening socket as a file for children to inherit, and closes l. The socket's non-blocking mode is
// one for all processes that share it, so it must stay as it is: l.File would switch it off at every start of a child, and
// a server that was about to accept could hang in the kernel while another one takes its connection.
func inherit(l *net.TCPListener) (*os.File, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("inherit socket: %w", err)
	}
	var fd int
	var dupErr error
	err = raw.Control(func(from uintptr) {
		syscall.ForkLock.RLock() // no fork between dup and close-on-exec
		defer syscall.ForkLock.RUnlock()
		if fd, dupErr = syscall.Dup(int(from)); dupErr == nil {
			syscall.CloseOnExec(fd)
		}
	})
	if err == nil {
		err = dupErr
	}
	if err != nil {
		return nil, fmt.Errorf("inherit socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "listener "+l.Addr().String())
	if err := l.Close(); err != nil {
		return nil, fmt.Errorf("inherit socket: %w", err)
	}
	return file, nil
}
