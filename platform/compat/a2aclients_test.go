package compat

import (
	"strings"
	"testing"
)

// The official client speaks both versions of the protocol to a built server, as two users.
func TestA2AWithTheOfficialClient(t *testing.T) {
	t.Parallel()
	client := clientsOf("agents")[0]
	databases(t, func(t *testing.T, uri string) {
		server := start(t, binary(t, "graphs/desk/platform.json"), "DATABASE_URI="+uri)
		if out := client.run(t, server.URL); !strings.Contains(out, "ok agents") {
			t.Errorf("the client said %s", out)
		}
	})
}
