package authhooks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
)

var alice = &authhooks.User{Identity: "alice", Tenant: "acme", Permissions: []string{"threads:*"}}

func decide(t *testing.T, h authhooks.Handler, v authhooks.Value) (authhooks.Answer, error) {
	t.Helper()
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Any, authhooks.Any, h))
	return auth.Decide(t.Context(), &authhooks.Call{User: alice, Value: v})
}

func events() []string {
	var all []string
	for _, v := range authhooks.Values() {
		resource, action := authhooks.Event(v)
		all = append(all, string(resource)+":"+string(action))
	}
	return all
}

// AC-24 and R-18 with a rule of each kind: of all that fit, the most specific runs, once and alone, in whatever order they stand.
func TestExactlyOneRuleRuns(t *testing.T) {
	t.Parallel()
	var ran []string
	rule := func(resource authhooks.Resource, action authhooks.Action) authhooks.Rule {
		return authhooks.On(resource, action, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
			ran = append(ran, string(resource)+":"+string(action))
			return authhooks.Allow(), nil
		})
	}
	rules := []authhooks.Rule{
		rule(authhooks.Any, authhooks.Any),
		authhooks.OnEvent(func(_ context.Context, _ *authhooks.Call, v *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
			ran = append(ran, fmt.Sprintf("%T", v))
			return authhooks.Allow(), nil
		}),
		rule(authhooks.Threads, authhooks.Read),
		rule(authhooks.Assistants, authhooks.Any),
		rule(authhooks.Any, authhooks.Delete),
	}
	want := map[string]string{
		"threads:create": "*authhooks.ThreadsCreate", "threads:read": "threads:read", "threads:update": "*:*", "threads:delete": "*:delete",
		"threads:search": "*:*", "threads:create_run": "*:*",
		"assistants:create": "assistants:*", "assistants:read": "assistants:*", "assistants:update": "assistants:*",
		"assistants:delete": "assistants:*", "assistants:search": "assistants:*",
		"crons:create": "*:*", "crons:read": "*:*", "crons:update": "*:*", "crons:delete": "*:delete", "crons:search": "*:*",
		"store:put": "*:*", "store:get": "*:*", "store:search": "*:*", "store:delete": "*:delete", "store:list_namespaces": "*:*",
	}
	for range 2 {
		auth := authhooks.New(authhooks.Bearer(tokens), rules...)
		got := map[string]string{}
		for _, v := range authhooks.Values() {
			ran = nil
			if _, err := auth.Decide(t.Context(), &authhooks.Call{User: alice, Value: v}); err != nil {
				t.Fatal(err)
			}
			resource, action := authhooks.Event(v)
			got[string(resource)+":"+string(action)] = strings.Join(ran, ", then ")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		slices.Reverse(rules)
	}
}

// A rule for a resource disables the general one for all its actions, and a rule that denies is not overruled by a general one.
func TestNoRuleFallsBack(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(tokens),
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.AllowAll),
		authhooks.On(authhooks.Threads, authhooks.Any, authhooks.Refuse("closed")),
	)
	for _, v := range authhooks.Values() {
		resource, action := authhooks.Event(v)
		_, err := auth.Decide(t.Context(), &authhooks.Call{User: alice, Value: v})
		if denied := statusOf(err) == 403; denied != (resource == authhooks.Threads) {
			t.Errorf("%s:%s: %v", resource, action, err)
		}
	}
}

func TestUnhandled(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Threads, authhooks.Create, authhooks.OwnerOnly("owner")))
	answer, err := auth.Decide(t.Context(), &authhooks.Call{User: alice, Value: &authhooks.ThreadsSearch{}})
	if !errors.Is(err, authhooks.ErrUnhandled) || err.Error() != "no handler for threads:search" {
		t.Errorf("R-19: got %v", err)
	}
	if diff := cmp.Diff(authhooks.Answer{}, answer); diff != "" {
		t.Error(diff)
	}
}

