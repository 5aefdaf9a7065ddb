package authhooks_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
)

// policies are composed by All and Bypass, which say how.
func TestPolicies(t *testing.T) {
	t.Parallel()
	admin := &authhooks.User{Identity: "root", Permissions: []string{"admin"}}
	nomad := &authhooks.User{Identity: "nomad"}
	type want struct {
		status    int
		filter    string
		stamp     map[string]any
		partition string
	}
	owner, tenant := authhooks.OwnerOnly("owner"), authhooks.TenantOnly("org")
	fail := func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
		return authhooks.Verdict{}, errors.New("bug")
	}
	tests := map[string]struct {
		policy authhooks.Handler
		user   *authhooks.User
		value  authhooks.Value
		want   want
	}{
		"owner, create":             {owner, alice, &authhooks.ThreadsCreate{}, want{0, `{"owner":{"$eq":"alice"}}`, map[string]any{"owner": "alice"}, ""}},
		"owner, read":               {owner, alice, &authhooks.ThreadsRead{}, want{0, `{"owner":{"$eq":"alice"}}`, nil, ""}},
		"AC-23: owner, put":         {owner, alice, &authhooks.StorePut{}, want{0, `{"owner":{"$eq":"alice"}}`, map[string]any{"owner": "alice"}, "alice"}},
		"owner, list":               {owner, alice, &authhooks.StoreListNamespaces{}, want{0, `{"owner":{"$eq":"alice"}}`, nil, "alice"}},
		"tenant, create":            {tenant, alice, &authhooks.ThreadsCreate{}, want{0, `{"org":{"$eq":"acme"}}`, map[string]any{"org": "acme"}, ""}},
		"AC-44: tenant without one": {tenant, nomad, &authhooks.ThreadsSearch{}, want{403, "", nil, ""}},
		"all":                       {authhooks.All(tenant, owner), alice, &authhooks.StorePut{}, want{0, `{"$and":[{"org":{"$eq":"acme"}},{"owner":{"$eq":"alice"}}]}`, map[string]any{"org": "acme", "owner": "alice"}, "acme/alice"}},
		"all, one refuses":          {authhooks.All(owner, tenant), nomad, &authhooks.ThreadsRead{}, want{403, "", nil, ""}},
		"all, the last is zero":     {authhooks.All(authhooks.AllowAll, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return authhooks.Verdict{}, nil }), alice, &authhooks.ThreadsRead{}, want{403, "", nil, ""}},
		"all, one hides":            {authhooks.All(owner, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return authhooks.NotFound(), nil }), alice, &authhooks.ThreadsRead{}, want{404, "", nil, ""}},
		"all, one fails":            {authhooks.All(owner, fail), alice, &authhooks.ThreadsRead{}, want{500, "", nil, ""}},
		"all allow":                 {authhooks.All(authhooks.AllowAll, authhooks.AllowAll), alice, &authhooks.ThreadsRead{}, want{}},
		"all, allow does not widen": {authhooks.All(authhooks.AllowAll, owner), alice, &authhooks.ThreadsRead{}, want{0, `{"owner":{"$eq":"alice"}}`, nil, ""}},
		"all of one":                {authhooks.All(owner), alice, &authhooks.ThreadsRead{}, want{0, `{"owner":{"$eq":"alice"}}`, nil, ""}},
		"all with an invalid filter": {authhooks.All(owner, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Only(authhooks.Filter{}), nil
		}), alice, &authhooks.ThreadsRead{}, want{500, "", nil, ""}},
		"AC-34: require":                {authhooks.Require("threads:read", owner), alice, &authhooks.ThreadsRead{}, want{0, `{"owner":{"$eq":"alice"}}`, nil, ""}},
		"AC-34: require, without":       {authhooks.Require("threads:read", authhooks.AllowAll), nomad, &authhooks.ThreadsRead{}, want{403, "", nil, ""}},
		"AC-42: bypass":                 {authhooks.Bypass("admin", owner), admin, &authhooks.ThreadsSearch{}, want{}},
		"AC-42: bypass, without":        {authhooks.Bypass("admin", owner), alice, &authhooks.ThreadsSearch{}, want{0, `{"owner":{"$eq":"alice"}}`, nil, ""}},
		"bypass, what an admin makes":   {authhooks.Bypass("admin", owner), admin, &authhooks.ThreadsCreate{}, want{0, "", map[string]any{"owner": "root"}, ""}},
		"bypass, where an admin stores": {authhooks.Bypass("admin", owner), admin, &authhooks.StoreGet{}, want{0, "", nil, "root"}},
		"bypass, of a refusal":          {authhooks.Bypass("admin", authhooks.Refuse("no")), admin, &authhooks.ThreadsRead{}, want{}},
		"bypass, of a failure":          {authhooks.Bypass("admin", fail), admin, &authhooks.ThreadsRead{}, want{500, "", nil, ""}},
		"refuse":                        {authhooks.Refuse("guests read"), admin, &authhooks.ThreadsUpdate{}, want{403, "", nil, ""}},
		"allow all":                     {authhooks.AllowAll, nomad, &authhooks.ThreadsUpdate{}, want{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Any, authhooks.Any, tt.policy))
			answer, err := auth.Decide(t.Context(), &authhooks.Call{User: tt.user, Value: tt.value})
			got := want{statusOf(err), "", answer.Stamp, answer.Partition}
			if answer.Filter != nil {
				got.filter = answer.Filter.String()
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

func TestCan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		has   []string
		asked string
		want  bool
	}{
		{[]string{"threads:read"}, "threads:read", true},
		{[]string{"threads:*"}, "threads:read", true},
		{[]string{"threads:*"}, "threads:read:own", true},
		{[]string{"*"}, "threads:read", true},
		{[]string{"threads:*"}, "threads", false},
		{[]string{"threads:*"}, "threadsread", false},
		{[]string{"threads:*"}, "threads2:read", false},
		{[]string{"threads"}, "threads:read", false},
		{[]string{"threads:read"}, "threads:*", false},
		{[]string{"Threads:read"}, "threads:read", false},
		{[]string{":*"}, "threads:read", false},
		{[]string{""}, "threads:read", false},
		{[]string{"", "*"}, "", false},
		{nil, "threads:read", false},
	} {
		if got := (&authhooks.User{Permissions: tt.has}).Can(tt.asked); got != tt.want {
			t.Errorf("%q can %q: %v", tt.has, tt.asked, got)
		}
	}
	if (*authhooks.User)(nil).Can("threads:read") {
		t.Error("nobody can")
	}
}

// AC-48 as far as this package goes: no way to print a user shows the secret.
func TestUsersAreNotPrinted(t *testing.T) {
	t.Parallel()
	u := authhooks.User{Identity: "alice", Secret: map[string]any{"token": "hunter2"}, Extra: map[string]any{"mail": "a@b.c"}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("in", "user", u, "by", &u)
	text := strings.Join([]string{fmt.Sprint(u, &u), fmt.Sprintf("%v %+v %#v %s", u, &u, u, &u), fmt.Sprintf("%#v", &u), log.String()}, "\n")
	if strings.Contains(text, "hunter2") || strings.Contains(text, "a@b.c") || !strings.Contains(text, "alice") {
		t.Error(text)
	}
}
