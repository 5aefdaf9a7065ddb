package compat

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A project of one's own, from nothing: its hooks' test passes, and the server that it builds keeps two users apart.
func TestNewProject(t *testing.T) {
	t.Parallel()
	command, err := built.command()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "chat")
	if said := output(t, exec.Command(command, "new", dir)); !strings.Contains(said, "go tool locutory dev") {
		t.Errorf("it does not say how to go on:\n%s", said)
	}
	in := func(name string, arguments ...string) string {
		cmd := exec.Command(name, arguments...)
		cmd.Dir = dir
		return output(t, cmd)
	}
	in("go", "vet", "./...")
	in("go", "test", "./...")
	in("go", "tool", "locutory", "build", "-o", "server")
	path := filepath.Join(dir, "server")
	if routes := in(path, "routes"); !strings.Contains(routes, `OwnerOnly("owner")`) {
		t.Errorf("routes:\n%s", routes)
	}
	if said := in(path, "migrate"); !strings.Contains(said, "up to date") {
		t.Errorf("migrate: %s", said)
	}
	s := &server{URL: start(t, path).URL, t: t}
	thread := s.must(200, "user1-token", "POST", "/threads", "{}").field(t, "thread_id")
	s.must(200, "user1-token", "POST", "/threads/"+thread+"/runs/wait", `{"assistant_id": "agent", "input": {"messages": "hello"}}`)
	s.must(404, "user2-token", "GET", "/threads/"+thread, "")
}
