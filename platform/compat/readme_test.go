package compat

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/config"
)

// blocks returns the README's fenced code of a language, in order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	return blocksOf(t, "README.md", language)
}

// blocksOf is blocks for any page.
func blocksOf(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, part := range strings.Split(string(text), "```") {
		if code, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			out = append(out, code)
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no %s", page, language)
	}
	return out
}

// The README's tour works as it is written, but for the port.
func TestReadme(t *testing.T) {
	t.Parallel()
	server := start(t, binary(t, "../../platform.json"))
	address := strings.TrimPrefix(server.URL, "http://")
	here := func(code string) string { return strings.ReplaceAll(code, "localhost:2024", address) }

	const clientsPage = "examples/docs/clients.md"
	t.Run("curl", func(t *testing.T) {
		t.Parallel()
		for _, code := range blocks(t, "sh") {
			if !strings.Contains(code, "curl") {
				continue
			}
			out := output(t, exec.Command("bash", "-euc", here(code)))
			for _, want := range []string{"event: messages", `"name":"current_time"`, `"type":"tool"`, `{"detail":"Thread with ID `} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		}
	})
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			argv := c.argv(t)
			page, language, file := clientsPage, "js", "readme.mjs"
			if c.name == "python" {
				page, language, file = "README.md", "python", "readme.py"
			}
			dir := t.TempDir()
			if language == "js" { // beside the modules that the client's own script uses
				dir = filepath.Dir(argv[1])
			}
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, []byte(here(blocksOf(t, page, language)[0])), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := output(t, exec.Command(argv[0], path)); !strings.Contains(out, "offline script") {
				t.Errorf("it said %q", out)
			}
		})
	}
}

// The page for operators names every variable that the server reads.
func TestOperatingNamesEveryVariable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../examples/docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	_, err = config.ReadProcess(func(name string) (string, bool) {
		switch name {
		case config.EnvConfig, config.EnvDev, config.EnvListenFD, config.EnvReadyFD: // between the commands themselves
			return "", false
		}
		asked++
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("%s is not named", name)
		}
		return "", false
	})
	if err != nil || asked < 10 {
		t.Errorf("%d variables asked for, %v", asked, err)
	}
}

// The Go of the README and of the pages beside no example compiles, each fragment in the frame that it leaves out.
func TestReadmeGo(t *testing.T) {
	t.Parallel()
	frames := []string{
		"import (\n\"context\"\n\"fmt\"\n\"github.com/locutory/locutory/sdk\"\n)\nfunc _(ctx context.Context) error {\n%s\nreturn nil\n}",
		"import (\n\"context\"\n\"github.com/locutory/locutory/authhooks\"\n)\nfunc authenticate(context.Context, string) (*authhooks.User, error) { return nil, nil }\n%s",
		"import (\n\"context\"\n\"github.com/locutory/locutory/graphs\"\n)\n%s",
		"import (\n\"log\"\n\"net/http\"\n\"os\"\n\"github.com/locutory/locutory/sdk\"\n)\nfunc _() {\n%s\n}",
	}
	fragments := append(blocksOf(t, "examples/docs/clients.md", "go"), blocks(t, "go")...)
	fragments = append(fragments, blocksOf(t, "examples/docs/webhooks.md", "go")...)
	if len(fragments) != len(frames) {
		t.Fatalf("%d fragments, %d frames", len(fragments), len(frames))
	}
	for i, code := range fragments {
		dir := t.TempDir()
		file := filepath.Join(dir, "readme.go")
		if err := os.WriteFile(file, []byte("package readme\n"+fmt.Sprintf(frames[i], code)), 0o600); err != nil {
			t.Fatal(err)
		}
		at, err := filepath.Abs(fmt.Sprintf("testdata/readme%d/readme.go", i))
		if err != nil {
			t.Fatal(err)
		}
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{at: file}})
		if err != nil {
			t.Fatal(err)
		}
		overlaid := filepath.Join(dir, "overlay.json")
		if err := os.WriteFile(overlaid, overlay, 0o600); err != nil {
			t.Fatal(err)
		}
		output(t, exec.Command("go", "build", "-overlay", overlaid, fmt.Sprintf("./testdata/readme%d", i)))
	}
}

// output runs a command to a good end and returns what it printed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}
