package compat

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

func TestAC39AC40StrangersByToken(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, scoped(t), uri)
		owner := settle(t, s, token(t, "johndoe", "me", "write", "assistants:write"))
		before := owner.snapshot()
		stranger := owner
		stranger.token = token(t, "alice", "me", "write", "assistants:write")
		a := stranger.must(404, "GET", "/threads/{thread}/runs/{run}/stream", "") // AC-39: a status, no event
		if strings.Contains(string(a.Body), "event:") || strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("AC-39: a stream began: %s", a.Body)
		}
		for _, y := range []struct{ method, path, body string }{
			{"POST", "/threads/{busy}/runs/{pending}/cancel", ""},
			{"POST", "/threads/{busy}/runs/{pending}/cancel?wait=1", ""},
			{"DELETE", "/threads/{thread}/runs/{run}", ""},
			{"POST", "/threads/{thread}/runs/wait", hello},
			{"POST", "/threads/{thread}/state", `{"values": {}}`},
			{"GET", "/threads/{thread}/state/{checkpoint}", ""},
			{"POST", "/threads/{thread}/state/checkpoint", `{"checkpoint": {"checkpoint_id": "{checkpoint}"}}`},
		} {
			stranger.must(404, y.method, y.path, y.body) // AC-40
		}
		owner.unchanged(t, before)
	})
}

func TestAC41StatelessRunsOfTheOwner(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, scoped(t), uri)
		john := token(t, "johndoe", "me")
		for _, path := range []string{"/runs/wait", "/runs/stream"} {
			a := s.must(200, john, "POST", path, hello)
			if text := string(a.Body); !strings.Contains(text, "echo: hello") || strings.Contains(text, "event: error") || strings.Contains(text, "__error__") {
				t.Errorf("%s: %s", path, text)
			}
		}
	})
}

func TestAC42AdminsSeeAll(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		auth := authhooks.New(people(map[string]authhooks.User{
			alice: {Identity: "user1"}, bob: {Identity: "user2"}, "root": {Identity: "root", Permissions: []string{"admin"}},
		}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.Bypass("admin", authhooks.OwnerOnly("owner"))))
		s := serve(t, withAuth(auth), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		s.must(200, bob, "POST", "/threads", `{}`)
		for who, want := range map[string]string{alice: "1", bob: "1", "root": "2"} {
			if got := s.must(200, who, "POST", "/threads/count", `{}`); string(got.Body) != want {
				t.Errorf("%s counts %s, want %s", who, got.Body, want)
			}
		}
		s.must(200, "root", "GET", "/threads/"+thread, "")
		s.must(404, bob, "GET", "/threads/"+thread, "")
		if got := s.must(200, "root", "POST", "/threads", `{"metadata": {"owner": "user1"}}`).owner(t); got != "root" {
			t.Errorf("what an admin makes is %v's, want his own", got)
		}
	})
}

func TestAC44NoTenantSeesNothing(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		tenants := people(map[string]authhooks.User{
			alice: {Identity: "user1", Tenant: "acme"}, bob: {Identity: "user2", Tenant: "other"}, "lost": {Identity: "user3"},
		})
		byHand := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) { // what people write themselves
			c.Stamp("tenant_id", c.User.Tenant)
			return authhooks.Only(authhooks.Eq("tenant_id", c.User.Tenant)), nil
		}
		policy := serve(t, withAuth(authhooks.New(tenants, authhooks.On(authhooks.Any, authhooks.Any, authhooks.TenantOnly("tenant_id")))), uri)
		e := settle(t, policy, alice)
		hand := serve(t, withAuth(authhooks.New(tenants, authhooks.On(authhooks.Any, authhooks.Any, byHand))), uri)
		for _, y := range []struct{ method, path, body string }{
			{"POST", "/threads/search", `{}`},
			{"POST", "/threads/count", `{}`},
			{"POST", "/threads", `{}`},
			{"GET", "/threads/{thread}", ""},
			{"POST", "/assistants/search", `{}`},
			{"POST", "/threads/{thread}/runs", hello},
			{"POST", "/runs", hello},
		} {
			a := policy.as("lost", y.method, e.fill(y.path), y.body)
			if a.Status != http.StatusForbidden {
				t.Errorf("%s %s: status %d, want 403: %s", y.method, y.path, a.Status, a.Body)
			}
			e.reveals(t, a)
			a = hand.as("lost", y.method, e.fill(y.path), y.body)
			if made := y.path == "/threads" || y.path == "/runs" || y.path == "/threads/{thread}/runs"; made && a.Status < 400 {
				t.Errorf("%s %s, by hand: status %d: %s", y.method, y.path, a.Status, a.Body)
			}
			if strings.Contains(string(a.Body), e.marker) || strings.Contains(string(a.Body), e.ids["assistant"]) {
				t.Errorf("%s %s, by hand, shows what is a tenant's: %s", y.method, y.path, a.Body)
			}
		}
		policy.must(404, bob, "GET", e.fill("/threads/{thread}"), "")
	})
}

