package compat

import (
	"strings"
	"testing"
)

// Every call of the official clients with every argument that it has (rest.md §11).
func TestCallMatrix(t *testing.T) {
	t.Parallel()
	for _, c := range clientsOf("matrix") {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				server := start(t, binary(t, "graphs/core/platform.json"), "DATABASE_URI="+uri)
				if out := c.run(t, server.URL); !strings.Contains(out, "matrix: good") {
					t.Errorf("it said %s", out)
				}
			})
		})
	}
}
