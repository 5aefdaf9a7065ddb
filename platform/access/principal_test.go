package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

var sameUser = cmpopts.IgnoreUnexported(authhooks.User{})

func TestPrincipal(t *testing.T) {
	t.Parallel()
	alice := &authhooks.User{
		Identity: "alice", DisplayName: "Alice", Permissions: []string{"threads:read"}, Tenant: "acme",
		Expires: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Extra: map[string]any{"team": "red"}, Secret: map[string]any{"token": "hunter2"},
	}
	text, err := json.Marshal(access.PrincipalOf(alice))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("%s has a secret", text)
	}
	p, err := access.ParsePrincipal(text)
	if err != nil {
		t.Fatal(err)
	}
	want := *alice
	want.Secret = nil
	if diff := cmp.Diff(&want, p.User(), sameUser); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	for _, none := range []string{"", "null", "{}"} {
		if p, err := access.ParsePrincipal(json.RawMessage(none)); err != nil || p.User() != nil {
			t.Errorf("%q: %v, %v; want nobody", none, p.User(), err)
		}
	}
	if p.User().IsStudio() || !access.PrincipalOf(authhooks.StudioUser()).User().IsStudio() {
		t.Error("the Studio is not told from a user")
	}
	if _, err := access.ParsePrincipal(json.RawMessage(`{"kind":1}`)); err == nil {
		t.Error("a broken principal is somebody")
	}
}

// TestResolve is R-38: who may not act any more does not.
func TestResolve(t *testing.T) {
	t.Parallel()
	all := authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner"))
	resolving := authhooks.New(nobody, all, authhooks.Resolve(func(_ context.Context, identity string) (*authhooks.User, error) {
		if identity == "bob" {
			return nil, &authhooks.Error{Status: http.StatusForbidden, Detail: "bob has left"}
		}
		return &authhooks.User{Identity: identity, Tenant: "new", Secret: map[string]any{"token": "fresh"}}, nil
	}))
	plain := authhooks.New(nobody, all)
	alice := access.PrincipalOf(&authhooks.User{Identity: "alice", Tenant: "old"})
	bob := access.PrincipalOf(&authhooks.User{Identity: "bob"})
	for name, test := range map[string]struct {
		auth   *authhooks.Auth
		who    access.Principal
		tenant string
		status int
	}{
		"resolved":             {resolving, alice, "new", 0},
		"refused":              {resolving, bob, "", http.StatusForbidden},
		"kept":                 {plain, alice, "old", 0},
		"made by nobody":       {plain, access.Principal{}, "", http.StatusForbidden},
		"nobody, resolving":    {resolving, access.Principal{}, "", http.StatusForbidden},
		"an unknown kind":      {plain, access.Principal{Kind: "root", Identity: "alice"}, "", http.StatusForbidden},
		"no kind is no person": {plain, access.Principal{Identity: "alice"}, "", http.StatusForbidden},
	} {
		user, err := guard(t, access.Config{Auth: test.auth}).Resolve(t.Context(), test.who)
		if test.status == 0 {
			if err != nil || user == nil || user.Identity != "alice" || user.Tenant != test.tenant {
				t.Errorf("%s: %v, %v; want alice of %s", name, user, err, test.tenant)
			}
			continue
		}
		var refused *authhooks.Error
		if user != nil || !errors.As(err, &refused) || refused.Status != test.status {
			t.Errorf("%s: %v, %v; want nobody and %d", name, user, err, test.status)
		}
	}
	studio, err := guard(t, access.Config{Auth: resolving}).Resolve(t.Context(), access.PrincipalOf(authhooks.StudioUser()))
	if err != nil || !studio.IsStudio() {
		t.Errorf("studio: %v, %v", studio, err)
	}
}

// TestReaches is R-38 for rows: what the filters said when the run was made is held against them as they are now.
func TestReaches(t *testing.T) {
	t.Parallel()
	const hers, his = `{"owner": "alice"}`, `{"owner": "bob"}`
	g := guard(t, access.Config{Auth: owners()})
	ctx := access.With(t.Context(), access.Caller{User: &authhooks.User{Identity: "alice"}})
	thread, err := g.Threads(ctx, &authhooks.RunsCreate{})
	if err != nil {
		t.Fatal(err)
	}
	assistant, err := g.Assistants(ctx, &authhooks.AssistantsRead{})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		assistant access.AssistantScope
		thread    string
		of        string
		want      bool
		fails     bool
	}{
		"both are hers":                {assistant, hers, hers, true, false},
		"the thread is not":            {assistant, his, hers, false, false},
		"the assistant is not":         {assistant, hers, his, false, false},
		"the assistant is gone":        {assistant, hers, "", true, false},
		"an assistant of the server":   {g.SystemAssistant(), hers, `{}`, true, false},
		"a thread without metadata":    {assistant, "", hers, false, true},
		"an assistant nobody can read": {assistant, hers, `{`, false, true},
	} {
		made, err := access.PrincipalOf(&authhooks.User{Identity: "alice"}).Reaching(thread, test.assistant)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := access.ParsePrincipal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := kept.Reaches(json.RawMessage(test.thread), json.RawMessage(test.of)); got != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
