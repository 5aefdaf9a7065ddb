package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/platform/config"
)

func (f *flags) serve(cmd *cobra.Command, parts Parts) error {
	cfg, err := f.load(cmd, parts)
	if err != nil {
		return err
	}
	if err := cfg.exposed(); err != nil {
		return err
	}
	server, err := New(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	if err := server.mustHaveModels(); err != nil {
		return errors.Join(err, server.Close())
	}
	if err := server.Start(cmd.Context()); err != nil {
		return errors.Join(err, server.Close())
	}
	listener, err := cfg.listen()
	if err != nil {
		return errors.Join(err, server.Close())
	}
	err = server.Serve(cmd.Context(), listener, func() { server.announce(cmd, listener) })
	return errors.Join(err, server.Close())
}

// worker executes runs until it is told to stop. It talks to nobody but the database, which other processes serve.
func (f *flags) worker(cmd *cobra.Command, parts Parts) error {
	cfg, err := f.load(cmd, parts)
	if err != nil {
		return err
	}
	if cfg.Process.Workers == 0 {
		return errors.New("worker: --workers=0 leaves nothing to do")
	}
	server, err := New(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	if err := server.mustHaveModels(); err != nil {
		return errors.Join(err, server.Close())
	}
	cmd.Printf("executing runs  database %s\n", server.describeDatabase())
	return errors.Join(server.Work(cmd.Context()), server.Close())
}

// exposed refuses to serve strangers without authentication.
func (c Config) exposed() error {
	if c.File.Auth != nil || c.Process.Insecure || loopback(c.Process.Host) {
		return nil
	}
	return fmt.Errorf("%s is reachable from outside and platform.json has no \"auth\": anyone could read every thread.\n"+
		"  add \"auth\": {\"path\": \"./security:Auth\"}, or bind with --host 127.0.0.1, or say --insecure",
		net.JoinHostPort(c.Process.Host, strconv.Itoa(c.Process.Port)))
}

// testEndpoints reports whether the server has what tests of clients need.
func (s *Server) testEndpoints() bool {
	if !s.cfg.Process.TestEndpoints {
		return false
	}
	if !loopback(s.cfg.Process.Host) {
		s.cfg.Log.Warn("LOCUTORY_TEST_ENDPOINTS is set and not heeded: it is for servers on loopback", "host", s.cfg.Process.Host)
		return false
	}
	s.cfg.Log.Warn("LOCUTORY_TEST_ENDPOINTS is set: any program of this machine can delete everyone's rows by POST /internal/truncate")
	return true
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// listen returns the socket that the development server handed down, or a new one.
func (c Config) listen() (net.Listener, error) {
	if c.Process.ListenFD > 0 {
		syscall.CloseOnExec(c.Process.ListenFD) // user code may start programs
		file := os.NewFile(uintptr(c.Process.ListenFD), "listener")
		listener, err := net.FileListener(file)
		return listener, errors.Join(err, file.Close())
	}
	address := net.JoinHostPort(c.Process.Host, strconv.Itoa(c.Process.Port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s is taken or not to be had: %w; use --port", address, err)
	}
	return listener, nil
}

// unconfigured is an error of a graph that says what the environment has to name, such as a model's key.
type unconfigured interface{ Unconfigured() bool }

// mustHaveModels stops a server that is no development server when a graph lacks what only the operator can give.
func (s *Server) mustHaveModels() error {
	if s.cfg.Process.Dev {
		return nil
	}
	for _, id := range s.graphs.ids {
		var lacks unconfigured
		if err := s.graphs.entries[id].err; errors.As(err, &lacks) && lacks.Unconfigured() {
			return fmt.Errorf("graphs.%s: %w", id, err)
		}
	}
	return nil
}

// announce tells the development server, or the person at the terminal, that the server can serve.
func (s *Server) announce(cmd *cobra.Command, listener net.Listener) {
	ready := s.ready()
	if fd := s.cfg.Process.ReadyFD; fd > 0 {
		syscall.CloseOnExec(fd)
		pipe := os.NewFile(uintptr(fd), "ready")
		if err := json.NewEncoder(pipe).Encode(ready); err != nil {
			s.cfg.Log.Warn("could not tell that the server is ready", "error", err)
		}
		_ = pipe.Close()
		return
	}
	cmd.Printf("serving http://%s  database %s\n", listener.Addr(), ready.Database)
	for _, graph := range ready.Graphs {
		line := "  graph " + graph.ID
		if graph.Error != "" {
			line += "  does not load: " + graph.Error
		}
		cmd.Println(line)
	}
	for _, rule := range ready.Auth {
		cmd.Printf("  auth  %s  %s  %s\n", rule.Event, rule.Rule, rule.At)
	}
	if ready.Unhandled != "" {
		cmd.Println("  auth  " + ready.Unhandled)
	}
}

func (s *Server) ready() config.Ready {
	out := config.Ready{Ready: true, Database: s.describeDatabase()}
	for _, id := range s.graphs.ids {
		graph := config.ReadyGraph{ID: id, Note: s.graphs.entries[id].note()}
		if err := s.graphs.entries[id].err; err != nil {
			graph.Error = err.Error()
		}
		out.Graphs = append(out.Graphs, graph)
	}
	if s.auth == nil {
		out.Unhandled = "none: everyone who reaches this address reaches every row"
		return out
	}
	for _, rule := range s.auth.Rules() {
		out.Auth = append(out.Auth, config.ReadyRule{Event: rule.Event, Rule: rule.Name, At: rule.At})
	}
	out.Unhandled = "the rest is denied"
	if s.cfg.File.Auth != nil && s.cfg.File.Auth.Unhandled == config.Allow {
		out.Unhandled = "the rest is allowed: every authenticated user reaches every row of it"
	}
	return out
}

// offlineModel is the name that the scripted model of graphs/langchaingo goes by, which this package does not import.
const offlineModel = "offline-script"

// note tells which model a graph talks to, when a node of its says so.
func (e entry) note() string {
	if e.shape == nil {
		return ""
	}
	for _, node := range e.shape.Draw(0).Nodes {
		model, ok := node.Metadata["model"].(string)
		switch {
		case ok && model == offlineModel:
			return "model: offline script (set OPENAI_API_KEY in .env)"
		case ok:
			return "model: " + model
		}
	}
	return ""
}

// describeDatabase names the database without what a URI keeps secret.
func (s *Server) describeDatabase() string {
	uri := s.cfg.database()
	if i := strings.LastIndexByte(uri, '@'); strings.Contains(uri, "://") && i >= 0 {
		return s.db.Dialect() + "://" + uri[i+1:]
	}
	return uri
}
