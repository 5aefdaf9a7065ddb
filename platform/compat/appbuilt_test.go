package compat

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

const customRoutes = "../../examples/custom-routes/platform.json"

// TestAppsAreBuilt: locutory build makes a server of an app that platform.json names.
func TestAppsAreBuilt(t *testing.T) {
	t.Parallel()
	p := start(t, binary(t, customRoutes), "JWT_SECRET="+strings.Repeat("0123456789abcdef", 2))
	s := &server{URL: p.URL, t: t}
	var login struct{ Token string }
	s.must(200, "", "POST", "/login", `{"user": "alice", "password": "wonderland"}`).into(t, &login)
	s.must(401, "", "GET", "/digest", "")
	var digest struct{ User string }
	s.must(200, login.Token, "GET", "/digest", "").into(t, &digest)
	if digest.User != "Alice" {
		t.Errorf("digest: %+v", digest)
	}
}

// TestRoutesOfAnApp: who is let in where can be read.
func TestRoutesOfAnApp(t *testing.T) {
	t.Parallel()
	command := exec.Command(binary(t, customRoutes), "routes")
	command.Env = append(command.Environ(), "JWT_SECRET="+strings.Repeat("0123456789abcdef", 2))
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); strings.Contains(line, "./web:New") {
			rows = append(rows, strings.Join(fields, " "))
		}
	}
	want := `["POST /login public ./web:New","* /… authenticated ./web:New does not list its other routes"]`
	if got, _ := json.Marshal(rows); string(got) != want {
		t.Errorf("routes: %s, want %s", got, want)
	}
	without := exec.Command(binary(t, customRoutes), "routes")
	without.Env = append(without.Environ(), "JWT_SECRET=")
	if text, err := without.CombinedOutput(); err == nil || !strings.Contains(string(text), "JWT_SECRET is not set") {
		t.Errorf("without the secret: %v: %s", err, text)
	}
}
