package compat

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/api"
)

// Holes that other servers have or had, by their numbers, where no other test here has closed them already.

// H-23, H-34, H-35, H-43, H-44 and H-52: the hooks are asked on every route, and before anything is looked up. Whoever may do nothing is
// told the same of what is there and of what is not.
func TestH23H34H35H43H52DenialsComeFirst(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		e := settle(t, serve(t, privateChat(), uri), alice)
		before := e.snapshot()
		deny := func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Deny("nothing for you"), nil
		}
		s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, deny))), uri)
		absent := e.strangers()
		for key, body := range map[string]string{ // nor does a denial tell which graphs there are
			"POST /assistants": `{"graph_id": "nowhere"}`, "PATCH /assistants/" + e.ids["assistant"]: `{"graph_id": "nowhere"}`,
		} {
			method, path, _ := strings.Cut(key, " ")
			s.must(403, alice, method, path, body)
		}
		for _, route := range new(api.Server).Routes() {
			if route.Public() || route.Operator() { // no hook is asked
				continue
			}
			for _, key := range rows(route) {
				row := twoUsers()[key]
				for _, try := range append(row.tries, try{path: row.path, body: row.body}) {
					if row.tries != nil && row.tries[0].want == unasked || strings.Contains(try.want, `"code":-32003`) {
						continue // what is not supported at all asks no hook
					}
					try.isDenied(t, s, route, e, absent)
				}
			}
		}
		e.unchanged(t, before)
	})
}

// isDenied wants the same denial of what is there and of what is not.
func (y try) isDenied(t *testing.T, s *server, route api.Route, all ...estate) {
	t.Helper()
	if y.path == "" {
		y.path = template(route.Path)
	}
	want := `{"detail":"nothing for you"}`
	if route.Group == "mcp" {
		want = `{"jsonrpc":"2.0","id":1,"error":{"code":-32003,"message":"nothing for you"}}`
	}
	for _, ids := range all {
		a := s.as(alice, route.Method, mineAs(ids).fill(y.path), mineAs(ids).fill(y.body))
		if a.Status != http.StatusForbidden || string(a.Body) != want {
			t.Errorf("%s %s, %s %s: status %d: %s", route.Method, route.Path, y.path, y.body, a.Status, a.Body)
		}
	}
}

// mineAs takes the estate's own thread and run for those of whoever calls.
func mineAs(e estate) estate {
	ids := map[string]string{"mine": e.ids["thread"], "myrun": e.ids["run"]}
	for name, id := range e.ids {
		ids[name] = id
	}
	e.ids = ids
	return e
}

// H-1 and H-42: no header and no path prefix stands in for credentials; H-10 and H-31: nor is there a route that asks for none.
func TestH1H10H31H42NoWayAroundTheCredentials(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		before := e.snapshot()
		for _, header := range []http.Header{
			{"X-Auth-Scheme": {"langsmith"}},
			{"X-Auth-Scheme": {"langsmith"}, "X-Api-Key": {"x"}, "X-Tenant-Id": {"x"}},
			{"X-Api-Key": {alice}},
			{"X-Service-Key": {"x"}},
			{"Cookie": {"session=" + alice}},
			{"X-Forwarded-User": {"user1"}, "X-Forwarded-For": {"127.0.0.1"}},
			{"X-Original-Url": {"/ok"}, "X-Http-Method-Override": {"OPTIONS"}},
		} {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				path := map[string]string{"GET": "/threads/{thread}", "POST": "/threads/search", "DELETE": "/threads/{thread}"}[method]
				r := s.request("", method, e.fill(path), "")
				for name, values := range header {
					r.Header[name] = values
				}
				if a := s.send(r); a.Status != http.StatusUnauthorized {
					t.Errorf("H-1: %s with %v: status %d: %s", method, header, a.Status, a.Body)
				}
			}
		}
		for _, path := range []string{
			"/noauth/threads/{thread}", "/ui/../threads/{thread}", "/uianything", "/ok/../threads/{thread}", "/ok/threads/{thread}",
			"/threads/{thread}/stream/events", "/threads/{thread}/commands", "/internal/truncate", "//threads/{thread}", "/threads/{thread}/",
			"/THREADS/{thread}", "/threads/%2e%2e/threads/{thread}", "/threads;x=1/{thread}", "/metrics",
		} {
			for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS", "PUT"} {
				a := s.as("", method, e.fill(path), "")
				if a.Status < 300 && method != "OPTIONS" {
					t.Errorf("%s %s: status %d: %s", method, path, a.Status, a.Body)
				}
				if strings.Contains(string(a.Body), e.marker) {
					t.Errorf("%s %s shows %s", method, path, a.Body)
				}
			}
		}
		e.unchanged(t, before)
	})
}

