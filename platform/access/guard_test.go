package access_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nobody authenticates no one: these tests say who calls.
func nobody(context.Context, *authhooks.Request) (*authhooks.User, error) { return nil, nil }

func guard(t *testing.T, c access.Config) *access.Guard {
	t.Helper()
	g, err := access.New(c)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	return g
}

func as(t *testing.T, identity string) context.Context {
	return access.With(t.Context(), access.Caller{User: &authhooks.User{Identity: identity}, Origin: authhooks.OriginAPI})
}

func owners() *authhooks.Auth {
	return authhooks.New(nobody, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config access.Config
		want   string
	}{
		"no rules":          {access.Config{Auth: authhooks.New(nobody)}, "auth has no On rule"},
		"no rules, deny":    {access.Config{Auth: authhooks.New(nobody), Unhandled: "deny"}, `"unhandled": "allow"`},
		"no authenticator":  {access.Config{Auth: authhooks.New(nil), Unhandled: "allow"}, "authenticator is nil"},
		"a mistake":         {access.Config{Auth: authhooks.New(nobody, authhooks.On("thread", "read", authhooks.AllowAll))}, "no such resource"},
		"unknown unhandled": {access.Config{Auth: owners(), Unhandled: "maybe"}, `"maybe"`},
	} {
		if g, err := access.New(test.config); err == nil || g != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v; want an error with %q", name, g, err, test.want)
		}
	}
	if _, err := access.New(access.Config{Auth: authhooks.New(nobody)}); !errors.Is(err, access.ErrNoRules) {
		t.Errorf("error %v, want ErrNoRules", err)
	}
}

