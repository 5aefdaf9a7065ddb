package compat

import (
	"bufio"
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
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// built are the binaries that tests drive, made as a user makes them: the command from its package, a server by that command.
// They are built without the race detector, for the speed of what people run.
var built struct {
	sync.Mutex
	dir     string
	command func() (string, error)
	servers map[string]func() (string, error)
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "locutory-compat-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.dir, built.servers = dir, map[string]func() (string, error){}
	built.command = sync.OnceValues(func() (string, error) {
		path := filepath.Join(dir, "locutory")
		return path, quietly(exec.Command("go", "build", "-o", path, "../../cmd/locutory"))
	})
	code := reportUnmet(m.Run())
	_ = os.RemoveAll(dir)
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// quietly runs a command and puts what it printed into its error.
func quietly(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

// binary returns the server that `locutory build` makes of a platform.json, which is named relative to this directory.
func binary(t *testing.T, config string) string {
	t.Helper()
	built.Lock()
	build, ok := built.servers[config]
	if !ok {
		n := len(built.servers)
		build = sync.OnceValues(func() (string, error) {
			command, err := built.command()
			if err != nil {
				return "", err
			}
			path := filepath.Join(built.dir, fmt.Sprintf("server-%d", n))
			return path, quietly(exec.Command(command, "build", "--config", config, "-o", path))
		})
		built.servers[config] = build
	}
	built.Unlock()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a server that runs as a process of its own. Its socket belongs to the test, so that a server can be killed and
// started again at the same address without a refused connection in between.
type process struct {
	URL    string
	t      *testing.T
	path   string
	env    []string
	dir    string
	socket *os.File
	cmd    *exec.Cmd
	log    *bytes.Buffer
	exited chan error
}

// start runs a built server with the environment's variables; the test's end kills it.
func start(t *testing.T, path string, env ...string) *process {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{URL: inFront(t, "http://"+listener.Addr().String()), t: t, path: path, env: env, dir: t.TempDir(), socket: socket}
	if err := listener.Close(); err != nil { // the duplicate stays open
		t.Fatal(err)
	}
	p.again()
	t.Cleanup(func() {
		p.kill()
		_ = socket.Close()
		if t.Failed() {
			t.Logf("the server said:\n%s", p.log)
		}
	})
	return p
}

// again starts the server at its address and waits until it is ready.
func (p *process) again() {
	p.t.Helper()
	ready, announce, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(p.path, "serve")
	p.cmd.Dir = p.dir
	p.cmd.ExtraFiles = []*os.File{p.socket, announce}
	p.cmd.Env = append(os.Environ(), "LOCUTORY_LISTEN_FD=3", "LOCUTORY_READY_FD=4", "LOCUTORY_OFFLINE_MODEL=1")
	p.cmd.Env = append(p.cmd.Env, p.env...)
	p.log = &bytes.Buffer{}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	_ = announce.Close()
	p.exited = make(chan error, 1)
	cmd, exited := p.cmd, p.exited
	go func() { exited <- cmd.Wait() }()
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(ready).ReadString('\n')
		line <- text
		_ = ready.Close()
	}()
	select {
	case text := <-line:
		if text == "" {
			p.t.Fatalf("the server did not start: %v\n%s", <-p.exited, p.log)
		}
	case <-time.After(30 * time.Second):
		p.t.Fatalf("the server was not ready in time\n%s", p.log)
	}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited //nolint:errcheck // it was killed
	p.exited <- nil
}

// stop asks the server to end and waits until it has.
func (p *process) stop(signal os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		p.exited <- nil
		if err != nil {
			p.t.Fatalf("the server ended with %v\n%s", err, p.log)
		}
	case <-time.After(10 * time.Second):
		p.t.Fatal("the server did not end within 10 s of the signal")
	}
}

// client runs one of the official clients' scripts against a server, and returns what it printed.
type client struct {
	name string
	// argv makes the command line that runs the script with its arguments.
	argv func(t *testing.T, arguments ...string) []string
}

// clients are the official clients that are there. One that is missing is a skipped test, which `make test` counts as failed.
func clients() []client { return clientsOf("tutorial") }

// clientsOf are the clients with another script than the tutorials'.
func clientsOf(name string) []client {
	return []client{onPython(name), onNode("1", name), onNode("2", name)}
}

// scripts is where the clients' scripts lie.
const scripts = "testdata/clients"

// onNode runs a script with the packages of one directory in JavaScript.
func onNode(version, name string) client {
	return client{"js-" + version, func(t *testing.T, arguments ...string) []string {
		cache := os.Getenv("LOCUTORY_TEST_NODE")
		if cache == "" {
			t.Skip("node: LOCUTORY_TEST_NODE is not set")
		}
		dir := t.TempDir()
		script, err := os.ReadFile(filepath.Join(scripts, name+".mjs"))
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(
			os.WriteFile(filepath.Join(dir, name+".mjs"), script, 0o600),
			os.Symlink(filepath.Join(cache, "js-"+version, "node_modules"), filepath.Join(dir, "node_modules")))
		if err != nil {
			t.Fatal(err)
		}
		return append([]string{"node", filepath.Join(dir, name+".mjs")}, arguments...)
	}}
}

func onPython(name string) client {
	return client{"python", func(t *testing.T, arguments ...string) []string {
		interpreter := os.Getenv("LOCUTORY_TEST_PYTHON")
		if interpreter == "" {
			t.Skip("python: LOCUTORY_TEST_PYTHON is not set")
		}
		return append([]string{interpreter, filepath.Join(scripts, name+".py")}, arguments...)
	}}
}

// onAdapters runs a script in Python with what adapters.txt names in front of the other packages.
func onAdapters(name string) client {
	plain := onPython(name).argv
	return client{"adapters", func(t *testing.T, arguments ...string) []string {
		argv := plain(t, arguments...)
		return append([]string{"env", "PYTHONPATH=" + filepath.Join(filepath.Dir(argv[0]), "..", "..", "adapters")}, argv...)
	}}
}

// run runs the script to its end, which has to be a good one.
func (c client) run(t *testing.T, arguments ...string) string {
	t.Helper()
	var out bytes.Buffer
	c.follow(t, &out, arguments...)()
	return out.String()
}

// sharedBuffer is a buffer that two pipes write to.
type sharedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *sharedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *sharedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// follow starts the script with its output going to w; the function that it returns waits for a good end.
func (c client) follow(t *testing.T, w io.Writer, arguments ...string) (wait func()) {
	t.Helper()
	argv := c.argv(t, arguments...)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var log sharedBuffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(w, &log), &log
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		defer cancel()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s %v: %v\n%s", c.name, arguments, err, log.String())
		}
	}
}