// what is not clearly yes is no.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	cause := errors.New("select from secrets")
	tests := map[string]struct {
		verdict authhooks.Verdict
		err     error
		status  int // 0 is yes
		detail  string
	}{
		"allow":                      {authhooks.Allow(), nil, 0, ""},
		"only":                       {authhooks.Only(authhooks.Eq("owner", "alice")), nil, 0, ""},
		"only none":                  {authhooks.Only(authhooks.None()), nil, 0, ""},
		"the zero verdict":           {authhooks.Verdict{}, nil, 403, "Forbidden"},
		"deny":                       {authhooks.Deny("no seat left"), nil, 403, "no seat left"},
		"not found":                  {authhooks.NotFound(), nil, 404, "Not Found"},
		"H-7: the zero filter":       {authhooks.Only(authhooks.Filter{}), nil, 500, "internal error"},
		"H-16: or of it":             {authhooks.Only(authhooks.Or(authhooks.Eq("owner", "alice"), authhooks.Filter{})), nil, 500, "internal error"},
		"a filter with a bad key":    {authhooks.Only(authhooks.Eq("", "alice")), nil, 500, "internal error"},
		"an error":                   {authhooks.Allow(), cause, 500, "internal error"},
		"an error with a status":     {authhooks.Allow(), &authhooks.Error{Status: 402, Detail: "pay"}, 402, "pay"},
		"an error of a database":     {authhooks.Allow(), authhooks.Unavailable(cause), 503, "temporarily unavailable"},
		"401 is not for handlers":    {authhooks.Allow(), authhooks.Unauthenticated("log in"), 500, "internal error"},
		"nor is it when it is meant": {authhooks.Allow(), fmt.Errorf("x: %w", &authhooks.Error{Status: 401}), 500, "internal error"},
		"an error of status 0":       {authhooks.Allow(), &authhooks.Error{Detail: "forgot"}, 500, "internal error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := decide(t, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return tt.verdict, tt.err }, &authhooks.ThreadsRead{})
			if tt.status == 0 {
				if err != nil || !strings.HasPrefix(answer.Rule, "authhooks/decide_test.go:") {
					t.Fatalf("got %v, %v", answer, err)
				}
				return
			}
			if diff := cmp.Diff(authhooks.Answer{}, answer); diff != "" {
				t.Errorf("a refusal comes with an answer: %s", diff)
			}
			var e *authhooks.Error
			if !errors.As(err, &e) || e.Status != tt.status || e.Detail != tt.detail {
				t.Fatalf("got %v, want %d %s", err, tt.status, tt.detail)
			}
			if e.Header.Get("WWW-Authenticate") != "" {
				t.Error("the client would log its user out")
			}
			if errors.Is(tt.err, cause) && !errors.Is(err, cause) {
				t.Error("the cause is lost to the log")
			}
		})
	}
}

func TestAllowHasNoFilterAndOnlyHas(t *testing.T) {
	t.Parallel()
	answer, err := decide(t, allow, &authhooks.ThreadsRead{})
	if err != nil || answer.Filter != nil {
		t.Errorf("allow: %v, %v", answer.Filter, err)
	}
	answer, err = decide(t, authhooks.OwnerOnly("owner"), &authhooks.ThreadsRead{})
	if err != nil || answer.Filter == nil || answer.Filter.String() != `{"owner":{"$eq":"alice"}}` {
		t.Errorf("owner only: %v, %v", answer.Filter, err)
	}
}

func TestHandlerPanic(t *testing.T) {
	t.Parallel()
	_, err := decide(t, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { panic("boom") }, &authhooks.ThreadsRead{})
	var e *authhooks.Error
	if !errors.As(err, &e) || e.Status != http.StatusInternalServerError || e.Detail != "internal error" {
		t.Fatalf("got %v", err)
	}
	if cause := e.Cause.Error(); !strings.Contains(cause, "boom") || !strings.Contains(cause, "decide_test.go") || !strings.Contains(cause, "threads:read") {
		t.Errorf("the cause does not help: %s", cause)
	}
}

func TestCallsThatAreNone(t *testing.T) {
	t.Parallel()
	type mine struct{ authhooks.ThreadsRead }
	for name, c := range map[string]*authhooks.Call{
		"no user":                {Value: &authhooks.ThreadsRead{}},
		"no event":               {User: alice},
		"an unknown event":       {User: alice, Resource: authhooks.Store, Action: authhooks.Create},
		"a value of another":     {User: alice, Resource: authhooks.Threads, Action: authhooks.Delete, Value: &authhooks.ThreadsRead{}},
		"a nil value":            {User: alice, Value: (*authhooks.ThreadsRead)(nil)},
		"a value of one's own":   {User: alice, Value: &mine{}},
		"an action as any event": {User: alice, Resource: authhooks.Any, Action: authhooks.Any},
	} {
		auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Any, authhooks.Any, authhooks.AllowAll))
		if answer, err := auth.Decide(t.Context(), c); statusOf(err) != 500 {
			t.Errorf("%s: %v, %v, want 500", name, answer, err)
		}
	}
}

