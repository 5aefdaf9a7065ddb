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
	rows, routes := twoUsers(), map[string]bool{}
	for _, route := range new(api.Server).Routes() {
		key := route.Method + " " + route.Path
		routes[key] = true
		row, ok := rows[key]
		if !ok {
			t.Errorf("%s: no row says what Bob gets of Alice's; add one", key)
		}
		if isPublic := len(row.tries) > 0 && row.tries[0].want == public; ok && isPublic != route.Public() {
			t.Errorf("%s: the row and the route do not agree whether it is public", key)
		}
	}
	for key := range rows {
		if !routes[key] {
			t.Errorf("%s: there is no such route any more", key)
		}
	}
}

func TestAC17AC45ThreadsOfOthersAreMissing(t *testing.T)    { t.Parallel(); meet(t, "/threads") }
func TestAC18AC19AssistantsOfOthersAreMissing(t *testing.T) { t.Parallel(); meet(t, "/assistants") }
func TestAC45RunsOfOthersAreMissing(t *testing.T)           { t.Parallel(); meet(t, "/runs") }
func TestAC23ItemsOfOthersAreMissing(t *testing.T)          { t.Parallel(); meet(t, "/store") }

// meet lets Bob try everything on Alice's rows by the routes under a path, and Alice use them herself.
func meet(t *testing.T, under string) {
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		bobs := settle(t, s, bob)
		for key, row := range twoUsers() {
			method, path, _ := strings.Cut(key, " ")
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
				e.must(row.own, method, cmp.Or(row.path, template(path)), row.body)
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
	case hidden:
		unknown := e.strangers()
		unknown.ids["mine"], unknown.ids["myrun"] = e.ids["mine"], e.ids["myrun"]
		other := e.s.as(bob, method, unknown.fill(y.path), unknown.fill(y.body))
		if got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404: %s", about, got.Status, got.Body)
		}
		if diff := gocmp.Diff(other.comparable(unknown), got.comparable(e)); diff != "" {
			t.Errorf("%s: not the answer of a row that is not there (-absent +foreign):\n%s", about, diff)
		}
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
	case anyone:
		if got.Status != http.StatusNoContent && got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 204 or 404: %s", about, got.Status, got.Body)
		}
	case taken:
		if want := `{"detail":"` + resource(path) + ` already exists"}`; got.Status != http.StatusConflict || string(got.Body) != want {
			t.Errorf("%s: status %d, want 409 %s: %s", about, got.Status, want, got.Body)
		}
	default:
		if got.Status != http.StatusOK || y.want != without && string(got.Body) != y.want {
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
			key := route.Method + " " + route.Path
			a := s.as("", route.Method, e.fill(template(route.Path)), e.fill(twoUsers()[key].body))
			if route.Public() {
				if a.Status != http.StatusOK {
					t.Errorf("%s: status %d, want 200", key, a.Status)
				}
				continue
			}
			if a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" || a.field(t, "detail") == "" {
				t.Errorf("%s: status %d, WWW-Authenticate %q: %s", key, a.Status, a.Header.Get("WWW-Authenticate"), a.Body)
			}
			e.reveals(t, a)
		}
		e.unchanged(t, before)
	})
}
