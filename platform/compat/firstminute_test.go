package compat

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/locutory/locutory/sdk"
)

// terminal is what somebody sees of a command.
type terminal struct {
	// wrote has a token when there is more to read.
	wrote chan struct{}
	mu    sync.Mutex
	text  bytes.Buffer
}

func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return s.text.Write(p)
}

func (s *terminal) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// shows waits for a text.
func (s *terminal) shows(t *testing.T, want string) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for !strings.Contains(s.String(), want) {
		select {
		case <-s.wrote:
		case <-late:
			t.Fatalf("%q is not there:\n%s", want, s)
		}
	}
}

// A stranger's first minute, as the README has it: a project of one's own, served, called by two users, broken and mended.
func TestFirstMinute(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command, project := filepath.Join(dir, "locutory"), filepath.Join(dir, "chat")
	output(t, exec.Command("go", "build", "-o", command, "../../cmd/locutory"))
	if made := output(t, exec.Command(command, "new", project)); !strings.Contains(made, "cd "+project+"\n  go tool locutory dev") {
		t.Errorf("new says\n%s", made)
	}
	seen := terminal{wrote: make(chan struct{}, 1)}
	dev := exec.Command(command, "dev", "--port", "0", "--no-browser")
	dev.Dir, dev.Stdout, dev.Stderr = project, &seen, &seen
	for _, set := range os.Environ() { // a model of whoever runs the test is none of its business
		if name, _, _ := strings.Cut(set, "="); !strings.HasPrefix(name, "OPENAI_") && !strings.HasPrefix(name, "ANTHROPIC_") && !strings.HasPrefix(name, "OLLAMA_") {
			dev.Env = append(dev.Env, set)
		}
	}
	check(t, dev.Start())
	t.Cleanup(func() {
		_ = dev.Process.Signal(syscall.SIGTERM)
		if err := dev.Wait(); err != nil {
			t.Errorf("dev ended with %v\n%s", err, &seen)
		}
	})
	seen.shows(t, "watching agent/ security/ platform.json .env\n")
	for _, want := range []string{
		"try it: Authorization: Bearer user1-token", "model: offline script (set OPENAI_API_KEY in .env)",
		`OwnerOnly("owner")  security/security.go:17; the rest is denied`,
	} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("no %q in\n%s", want, &seen)
		}
	}
	address := inFront(t, regexp.MustCompile(`API +(\S+)`).FindStringSubmatch(seen.String())[1])
	clientOf := func(token string) *sdk.Client {
		c, err := sdk.New(sdk.Config{URL: address, Token: token})
		check(t, err)
		return c
	}
	alice, bob := clientOf("user1-token"), clientOf("user2-token")
	thread := newThread(t, alice)
	answer := func() {
		t.Helper()
		got, err := alice.Runs.Wait(t.Context(), thread, "agent", says("What is the weather in Paris?"), nil)
		check(t, err)
		if !strings.Contains(string(got.Values), "It is sunny in Paris.") {
			t.Errorf("the agent says %s", got.Values)
		}
		_, err = bob.Threads.Get(t.Context(), thread)
		if status := statusOf(t, err); status != http.StatusNotFound {
			t.Errorf("bob gets alice's thread: status %d", status)
		}
	}
	answer()

	hooks := filepath.Join(project, "security", "security.go")
	text, err := os.ReadFile(hooks)
	check(t, err)
	replace := func(by string) {
		t.Helper()
		check(t, os.WriteFile(hooks, []byte(strings.Replace(string(text), "authhooks.Any, authhooks.Any", by, 1)), 0o600))
	}
	replace(`"store", "create"`)
	seen.shows(t, "auth: a mistake in ./security:Auth:\n  security.go:17: On(\"store\", \"create\"): store has no such action; "+
		"it has put, get, search, delete, list_namespaces\nnot swapped (the server ended: exit status 1): the build of ")
	answer()
	replace("authhooks.Anyy, authhooks.Any")
	seen.shows(t, "security/security.go:17:25: undefined: authhooks.Anyy\nnot swapped: the build of ")
	replace("authhooks.Any, authhooks.Any")
	seen.shows(t, "security/security.go changed: serving again after ")
	answer()
}
