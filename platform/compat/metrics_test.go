package compat

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/wire"
)

const metricsToken = "the-operators-own"

// watched is a server whose operator has a token for the metrics.
func watched(t *testing.T, uri string, settings ...func(*config.Process)) *server {
	t.Helper()
	set := func(p *config.Process) { p.MetricsToken = metricsToken }
	return serve(t, privateChat(), uri, append([]func(*config.Process){set}, settings...)...)
}

// Where people have to say who they are, the numbers are for who has the operator's token: no user's credentials open them.
func TestMetricsAreTheOperators(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := watched(t, uri)
		settle(t, s, alice)
		for _, token := range []string{"", alice, bob, metricsToken + "x", metricsToken[1:], "x"} {
			for _, query := range []string{"", "?format=json", "?format=nonsense"} {
				a := s.must(401, token, "GET", "/metrics"+query, "")
				if strings.Contains(string(a.Body), "lg_api") || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s with %q: %v %s", query, token, a.Header, a.Body)
				}
			}
		}
		r := s.request("", "GET", "/metrics", "")
		r.Header.Set("Authorization", "Basic "+metricsToken)
		if a := s.send(r); a.Status != 401 {
			t.Errorf("another scheme: status %d", a.Status)
		}
		s.must(200, metricsToken, "GET", "/metrics", "")
		s.must(401, metricsToken, "GET", "/threads/00000000-0000-0000-0000-000000000000", "") // it opens nothing else
	})
}

func TestMetricsAreOpenWithoutUsers(t *testing.T) {
	t.Parallel()
	parts := privateChat()
	parts.Auth, parts.Platform = nil, `{"graphs": {"agent": "./agent:Graph"}}`
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, parts, uri)
		a := s.must(200, "", "GET", "/metrics?format=", "")
		if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") || !strings.Contains(string(a.Body), "\ngo_goroutines ") {
			t.Errorf("%s %.300s", kind, a.Body)
		}
		if a := s.must(422, "", "GET", "/metrics?format=xml", ""); !strings.Contains(string(a.Body), "format") {
			t.Errorf("%s", a.Body)
		}
	})
}

// The numbers are right, and name no one: not a user, a row, an assistant or a graph, whatever was asked for.
func TestMetricsCountAndNameNobody(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := watched(t, uri)
		e := settle(t, s, alice)
		for _, path := range []string{"/threads/" + e.ids["thread"] + "/no/such", "/" + e.marker, "/threads/{thread}/?" + e.marker} {
			s.as(alice, "GET", e.fill(path), "")
		}
		s.as(alice, "BREW", e.fill("/threads/{thread}"), "")
		s.must(404, bob, "GET", e.fill("/threads/{thread}"), "")

		var numbers wire.Metrics // a run is counted, and its place free, a moment after its client knows of the end
		for len(numbers.Runs) == 0 || numbers.Runs[0].Count < 2 || numbers.Workers.Active > 0 {
			s.must(200, metricsToken, "GET", "/metrics?format=json", "").into(t, &numbers)
		}
		a := s.must(200, metricsToken, "GET", "/metrics", "")
		e.reveals(t, a)
		text := string(a.Body) + "\n"
		for _, series := range []string{
			`lg_api_num_pending_runs 1`, `lg_api_num_running_runs 0`, `lg_api_workers_max 10`, `lg_api_workers_active 0`, `lg_api_workers_available 10`,
			`lg_api_http_requests_total{method="GET",path="/threads/:thread_id",status="404"} 1`,
			`lg_api_http_requests_total{method="POST",path="/threads/:thread_id/runs/wait",status="200"} 1`,
			`lg_api_http_requests_total{method="GET",path="none",status="404"} 3`,
			`lg_api_http_requests_total{method="other",path="none",status="405"} 1`,
			`lg_api_http_requests_latency_count{method="POST",path="/threads/:thread_id/runs/wait",status="200"} 1`,
			`locutory_run_seconds_count{status="success"} 2`, `lg_api_run_queue_wait_time_1st_attempt_count 2`, `locutory_open_streams 0`,
		} {
			if !strings.Contains(text, "\n"+series+"\n") {
				t.Errorf("there is no %s", series)
			}
		}
		if !regexp.MustCompile(`(?m)^locutory_log_commit_seconds_count\{outcome="ok"\} [1-9]`).MatchString(text) ||
			!regexp.MustCompile(`(?m)^lg_api_(pg_pool_size|sqlite_pool_size\{pool="write"\}) [1-9]`).MatchString(text) {
			t.Errorf("commits or pools are missing")
		}
		mayBe := map[string]*regexp.Regexp{
			"method": regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE|other)$`), "path": routePatterns(), "le": regexp.MustCompile(`^(\+Inf|[0-9.e+-]+)$`),
			"status": regexp.MustCompile(`^([1-5][0-9][0-9]|success|error|timeout|interrupted)$`), "outcome": regexp.MustCompile(`^[a-z_]+$`),
			"pool": regexp.MustCompile(`^(read|write)$`), "quantile": regexp.MustCompile(`^[0-9.]+$`), "version": regexp.MustCompile(`^go`),
		}
		for _, label := range regexp.MustCompile(`[{,]([a-z_]+)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			if may := mayBe[label[1]]; may == nil || !may.MatchString(label[2]) {
				t.Errorf("a label that may tell of somebody: %s=%q", label[1], label[2])
			}
		}

		a = s.must(200, metricsToken, "GET", "/metrics?format=json", "")
		e.reveals(t, a)
		numbers = wire.Metrics{}
		a.into(t, &numbers)
		if q := numbers.Queue; q == nil || *q != (wire.QueueMetrics{Pending: 1}) {
			t.Errorf("queue %+v", q)
		}
		if w := numbers.Workers; w == nil || *w != (wire.WorkerMetrics{Max: 10, Available: 10}) {
			t.Errorf("workers %+v", w)
		}
		if runs := numbers.Runs; len(runs) != 1 || runs[0].Outcome != "success" || runs[0].Count != 2 || runs[0].Seconds <= 0 {
			t.Errorf("runs %+v", runs)
		}
		if len(numbers.Database) == 0 || numbers.Database[0].Max == 0 || len(numbers.HTTP) < 10 || len(numbers.Log) != 1 {
			t.Errorf("%s", a.Body)
		}
	})
}

