// Package drain serves HTTP and stops without losing a request.
//
// http.Server.Shutdown alone is not enough where another process takes over the same socket, or a balancer has just chosen
// this one: a request that was accepted before Shutdown, but is read after it, gets its connection closed without an answer.
// Here the server first stops accepting and says goodbye to connections that wait between two requests, then answers
// everything that has come in, and only then closes:
//
//	err := drain.Serve(ctx, &http.Server{Handler: h}, listener, 4*time.Second)
//
// The package does not end streams: their handlers have to watch something that ends with ctx.
package drain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// silence is how long a connection may be open without a byte before it counts as one that has nothing to ask.
const silence = 500 * time.Millisecond

// Serve answers on the listener, which it closes, until ctx is done, and then returns nil when all requests have their
// answer. What is still open after the grace is cut off. It returns early when accepting fails. The server must not have a
// ConnState of its own.
func Serve(ctx context.Context, server *http.Server, listener net.Listener, grace time.Duration) error {
	conns := connections{open: map[net.Conn]state{}}
	server.ConnState = conns.note
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	limit, done := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer done()
	server.SetKeepAlivesEnabled(false) // before: whoever finds nobody listening knows that every later answer is his connection's last
	closed := listener.Close()
	if err := <-served; !errors.Is(err, net.ErrClosed) { // it has noted all that it accepted
		closed = errors.Join(closed, fmt.Errorf("serve: %w", err))
	}
	conns.wait(limit)
	return errors.Join(closed, server.Close()) // nothing but silent connections is open now, or the grace is over
}

// connections knows which connections may hold a request.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]state
}

// state is since when a connection is new, or that it is busy.
type state struct {
	busy  bool
	since time.Time
}

func (c *connections) note(conn net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
		c.open[conn] = state{since: time.Now()}
	case http.StateActive:
		c.open[conn] = state{busy: true}
	default: // idle, closed, or taken over by its handler
		delete(c.open, conn)
	}
}

// wait returns when no connection can hold a request, or when ctx is done.
func (c *connections) wait(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for c.busy() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *connections) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.open {
		if s.busy || time.Since(s.since) < silence {
			return true
		}
	}
	return false
}
