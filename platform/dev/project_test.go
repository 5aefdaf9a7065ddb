package dev

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"GOWORK": "off", "GOFLAGS": "-mod=mod", "GOPROXY": "off"} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

const library = "example.com/library"

// create makes a project on the stub library out of files by name, and returns its directory.
func create(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, stub := t.TempDir(), t.TempDir()
	if err := os.CopyFS(stub, os.DirFS("testdata/library")); err != nil {
		t.Fatal(err)
	}
	drain, err := os.ReadFile("../drain/drain.go")
	if err != nil {
		t.Fatal(err)
	}
	save(t, stub, "drain/drain.go", string(drain))
	save(t, dir, "go.mod", "module example.com/chat\n\ngo 1.26\n\nrequire "+library+" v0.0.0\n\nreplace "+library+" => "+stub+"\n")
	for name, text := range files {
		save(t, dir, name, text)
	}
	return dir
}

func save(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// agent is a package with a graph of that label.
func agent(label string) string {
	return "package agent\n\nimport \"example.com/library/graphs\"\n\nvar Graph = graphs.New[int](\"" + label + "\")\n"
}

func security(mistake string) string {
	return "package security\n\nimport \"example.com/library/authhooks\"\n\nvar Auth = &authhooks.Auth{Mistake: \"" + mistake + "\"}\n"
}

// screen is what a person would see: the output so far, and a way to wait for more.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	// more is closed by the next write.
	more chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// shows waits until the text appears n times.
func (s *screen) shows(t *testing.T, text string, n int) {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		s.mu.Lock()
		if strings.Count(s.text.String(), text) >= n {
			s.mu.Unlock()
			return
		}
		if s.more == nil {
			s.more = make(chan struct{})
		}
		more := s.more
		s.mu.Unlock()
		select {
		case <-more:
		case <-limit:
			t.Fatalf("%q does not appear %d times in:\n%s", text, n, s)
		}
	}
}