// H-19: no id in a body wins over those of the URL.
func TestH19BodiesNameNoOtherThread(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		before := e.snapshot()
		mine := "/threads/" + settle(t, s, bob).ids["thread"]
		for _, y := range []struct{ path, body string }{
			{"/state/checkpoint", `{"checkpoint": {"thread_id": "{thread}"}}`},
			{"/state/checkpoint", `{"checkpoint": {"thread_id": "{thread}", "checkpoint_id": "{checkpoint}"}}`},
			{"/history", `{"checkpoint": {"thread_id": "{thread}"}}`},
			{"/state", `{"values": {"messages": []}, "as_node": "echo", "checkpoint": {"thread_id": "{thread}", "checkpoint_id": "{checkpoint}"}}`},
			{"/runs/wait", `{"assistant_id": "agent", "checkpoint": {"thread_id": "{thread}", "checkpoint_id": "{checkpoint}"}}`},
			{"/runs/wait", `{"assistant_id": "agent", "config": {"configurable": {"thread_id": "{thread}"}}}`},
		} {
			foreign := s.must(422, bob, "POST", mine+y.path, e.fill(y.body))
			unknown := e.strangers()
			absent := s.must(422, bob, "POST", mine+y.path, unknown.fill(y.body))
			if diff := gocmp.Diff(absent.comparable(unknown), foreign.comparable(e)); diff != "" {
				t.Errorf("%s %s (-absent +foreign):\n%s", y.path, y.body, diff)
			}
		}
		for _, body := range []string{
			`{"assistant_id": "agent", "checkpoint": {"checkpoint_id": "{checkpoint}"}}`,
			`{"assistant_id": "agent", "checkpoint_id": "{checkpoint}"}`,
			`{"assistant_id": "agent", "config": {"configurable": {"checkpoint_id": "{checkpoint}"}}}`,
			`{"assistant_id": "agent", "config": {"configurable": {"checkpoint_map": {"": "{checkpoint}"}}}}`,
		} {
			for _, path := range []string{mine + "/runs/wait", "/runs/wait"} {
				if a := s.as(bob, "POST", path, e.fill(body)); strings.Contains(string(a.Body), e.marker) {
					t.Errorf("%s %s: %s", path, body, a.Body)
				}
			}
		}
		e.unchanged(t, before)
	})
}

// H-25: what a run is given is not left on its thread for those who read that.
func TestH25ThreadsRememberNoSettings(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		s.must(200, alice, "POST", thread+"/runs/wait", strings.Replace(hello, "{", `{"config": {"configurable": {"key": "of-alice"}}, `, 1))
		a := s.must(200, bob, "GET", thread, "")
		for _, word := range []string{"of-alice", "langgraph_auth", "user1", "checkpoint_id"} {
			if strings.Contains(string(a.Body), word) {
				t.Errorf("the thread tells of %s: %s", word, a.Body)
			}
		}
	})
}

// H-30: who sees the versions of an assistant is decided by what it is now, not by what a version says.
func TestH30VersionsAreTheAssistants(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		id := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "metadata": {"note": "user2"}}`).field(t, "assistant_id")
		for range 3 {
			s.must(200, alice, "PATCH", "/assistants/"+id, `{"metadata": {"note": "n"}}`)
		}
		var versions []struct{ Version int }
		if s.must(200, alice, "POST", "/assistants/"+id+"/versions", `{}`).into(t, &versions); len(versions) != 4 {
			t.Errorf("Alice sees %v of four versions, of which none is stamped", versions)
		}
		foreign := s.as(bob, "POST", "/assistants/"+id+"/versions", `{"metadata": {"note": "user2"}}`)
		absent := s.as(bob, "POST", "/assistants/"+uuid.NewString()+"/versions", `{"metadata": {"note": "user2"}}`)
		if diff := gocmp.Diff(string(absent.Body), string(foreign.Body)); diff != "" || foreign.Status != 404 || absent.Status != 404 {
			t.Errorf("status %d and %d (-absent +foreign):\n%s", absent.Status, foreign.Status, diff)
		}
	})
}

// H-49: what goes wrong inside of an authenticator is told to nobody.
func TestH49TroubleOfAnAuthenticatorStaysInside(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		how := map[string]func() (*authhooks.User, error){
			"error": func() (*authhooks.User, error) { return nil, errors.New("dial tcp 10.1.2.3: password of-the-database") },
			"panic": func() (*authhooks.User, error) { panic("of-the-database") },
			"nil":   func() (*authhooks.User, error) { return nil, nil },
		}
		s := serve(t, withAuth(authhooks.New(func(_ context.Context, r *authhooks.Request) (*authhooks.User, error) {
			return how[r.Header.Get("How")]()
		}, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))), uri)
		for name := range how {
			r := s.request("", "POST", "/threads", `{}`)
			r.Header.Set("How", name)
			a := s.send(r)
			if a.Status != http.StatusInternalServerError && (name != "nil" || a.Status != http.StatusUnauthorized) {
				t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
			}
			if strings.Contains(string(a.Body), "of-the-database") || a.field(t, "detail") == "" {
				t.Errorf("%s: %s", name, a.Body)
			}
		}
	})
}
