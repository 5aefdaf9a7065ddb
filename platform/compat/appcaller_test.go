package compat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/store/storetest"
	"github.com/locutory/locutory/sdk"
)

// What a custom route makes of the user that it was told is its own affair: hooks that are asked after it see whom the authenticator named.
func TestUserOfARouteIsACopy(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	auth := authhooks.New(people(map[string]authhooks.User{
		alice: {Identity: "user1", Permissions: []string{"reader"}, Extra: map[string]any{"team": map[string]any{"name": "red"}}, Secret: map[string]any{"key": "s"}},
	}), authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprint(c.User.Permissions, c.User.Extra, c.User.Secret))
		return authhooks.OwnerOnly("owner")(ctx, c)
	}))
	h := newHost()
	h.handle("GET /spoil", func(ctx context.Context, client *sdk.Client, _ *http.Request) (any, error) {
		user, _ := platform.UserFrom(ctx)
		user.Permissions[0] = "admin"
		user.Extra["team"].(map[string]any)["name"], user.Secret["key"] = "blue", "t"
		return client.Threads.Search(ctx, sdk.ThreadSearch{})
	})
	s := serve(t, withApp(withAuth(auth), h.app(), ""), storetest.SQLite(t).URI)
	s.must(200, alice, "GET", "/spoil", "")
	if want := []string{"[reader] map[team:map[name:red]] map[key:s]"}; !slices.Equal(seen, want) {
		t.Errorf("the hook sees %v, want %v", seen, want)
	}
}

// what a custom route answers ends with the credential too, whether its handler minds its context or not, and does not look whole.
func TestR40CustomAnswersEndWithTheirCredential(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) {
		return &authhooks.User{Identity: "user1", Expires: time.Now().Add(time.Second)}, nil
	}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "before\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the credential has run out
		_, _ = io.WriteString(w, "after\n")
		_ = http.NewResponseController(w).Flush()
	})
	mux.HandleFunc("GET /late", func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // the credential has run out
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "after\n")
	})
	mux.HandleFunc("GET /taken", func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbefore\n")
		_ = rw.Flush()
		_ = conn // which somebody else has now
	})
	s := serve(t, withApp(withAuth(auth), platform.App{Handler: mux}, ""), storetest.SQLite(t).URI)
	for _, path := range []string{"/stream", "/taken"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			response, err := http.DefaultClient.Do(s.request("any", "GET", path, ""))
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if string(data) != "before\n" || path == "/stream" && err == nil {
				t.Errorf("told %q, error %v", data, err)
			}
		})
	}
	t.Run("/late", func(t *testing.T) {
		t.Parallel()
		if a := s.must(401, "any", "GET", "/late", ""); strings.Contains(string(a.Body), "after") {
			t.Errorf("answered %s", a.Body)
		}
	})
}

// What one caller is told is for no cache between him and the server: caches do not know all the ways in which callers are told apart.
func TestAnswersAreForNoCache(t *testing.T) {
	t.Parallel()
	h := newHost()
	s := serve(t, withApp(privateChat(), h.app(), ""), storetest.SQLite(t).URI)
	thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	run := thread + "/runs/" + runID(t, s.must(200, alice, "POST", thread+"/runs/wait", saying("agent", "hello", "")))
	for path, want := range map[string]string{
		thread: "no-store", thread + "/state": "no-store", thread + "/history": "no-store", run: "no-store", run + "/join": "no-store",
		run + "/feedback": "no-store", run + "/deliveries": "no-store", run + "/stream": "no-cache", "/store/items?namespace=a&key=k": "no-store",
		"/a2a/agent/.well-known/agent-card.json": "no-store", "/mine": "private",
	} {
		for _, token := range []string{alice, bob} {
			if a := s.as(token, "GET", path, ""); a.Status == http.StatusOK && a.Header.Get("Cache-Control") != want ||
				a.Status != http.StatusOK && a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("GET %s by %s: %d, Cache-Control %q", path, token, a.Status, a.Header.Get("Cache-Control"))
			}
		}
	}
}
