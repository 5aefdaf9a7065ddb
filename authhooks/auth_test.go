package authhooks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
)

func allow(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
	return authhooks.Allow(), nil
}

func tokens(_ context.Context, token string) (*authhooks.User, error) {
	if token == "alice-token" {
		return &authhooks.User{Identity: "alice"}, nil
	}
	return nil, authhooks.Unauthenticated("Invalid token")
}

// here is the line of its caller.
func here() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

func withHeader(name string, values ...string) *authhooks.Request {
	h := http.Header{}
	for _, v := range values {
		h.Add(name, v)
	}
	return &authhooks.Request{Header: h}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	t.Parallel()
	type mine struct{ authhooks.ThreadsRead }
	first := here() + 2 // New
	auth := authhooks.New(
		authhooks.Bearer(tokens),
		authhooks.On("thread", "create", allow),
		authhooks.On("store", "create", allow),
		authhooks.On(authhooks.Any, "get_all", allow),
		authhooks.On(authhooks.Threads, authhooks.Read, allow),
		authhooks.On("threads", "read", allow),
		authhooks.OnEvent(func(context.Context, *authhooks.Call, *authhooks.ThreadsRead) (authhooks.Verdict, error) {
			return authhooks.Allow(), nil
		}),
		authhooks.On(authhooks.Any, authhooks.Any, nil),
		authhooks.OnEvent(func(context.Context, *authhooks.Call, *mine) (authhooks.Verdict, error) {
			return authhooks.Allow(), nil
		}),
		authhooks.Resolve(nil),
		authhooks.Resolve(tokens),
		authhooks.On(authhooks.Store, authhooks.Any, authhooks.Require("", authhooks.All(authhooks.OwnerOnly("the owner"), nil))),
		authhooks.Rule{},
	)
	at := func(n int) string { return fmt.Sprintf("auth_test.go:%d", first+n) }
	want := []string{
		at(1) + `: On("thread", "create"): no such resource; there are assistants, crons, store, threads`,
		at(2) + `: On("store", "create"): store has no such action; it has put, get, search, delete, list_namespaces`,
		at(3) + `: On("*", "get_all"): no such action; there are create, read, update, delete, search, put, get, list_namespaces, create_run`,
		at(5) + `: On(threads, read) is registered already at ` + at(4),
		at(6) + `: On(threads, read) is registered already at ` + at(4),
		at(9) + `: On("*", "*"): the handler is nil`,
		at(10) + `: OnEvent(*authhooks_test.mine): the value is of no event; take one of authhooks, as *authhooks.ThreadsCreate`,
		at(13) + `: Resolve: the function is nil`,
		at(14) + `: Resolve is registered already at ` + at(13),
		at(15) + `: On("store", "*"): the key "the owner" is not 1 to 128 of A-Z a-z 0-9 _ . : -`,
		at(15) + `: On("store", "*"): a handler is nil`,
		at(15) + `: On("store", "*"): Require of no permission`,
		`rule 12 of New is empty; On, OnEvent and Resolve make rules`,
	}
	if diff := cmp.Diff(want, strings.Split(fmt.Sprint(auth.Validate()), "\n")); diff != "" {
		t.Error(diff)
	}

	// Half a policy is none.
	if _, err := auth.Authenticate(t.Context(), withHeader("Authorization", "Bearer alice-token")); statusOf(err) != 500 {
		t.Errorf("Authenticate: %v, want 500", err)
	}
	call := &authhooks.Call{User: &authhooks.User{Identity: "alice"}, Value: &authhooks.ThreadsRead{}}
	if answer, err := auth.Decide(t.Context(), call); statusOf(err) != 500 {
		t.Errorf("Decide: %v, %v, want 500", answer, err)
	}
	if user, registered, err := auth.ResolveUser(t.Context(), "alice"); user != nil || !registered || statusOf(err) != 500 {
		t.Errorf("ResolveUser: %v, %v, %v, want 500", user, registered, err)
	}
}