// routePatterns matches what the label path may be.
func routePatterns() *regexp.Regexp {
	all := []string{"none"}
	for _, route := range new(api.Server).Routes() {
		all = append(all, regexp.QuoteMeta(route.Path))
	}
	return regexp.MustCompile("^(" + strings.Join(all, "|") + ")$")
}

func TestMetricsOfAServerWithoutWorkers(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		address := freeAddress(t)
		s := watched(t, uri, func(p *config.Process) { p.Workers, p.MetricsAddr = 0, address })
		if a := s.must(200, metricsToken, "GET", "/metrics", ""); strings.Contains(string(a.Body), "lg_api_workers") {
			t.Errorf("it executes nothing, and says:\n%s", a.Body)
		}
		alone := &server{URL: "http://" + address, t: t} // an address of their own needs no token, and has nothing but them
		if a := alone.must(200, "", "GET", "/metrics", ""); !strings.Contains(string(a.Body), "lg_api_num_pending_runs 0") {
			t.Errorf("%s", a.Body)
		}
		for _, path := range []string{"/", "/ok", "/threads/search", "/metrics/x"} {
			alone.must(404, metricsToken, "GET", path, "")
		}
		alone.must(405, "", "POST", "/metrics", "")
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// Meta can be turned off but for /ok; what is open tells nobody anything of anyone.
func TestMetaRoutes(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for path, want := range map[string]string{
			"/": `{"ok":true}`, "/ok": `{"ok":true}`, "/ok?check_db=0": `{"ok":true}`, "/ok?check_db=1": `{"ok":true,"services":{"database":"ok"}}`,
		} {
			if a := s.must(200, "", "GET", path, ""); string(a.Body) != want {
				t.Errorf("%s: %s, want %s", path, a.Body, want)
			}
		}
		off := privateChat()
		off.Platform = `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}, "http": {"disable_meta": true, "disable_store": true}}`
		s = serve(t, off, uri)
		s.must(200, "", "GET", "/ok", "")
		for _, path := range []string{"/", "/info", "/metrics"} {
			s.must(404, alice, "GET", path, "")
		}
	})
}

// The flags say what there is.
func TestInfoFlags(t *testing.T) {
	t.Parallel()
	for _, off := range []string{"assistants", "threads", "runs", "store", "webhooks", ""} {
		t.Run("without "+off, func(t *testing.T) {
			t.Parallel()
			parts := privateChat()
			if off != "" {
				parts.Platform = fmt.Sprintf(`{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}, "http": {"disable_%s": true}}`, off)
			}
			s := serve(t, parts, t.TempDir()+"/test.db")
			var info wire.Info
			s.must(200, "", "GET", "/info", "").into(t, &info)
			for flag, path := range map[string]string{
				"assistants": "/assistants/search", "threads": "/threads/search", "crons": "/runs/crons/search", "runs": "/runs/wait",
				"store": "/store/items/search", "mcp": "/mcp", "a2a": "/a2a/agent",
			} {
				there := s.as(alice, http.MethodPost, path, `{}`).Status != http.StatusNotFound
				if on, said := info.Flags[flag]; !said || on != there {
					t.Errorf("%s is %t (%t said), and POST %s is there: %t", flag, on, said, path, there)
				}
			}
			if info.Flags["webhooks"] != (off != "webhooks") || info.Flags["langsmith"] {
				t.Errorf("%v", info.Flags)
			}
		})
	}
}