func TestHandlersGetTheirOwnCall(t *testing.T) {
	t.Parallel()
	shared := map[string]any{"acl": map[string]any{"bob": "read"}}
	user := &authhooks.User{Identity: "alice", Permissions: []string{"read"}, Extra: map[string]any{"org": "acme"}}
	var kept *authhooks.Call
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Any, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if v, ok := c.Value.(*authhooks.ThreadsUpdate); ok {
			v.Metadata["seen"] = true
			v.Metadata["acl"].(map[string]any)["bob"] = "write"
		}
		c.User.Permissions[0] = "admin"
		c.User.Extra["org"] = "other"
		c.Resource, c.Value = authhooks.Store, &authhooks.StoreGet{}
		kept = c
		return authhooks.Only(authhooks.Exists("k")), nil
	}))
	update := &authhooks.ThreadsUpdate{Metadata: shared}
	call := &authhooks.Call{User: user, Value: update}
	if _, err := auth.Decide(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	// what the handler made of the value counts, and only in this call.
	if diff := cmp.Diff(authhooks.Metadata{"seen": true, "acl": map[string]any{"bob": "write"}}, update.Metadata); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"acl": map[string]any{"bob": "read"}}, shared); diff != "" {
		t.Errorf("H-40: another event would see it: %s", diff)
	}
	if user.Can("admin") || user.Extra["org"] != "acme" || call.Value != update || kept == call {
		t.Error("the caller's call was changed")
	}
}

func TestRefusedCallsChangeNothing(t *testing.T) {
	t.Parallel()
	v := &authhooks.ThreadsCreate{Metadata: authhooks.Metadata{"a": 1}}
	_, err := decide(t, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		c.Value.(*authhooks.ThreadsCreate).Metadata["b"] = 2
		return authhooks.Deny(""), nil
	}, v)
	if statusOf(err) != 403 || len(v.Metadata) != 1 {
		t.Errorf("got %v, %v", err, v.Metadata)
	}
}

// Every map is there before the handler runs, and after it.
func TestMapsAreNeverNil(t *testing.T) {
	t.Parallel()
	for _, v := range authhooks.Values() {
		_, err := decide(t, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			switch v := c.Value.(type) {
			case *authhooks.ThreadsCreate:
				v.Metadata["k"] = 1
				v.Metadata = nil
			case *authhooks.ThreadsUpdate:
				v.Metadata["k"] = 1
			case *authhooks.ThreadsSearch:
				v.Metadata["k"], v.Values["k"] = 1, 1
			case *authhooks.RunsCreate:
				v.Metadata["k"], v.Config["k"], v.Context["k"] = 1, 1, 1
			case *authhooks.AssistantsCreate:
				v.Metadata["k"], v.Config["k"], v.Context["k"] = 1, 1, 1
			case *authhooks.AssistantsUpdate:
				v.Metadata["k"], v.Config["k"], v.Context["k"] = 1, 1, 1
			case *authhooks.AssistantsSearch:
				v.Metadata["k"] = 1
			case *authhooks.CronsCreate:
				v.Metadata["k"], v.Payload["k"] = 1, 1
			case *authhooks.CronsUpdate:
				v.Metadata["k"], v.Payload["k"] = 1, 1
			case *authhooks.CronsSearch:
				v.Metadata["k"] = 1
			case *authhooks.StorePut:
				v.Value["k"] = 1
			case *authhooks.StoreSearch:
				v.Filter["k"] = 1
			}
			return authhooks.Allow(), nil
		}, v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		if create, ok := v.(*authhooks.ThreadsCreate); ok && create.Metadata == nil {
			t.Error("the server gets a nil map")
		}
	}
}