// rules without an authenticator are a mistake.
func TestNewWithoutAuthenticator(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(nil)
	want := fmt.Sprintf("auth_test.go:%d: New: the authenticator is nil", here()-1)
	if err := auth.Validate(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := auth.Authenticate(t.Context(), withHeader("Authorization", "Bearer alice-token")); statusOf(err) != 500 {
		t.Errorf("got %v, want 500", err)
	}
}

func TestRuleFor(t *testing.T) {
	t.Parallel()
	line := here() + 3 // the first rule
	auth := authhooks.New(
		authhooks.Bearer(tokens),
		authhooks.On(authhooks.Threads, authhooks.Any, authhooks.All(authhooks.TenantOnly("org"), authhooks.Bypass("admin", authhooks.OwnerOnly("owner")))),
		authhooks.On(authhooks.Threads, authhooks.Read, allow),
		authhooks.On(authhooks.Store, authhooks.Any, authhooks.Refuse("no store")),
		authhooks.OnEvent(onCron),
		authhooks.On(authhooks.Crons, authhooks.Read, authhooks.AllowAll),
	)
	tests := []struct {
		resource authhooks.Resource
		action   authhooks.Action
		want     string
	}{
		{authhooks.Threads, authhooks.Any, fmt.Sprintf(`All(TenantOnly("org"), Bypass("admin", OwnerOnly("owner")))  authhooks/auth_test.go:%d`, line)},
		{authhooks.Threads, authhooks.Search, fmt.Sprintf(`All(TenantOnly("org"), Bypass("admin", OwnerOnly("owner")))  authhooks/auth_test.go:%d`, line)},
		{authhooks.Threads, authhooks.Read, fmt.Sprintf(`allow  authhooks/auth_test.go:%d`, line+1)},
		{authhooks.Store, authhooks.Put, fmt.Sprintf(`Refuse("no store")  authhooks/auth_test.go:%d`, line+2)},
		{authhooks.Crons, authhooks.Create, fmt.Sprintf(`onCron  authhooks/auth_test.go:%d`, line+3)},
		{authhooks.Crons, authhooks.Read, fmt.Sprintf(`AllowAll  authhooks/auth_test.go:%d`, line+4)},
		{authhooks.Crons, authhooks.Delete, ""},
		{authhooks.Assistants, authhooks.Read, ""},
	}
	for _, tt := range tests {
		if got := auth.RuleFor(tt.resource, tt.action); got != tt.want {
			t.Errorf("%s:%s is %q, want %q", tt.resource, tt.action, got, tt.want)
		}
	}
	if !auth.HasRules() || authhooks.New(authhooks.Bearer(tokens), authhooks.Resolve(tokens)).HasRules() {
		t.Error("HasRules is wrong")
	}
}

func onCron(context.Context, *authhooks.Call, *authhooks.CronsCreate) (authhooks.Verdict, error) {
	return authhooks.Allow(), nil
}

func TestAuthenticateErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial db.internal:5432: password=hunter2")
	tests := map[string]struct {
		user   *authhooks.User
		err    error
		status int
		detail string
		header string // of WWW-Authenticate
	}{
		"nobody":                        {nil, nil, 401, "Unauthorized", "Bearer"},
		"401":                           {nil, authhooks.Unauthenticated("Invalid token"), 401, "Invalid token", "Bearer"},
		"401 without the header":        {nil, &authhooks.Error{Status: 401}, 401, "Unauthorized", "Bearer"},
		"401 with a header of its own":  {nil, &authhooks.Error{Status: 401, Header: http.Header{"WWW-Authenticate": {"Basic"}}}, 401, "Unauthorized", "Basic"},
		"401, wrapped":                  {nil, fmt.Errorf("look up: %w", authhooks.Unauthenticated("gone")), 401, "gone", "Bearer"},
		"403 stays 403":                 {nil, &authhooks.Error{Status: 403, Detail: "blocked"}, 403, "blocked", ""},
		"429 stays 429":                 {nil, &authhooks.Error{Status: 429, Detail: "slow down"}, 429, "slow down", ""},
		"another error tells nothing":   {nil, secret, 500, "internal error", ""},
		"500 tells nothing":             {nil, &authhooks.Error{Status: 500, Detail: secret.Error(), Cause: secret}, 500, "internal error", ""},
		"down":                          {nil, authhooks.Unavailable(secret), 503, "temporarily unavailable", ""},
		"a status that refuses nothing": {nil, &authhooks.Error{Status: 200, Cause: secret}, 500, "internal error", ""},
		"a user and an error":           {&authhooks.User{Identity: "alice"}, secret, 500, "internal error", ""},
		"a nil *Error":                  {&authhooks.User{Identity: "alice"}, (*authhooks.Error)(nil), 500, "internal error", ""},
		"R-5: no identity":              {&authhooks.User{DisplayName: "x"}, nil, 500, "internal error", ""},
		"R-5, H-2: the Studio":          {authhooks.StudioUser(), nil, 500, "internal error", ""},
		"R-5: system":                   {&authhooks.User{Identity: "system"}, nil, 500, "internal error", ""},
		"R-5: anonymous":                {&authhooks.User{Identity: "anonymous"}, nil, 500, "internal error", ""},
		"R-5: a newline":                {&authhooks.User{Identity: "a\nb"}, nil, 500, "internal error", ""},
		"R-5: a C1 control":             {&authhooks.User{Identity: "a\u0085b"}, nil, 500, "internal error", ""},
		"R-5: not UTF-8":                {&authhooks.User{Identity: "a\xff"}, nil, 500, "internal error", ""},
		"R-5: 257 bytes":                {&authhooks.User{Identity: strings.Repeat("a", 257)}, nil, 500, "internal error", ""},
		"expired":                       {&authhooks.User{Identity: "alice", Expires: time.Now().Add(-time.Second)}, nil, 401, "the credentials have expired", "Bearer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth := authhooks.New(func(context.Context, *authhooks.Request) (*authhooks.User, error) { return tt.user, tt.err })
			user, err := auth.Authenticate(t.Context(), withHeader("X"))
			var e *authhooks.Error
			if user != nil || !errors.As(err, &e) {
				t.Fatalf("got %v, %v", user, err)
			}
			if e.Status != tt.status || e.Detail != tt.detail || e.Header.Get("WWW-Authenticate") != tt.header {
				t.Errorf("got %d %q %v, want %d %q %q", e.Status, e.Detail, e.Header, tt.status, tt.detail, tt.header)
			}
			if errors.Is(tt.err, secret) && !errors.Is(err, secret) {
				t.Error("the cause is lost to the log")
			}
			if tt.status == 503 && e.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		})
	}
}

