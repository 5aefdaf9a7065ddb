package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The official clients speak both versions of the protocol to a built server, as two users.
func TestA2AWithTheOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range []client{onPython("agents"), onNode("protocols", "agents")} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				server := start(t, binary(t, "graphs/desk/platform.json"), "DATABASE_URI="+uri)
				if out := c.run(t, server.URL); !strings.Contains(out, "ok agents") {
					t.Errorf("the client said %s", out)
				}
			})
		})
	}
}

// The page about agents works as it is written, but for the port.
func TestA2APage(t *testing.T) {
	t.Parallel()
	const page = "examples/docs/a2a.md"
	server := start(t, binary(t, "../../examples/private-chat/platform.json"))
	here := func(code string) string {
		return strings.ReplaceAll(code, "localhost:2024", strings.TrimPrefix(server.URL, "http://"))
	}
	out := output(t, exec.Command("bash", "-euc", here(blocksOf(t, page, "sh")[0])))
	for _, want := range []string{
		`"url":"` + server.URL + `/a2a/`, `"state":"TASK_STATE_COMPLETED"`, `"kind":"artifact-update"`, `"state":"completed"`, `"final":true`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	argv := onPython("agents").argv(t)
	path := filepath.Join(t.TempDir(), "page.py")
	if err := os.WriteFile(path, []byte(here(blocksOf(t, page, "python")[0])), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := output(t, exec.Command(argv[0], path)); !strings.Contains(out, "offline script") {
		t.Errorf("it said %q", out)
	}
}
