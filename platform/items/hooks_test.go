package items_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store/storetest"
)

// owner is the tutorial's rule for everything: a stamp and a filter, and nothing said of stores.
func owner(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	c.Stamp("owner", c.User.Identity)
	return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
}

// TestAC23TutorialHandler is H-18 and H-54, too: the filter is about what the server knows of an item, never about its value.
func TestAC23TutorialHandler(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(authhooks.On(authhooks.Any, authhooks.Any, owner)), nil)
		alice, bob := as(all, "alice"), as(all, "bob")
		put(t, alice, "prefs", "color", map[string]any{"color": "red", "owner": "bob"})
		same(t, "alice reads back", `{"color":"red","owner":"bob"}`, value(t, alice, "prefs", "color"))
		same(t, "bob reads hers", missing, value(t, bob, "prefs", "color"))
		same(t, "bob reads none", missing, value(t, bob, "prefs", "other"))
		same(t, "bob searches", "", find(t, bob, graphs.ItemSearch{Filter: map[string]any{"owner": "bob"}}))
		same(t, "bob lists", "", spaces(t, bob, graphs.NamespaceSearch{}))
		for _, key := range []string{"color", "other"} {
			if err := bob.Delete(t.Context(), split("prefs"), key); err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		}
		taken := forbidden(t, "bob writes hers", bob.Put(t.Context(), graphs.ItemPut{Namespace: split("prefs"), Key: "color", Value: map[string]any{}}))
		same(t, "the answer", "Forbidden", taken)
		same(t, "alice's", "prefs/color", find(t, alice, graphs.ItemSearch{}))
		same(t, "alice's namespaces", "prefs", spaces(t, alice, graphs.NamespaceSearch{}))
		put(t, bob, "prefs", "mine", map[string]any{"owner": "alice"})
		same(t, "alice's still", "prefs/color", find(t, alice, graphs.ItemSearch{}))
		same(t, "bob's", "prefs/mine", find(t, bob, graphs.ItemSearch{}))
	})
}

// TestH18PutDeniedForOldAndNew is the last way to ask what is there.
func TestH18PutDeniedForOldAndNew(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(authhooks.On(authhooks.Store, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("owner", c.User.Identity)
			return authhooks.Only(authhooks.Eq("owner", "alice")), nil // to bob, no item of his own would be visible
		})), nil)
		put(t, as(all, "alice"), "a", "old", map[string]any{})
		bob := as(all, "bob")
		all2 := open(t, backend, hooks(authhooks.On(authhooks.Store, authhooks.Any, owner)), nil)
		put(t, as(all2, "alice"), "a", "old", map[string]any{})
		old := forbidden(t, "old", as(all2, "bob").Put(t.Context(), graphs.ItemPut{Namespace: split("a"), Key: "old", Value: map[string]any{}}))
		fresh := forbidden(t, "new", bob.Put(t.Context(), graphs.ItemPut{Namespace: split("a"), Key: "new", Value: map[string]any{}}))
		same(t, "both answers", old, fresh)
		same(t, "nothing was made", "a/old", find(t, as(all, "alice"), graphs.ItemSearch{}))
	})
}

// TestOwnerOnlyKeepsNamespacesApart: equal namespaces and keys of two users do not meet, and neither sees a trace of it.
func TestOwnerOnlyKeepsNamespacesApart(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner"))), nil)
		for _, who := range []string{"alice", "bob"} {
			put(t, as(all, who), "prefs", "color", map[string]any{"of": who})
		}
		for _, who := range []string{"alice", "bob"} {
			same(t, who, fmt.Sprintf(`{"of":%q}`, who), value(t, as(all, who), "prefs", "color"))
			same(t, who, "prefs/color", find(t, as(all, who), graphs.ItemSearch{}))
			same(t, who, "prefs", spaces(t, as(all, who), graphs.NamespaceSearch{}))
		}
		if err := as(all, "bob").Delete(t.Context(), split("prefs"), "color"); err != nil {
			t.Fatal(err)
		}
		same(t, "alice's", `{"of":"alice"}`, value(t, as(all, "alice"), "prefs", "color"))
	})
}

// inOwnNamespace is the documented policy for stores: the first label is who calls. It refuses other namespaces, and fills in an empty one.
func inOwnNamespace(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	var namespace *[]string
	switch v := c.Value.(type) {
	case *authhooks.StorePut:
		namespace = &v.Namespace
	case *authhooks.StoreGet:
		namespace = &v.Namespace
	case *authhooks.StoreDelete:
		namespace = &v.Namespace
	case *authhooks.StoreSearch:
		namespace = &v.Namespace
	case *authhooks.StoreListNamespaces:
		namespace = &v.Namespace
	}
	if len(*namespace) == 0 {
		*namespace = []string{c.User.Identity}
	}
	if (*namespace)[0] != c.User.Identity {
		return authhooks.Deny("that is not yours"), nil
	}
	return authhooks.Allow(), nil
}

