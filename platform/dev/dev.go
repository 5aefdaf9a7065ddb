package dev

import (
	"context"
	"io"
	"time"
)

// Config says how to develop. File, Host and Port are needed; a zero duration is its default.
type Config struct {
	// File is the path of platform.json.
	File string
	Host string
	// Port to listen on, 0 for any free one.
	Port int
	// Reload builds anew when an input changes.
	Reload bool
	// Verbose logs each request.
	Verbose bool
	// Open shows a page to the author, once, when there is a Studio; nil shows none.
	Open func(url string) error
	// Stdout takes the banner and one line for each change, Stderr what went wrong; both also get the server's own.
	Stdout, Stderr io.Writer

	Builder Builder
	// Debounce is how long the files must be quiet before a build, 100 ms.
	Debounce time.Duration
	// Patience is how long a new server may take until it can serve, one minute.
	Patience time.Duration
	// Grace is how long an old server may take to end, 5 s.
	Grace time.Duration
	// Now is the clock, time.Now.
	Now func() time.Time
}

// Run builds and serves the project until ctx ends. A mistake in platform.json at the start is an error (see
// config.Mistake), as is a port that is taken; whatever goes wrong later is told on Stderr, and what serves goes on serving.
// Without Reload the first failure is an error, and so is the server's own end. When Run returns, no process of it is left.
func Run(ctx context.Context, c Config) error {
	s := &session{Config: c.withDefaults()}
	project, err := Open(c.File)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, c.Host, c.Port)
	if err != nil {
		return err
	}
	s.address = listener.Addr().String()
	if s.socket, err = inherit(listener); err != nil {
		return err
	}
	defer func() { _ = s.socket.Close() }() // nothing was written to it
	if s.watch, err = newWatch(); err != nil {
		return err
	}
	defer func() {
		s.stop()
		_ = s.watch.close() // it was only read
	}()
	return s.run(ctx, project)
}

func (c Config) withDefaults() Config {
	orDuration := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orDuration(&c.Debounce, 100*time.Millisecond)
	orDuration(&c.Patience, time.Minute)
	orDuration(&c.Grace, 5*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
