package compat

import (
	"cmp"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/api"
)

func TestEveryRouteHasTwoUsers(t *testing.T) {
	t.Parallel()
	all, routes := twoUsers(), map[string]bool{}
	for _, route := range new(api.Server).Routes() {
		for _, key := range rows(route) {
			routes[key] = true
			row, ok := all[key]
			if !ok {
				t.Errorf("%s: no row says what Bob gets of Alice's; add one", key)
			}
			if isPublic := len(row.tries) > 0 && row.tries[0].want == public; ok && isPublic != route.Public() {
				t.Errorf("%s: the row and the route do not agree whether it is public", key)
			}
			if isClosed := len(row.tries) > 0 && row.tries[0].want == closed; ok && isClosed != route.Operator() {
				t.Errorf("%s: the row and the route do not agree whether it is the operator's alone", key)
			}
		}
	}
	for key := range all {
		if !routes[key] {
			t.Errorf("%s: there is no such route any more", key)
		}
	}
}

func TestAC17AC45ThreadsOfOthersAreMissing(t *testing.T)    { t.Parallel(); meet(t, "/threads") }
func TestAC18AC19AssistantsOfOthersAreMissing(t *testing.T) { t.Parallel(); meet(t, "/assistants") }
func TestAC45RunsOfOthersAreMissing(t *testing.T)           { t.Parallel(); meet(t, "/runs") }
func TestAC23ItemsOfOthersAreMissing(t *testing.T)          { t.Parallel(); meet(t, "/store") }
func TestAC45ToolsOfOthersAreMissing(t *testing.T)          { t.Parallel(); meet(t, "/mcp") }
func TestNumbersOfOthersAreNotShown(t *testing.T)           { t.Parallel(); meet(t, "/metrics") }

func TestAC45TasksOfOthersAreMissing(t *testing.T) {
	t.Parallel()
	t.Run("agents", func(t *testing.T) { t.Parallel(); meet(t, "/a2a") })
	t.Run("cards", func(t *testing.T) { t.Parallel(); meet(t, "/.well-known") })
}

// meet lets Bob try everything on Alice's rows by the routes under a path, and Alice use them herself.
func meet(t *testing.T, under string) {
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		bobs := settle(t, s, bob)
		for key, row := range twoUsers() {
			method, path := strings.Fields(key)[0], strings.Fields(key)[1]
			if !strings.HasPrefix(path, under) {
				continue
			}
			t.Run(key, func(t *testing.T) {
				e := settle(t, s, alice)
				e.ids["mine"], e.ids["myrun"] = bobs.ids["thread"], bobs.ids["run"]
				before := e.snapshot()
				for _, try := range row.attempts() {
					try.check(t, e, method, path)
				}
				e.unchanged(t, before)
				if a := e.must(row.own, method, cmp.Or(row.path, template(path)), row.body); !strings.Contains(string(a.Body), e.fill(row.shows)) {
					t.Errorf("the owner gets %s, want %s in it", a.Body, e.fill(row.shows))
				}
			})
		}
	})
}

func (r row) attempts() []try {
	if len(r.tries) == 0 {
		return []try{{body: r.body}}
	}
	return r.tries
}

// check makes the try as Bob and holds the answer against what is wanted.
func (y try) check(t *testing.T, e estate, method, path string) {
	t.Helper()
	if y.path == "" {
		y.path = template(path)
	}
	got := e.s.as(bob, method, e.fill(y.path), e.fill(y.body))
	about := method + " " + y.path + " " + y.body
	switch y.want {
	case hidden, unknown:
		absent := e.strangers()
		absent.ids["mine"], absent.ids["myrun"] = e.ids["mine"], e.ids["myrun"]
		other := e.s.as(bob, method, absent.fill(y.path), absent.fill(y.body))
		if want := map[string]int{hidden: 404, unknown: 200}[y.want]; got.Status != want {
			t.Errorf("%s: status %d, want %d: %s", about, got.Status, want, got.Body)
		}
		if y.want == unknown && !strings.Contains(string(got.Body), `"error":{"code":-32602,"message":"unknown tool `) {
			t.Errorf("%s: want an unknown tool: %s", about, got.Body)
		}
		if diff := gocmp.Diff(other.comparable(absent), got.comparable(e)); diff != "" {
			t.Errorf("%s: not the answer of a row that is not there (-absent +foreign):\n%s", about, diff)
		}
	case public:
		if owners := e.s.as(alice, method, e.fill(y.path), e.fill(y.body)); got.Status != owners.Status || string(got.Body) != string(owners.Body) {
			t.Errorf("%s: status %d %s, and everyone should get %d %s", about, got.Status, got.Body, owners.Status, owners.Body)
		}
		e.reveals(t, got)
	case missing:
		if got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404: %s", about, got.Status, got.Body)
		}
	case silent:
		if got.Status != http.StatusNoContent || len(got.Body) > 0 {
			t.Errorf("%s: status %d, want 204: %s", about, got.Status, got.Body)
		}
	case refused:
		if got.Status != http.StatusForbidden || string(got.Body) != `{"detail":"Forbidden"}` {
			t.Errorf("%s: status %d, want 403 Forbidden: %s", about, got.Status, got.Body)
		}
	case closed:
		if got.Status != http.StatusForbidden || !strings.HasPrefix(string(got.Body), `{"detail":"the metrics count what all users do:`) {
			t.Errorf("%s: status %d, want 403 for every user: %s", about, got.Status, got.Body)
		}
	case anyone:
		if got.Status != http.StatusNoContent && got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 204 or 404: %s", about, got.Status, got.Body)
		}
	case taken:
		if want := `{"detail":"` + resource(path) + ` already exists"}`; got.Status != http.StatusConflict || string(got.Body) != want {
			t.Errorf("%s: status %d, want 409 %s: %s", about, got.Status, want, got.Body)
		}
	default:
		if got.Status != http.StatusOK || y.want != without && y.want != unasked && string(got.Body) != y.want {
			t.Errorf("%s: status %d, want 200 %s: %s", about, got.Status, y.want, got.Body)
		}
		own := e.ids
		e.ids = map[string]string{}
		for _, name := range []string{"thread", "run", "assistant", "busy", "pending", "cron", "plan"} {
			e.ids[name] = own[name]
		}
		e.reveals(t, got)
	}
}

func resource(path string) string {
	if strings.HasPrefix(path, "/assistants") {
		return "Assistant"
	}
	return "Thread"
}

func TestAC1NoCredentialsOnAnyRoute(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		before := e.snapshot()
		for _, route := range new(api.Server).Routes() {
			for _, key := range rows(route) {
				row := twoUsers()[key]
				a := s.as("", route.Method, e.fill(cmp.Or(row.path, template(route.Path))), e.fill(row.body))
				if route.Public() {
					if a.Status != row.own {
						t.Errorf("%s: status %d, want %d", key, a.Status, row.own)
					}
					continue
				}
				if route.Operator() {
					if a.Status != row.own {
						t.Errorf("%s: status %d, want %d", key, a.Status, row.own)
					}
					e.reveals(t, a)
					continue
				}
				if a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" || a.field(t, "detail") == "" {
					t.Errorf("%s: status %d, WWW-Authenticate %q: %s", key, a.Status, a.Header.Get("WWW-Authenticate"), a.Body)
				}
				e.reveals(t, a)
			}
		}
		e.unchanged(t, before)
	})
}
