//go:build !unix

package dev

import (
	"errors"
	"net"
	"os"
)

// inherit is not to be had here: a process cannot be given an open socket by number.
func inherit(l *net.TCPListener) (*os.File, error) {
	return nil, errors.Join(errors.New("dev needs a Unix to hand its socket over; use WSL, or locutory build"), l.Close())
}