func TestDecideMakesTheValue(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.OnEvent(
		func(_ context.Context, c *authhooks.Call, v *authhooks.AssistantsSearch) (authhooks.Verdict, error) {
			v.Metadata["org"] = c.User.Tenant
			return authhooks.Allow(), nil
		}))
	c := &authhooks.Call{User: alice, Resource: authhooks.Assistants, Action: authhooks.Search}
	if _, err := auth.Decide(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if v, ok := c.Value.(*authhooks.AssistantsSearch); !ok || v.Metadata["org"] != "acme" {
		t.Errorf("got %#v", c.Value)
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	makes := []string{"assistants:create", "crons:create", "store:put", "threads:create", "threads:create_run"}
	var stamped []string
	for i, v := range authhooks.Values() {
		answer, err := decide(t, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("owner", c.User.Identity)
			c.Stamp("members", []string{"alice", "bob"})
			return authhooks.Allow(), nil
		}, v)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Stamp == nil {
			continue
		}
		stamped = append(stamped, events()[i])
		if diff := cmp.Diff(map[string]any{"owner": "alice", "members": []any{"alice", "bob"}}, answer.Stamp); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(makes, stamped); diff != "" {
		t.Errorf("events that make rows: %s", diff)
	}
}

func TestWrongStampsDeny(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(c *authhooks.Call){
		"empty":            func(c *authhooks.Call) { c.Stamp("owner", "") },
		"nil":              func(c *authhooks.Call) { c.Stamp("owner", nil) },
		"an empty list":    func(c *authhooks.Call) { c.Stamp("owner", []string{}) },
		"an empty item":    func(c *authhooks.Call) { c.Stamp("owner", []string{"alice", ""}) },
		"an object":        func(c *authhooks.Call) { c.Stamp("owner", map[string]any{}) },
		"a list of lists":  func(c *authhooks.Call) { c.Stamp("owner", [][]string{{"a"}}) },
		"a key like SQL":   func(c *authhooks.Call) { c.Stamp("owner'", "alice") },
		"not UTF-8":        func(c *authhooks.Call) { c.Stamp("owner", "\xff") },
		"right after it":   func(c *authhooks.Call) { c.Stamp("owner", ""); c.Stamp("owner", "alice") },
		"a nil user's map": func(c *authhooks.Call) { c.Stamp("owner", c.User.Extra["org"]) },
	} {
		handle := func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			set(c)
			return authhooks.Allow(), nil
		}
		answer, err := decide(t, handle, &authhooks.ThreadsCreate{})
		if statusOf(err) != 500 || !strings.Contains(err.Error(), `Stamp("owner`) {
			t.Errorf("%s: %v, %v, want 500 that names the key", name, answer, err)
		}
		if _, err := decide(t, handle, &authhooks.ThreadsRead{}); err != nil {
			t.Errorf("%s: where no row is made: %v", name, err)
		}
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	partition := func(v authhooks.Value, names ...string) (string, error) {
		answer, err := decide(t, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			for _, name := range names {
				c.Partition(name)
			}
			return authhooks.Allow(), nil
		}, v)
		return answer.Partition, err
	}
	for i, v := range authhooks.Values() {
		got, err := partition(v, "alice")
		resource, _ := authhooks.Event(v)
		if err != nil || (got == "alice") != (resource == authhooks.Store) || (got == "") == (resource == authhooks.Store) {
			t.Errorf("%s: %q, %v", events()[i], got, err)
		}
	}
	seen := map[string]bool{}
	for _, names := range [][]string{{"a", "b"}, {"a/b"}, {"a%2Fb"}, {"a"}, {"b", "a"}, {"a", "b", "c"}, {"a/b", "c"}} {
		got, err := partition(&authhooks.StoreGet{}, names...)
		if err != nil || seen[got] {
			t.Errorf("%q is not a partition of its own: %q, %v", names, got, err)
		}
		seen[got] = true
	}
	for _, bad := range []string{"", "\xff", "a\x00"} {
		if got, err := partition(&authhooks.StoreGet{}, bad); statusOf(err) != 500 {
			t.Errorf("%q: %q, %v, want 500", bad, got, err)
		}
	}
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Any, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		ran.Add(1)
		c.Stamp("owner", c.User.Identity)
		return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
	}))
	done := make(chan error)
	const n = 50
	for i := range n {
		go func() {
			me := fmt.Sprintf("user%d", i)
			answer, err := auth.Decide(t.Context(), &authhooks.Call{User: &authhooks.User{Identity: me}, Value: &authhooks.ThreadsCreate{}})
			if err == nil && (answer.Stamp["owner"] != me || !answer.Filter.Match(answer.Stamp)) {
				err = fmt.Errorf("%s got %v", me, answer)
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if ran.Load() != n {
		t.Errorf("ran %d times", ran.Load())
	}
}
