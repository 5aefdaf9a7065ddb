package dev

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/locutory/locutory/platform/config"
)

// The numbers that a child finds its inherited files under: the first ones after the standard three.
const (
	listenFD = 3
	readyFD  = 4
)

// child is a running server.
type child struct {
	cmd   *exec.Cmd
	built time.Time
	ready config.Ready

	// done is closed when the process has ended; err is valid then.
	done chan struct{}
	err  error
}

// launch is what a child is started with.
type launch struct {
	binary, dir    string
	env            []string
	socket         *os.File
	stdout, stderr io.Writer
	// patience is how long the child may take until it can serve.
	patience time.Duration
}

// start runs a server and waits until it says that it can serve. A server that cannot is stopped, and what it wrote to
// stderr is the reason; the error only says how it ended.
func start(ctx context.Context, l launch) (*child, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	defer func() { _ = read.Close() }() // nothing is written to it
	c := &child{cmd: exec.Command(l.binary, "serve"), done: make(chan struct{})}
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = l.dir, l.stdout, l.stderr
	c.cmd.Env = slices.Concat(l.env, []string{
		fmt.Sprintf("%s=%d", config.EnvListenFD, listenFD), fmt.Sprintf("%s=%d", config.EnvReadyFD, readyFD),
	})
	c.cmd.ExtraFiles = []*os.File{l.socket, write}
	c.cmd.SysProcAttr = attr()
	c.cmd.WaitDelay = time.Second // for its own children that hold stdout open

	started := make(chan error)
	go c.run(started)
	err = <-started
	_ = write.Close() // the child has its own; ours would keep the pipe from ending
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if err := c.await(ctx, read, l.patience); err != nil {
		c.stop(0)
		return nil, err
	}
	return c, nil
}

// run starts the process and waits for its end on one thread: Linux ends a child with the thread that made it.
func (c *child) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	c.err = c.cmd.Wait()
	close(c.done)
}

// await reads the line that says ready.
func (c *child) await(ctx context.Context, pipe *os.File, patience time.Duration) error {
	if err := pipe.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	release := context.AfterFunc(ctx, func() { _ = pipe.SetReadDeadline(time.Unix(1, 0)) }) // fails only once closed
	defer release()
	line, err := bufio.NewReader(io.LimitReader(pipe, 1<<20)).ReadBytes('\n')
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the server was not ready within %s", patience)
	case errors.Is(err, io.EOF):
		return c.endedEarly(patience)
	case err != nil:
		return fmt.Errorf("start server: %w", err)
	}
	if err := json.Unmarshal(line, &c.ready); err != nil || !c.ready.Ready {
		return fmt.Errorf("the server did not say that it is ready but %q", line)
	}
	return nil
}

// endedEarly waits for the end of a process that has closed its pipe.
func (c *child) endedEarly(patience time.Duration) error {
	select {
	case <-c.done:
		return &exitError{c.err}
	case <-time.After(patience):
		return errors.New("the server closed its pipe without a word")
	}
}

// exitError is a server that ended when it should have served.
type exitError struct{ err error }

func (e *exitError) Error() string {
	if e.err == nil {
		return "the server ended: exit status 0"
	}
	return "the server ended: " + e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// stop asks the process to end, ends it after the grace if it has not, and returns when it is gone.
func (c *child) stop(grace time.Duration) {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-c.done:
		return
	case <-time.After(grace):
	}
	_ = c.cmd.Process.Kill()
	<-c.done
}