// TestAC37NamespacesOfOthers is H-9 and H-20, too: a prefix that a hook sets counts, and it counts from the first label on.
func TestAC37NamespacesOfOthers(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(authhooks.On(authhooks.Store, authhooks.Any, inOwnNamespace)), nil)
		alice, bob := as(all, "alice"), as(all, "bob")
		put(t, alice, "alice.notes", "k", map[string]any{"n": 1})
		put(t, bob, "bob.alice", "k", map[string]any{"n": 2})
		for _, ns := range [][]string{{"bob"}, {"bob", "alice"}, {"x", "alice"}} {
			errs := map[string]error{
				"put":    alice.Put(t.Context(), graphs.ItemPut{Namespace: ns, Key: "k", Value: map[string]any{}}),
				"delete": alice.Delete(t.Context(), ns, "k"),
			}
			_, errs["get"] = alice.Get(t.Context(), ns, "k")
			_, errs["search"] = alice.Search(t.Context(), graphs.ItemSearch{Prefix: ns})
			_, errs["list"] = alice.ListNamespaces(t.Context(), graphs.NamespaceSearch{Prefix: ns})
			for what, err := range errs {
				same(t, what, "that is not yours", forbidden(t, what, err))
			}
		}
		same(t, "everywhere is one's own", "alice.notes/k", find(t, alice, graphs.ItemSearch{}))
		same(t, "so are all namespaces", "alice.notes", spaces(t, alice, graphs.NamespaceSearch{}))
		same(t, "by suffix", "", spaces(t, alice, graphs.NamespaceSearch{Suffix: []string{"alice"}}))
		same(t, "a wildcard is nobody", "that is not yours", forbidden(t, "list *", func() error {
			_, err := alice.ListNamespaces(t.Context(), graphs.NamespaceSearch{Prefix: []string{"*"}})
			return err
		}()))
		same(t, "own", `{"n":1}`, value(t, alice, "alice.notes", "k"))
	})
}

// TestH8H9RewrittenCallsCount: what a hook makes of namespace, key, value and filter is what happens, on all five.
func TestH8H9RewrittenCallsCount(t *testing.T) {
	t.Parallel()
	move := authhooks.On(authhooks.Store, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		own := func(ns []string) []string { return append([]string{"users", c.User.Identity}, ns...) }
		switch v := c.Value.(type) {
		case *authhooks.StorePut:
			v.Namespace, v.Key, v.Value["by"] = own(v.Namespace), v.Key+"!", c.User.Identity
		case *authhooks.StoreGet:
			v.Namespace, v.Key = own(v.Namespace), v.Key+"!"
		case *authhooks.StoreDelete:
			v.Namespace, v.Key = own(v.Namespace), v.Key+"!"
		case *authhooks.StoreSearch:
			v.Namespace, v.Filter["by"] = own(v.Namespace), "alice"
		case *authhooks.StoreListNamespaces:
			v.Namespace, v.Suffix = own(v.Namespace), []string{"a"}
		}
		return authhooks.Allow(), nil
	})
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(move), nil)
		alice, bob := as(all, "alice"), as(all, "bob")
		mine := map[string]any{"by": "bob"}
		put(t, alice, "a", "k", mine)
		put(t, bob, "a", "k", map[string]any{})
		same(t, "the caller's map", map[string]any{"by": "bob"}, mine)
		same(t, "alice's", `{"by":"alice"}`, value(t, alice, "a", "k"))
		same(t, "bob's", `{"by":"bob"}`, value(t, bob, "a", "k"))
		same(t, "alice finds", "users.alice.a/k!", find(t, alice, graphs.ItemSearch{}))
		same(t, "bob finds", "", find(t, bob, graphs.ItemSearch{Prefix: split("a")}))
		same(t, "alice lists", "users.alice.a", spaces(t, alice, graphs.NamespaceSearch{}))
		if err := bob.Delete(t.Context(), split("a"), "k"); err != nil {
			t.Fatal(err)
		}
		same(t, "bob's is gone", missing, value(t, bob, "a", "k"))
		same(t, "alice's is not", `{"by":"alice"}`, value(t, alice, "a", "k"))
	})
}

