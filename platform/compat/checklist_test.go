package compat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

// checklist are the points of rest.md §18 by number.
func checklist() []string {
	return []string{
		1:  "assistants of the graphs at the start",
		2:  "versions of an assistant",
		3:  "creating what is there",
		4:  "a thread's life",
		5:  "history of a loop",
		6:  "a state cannot change under a pending run",
		7:  "no such graph",
		8:  "recursion limit, and a good run after it",
		9:  "interrupted before a node, and continued",
		10: "stateless runs",
		11: "strategies",
		12: "on_run_created",
		13: "selected fields of runs",
		14: "ttl is included",
		15: "a copy is independent",
		16: "the store",
		17: "crons",
		18: "RemoteGraph",
		19: "a connection that is cut",
		20: "browsers",
	}
}

// driver is one run of a client's script against a server of its own, which is a built binary.
type driver struct {
	client   client
	database string
	server   *process
	broken   *cutter
	said     map[string]string // by point: "ok", "none why" or "fail why"
}

// TestChecklist drives the minimal conformance checklist with every official client on every database. A point that a client has no call
// for is a subtest that only says so.
func TestChecklist(t *testing.T) {
	t.Parallel()
	path := binary(t, "graphs/core/platform.json")
	config := withCORS(t, "graphs/core/platform.json")
	var all []*driver
	for _, database := range []string{"sqlite", "postgres"} {
		open := map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLite, "postgres": storetest.Postgres}[database]
		for _, c := range clientsOf("checklist") {
			server := start(t, path, "LOCUTORY_CONFIG="+config, "DATABASE_URI="+open(t).URI)
			all = append(all, &driver{client: c, database: database, server: server, broken: cut(t, server.URL), said: map[string]string{}})
		}
	}
	waits := make([]func(), len(all)) // crons fire at whole minutes: all wait for the same one
	outs := make([]sharedBuffer, len(all))
	for i, d := range all {
		waits[i] = d.client.follow(t, &outs[i], d.server.URL, d.broken.URL)
	}
	for i, d := range all {
		waits[i]()
		d.hear(outs[i].String())
	}
	for number, name := range checklist() {
		if name == "" {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", number, name), func(t *testing.T) {
			switch number {
			case 18:
				remoteGraph(t, path)
				return
			case 20:
				for _, d := range all {
					browse(t, d.server.URL)
				}
				return
			}
			for _, d := range all {
				t.Run(d.client.name+"/"+d.database, func(t *testing.T) { d.tells(t, number) })
			}
		})
	}
}

// hear notes what a script said of each point.
func (d *driver) hear(out string) {
	for line := range strings.Lines(out) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(words) > 1 {
			d.said[words[1]] = strings.Join(append(words[:1:1], words[2:]...), " ")
		}
	}
}

func (d *driver) tells(t *testing.T, number int) {
	t.Helper()
	switch said := d.said[fmt.Sprintf("%02d", number)]; {
	case said == "ok":
	case strings.HasPrefix(said, "none "):
		t.Logf("the client has no such call: %s", said)
	default:
		if text, err := strconv.Unquote(strings.TrimPrefix(said, "fail ")); err == nil {
			said = text
		}
		t.Errorf("%q", strings.ReplaceAll(said, `\n`, "\n"))
	}
}

const pageOrigin = "https://chat.example.com"

// withCORS writes a platform.json of the same graphs for a page of another origin.
func withCORS(t *testing.T, config string) string {
	t.Helper()
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	section, _ := file["http"].(map[string]any)
	if section == nil {
		section = map[string]any{}
	}
	section["cors"] = map[string]any{"allow_origins": []string{pageOrigin}}
	file["http"] = section
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "platform.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// browse does what a browser does for a page of another origin before and while it starts a run.
func browse(t *testing.T, url string) {
	t.Helper()
	s := &server{URL: url, t: t}
	from := func(origin, method, path, body string, headers ...string) answer {
		r := s.request("", method, path, body)
		r.Header.Set("Origin", origin)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return s.send(r)
	}
	asks := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,x-api-key,last-event-id"}
	a := from(pageOrigin, "OPTIONS", "/runs/wait", "", asks...)
	allowed := strings.ToLower(a.Header.Get("Access-Control-Allow-Headers"))
	if a.Status >= 300 || a.Header.Get("Access-Control-Allow-Origin") != pageOrigin || !strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: status %d, %v", a.Status, a.Header)
	}
	for _, name := range []string{"authorization", "content-type", "x-api-key", "last-event-id"} {
		if allowed != "*" && !strings.Contains(allowed, name) {
			t.Errorf("preflight: %s is not allowed by %q", name, allowed)
		}
	}
	thread := s.must(200, "", "POST", "/threads", `{}`).field(t, "thread_id")
	for _, path := range []string{"/threads/" + thread + "/runs/stream", "/threads/" + thread + "/runs/wait", "/threads/" + thread + "/runs"} {
		a := from(pageOrigin, "POST", path, hello)
		if a.Status != http.StatusOK || a.Header.Get("Access-Control-Allow-Origin") != pageOrigin || a.Header.Get("Content-Location") == "" {
			t.Errorf("%s: status %d, %v", path, a.Status, a.Header)
		}
		exposed := strings.ToLower(a.Header.Get("Access-Control-Expose-Headers"))
		for _, name := range []string{"content-location", "location", "x-pagination-total", "x-pagination-next"} {
			if !strings.Contains(exposed, name) {
				t.Errorf("%s: a page cannot read %s: %q are exposed", path, name, exposed)
			}
		}
		s.as("", "GET", "/threads/"+thread+"/runs?limit=1", "")
	}
	if a := from(pageOrigin, "GET", "/threads/"+thread+"/state/"+thread, ""); a.Status != 404 || a.Header.Get("Access-Control-Allow-Origin") != pageOrigin {
		t.Errorf("a page cannot read a refusal: status %d, %v", a.Status, a.Header)
	}
	if a := from("https://evil.example", "OPTIONS", "/runs/wait", "", asks...); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another page is let in: %v", a.Header)
	}
}
