package authtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/authhooks/authtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a test that may fail without failing ours.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// failures runs a test and returns what it complains of.
func failures(t *testing.T, test func(t testing.TB)) []string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r.failures
}

const (
	tokenA = "Bearer user1-token"
	tokenB = "Bearer user2-token"
)

func auth(rules ...authhooks.Rule) *authhooks.Auth {
	return authhooks.New(authhooks.Bearer(authenticate), rules...)
}

func owned(event ...any) authhooks.Rule {
	if len(event) == 0 {
		return authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner"))
	}
	return authhooks.On(event[0].(authhooks.Resource), event[1].(authhooks.Action), authhooks.OwnerOnly("owner"))
}

// Each policy leaks in one way, and Private finds it.
func TestPrivateFindsLeaks(t *testing.T) {
	t.Parallel()
	only := func(f func(c *authhooks.Call) authhooks.Filter) authhooks.Handler {
		return func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			return authhooks.Only(f(c)), nil
		}
	}
	tests := map[string]struct {
		auth *authhooks.Auth
		want string // in some failure
	}{
		"all see all": {
			auth(authhooks.On(authhooks.Any, authhooks.Any, authhooks.AllowAll)),
			"threads:read by user2 reaches the row",
		},
		"AC-31: one action is open": {
			auth(owned(), authhooks.On(authhooks.Threads, authhooks.Search, authhooks.AllowAll)),
			"threads:search by user2 reaches the row",
		},
		"runs are open": {
			auth(owned(), authhooks.On(authhooks.Threads, authhooks.CreateRun, authhooks.AllowAll)),
			"threads:create_run by user2 reaches the row",
		},
		"the filter is of another key": {
			auth(owned(), authhooks.On(authhooks.Threads, authhooks.Delete, only(func(c *authhooks.Call) authhooks.Filter {
				return authhooks.Not(authhooks.Eq("owner", ""))
			}))),
			"threads:delete by user2 reaches the row",
		},
		"H-21: the owner can be forged": {
			auth(owned(), authhooks.On(authhooks.Assistants, authhooks.Create, authhooks.AllowAll)),
			"assistants:search by user1 does not reach his own row",
		},
		"H-21: the owner is what the client says": {
			auth(owned(), authhooks.OnEvent(func(_ context.Context, c *authhooks.Call, v *authhooks.CronsCreate) (authhooks.Verdict, error) {
				if _, ok := v.Metadata["owner"]; !ok {
					v.Metadata["owner"] = c.User.Identity
				}
				return authhooks.Allow(), nil
			})),
			"crons:search by user1 reaches the row",
		},
		"the owner is not stamped": {
			auth(owned(), authhooks.On(authhooks.Threads, authhooks.Create, only(func(c *authhooks.Call) authhooks.Filter {
				return authhooks.Eq("owner", c.User.Identity)
			}))),
			"does not pass its own filter",
		},
		"R-37: the stamp is of another": {
			auth(owned(), authhooks.On(authhooks.Threads, authhooks.Create, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
				c.Stamp("owner", "somebody")
				return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
			})),
			"does not pass its own filter",
		},
		"H-54: the store is open": {
			auth(owned(), authhooks.On(authhooks.Store, authhooks.Any, authhooks.AllowAll)),
			"store:get by user2 reaches the row",
		},
		"H-9: the store's search is not rewritten": {
			auth(owned(), namespaced(authhooks.Search)),
			"store:search by user2 reaches the row",
		},
		"H-8: the store's get is not rewritten": {
			auth(owned(), namespaced(authhooks.Get)),
			"store:get by user2 reaches the row",
		},
		"a handler fails": {
			auth(owned(), authhooks.On(authhooks.Crons, authhooks.Read, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) {
				return authhooks.Verdict{}, errors.New("bug")
			})),
			"crons:read by user1: 500",
		},
		"a filter is empty": {
			auth(owned(), authhooks.On(authhooks.Crons, authhooks.Read, only(func(*authhooks.Call) authhooks.Filter { return authhooks.Filter{} }))),
			"invalid filter",
		},
		"the owner does not see his own": {
			auth(owned(), authhooks.On(authhooks.Threads, authhooks.Read, only(func(*authhooks.Call) authhooks.Filter { return authhooks.None() }))),
			"threads:read by user1 does not reach his own row",
		},
		"made by nobody, read by all": {
			auth(owned(), authhooks.On(authhooks.Assistants, authhooks.Create, authhooks.Refuse("no")), authhooks.On(authhooks.Assistants, authhooks.Read, authhooks.AllowAll)),
			"assistants:read by user2 reaches the row",
		},
		"the rules are wrong": {
			auth(owned(), owned()),
			"is registered already",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, func(t testing.TB) { authtest.Private(t, tt.auth, tokenA, tokenB) })
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("no failure has %q:\n%s", tt.want, strings.Join(got, "\n"))
			}
		})
	}
}

