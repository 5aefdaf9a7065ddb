package platform

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// The routes that are printed are those that are served: a group that is disabled is not there, and the front page is the app's.
func TestRoutesAreThoseThatAreServed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		http         string
		app          any
		with, absent []string
	}{
		"all":      {"{}", nil, []string{"/", "/ok", "/info", "/runs/crons", "/threads"}, nil},
		"disabled": {`{"disable_meta": true, "disable_runs": true}`, nil, []string{"/ok", "/threads"}, []string{"/", "/info", "/metrics", "/runs/crons"}},
		"an app":   {`{"app": "./app:App"}`, App{Handler: http.NewServeMux()}, []string{"/ok", "/threads"}, []string{"/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			root := command(Parts{App: test.app, AppSymbol: "./app:App", Platform: `{"graphs": {"agent": "./agent:Graph"}, "http": ` + test.http + `}`})
			root.SetOut(&out)
			root.SetArgs([]string{"routes"})
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			printed := map[string]bool{}
			for line := range strings.Lines(out.String()) {
				if fields := strings.Fields(line); len(fields) > 1 {
					printed[fields[1]] = true
				}
			}
			for _, path := range test.with {
				if !printed[path] {
					t.Errorf("%s is not printed:\n%s", path, &out)
				}
			}
			for _, path := range test.absent {
				if printed[path] {
					t.Errorf("%s is printed, and not served", path)
				}
			}
		})
	}
}
