package compat

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// A hook that fails lets nobody in, says nothing of why, and takes the server nowhere.
func TestHostileHooks(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		boom := func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { panic("hunter2") }
		patient := func(ctx context.Context, _ *authhooks.Call) (authhooks.Verdict, error) {
			<-ctx.Done()
			return authhooks.Allow(), ctx.Err()
		}
		auth := authhooks.New(authhooks.Bearer(func(ctx context.Context, token string) (*authhooks.User, error) {
			switch token {
			case "panic":
				panic("hunter2")
			case "nobody":
				return nil, nil
			case "reserved":
				return &authhooks.User{Identity: "system"}, nil
			case "slow":
				<-ctx.Done()
			}
			return &authhooks.User{Identity: token}, nil
		}),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
			authhooks.On(authhooks.Threads, authhooks.Update, boom), authhooks.On(authhooks.Threads, authhooks.Delete, patient),
			authhooks.On(authhooks.Assistants, authhooks.Delete, patient),
			authhooks.On(authhooks.Assistants, authhooks.Update, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
				return authhooks.Only(authhooks.Filter{}), nil
			}),
			authhooks.On(authhooks.Crons, authhooks.Search, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
				f, err := authhooks.ParseFilter([]byte(`{"owner": {"$like": "%"}}`))
				return authhooks.Only(f), err
			}),
			authhooks.On(authhooks.Assistants, authhooks.Search, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
				return authhooks.Verdict{}, nil
			}),
		).WithTimeout(300 * time.Millisecond)
		s := serve(t, withAuth(auth), uri)
		e := settleThread(t, s, "alice")
		for _, y := range []struct {
			name, token, method, path, body string
			status                          int
		}{
			{"an authenticator panics", "panic", "GET", "/threads/{thread}", "", 500},
			{"an authenticator knows nobody", "nobody", "GET", "/threads/{thread}", "", 401},
			{"an authenticator takes a reserved name", "reserved", "GET", "/threads/{thread}", "", 500},
			{"an authenticator hangs", "slow", "GET", "/threads/{thread}", "", 503},
			{"a handler panics", "alice", "PATCH", "/threads/{thread}", `{"metadata": {"a": 1}}`, 500},
			{"a handler panics", "alice", "POST", "/threads/{thread}/state", `{"values": {}}`, 500},
			{"a handler hangs", "alice", "DELETE", "/threads/{thread}", "", 503},
			{"a handler hangs", "alice", "DELETE", "/assistants/{assistant}", "", 503},
			{"a handler's filter is empty", "alice", "PATCH", "/assistants/{assistant}", `{"name": "x"}`, 500},
			{"a handler's filter has an operator that is not known", "alice", "POST", "/runs/crons/search", `{}`, 500},
			{"a handler forgets to answer", "alice", "POST", "/assistants/search", `{}`, 403},
		} {
			before := time.Now()
			a := s.as(y.token, y.method, e.fill(y.path), y.body)
			if a.Status != y.status || a.field(t, "detail") == "" {
				t.Errorf("%s: status %d, want %d: %s", y.name, a.Status, y.status, a.Body)
			}
			if took := time.Since(before); took > 5*time.Second {
				t.Errorf("%s: the answer took %v; the hook's deadline is 300 ms", y.name, took)
			}
			if strings.Contains(string(a.Body), "hunter2") || strings.Contains(string(a.Body), "goroutine") {
				t.Errorf("%s: the answer tells what happened: %s", y.name, a.Body)
			}
			if a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
				t.Errorf("%s: no Retry-After", y.name)
			}
			e.must(200, "GET", "/threads/{thread}", "")
			e.must(200, "GET", "/assistants/{assistant}", "")
		}
	})
}

// settleThread is an estate of a thread and an assistant only, for hooks that allow little.
func settleThread(t *testing.T, s *server, token string) estate {
	t.Helper()
	e := estate{s: s, token: token, marker: "mark", ids: map[string]string{}}
	e.ids["thread"] = e.must(200, "POST", "/threads", `{}`).field(t, "thread_id")
	e.ids["assistant"] = e.must(200, "POST", "/assistants", `{"graph_id": "agent"}`).field(t, "assistant_id")
	return e
}