// AC-46 and H-32: a create handler that stamps and lets everything pass does not hand out rows that are there.
func TestAC46CreateThatOnlyStamps(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		stamp := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("owner", c.User.Identity)
			return authhooks.Allow(), nil
		}
		auth := authhooks.New(tutors(),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
			authhooks.On(authhooks.Threads, authhooks.Create, stamp), authhooks.On(authhooks.Assistants, authhooks.Create, stamp))
		s := serve(t, withAuth(auth), uri)
		e := settle(t, s, alice)
		before := e.snapshot()
		for path, body := range map[string]string{
			"/threads": `{"thread_id": "{thread}"`, "/assistants": `{"graph_id": "agent", "assistant_id": "{assistant}"`,
		} {
			for _, how := range []string{`, "if_exists": "do_nothing"}`, `, "if_exists": "raise"}`, `}`} {
				a := s.must(409, bob, "POST", path, e.fill(body)+how)
				e.reveals(t, a)
			}
			s.must(200, alice, "POST", path, e.fill(body)+`, "if_exists": "do_nothing"}`)
		}
		e.unchanged(t, before)
	})
}

// AC-45: while Bob tries to reach a run that is under way, its owner's stream loses nothing (H-11, H-55).
func TestAC45TheOwnersStreamLosesNothing(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		gate := make(chan struct{})
		s := serve(t, privateChat(gated(gate)), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		own := s.must(200, bob, "POST", "/threads", `{}`).field(t, "thread_id")

		r := s.request(alice, "POST", "/threads/"+thread+"/runs/stream", `{"assistant_id": "gated", "input": {}, "stream_mode": ["custom", "values"]}`)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		_, run, _ := strings.Cut(response.Header.Get("Content-Location"), "/runs/")

		for range 10 {
			for _, path := range []string{"/threads/" + thread + "/runs/", "/threads/" + own + "/runs/", "/runs/"} {
				for _, end := range []string{"/stream", "/join", "/stream?cancel_on_disconnect=1", ""} {
					if path == "/runs/" && end == "" {
						continue
					}
					if a := s.must(404, bob, "GET", path+run+end, ""); strings.Contains(string(a.Body), "event") {
						t.Errorf("Bob got events: %s", a.Body)
					}
				}
			}
		}
		for _, base := range []string{thread, own} {
			s.must(404, bob, "POST", "/threads/"+base+"/runs/"+run+"/cancel", "")
			s.must(404, bob, "DELETE", "/threads/"+base+"/runs/"+run, "")
		}
		close(gate)
		whole, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("Alice's stream broke: %v\n%s", err, whole)
		}
		replay := s.must(200, alice, "GET", "/threads/"+thread+"/runs/"+run+"/stream", "")
		if got, want := strings.TrimSpace(string(whole)), string(replay.Body); got != want {
			t.Errorf("Alice's stream is not what a replay gives:\n%s\n--- replay\n%s", got, want)
		}
		for _, text := range []string{`"before"`, `"after"`, "passed"} {
			if n := strings.Count(string(whole), text); n != 1 {
				t.Errorf("%s came %d times, want once:\n%s", text, n, whole)
			}
		}
		if got := s.must(200, alice, "GET", "/threads/"+thread+"/runs/"+run, "").field(t, "status"); got != "success" {
			t.Errorf("the run is %s, want success", got)
		}
	})
}

// A run that went on from the state of another stays readable when that one is deleted: its stream is not cut off for ever.
func TestDeletedRunsLeaveLaterOnesReadable(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		first := runID(t, s.must(200, alice, "POST", thread+"/runs/wait", hello))
		second := runID(t, s.must(200, alice, "POST", thread+"/runs/wait", hello))
		s.must(204, alice, "DELETE", thread+"/runs/"+first, "")
		s.must(404, alice, "GET", thread+"/runs/"+first+"/stream", "")
		s.must(200, alice, "GET", thread+"/runs/"+second+"/stream", "")
		if a := s.must(200, alice, "GET", thread+"/runs/"+second+"/join", ""); !strings.Contains(string(a.Body), "echo: hello") {
			t.Errorf("the second run came to %s", a.Body)
		}
	})
}
