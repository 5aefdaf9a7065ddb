package platform

import (
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/config"
)

// A graph that platform.json names and the program does not have is said at the start, and not found missing by a client.
func TestNamedGraphsMustBeThere(t *testing.T) {
	t.Parallel()
	text := `{"graphs": {"agent": "./agent:Graph", "trip": "./trip:Graph"}}`
	file, err := config.Parse("platform.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	graph := graphs.NewStateGraph[graphs.MessagesState]()
	server, err := New(t.Context(), Config{
		Parts: Parts{Graphs: []Graph{{ID: "agent", Source: graph, Symbol: "./agent:Graph"}}, Platform: text},
		File:  file, Process: config.Process{DatabaseURI: t.TempDir() + "/test.db"},
	})
	if err == nil {
		_ = server.Close()
		t.Fatal("a server without the graph was made")
	}
	if !strings.Contains(err.Error(), "platform.json:1:") || !strings.Contains(err.Error(), "graphs.trip: this program was built without it") {
		t.Errorf("the error is no help: %v", err)
	}
}

// hooks that platform.json names and the program does not have stop the start; it is not served as if there were none.
func TestR3NamedHooksMustBeThere(t *testing.T) {
	t.Parallel()
	text := `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}}`
	file, err := config.Parse(t.TempDir()+"/platform.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	graph := graphs.NewStateGraph[graphs.MessagesState]()
	server, err := New(t.Context(), Config{
		Parts: Parts{Graphs: []Graph{{ID: "agent", Source: graph, Symbol: "./agent:Graph"}}, Platform: text},
		File:  file, Process: config.Process{DatabaseURI: t.TempDir() + "/test.db"},
	})
	if err == nil {
		_ = server.Close()
		t.Fatal("a server without hooks was made of a platform.json that names some")
	}
	if !strings.Contains(err.Error(), "platform.Parts.Auth") {
		t.Errorf("the error does not say the way out: %v", err)
	}
}
