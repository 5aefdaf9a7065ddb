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

// R-3 and H-48: hooks that platform.json names and the program does not have stop the start; it is not served as if there were none.
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

// A server that asks nobody who they are is not opened to other machines by accident.
func TestOpenServersStayOnThisMachine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host               string
		insecure, withAuth bool
		served             bool
	}{
		"the machine's own address":  {host: "127.0.0.1", served: true},
		"its name":                   {host: "localhost", served: true},
		"every address":              {host: "0.0.0.0"},
		"every address by nothing":   {host: ""},
		"every address of version 6": {host: "::"},
		"an address of the network":  {host: "192.0.2.7"},
		"a name":                     {host: "agents.example"},
		"said aloud":                 {host: "0.0.0.0", insecure: true, served: true},
		"with hooks":                 {host: "0.0.0.0", withAuth: true, served: true},
	}
	for name, tt := range tests {
		c := Config{File: &config.Config{}, Process: config.Process{Host: tt.host, Port: 2024, Insecure: tt.insecure}}
		if tt.withAuth {
			c.File.Auth = &config.Auth{}
		}
		err := c.exposed()
		if tt.served != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), "or bind with --host 127.0.0.1, or say --insecure") {
			t.Errorf("%s: no way out: %v", name, err)
		}
	}
}
