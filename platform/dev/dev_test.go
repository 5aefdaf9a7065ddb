package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/config"
)

// site is a project under development.
type site struct {
	dir, url    string
	out, errors *screen
	// end stops the development server and returns what Run returned.
	end func() error
}

// develop runs the project in dir until the test ends.
func develop(t *testing.T, dir string, change func(*Config)) *site {
	t.Helper()
	s := &site{dir: dir, out: &screen{}, errors: &screen{}}
	c := Config{
		File: filepath.Join(dir, "platform.json"), Host: "127.0.0.1", Reload: true, Stdout: s.out, Stderr: s.errors,
		Builder: Builder{Library: library}, Debounce: 20 * time.Millisecond,
	}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, c) }()
	s.end = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := s.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return s
}

// up waits for the banner.
func (s *site) up(t *testing.T) {
	t.Helper()
	s.out.shows(t, "  data ", 1)
	s.url = regexp.MustCompile(`http://\S+`).FindString(s.out.String())
}

func (s *site) get(t *testing.T, path string) string {
	t.Helper()
	body, err := fetch(t.Context(), s.url+path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// fetch makes a connection for each request, as a stranger would.
func fetch(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(res.Body)
	return string(body), errors.Join(err, res.Body.Close())
}

const platformJSON = `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}}`

func TestDevelop(t *testing.T) {
	t.Parallel()
	dir := create(t, map[string]string{
		"platform.json": platformJSON, "agent/agent.go": agent("one"), "security/security.go": security(""),
		".env": "FROM_FILE=yes\n",
	})
	s := develop(t, dir, nil)
	s.up(t)
	for path, want := range map[string]string{"/who": "one", "/env": "1 1 ", "/platform": platformJSON} {
		if got := s.get(t, path); got != want {
			t.Errorf("GET %s = %q, want %q", path, got, want)
		}
	}
	banner := regexp.MustCompile(`ready in \S+`).ReplaceAllString(s.out.String(), "ready in 1s")
	banner = strings.ReplaceAll(banner, s.url, "http://127.0.0.1:2024")
	banner = regexp.MustCompile(` +\n`).ReplaceAllString(strings.ReplaceAll(banner, ":2024 ", ":2024"), "\n")
	want := `building the server for the first time: a minute or two
ready in 1s

  API     http://127.0.0.1:2024
  graphs  agent      ./agent:Graph       model: none
  auth    *:*        OwnerOnly("owner")  security/security.go:7; the rest is denied
  data    memory                         watching agent/ security/ platform.json .env
`
	if diff := cmp.Diff(want, banner); diff != "" {
		t.Errorf("banner (-want +got):\n%s", diff)
	}

	save(t, dir, "agent/agent_test.go", "package agent\n") // no input of the server
	save(t, dir, "agent/agent.go", agent("two"))
	s.out.shows(t, "agent/agent.go changed: serving again after ", 1)
	if got := s.get(t, "/who"); got != "two" {
		t.Errorf("after the change: %q, want two", got)
	}

	save(t, dir, "agent/agent.go", agent("three")+"var x = y\n")
	s.errors.shows(t, "agent/agent.go:6:9: undefined: y\nnot swapped: the build of ", 1)
	save(t, dir, "platform.json", strings.Replace(platformJSON, ":Graph", ":Graf", 1))
	s.errors.shows(t, "not swapped: the build of ", 2)
	save(t, dir, "agent/agent.go", agent("three"))
	s.errors.shows(t, `platform.json:1:22: graphs.agent: ./agent has no exported name "Graf"; did you mean "Graph"?`+"\nnot swapped", 1)
	save(t, dir, "platform.json", platformJSON+"}")
	s.errors.shows(t, "platform.json:1:76: invalid character '}' after top-level value\nnot swapped", 1)
	if got := s.get(t, "/who"); got != "two" {
		t.Errorf("after failed builds: %q, want two", got)
	}

	save(t, dir, "security/security.go", security("2 mistakes"))
	save(t, dir, "platform.json", platformJSON)
	s.errors.shows(t, "auth: 2 mistakes\nnot swapped (the server ended: exit status 2): the build of ", 1)
	if got := s.get(t, "/who"); got != "two" {
		t.Errorf("after a build that does not start: %q, want two", got)
	}
	save(t, dir, "security/security.go", security(""))
	s.out.shows(t, "security/security.go changed: serving again after ", 1)
	if got := s.get(t, "/who"); got != "three" {
		t.Errorf("after all is mended: %q, want three", got)
	}

	// A package that nobody imported before is watched from the build on that needs it.
	save(t, dir, "words/words.go", "package words\n\nconst Word = \"four\"\n")
	save(t, dir, "agent/agent.go", strings.NewReplacer(`"example.com/library/graphs"`, "(\n\"example.com/library/graphs\"\n\"example.com/chat/words\"\n)",
		`"three"`, "words.Word").Replace(agent("three")))
	s.out.shows(t, "agent/agent.go changed", 2)
	save(t, dir, "words/words.go", "package words\n\nconst Word = \"five\"\n")
	s.out.shows(t, "words/words.go changed", 1)
	if got := s.get(t, "/who"); got != "five" {
		t.Errorf("after a change in the new package: %q, want five", got)
	}
	if _, err := fetch(t.Context(), s.url+"/die"); err == nil {
		t.Error("GET /die answered")
	}
	s.errors.shows(t, "the server ended: exit status 7; waiting for a change", 1)
	save(t, dir, ".env", "FROM_FILE=no\n")
	s.out.shows(t, ".env changed: serving after ", 1)

	if err := s.end(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := fetch(t.Context(), s.url+"/who"); err == nil {
		t.Error("something serves after the end")
	}
}

// While builds follow each other, no connection is refused and no answer is cut.
func TestSwapLosesNothing(t *testing.T) {
	t.Parallel()
	dir := create(t, map[string]string{"platform.json": `{"graphs": {"agent": "./agent:Graph"}}`, "agent/agent.go": agent("0")})
	s := develop(t, dir, nil)
	s.up(t)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients sync.WaitGroup
	var answered atomic.Int64
	for _, path := range []string{"/who", "/who", "/slow"} {
		clients.Go(func() {
			for ctx.Err() == nil {
				body, err := fetch(context.WithoutCancel(ctx), s.url+path)
				if _, numberErr := strconv.Atoi(body); err != nil || numberErr != nil {
					t.Errorf("GET %s: %q, %v", path, body, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	for i := 1; i <= 4; i++ {
		save(t, dir, "agent/agent.go", agent(strconv.Itoa(i)))
		s.out.shows(t, "serving again after", i)
		if got := s.get(t, "/who"); got != strconv.Itoa(i) {
			t.Errorf("after swap %d: %q", i, got)
		}
	}
	cancel()
	clients.Wait()
	if answered.Load() < 10 {
		t.Errorf("only %d answers: the clients did not run during the swaps", answered.Load())
	}
}

func TestAServerThatDoesNotEndIsEnded(t *testing.T) {
	t.Parallel()
	dir := create(t, map[string]string{"platform.json": `{"graphs": {"agent": "./agent:Graph"}}`, "agent/agent.go": agent("stubborn")})
	s := develop(t, dir, func(c *Config) { c.Grace = 100 * time.Millisecond })
	s.up(t)
	save(t, dir, "agent/agent.go", agent("mild"))
	s.out.shows(t, "serving again after", 1)
	for range 20 {
		if got := s.get(t, "/who"); got != "mild" {
			t.Fatalf("GET /who = %q, want mild: the old server still accepts", got)
		}
	}
}

// What fails at the first build is told; then a change makes it good.
func TestFirstBuildFails(t *testing.T) {
	t.Parallel()
	dir := create(t, map[string]string{
		"platform.json": `{"graphs": {"agent": "./agent:Graph"}}`, "agent/agent.go": agent("one") + "var x = y\n",
	})
	s := develop(t, dir, nil)
	s.errors.shows(t, "agent/agent.go:6:9: undefined: y\nnothing serves yet; waiting for a change", 1)
	save(t, dir, "agent/agent.go", agent("one"))
	s.up(t)
	if !strings.Contains(s.out.String(), "agent/agent.go changed: serving after ") {
		t.Errorf("output:\n%s", s.out)
	}
	if !strings.Contains(s.out.String(), "auth    none") {
		t.Errorf("the banner does not say that there is no auth:\n%s", s.out)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // after the parallel cases
	port := l.Addr().(*net.TCPAddr).Port
	files := map[string]string{"agent/agent.go": agent("one"), "security/security.go": security("no secret")}
	tests := []struct {
		name, platform string
		port           int
		noReload       bool
		want           string
		mistake        bool
	}{
		{"mistake in the file", `{"graphs": {"agent": "./agent:Graph"}, "aut": {}}`, 0, false, "platform.json:1:40: aut: unknown key; did you mean auth?", true},
		{"mistake in a symbol", `{"graphs": {"agent": "./agent:Graf"}}`, 0, false, `platform.json:1:22: graphs.agent: ./agent has no exported name "Graf"; did you mean "Graph"?`, true},
		{"port", platformJSON, port, false, fmt.Sprintf("127.0.0.1:%d is taken", port), false},
		{"server does not start", platformJSON, 0, true, "the server ended: exit status 2", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := create(t, files)
			save(t, dir, "platform.json", tt.platform)
			var out, errs screen
			err := Run(t.Context(), Config{
				File: filepath.Join(dir, "platform.json"), Host: "127.0.0.1", Port: tt.port, Reload: !tt.noReload,
				Stdout: &out, Stderr: &errs, Builder: Builder{Library: library},
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("err = %v, want %s", err, tt.want)
			}
			if _, got := errors.AsType[*config.Mistake](err); got != tt.mistake {
				t.Errorf("is a mistake of the file: %v, want %v", got, tt.mistake)
			}
			if tt.port != 0 && !regexp.MustCompile(`is taken( \(pid \d+, .+ in /.+\))?; stop it or use --port \d+$`).MatchString(err.Error()) {
				t.Errorf("err = %v, want who and the way out", err)
			}
		})
	}
}
