package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// errTaken is what a port answers that someone else listens on.
var errTaken = errors.New("taken")

// listen opens the socket that the children serve on. A port that is taken comes as an error with the process that has it,
// as far as the system tells, and a port that is free.
func listen(ctx context.Context, host string, port int) (*net.TCPListener, error) {
	var config net.ListenConfig
	address := net.JoinHostPort(host, strconv.Itoa(port))
	l, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		who := owner(port)
		if who != "" {
			who = " (" + who + ")"
		}
		return nil, fmt.Errorf("%s is %w%s; stop it or use --port %d", address, errTaken, who, free(ctx, host, port))
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("listen: %s is no TCP address", address), l.Close())
	}
	return tcp, nil
}

// free finds a port above the one that is taken.
func free(ctx context.Context, host string, taken int) int {
	var config net.ListenConfig
	for port := taken + 1; port < min(taken+100, 65536); port++ {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil && l.Close() == nil {
			return port
		}
	}
	return 0 // any free one
}