// namespaced keeps store items apart by a namespace for each user, but forgets it for one action.
func namespaced(forgotten authhooks.Action) authhooks.Rule {
	return authhooks.On(authhooks.Store, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if c.Action == forgotten {
			return authhooks.Allow(), nil
		}
		under := func(ns []string) []string { return append([]string{c.User.Identity}, ns...) }
		switch v := c.Value.(type) {
		case *authhooks.StorePut:
			v.Namespace = under(v.Namespace)
		case *authhooks.StoreGet:
			v.Namespace = under(v.Namespace)
		case *authhooks.StoreDelete:
			v.Namespace = under(v.Namespace)
		case *authhooks.StoreSearch:
			v.Namespace = under(v.Namespace)
		case *authhooks.StoreListNamespaces:
			v.Namespace = under(v.Namespace)
		}
		return authhooks.Allow(), nil
	})
}

func TestPrivateAcceptsWhatIsPrivate(t *testing.T) {
	t.Parallel()
	search := authhooks.OnEvent(func(_ context.Context, c *authhooks.Call, v *authhooks.ThreadsSearch) (authhooks.Verdict, error) {
		v.Metadata["owner"] = c.User.Identity
		return authhooks.Allow(), nil
	})
	for name, a := range map[string]*authhooks.Auth{
		"nothing is allowed":       auth(),
		"everything is refused":    auth(authhooks.On(authhooks.Any, authhooks.Any, authhooks.Refuse("closed"))),
		"owner only":               auth(owned()),
		"threads alone":            auth(owned(authhooks.Threads, authhooks.Action(authhooks.Any))),
		"by the store's namespace": auth(owned(), namespaced("")),
		"by the search itself":     auth(owned(), search),
	} {
		if got := failures(t, func(t testing.TB) { authtest.Private(t, a, tokenA, tokenB) }); got != nil {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
	}
}

func TestPrivateExcepts(t *testing.T) {
	t.Parallel()
	a := auth(owned(), authhooks.On(authhooks.Assistants, authhooks.Any, authhooks.AllowAll))
	if got := failures(t, func(t testing.TB) { authtest.Private(t, a, tokenA, tokenB, authhooks.Assistants) }); got != nil {
		t.Error(got)
	}
	if got := failures(t, func(t testing.TB) { authtest.Private(t, a, tokenA, tokenB, authhooks.Threads) }); got == nil {
		t.Error("assistants are not private")
	}
	if got := failures(t, func(t testing.TB) { authtest.Private(t, a, tokenA, tokenA) }); len(got) != 1 || !strings.Contains(got[0], "two users") {
		t.Errorf("with one user: %v", got)
	}
}

// Each assertion fails when it does not hold, and not else.
func TestAssertions(t *testing.T) {
	t.Parallel()
	open := auth(authhooks.On(authhooks.Any, authhooks.Any, authhooks.AllowAll), authhooks.On(authhooks.Crons, authhooks.Any, authhooks.Refuse("no crons")))
	row := authtest.Row{Metadata: authhooks.Metadata{"owner": "user1"}}
	bug := auth(authhooks.On(authhooks.Any, authhooks.Any, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { panic("bug") }))
	tests := map[string]struct {
		test func(t testing.TB)
		want string // "" is none
	}{
		"rejects, let in":        {func(t testing.TB) { authtest.New(t, Auth).Rejects(tokenA, 401) }, "let in as user1"},
		"rejects, other status":  {func(t testing.TB) { authtest.New(t, Auth).Rejects("", http.StatusForbidden) }, "want 403"},
		"as, refused":            {func(t testing.TB) { authtest.New(t, Auth).As("Bearer nope") }, "cannot log in: 401"},
		"sees, hidden":           {func(t testing.TB) { authtest.New(t, Auth).As(tokenB).Sees(&authhooks.ThreadsRead{}, row) }, "does not reach"},
		"sees, refused":          {func(t testing.TB) { authtest.New(t, open).As(tokenB).Sees(&authhooks.CronsRead{}, row) }, "403: no crons"},
		"sees, no rule":          {func(t testing.TB) { authtest.New(t, auth()).As(tokenB).Sees(&authhooks.CronsRead{}, row) }, "no handler for crons:read"},
		"misses, seen":           {func(t testing.TB) { authtest.New(t, Auth).As(tokenA).Misses(&authhooks.ThreadsRead{}, row) }, "matches it"},
		"misses, seen by all":    {func(t testing.TB) { authtest.New(t, open).As(tokenB).Misses(&authhooks.ThreadsRead{}, row) }, "allows every row"},
		"misses, broken":         {func(t testing.TB) { authtest.New(t, bug).As(tokenB).Misses(&authhooks.ThreadsRead{}, row) }, "panicked"},
		"misses, refused":        {func(t testing.TB) { authtest.New(t, open).As(tokenB).Misses(&authhooks.CronsRead{}, row) }, ""},
		"denied, allowed":        {func(t testing.TB) { authtest.New(t, open).As(tokenB).Denied(&authhooks.ThreadsRead{}, "x") }, "got yes"},
		"denied, another reason": {func(t testing.TB) { authtest.New(t, open).As(tokenB).Denied(&authhooks.CronsRead{}, "x") }, "no crons"},
		"denied":                 {func(t testing.TB) { authtest.New(t, open).As(tokenB).Denied(&authhooks.CronsRead{}, "no crons") }, ""},
		"creates, refused":       {func(t testing.TB) { authtest.New(t, open).As(tokenB).Creates(&authhooks.CronsCreate{}, nil) }, "cannot crons:create"},
		"creates, makes no row":  {func(t testing.TB) { authtest.New(t, open).As(tokenB).Creates(&authhooks.ThreadsRead{}, nil) }, "makes no row"},
		"new of nil":             {func(t testing.TB) { authtest.New(t, nil) }, "the Auth is nil"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(failures(t, tt.test), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStoreItems(t *testing.T) {
	t.Parallel()
	x := authtest.New(t, auth(owned()))
	alice, bob := x.As(tokenA), x.As(tokenB)
	put := func() *authhooks.StorePut { return &authhooks.StorePut{Namespace: []string{"notes"}, Key: "k"} }
	item := alice.Creates(put(), nil)
	alice.Sees(&authhooks.StoreGet{}, item)
	alice.Sees(&authhooks.StoreSearch{Namespace: []string{}}, item)
	alice.Misses(&authhooks.StoreGet{Key: "other"}, item)
	alice.Misses(&authhooks.StoreSearch{Namespace: []string{"other"}}, item)
	for _, v := range []authhooks.Value{&authhooks.StoreGet{}, put(), &authhooks.StoreDelete{}, &authhooks.StoreSearch{}, &authhooks.StoreListNamespaces{}} {
		bob.Misses(v, item)
	}
}

func TestOtherWaysToLogIn(t *testing.T) {
	t.Parallel()
	x := authtest.New(t, authhooks.New(authhooks.Header("X-Api-Key", authenticate), owned()))
	login := func(key string) *authtest.Actor {
		r := authtest.Request("")
		r.Header.Set("X-Api-Key", key)
		return x.AsRequest(r)
	}
	x.Private(login("user1-token"), login("user2-token"))
}
