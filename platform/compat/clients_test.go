package compat

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
)

// The tutorials' own steps, by every official client, against the built examples on every database.
func TestTutorialsWithOfficialClients(t *testing.T) {
	t.Parallel()
	for part, config := range map[string]string{
		"part1": "../../examples/basic-auth/platform.json",
		"part2": "../../examples/private-chat/platform.json",
	} {
		for _, c := range clients() {
			t.Run(part+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				path := binary(t, config)
				databases(t, func(t *testing.T, uri string) {
					c.run(t, start(t, path, "DATABASE_URI="+uri).URL, part)
				})
			})
		}
	}
}

// Tokens reach the clients while the model is still speaking. The provider holds its stream after the first word until the
// client says that it has read it, and mixes the deltas of two tool calls, as providers do.
func TestTokensArriveWhileTheModelSpeaks(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gate := make(chan struct{}, 16)
			gate <- struct{}{} // the first word passes
			stub := openaistub.New(
				openaistub.Turn{Gate: gate, Deltas: append([]openaistub.Delta{{Content: "Let me "}, {Content: "see. "}}, twoCalls()...)},
				openaistub.Text("It is ", "noon."),
			)
			t.Cleanup(stub.Close)
			var once sync.Once
			release := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				once.Do(func() { close(gate) })
				w.WriteHeader(http.StatusOK)
			}))
			t.Cleanup(release.Close)
			server := start(t, binary(t, "../../examples/private-chat/platform.json"), "OPENAI_BASE_URL="+stub.URL, "OPENAI_MODEL=stub")
			c.run(t, server.URL, "tokens", release.URL)
		})
	}
}

// twoCalls are the deltas of two parallel calls of the tool, piece by piece in turns.
func twoCalls() []openaistub.Delta {
	piece := func(index int, id, name, arguments string) openaistub.Delta {
		call := openaistub.CallDelta{Index: index, ID: id, Function: openaistub.FunctionDelta{Name: name, Arguments: arguments}}
		if id != "" {
			call.Type = "function"
		}
		return openaistub.Delta{ToolCalls: []openaistub.CallDelta{call}}
	}
	return []openaistub.Delta{
		piece(0, "call_berlin", "current_time", ""), piece(1, "call_tokyo", "current_time", ""),
		piece(0, "", "", `{"name":`), piece(1, "", "", `{"name":"Asia/`), piece(0, "", "", `"Europe/Berlin"}`), piece(1, "", "", `Tokyo"}`),
	}
}

// A stopping server leaves the bodies of its streams incomplete and hands its runs back; the clients come back by Location to
// the next server and see the run to its end.
func TestClientsOutliveTheServer(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := start(t, binary(t, "graphs/durable/platform.json"))
			lines := make(chan string, 64)
			wait := c.follow(t, lineWriter{lines: lines}, server.URL, "resume", "100")
			for range 4 {
				awaitLine(t, lines, "update")
			}
			server.stop(syscall.SIGTERM)
			server.again()
			wait()
		})
	}
}

// lineWriter sends what is written on as lines.
type lineWriter struct{ lines chan<- string }

func (w lineWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		select {
		case w.lines <- line:
		default: // nobody waits any more
		}
	}
	return len(p), nil
}

func awaitLine(t *testing.T, lines <-chan string, prefix string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case line := <-lines:
			if strings.HasPrefix(line, prefix) {
				return
			}
		case <-deadline:
			t.Fatalf("no line %q", prefix)
		}
	}
}