// TestNamespacesAreCheckedAfterTheHook: an e-mail address as a label is refused, not cut at its periods.
func TestNamespacesAreCheckedAfterTheHook(t *testing.T) {
	t.Parallel()
	asked := 0
	all := open(t, storetest.SQLite, hooks(authhooks.On(authhooks.Store, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		asked++
		switch v := c.Value.(type) {
		case *authhooks.StorePut:
			v.Namespace = []string{c.User.Identity}
		case *authhooks.StoreGet:
			v.Namespace = []string{c.User.Identity}
		case *authhooks.StoreDelete:
			v.Namespace = []string{c.User.Identity}
		case *authhooks.StoreSearch:
			v.Namespace = []string{c.User.Identity}
		case *authhooks.StoreListNamespaces:
			v.Suffix = []string{c.User.Identity}
		}
		return authhooks.Allow(), nil
	})), nil)
	mail := as(all, "a@b.c")
	for i, ns := range [][]string{{"x"}, {"x", ""}} {
		errs := []error{
			mail.Put(t.Context(), graphs.ItemPut{Namespace: ns, Key: "k", Value: map[string]any{}}), mail.Delete(t.Context(), ns, "k"),
		}
		_, get := mail.Get(t.Context(), ns, "k")
		_, search := mail.Search(t.Context(), graphs.ItemSearch{Prefix: ns})
		_, list := mail.ListNamespaces(t.Context(), graphs.NamespaceSearch{Prefix: ns})
		for _, err := range append(errs, get, search, list) {
			var refused *graphs.NamespaceError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Error(), "Namespace labels cannot be empty or contain periods. Received: ") {
				t.Errorf("%q: error %v", ns, err)
			}
		}
		if asked != 5 {
			t.Errorf("round %d: the hook was asked %d times, want 5: what is wrong already is not shown to it", i, asked)
		}
	}
}

// TestAnswersOfHooks: a hook that says that there is no such item says what the store would.
func TestAnswersOfHooks(t *testing.T) {
	t.Parallel()
	all := open(t, storetest.SQLite, hooks(
		authhooks.On(authhooks.Store, authhooks.Any, func(context.Context, *authhooks.Call) (authhooks.Verdict, error) { return authhooks.NotFound(), nil }),
		authhooks.On(authhooks.Store, authhooks.Put, authhooks.AllowAll),
	), nil)
	alice := as(all, "alice")
	put(t, alice, "a", "k", map[string]any{})
	same(t, "get", missing, value(t, alice, "a", "k"))
	if err := alice.Delete(t.Context(), split("a"), "k"); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := all.Get(t.Context(), split("a"), "k"); !errors.Is(err, access.ErrNoCaller) {
		t.Errorf("nobody in the context: error %v, want ErrNoCaller", err)
	}
}

// TestFacts: what the request says, and whom it comes from, is there for the hook to read.
func TestFacts(t *testing.T) {
	t.Parallel()
	var got []string
	all := open(t, storetest.SQLite, hooks(authhooks.On(authhooks.Store, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		said := fmt.Sprintf("%s by %s of %s", c.Action, c.Origin, c.User.Identity)
		switch v := c.Value.(type) {
		case *authhooks.StorePut:
			fields, set := v.Index()
			said += fmt.Sprint(" ", *v.TTL(), fields, set)
		case *authhooks.StoreGet:
			said += fmt.Sprint(" ", *v.RefreshTTL())
		case *authhooks.StoreSearch:
			said += fmt.Sprintf(" %s %d %d", v.Query(), v.Limit(), v.Offset())
		case *authhooks.StoreListNamespaces:
			said += fmt.Sprint(" ", v.MaxDepth(), v.Limit(), v.Offset())
		}
		got = append(got, said)
		return authhooks.Allow(), nil
	})), nil)
	ctx, no := access.With(t.Context(), access.Caller{User: &authhooks.User{Identity: "alice"}, Origin: authhooks.OriginAPI}), false
	err := all.Put(ctx, graphs.ItemPut{Namespace: split("a"), Key: "k", Value: map[string]any{}, TTL: time.Minute, Index: []string{"x"}})
	_, read := all.Read(ctx, split("a"), "k", &no)
	_, search := as(all, "bob").Search(ctx, graphs.ItemSearch{Query: "q"})
	_, list := as(all, "bob").ListNamespaces(ctx, graphs.NamespaceSearch{MaxDepth: 2, Limit: 3, Offset: 4})
	if err := errors.Join(err, read, search, list); err != nil {
		t.Fatal(err)
	}
	same(t, "asked", []string{
		"put by api of alice 1m0s [x] true", "get by api of alice false", "search by worker of bob q 10 0", "list_namespaces by worker of bob 2 3 4",
	}, got)
}

// TestHooksSeeWhatIsStored: a text that no database takes is replaced before the hook compares it with anything.
func TestHooksSeeWhatIsStored(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, backend storetest.Backend) {
		all := open(t, backend, hooks(authhooks.On(authhooks.Store, authhooks.Any, inOwnNamespace)), nil)
		odd := as(all, "o\ufffd\ufffd")
		put(t, odd, "o\x00\xff", "k\x00", map[string]any{"n\x00": "\x00"})
		same(t, "stored", `{"n\ufffd":"\ufffd"}`, strings.ReplaceAll(value(t, odd, "o\ufffd\ufffd", "k\ufffd"), "\ufffd", "\\ufffd"))
		same(t, "found", "o\ufffd\ufffd/k\ufffd", find(t, odd, graphs.ItemSearch{Prefix: []string{"o\x00\xff"}, Filter: map[string]any{"n\x00": "\x00"}}))
		forbidden(t, "another's", as(all, "o\x00").Delete(t.Context(), split("o\x00"), "k"))
	})
}