func TestAuthenticateReturnsACopy(t *testing.T) {
	t.Parallel()
	table := &authhooks.User{Identity: strings.Repeat("a", 256), Permissions: []string{"read"}, Extra: map[string]any{"teams": []string{"x"}}}
	auth := authhooks.New(func(context.Context, *authhooks.Request) (*authhooks.User, error) { return table, nil })
	user, err := auth.Authenticate(t.Context(), withHeader("X"))
	if err != nil {
		t.Fatal(err)
	}
	if user.DisplayName != table.Identity || table.DisplayName != "" {
		t.Errorf("display names %q, %q", user.DisplayName, table.DisplayName)
	}
	user.Permissions[0] = "admin"
	user.Extra["teams"].([]string)[0] = "y"
	user.Extra["new"] = true
	want := &authhooks.User{Identity: table.Identity, Permissions: []string{"read"}, Extra: map[string]any{"teams": []string{"x"}}}
	if diff := cmp.Diff(want, table, cmp.AllowUnexported(authhooks.User{})); diff != "" {
		t.Error(diff)
	}
}

func TestTheStudioCannotBeImpersonated(t *testing.T) {
	t.Parallel()
	renamed := authhooks.StudioUser()
	renamed.Identity = "alice"
	auth := authhooks.New(func(context.Context, *authhooks.Request) (*authhooks.User, error) { return renamed, nil })
	user, err := auth.Authenticate(t.Context(), withHeader("X"))
	if err != nil || user.IsStudio() {
		t.Errorf("H-2: got %#v, %v", user, err)
	}
	if !authhooks.StudioUser().IsStudio() || (&authhooks.User{Identity: authhooks.StudioUser().Identity}).IsStudio() {
		t.Error("IsStudio goes by the name")
	}
}

