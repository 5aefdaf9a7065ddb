package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// build makes the command line tool of this checkout and, with it, the server; it returns the path of the server's binary.
func build(ctx context.Context, dir string, output io.Writer) (string, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	tool, binary := filepath.Join(dir, "locutory"), filepath.Join(dir, "server")
	for _, argv := range [][]string{
		{"go", "build", "-o", tool, "./cmd/locutory"},
		{tool, "build", "--config", "platform/bench/graphs/private.json", "-o", binary},
	} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = root, output, output
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
		}
	}
	return binary, nil
}

// server is a running server process.
type server struct {
	base   string // http://127.0.0.1:port
	cmd    *exec.Cmd
	log    string // path of what the process prints
	cancel context.CancelFunc
	exited chan struct{} // closed when err is set
	err    error
}

const (
	startWithin = 30 * time.Second
	stopWithin  = 10 * time.Second
)

// start runs the binary in a new directory below dir and waits until it answers. Whoever started it stops it.
func start(ctx context.Context, binary, dir, database string) (*server, error) {
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	if binary, err = filepath.Abs(binary); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	ctx, cancel := context.WithCancel(ctx)
	s := &server{
		base: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), log: log.Name(),
		cancel: cancel, exited: make(chan struct{}),
		cmd: exec.CommandContext(ctx, binary, "serve", "--host", "127.0.0.1", "--port", strconv.Itoa(port)),
	}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = home, log, log
	s.cmd.Env = environment(os.Environ(), home, database)
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = stopWithin
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	go func() { s.err = s.cmd.Wait(); close(s.exited) }()
	if err := s.ready(ctx); err != nil {
		return nil, fmt.Errorf("%w\n%s", errors.Join(err, s.stop()), s.lastWords())
	}
	return s, nil
}

// environment is what the server sees: what a program and its runtime need, and the database; not what the person who measures has set.
func environment(mine []string, home, database string) []string {
	out := []string{"HOME=" + home, "LOCUTORY_DATA_DIR=" + filepath.Join(home, "data")}
	if database != "" {
		out = append(out, "DATABASE_URI="+database)
	}
	for _, pair := range mine {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "PATH", "TMPDIR", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG":
			out = append(out, pair)
		}
	}
	return out
}

func freePort(ctx context.Context) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address := listener.Addr().(*net.TCPAddr)
	return address.Port, listener.Close()
}

// ready waits until /ok is answered with 200.
func (s *server) ready(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, startWithin)
	defer done()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.ok(ctx) {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return errors.New("the server ended before it could serve")
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer /ok: %w", ctx.Err())
		}
	}
}

func (s *server) ok(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/ok", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the process and waits for it. It is an error when the process had ended by itself.
func (s *server) stop() error {
	var early error
	select {
	case <-s.exited:
		early = fmt.Errorf("the server ended by itself: %w", errors.Join(s.err, errors.New(s.cmd.ProcessState.String())))
	default:
	}
	s.cancel()
	<-s.exited
	return early
}

// lastWords returns the end of the server's log.
func (s *server) lastWords() string {
	const most = 2000
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(bytes.TrimSpace(text))
}