func TestScopeOfAnAnswer(t *testing.T) {
	t.Parallel()
	g := guard(t, access.Config{Auth: authhooks.New(nobody,
		authhooks.OnEvent(func(_ context.Context, c *authhooks.Call, v *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
			v.Metadata["by"] = c.User.Identity
			c.Stamp("owner", c.User.Identity)
			return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
		}),
		authhooks.On("store", authhooks.Any, authhooks.OwnerOnly("owner")),
	)})
	v := &authhooks.ThreadsCreate{Metadata: authhooks.Metadata{"k": "v"}}
	s, err := g.Threads(as(t, "alice"), v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(authhooks.Metadata{"k": "v", "by": "alice"}, v.Metadata); diff != "" {
		t.Errorf("value (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"owner": "alice"}, s.Stamp()); diff != "" {
		t.Errorf("stamp (-want +got):\n%s", diff)
	}
	if got, want := s.Filter().String(), `{"owner":{"$eq":"alice"}}`; got != want {
		t.Errorf("filter %s, want %s", got, want)
	}
	if s.User().Identity != "alice" || s.Action() != authhooks.Create {
		t.Errorf("scope of %v for %v", s.User(), s.Action())
	}
	item, err := g.Items(as(t, "alice"), &authhooks.StoreGet{})
	if err != nil {
		t.Fatal(err)
	}
	if item.Partition() == "" {
		t.Error("OwnerOnly sets a partition, the scope has none")
	}
}

// TestDenied says what must not come back: a scope.
func TestDenied(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	auth := authhooks.New(nobody,
		authhooks.On("threads", "read", func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Deny("no reading"), nil
		}),
		authhooks.On("threads", "update", func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return authhooks.NotFound(), nil }),
		authhooks.On("threads", "delete", func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return authhooks.Verdict{}, nil }),
		authhooks.On("threads", "create", func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Allow(), errors.New("database down")
		}),
	)
	g := guard(t, access.Config{Auth: auth, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for name, test := range map[string]struct {
		value  authhooks.Value
		status int
		detail string
	}{
		"deny":         {&authhooks.ThreadsRead{}, http.StatusForbidden, "no reading"},
		"not found":    {&authhooks.ThreadsUpdate{}, http.StatusNotFound, "Not Found"},
		"zero verdict": {&authhooks.ThreadsDelete{}, http.StatusForbidden, "Forbidden"},
		"an error":     {&authhooks.ThreadsCreate{}, http.StatusInternalServerError, "internal error"},
		"no rule":      {&authhooks.ThreadsSearch{}, http.StatusForbidden, "no handler for threads:search"},
	} {
		s, err := g.Threads(as(t, "alice"), test.value)
		var refused *authhooks.Error
		if !errors.As(err, &refused) || refused.Status != test.status || refused.Detail != test.detail {
			t.Errorf("%s: error %v, want %d %q", name, err, test.status, test.detail)
		}
		if err := s.Permit(authhooks.Read, authhooks.Update, authhooks.Delete, authhooks.Create, authhooks.Search); !errors.Is(err, access.ErrNoScope) {
			t.Errorf("%s: the scope permits: %v", name, err)
		}
		if f := s.Filter(); f == nil || f.Match(map[string]any{"owner": "alice"}) {
			t.Errorf("%s: the zero scope reaches rows", name)
		}
	}
	hint := "threads:search denied for alice: no rule matches; add On(Threads, Search, ...) or On(Any, Any, ...)"
	if !strings.Contains(log.String(), hint) {
		t.Errorf("log %q lacks %q", log.String(), hint)
	}
	if _, err := g.Items(as(t, "alice"), &authhooks.StoreListNamespaces{}); err == nil || !strings.Contains(log.String(), "On(Store, ListNamespaces, ...)") {
		t.Errorf("error %v, log %q", err, log.String())
	}
}

func TestUnhandledAllow(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := guard(t, access.Config{Auth: authhooks.New(nobody), Unhandled: "allow", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if !strings.Contains(log.String(), "every user's rows") {
		t.Errorf("allow is not said aloud: %q", log.String())
	}
	s, err := g.Threads(as(t, "alice"), &authhooks.ThreadsRead{})
	if err != nil || s.Filter() != nil || s.Permit(authhooks.Read) != nil {
		t.Errorf("scope %+v, %v", s, err)
	}
	// Allow is for who has no rule, never for who has no name.
	if _, err := g.Threads(access.With(t.Context(), access.Caller{}), &authhooks.ThreadsRead{}); !errors.Is(err, access.ErrNoCaller) {
		t.Errorf("error %v, want ErrNoCaller", err)
	}
}

// AC-47: whatever has lost the user on its way is nobody, and reaches nothing.
func TestNoCaller(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*access.Guard{
		"hooks": guard(t, access.Config{Auth: owners()}), "open": guard(t, access.Config{}),
	} {
		ctx := t.Context()
		_, threads := g.Threads(ctx, &authhooks.ThreadsRead{})
		_, assistants := g.Assistants(ctx, &authhooks.AssistantsRead{})
		_, crons := g.Crons(ctx, &authhooks.CronsRead{})
		_, items := g.Items(ctx, &authhooks.StoreGet{})
		for _, err := range []error{threads, assistants, crons, items} {
			if !errors.Is(err, access.ErrNoCaller) {
				t.Errorf("%s: error %v, want ErrNoCaller", name, err)
			}
		}
	}
}

func TestOpenServer(t *testing.T) {
	t.Parallel()
	g := guard(t, access.Config{})
	user, err := g.Authenticate(t.Context(), &authhooks.Request{})
	if user != nil || err != nil || !g.Open() {
		t.Errorf("open server: %v, %v", user, err)
	}
	s, err := g.Threads(access.With(t.Context(), access.Caller{}), &authhooks.ThreadsRead{})
	if err != nil || s.Filter() != nil || s.User() != nil || s.Permit(authhooks.Read) != nil {
		t.Errorf("scope %+v, %v", s, err)
	}
	if user, err := g.Resolve(t.Context(), access.Principal{}); user != nil || err != nil {
		t.Errorf("resolve: %v, %v", user, err)
	}
}

// TestValueOfAnotherResource mixes up resources: the door of one does not take the values of another.
func TestValueOfAnotherResource(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*access.Guard{"hooks": guard(t, access.Config{Auth: owners()}), "open": guard(t, access.Config{})} {
		doors := map[authhooks.Resource]func(authhooks.Value) error{
			authhooks.Threads:    func(v authhooks.Value) error { _, err := g.Threads(as(t, "alice"), v); return err },
			authhooks.Assistants: func(v authhooks.Value) error { _, err := g.Assistants(as(t, "alice"), v); return err },
			authhooks.Crons:      func(v authhooks.Value) error { _, err := g.Crons(as(t, "alice"), v); return err },
			authhooks.Store:      func(v authhooks.Value) error { _, err := g.Items(as(t, "alice"), v); return err },
		}
		for _, v := range authhooks.Values() {
			resource, action := authhooks.Event(v)
			for door, ask := range doors {
				if err := ask(v); (err == nil) != (door == resource) || err != nil && !errors.Is(err, access.ErrWrongScope) {
					t.Errorf("%s: %s:%s at the door of %s: %v", name, resource, action, door, err)
				}
			}
		}
	}
}

// TestSystemAssistant is AC-28: no hook is asked, and nothing but system assistants is reached.
func TestSystemAssistant(t *testing.T) {
	t.Parallel()
	refuse := authhooks.New(nobody, authhooks.On(authhooks.Any, authhooks.Any, authhooks.Refuse("nothing")))
	s := guard(t, access.Config{Auth: refuse}).SystemAssistant()
	if err := s.Permit(authhooks.Read); err != nil || !s.SystemOnly() {
		t.Errorf("permit %v, system only %v", err, s.SystemOnly())
	}
	for _, action := range []authhooks.Action{authhooks.Create, authhooks.Update, authhooks.Delete, authhooks.Search} {
		if err := s.Permit(action); !errors.Is(err, access.ErrWrongScope) {
			t.Errorf("%s: %v, want ErrWrongScope", action, err)
		}
	}
}

func TestSystemNeedsAReason(t *testing.T) {
	t.Parallel()
	for _, a := range []access.SystemAccess{{}, access.System("")} {
		if err := errors.Join(a.Permit(), a.Threads(authhooks.Read).Permit(authhooks.Read)); !errors.Is(err, access.ErrNoScope) {
			t.Errorf("error %v, want ErrNoScope", err)
		}
		if f := a.Threads(authhooks.Read).Filter(); f == nil || f.String() != authhooks.None().String() {
			t.Errorf("filter %v, want one that passes nothing", f)
		}
	}
	s := access.System("a test").Threads(authhooks.Read)
	if err := s.Permit(authhooks.Read); err != nil || s.Filter() != nil {
		t.Errorf("permit %v, filter %v", err, s.Filter())
	}
	if err := s.Permit(authhooks.Update); !errors.Is(err, access.ErrWrongScope) {
		t.Errorf("error %v, want ErrWrongScope", err)
	}
}

func TestDecisionLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := guard(t, access.Config{Auth: owners(), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	ctx := access.With(t.Context(), access.Caller{
		User: &authhooks.User{Identity: "alice", Secret: map[string]any{"token": "hunter2"}}, Route: "GET /x", RequestID: "r1",
	})
	if _, err := g.Threads(ctx, &authhooks.ThreadsRead{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"event=threads:read", "verdict=filter", "user=alice", "guard_test.go:", "request_id=r1"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %q lacks %q", log.String(), want)
		}
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("log %q has a secret", log.String())
	}
}