func TestAuthenticatePanic(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(func(context.Context, *authhooks.Request) (*authhooks.User, error) { panic("boom") })
	_, err := auth.Authenticate(t.Context(), withHeader("X"))
	var e *authhooks.Error
	if !errors.As(err, &e) || e.Status != 500 || strings.Contains(e.Detail, "boom") {
		t.Fatalf("got %v, want 500", err)
	}
	if cause := e.Cause.Error(); !strings.Contains(cause, "boom") || !strings.Contains(cause, "auth_test.go") {
		t.Errorf("the cause has no stack: %s", cause)
	}
}

func TestAuthenticateEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(func(context.Context, *authhooks.Request) (*authhooks.User, error) {
		runtime.Goexit()
		return &authhooks.User{Identity: "alice"}, nil
	})
	if _, err := auth.Authenticate(t.Context(), withHeader("X")); statusOf(err) != 500 {
		t.Errorf("got %v, want 500", err)
	}
}

func TestHooksHaveTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		defer close(over)
		deaf := func() { <-over } // does not listen to its ctx
		auth := authhooks.New(
			func(ctx context.Context, r *authhooks.Request) (*authhooks.User, error) {
				if r.Path == "/deaf" {
					deaf()
				}
				<-ctx.Done()
				return nil, fmt.Errorf("query: %w", ctx.Err())
			},
			authhooks.On(authhooks.Any, authhooks.Any, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
				deaf()
				return authhooks.Allow(), nil
			}),
			authhooks.Resolve(func(context.Context, string) (*authhooks.User, error) {
				deaf()
				return &authhooks.User{Identity: "alice"}, nil
			}),
		)
		call := &authhooks.Call{User: &authhooks.User{Identity: "alice"}, Value: &authhooks.ThreadsRead{}}
		for name, ask := range map[string]func() error{
			"authenticate":      func() error { _, err := auth.Authenticate(t.Context(), &authhooks.Request{}); return err },
			"authenticate/deaf": func() error { _, err := auth.Authenticate(t.Context(), &authhooks.Request{Path: "/deaf"}); return err },
			"decide":            func() error { _, err := auth.Decide(t.Context(), call); return err },
			"resolve":           func() error { _, _, err := auth.ResolveUser(t.Context(), "alice"); return err },
		} {
			start := time.Now()
			if err := ask(); statusOf(err) != 503 || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("R-21: %s: got %v, want 503", name, err)
			}
			if took := time.Since(start); took != 2*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		}
		start := time.Now()
		_, err := auth.WithTimeout(time.Millisecond).Decide(t.Context(), call)
		if took := time.Since(start); statusOf(err) != 503 || took != time.Millisecond {
			t.Errorf("WithTimeout: %v after %v", err, took)
		}
	})
}

func TestResolveUser(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.Resolve(func(_ context.Context, identity string) (*authhooks.User, error) {
		switch identity {
		case "alice":
			return &authhooks.User{Identity: "alice", Permissions: []string{"read"}}, nil
		case "swapped":
			return &authhooks.User{Identity: "alice"}, nil
		case "system":
			return &authhooks.User{Identity: "system"}, nil
		case "down":
			return nil, authhooks.Unavailable(errors.New("no route"))
		case "broken":
			return nil, errors.New("bug")
		default:
			return nil, nil
		}
	}))
	user, registered, err := auth.ResolveUser(t.Context(), "alice")
	if err != nil || !registered || !user.Can("read") || user.DisplayName != "alice" {
		t.Errorf("alice: %#v, %v, %v", user, registered, err)
	}
	for identity, status := range map[string]int{"gone": 403, "swapped": 500, "system": 500, "down": 503, "broken": 500} {
		if user, registered, err := auth.ResolveUser(t.Context(), identity); user != nil || !registered || statusOf(err) != status {
			t.Errorf("%s: %v, %v, %v; want %d", identity, user, registered, err, status)
		}
	}
	if user, registered, err := authhooks.New(authhooks.Bearer(tokens)).ResolveUser(t.Context(), "alice"); user != nil || registered || err != nil {
		t.Errorf("without Resolve: %v, %v, %v", user, registered, err)
	}
}

func statusOf(err error) int {
	var e *authhooks.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
