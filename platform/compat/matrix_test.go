package compat

import (
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/store/storetest"
)

// Every call of the official clients with every argument that it has (rest.md §11).
func TestCallMatrix(t *testing.T) {
	t.Parallel()
	for _, c := range clientsOf("matrix") {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Run("below a prefix", func(t *testing.T) {
				t.Parallel()
				parts := graphSet(t, "core")
				parts.Platform = strings.Replace(parts.Platform, `"http": {`, `"http": {"mount_prefix": "/v1/agents", `, 1)
				server := serve(t, parts, storetest.SQLite(t).URI)
				if out := c.run(t, server.URL+"/v1/agents"); !strings.Contains(out, "matrix: good") {
					t.Errorf("it said %s", out)
				}
			})
			databases(t, func(t *testing.T, uri string) {
				server := start(t, binary(t, "graphs/core/platform.json"), "DATABASE_URI="+uri)
				if out := c.run(t, server.URL); !strings.Contains(out, "matrix: good") {
					t.Errorf("it said %s", out)
				}
			})
		})
	}
}
