package compat

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// The long-term store over HTTP and from graphs. AC-23 on every route is in twousers_test.go.

// TestItems is the wire of the store (rest.md §7), as both official clients write it.
func TestItems(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		s.must(204, alice, "PUT", "/store/items", `{"namespace": ["users", "a"], "key": "k", "value": {"n": 12345678901234567, "deep": {"x": [1]}}, "index": null, "ttl": null}`)
		item := s.must(200, alice, "GET", "/store/items?namespace=users.a&key=k&refresh_ttl=true", "")
		var got map[string]any
		item.into(t, &got)
		for _, field := range []string{"namespace", "key", "value", "created_at", "updated_at"} {
			if _, ok := got[field]; !ok {
				t.Errorf("no %s in %s", field, item.Body)
			}
		}
		if !strings.Contains(string(item.Body), "12345678901234567") || len(got) != 5 {
			t.Errorf("the item is %s", item.Body)
		}
		if again := s.must(200, alice, "GET", "/store/items?namespace=users&namespace=a&key=k", ""); string(again.Body) != string(item.Body) {
			t.Errorf("with labels in parameters of their own: %s, want %s", again.Body, item.Body)
		}
		found := s.must(200, alice, "POST", "/store/items/search", `{"namespace_prefix": ["users"], "filter": {"deep": {"x": [1]}, "n": {"$gt": 5}}, "query": "anything"}`)
		if want := `{"items":[` + strings.TrimSuffix(string(item.Body), "}") + `,"score":null}]}`; string(found.Body) != want {
			t.Errorf("found %s, want %s", found.Body, want)
		}
		list := s.must(200, alice, "POST", "/store/namespaces", `{"prefix": ["*"], "suffix": ["a"], "max_depth": 1}`)
		if string(list.Body) != `{"namespaces":[["users"]]}` {
			t.Errorf("namespaces %s", list.Body)
		}
		for range 2 {
			s.must(204, alice, "DELETE", "/store/items", `{"namespace": ["users", "a"], "key": "k"}`)
			if gone := s.must(200, alice, "GET", "/store/items?namespace=users.a&key=k", ""); string(gone.Body) != "null" {
				t.Errorf("deleted, and still %s", gone.Body)
			}
		}
		s.must(204, alice, "DELETE", "/store/items", `{"key": "k"}`)
		for _, body := range []string{`{}`, `{"namespace_prefix": null, "filter": null, "query": null, "refresh_ttl": null}`, ``} {
			if none := s.must(200, alice, "POST", "/store/items/search", body); string(none.Body) != `{"items":[]}` {
				t.Errorf("%s: %s", body, none.Body)
			}
		}
		if none := s.must(200, alice, "POST", "/store/namespaces", `{"prefix": null, "suffix": null, "max_depth": null}`); string(none.Body) != `{"namespaces":[]}` {
			t.Errorf("namespaces %s", none.Body)
		}
	})
}

func TestItemsWithOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range clientsOf("store") {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				if out := c.run(t, serve(t, privateChat(), uri).URL); !strings.Contains(out, "ok store") {
					t.Errorf("the client said %s", out)
				}
			})
		})
	}
}

func TestItemMistakes(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), t.TempDir()+"/test.db")
	const label = "Namespace labels cannot be empty or contain periods. Received: "
	for _, y := range []struct{ method, path, body, want string }{
		{"PUT", "/store/items", `{"namespace": ["a", "b.c"], "key": "k", "value": {}}`, label + "a.b.c"},
		{"PUT", "/store/items", `{"namespace": ["a", ""], "key": "k", "value": {}}`, label + "a."},
		{"PUT", "/store/items", `{"namespace": [], "key": "k", "value": {}}`, "Namespace is required"},
		{"PUT", "/store/items", `{"namespace": ["a"], "key": "k", "value": "text"}`, "value: want object, got string"},
		{"PUT", "/store/items", `{"namespace": ["a"], "key": "k", "value": {}, "ttl": -1}`, "ttl: want a number of minutes above 0, got -1"},
		{"PUT", "/store/items", `{"namespace": ["langgraph"], "key": "k", "value": {}}`, `the first label of a namespace cannot be "langgraph"`},
		{"PUT", "/store/items", `{"namespace": ["a"], "key": "` + strings.Repeat("k", 1025) + `", "value": {}}`, "the key is longer than 1024 bytes"},
		{"PUT", "/store/items", `{"namespace": ["` + strings.Repeat("a", 1025) + `"], "key": "k", "value": {}}`, "the namespace is longer than 1024 bytes"},
		{"GET", "/store/items?namespace=a", "", "key is required"},
		{"GET", "/store/items?namespace=a..b&key=k", "", label + "a..b"},
		{"GET", "/store/items?namespace=a&key=k&refresh_ttl=maybe", "", `refresh_ttl: want true or false, got "maybe"`},
		{"DELETE", "/store/items", `{"namespace": ["a"]}`, "key is required"},
		{"DELETE", "/store/items", `{"namespace": [""], "key": "k"}`, label},
		{"POST", "/store/items/search", `{"namespace_prefix": ["a."]}`, label + "a."},
		{"POST", "/store/items/search", `{"filter": {"a": {"$in": [1]}}}`, "filter: a: unknown operator $in; there are $eq, $ne, $gt, $gte, $lt, $lte"},
		{"POST", "/store/items/search", `{"filter": {"a": {"b": {"$gt": null}}}}`, "filter: a.b: $gt wants a number or text"},
		{"POST", "/store/items/search", `{"limit": 0}`, "limit: want an integer from 1 to 1000, got 0"},
		{"POST", "/store/namespaces", `{"suffix": ["a.b"]}`, label + "a.b"},
		{"POST", "/store/namespaces", `{"max_depth": -1}`, "max_depth: want an integer above 0"},
	} {
		if got := s.must(422, alice, y.method, y.path, y.body).field(t, "detail"); got != y.want {
			t.Errorf("%s %s %.100s: %q, want %q", y.method, y.path, y.body, got, y.want)
		}
	}
	s.must(400, alice, "PUT", "/store/items", `{"namespace"`)
	if a := s.must(200, alice, "POST", "/store/namespaces", `{}`); string(a.Body) != `{"namespaces":[]}` {
		t.Errorf("a mistake was stored: %s", a.Body)
	}
}

// ownNamespace lets a user reach the namespaces that begin with his name.
func ownNamespace(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	namespace := &[]string{}
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
		return authhooks.Deny("Forbidden"), nil
	}
	return authhooks.Allow(), nil
}

func TestAC37NamespacesOfOthersAreForbidden(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(authhooks.New(tutors(),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")), authhooks.On(authhooks.Store, authhooks.Any, ownNamespace))), uri)
		s.must(204, alice, "PUT", "/store/items", `{"namespace": ["user1", "x"], "key": "k", "value": {}}`)
		s.must(204, bob, "PUT", "/store/items", `{"namespace": ["user2", "user1"], "key": "k", "value": {}}`) // H-20: not hers by its second label
		for _, y := range []struct{ method, path, body string }{
			{"PUT", "/store/items", `{"namespace": ["user2", "user1"], "key": "k", "value": {}}`},
			{"GET", "/store/items?namespace=user2.user1&key=k", ""},
			{"DELETE", "/store/items", `{"namespace": ["user2", "user1"], "key": "k"}`},
			{"POST", "/store/items/search", `{"namespace_prefix": ["user2"]}`},
			{"POST", "/store/namespaces", `{"prefix": ["*"]}`},
		} {
			s.must(403, alice, y.method, y.path, y.body)
		}
		for who, want := range map[string]string{alice: `["user1","x"]`, bob: `["user2","user1"]`} {
			a := s.must(200, who, "POST", "/store/items/search", `{}`)
			if strings.Count(string(a.Body), `"namespace"`) != 1 || !strings.Contains(string(a.Body), want) {
				t.Errorf("%s finds %s, want what is in %s alone", who, a.Body, want)
			}
			if list := s.must(200, who, "POST", "/store/namespaces", `{}`); string(list.Body) != `{"namespaces":[`+want+`]}` {
				t.Errorf("%s lists %s", who, list.Body)
			}
		}
	})
}

// diary is a graph that keeps what it is told in the store, and says what it finds there.
func diary() platform.Graph {
	type state struct {
		Note  string `json:"note"`
		Found string `json:"found"`
	}
	write := func(ctx context.Context, s state) (graphs.Update, error) {
		store, ns := graphs.RuntimeFrom(ctx).Store, []string{"diary"}
		if err := store.Put(ctx, graphs.ItemPut{Namespace: ns, Key: "today", Value: map[string]any{"note": s.Note}}); err != nil {
			return nil, err
		}
		list, err := store.Search(ctx, graphs.ItemSearch{})
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			s.Found += string(i.Value)
		}
		return graphs.Patch(state{Found: strings.ReplaceAll(s.Found, " ", "")}), nil
	}
	graph := graphs.NewStateGraph[state]().AddNode("write", write).AddEdge(graphs.Start, "write").AddEdge("write", graphs.End)
	return platform.Graph{ID: "diary", Source: graph, Symbol: "./diary:Graph"}
}

// TestNodesMeetTheHooksOfTheStore: what graph code reaches is what its user reaches over HTTP.
func TestNodesMeetTheHooksOfTheStore(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		rule := func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			if put, ok := c.Value.(*authhooks.StorePut); ok {
				if put.Value["note"] == "forbidden" {
					return authhooks.Deny("not in a diary"), nil
				}
				put.Value["by"] = fmt.Sprint(c.Origin, " ", c.User.Identity)
			}
			return authhooks.OwnerOnly("owner")(ctx, c)
		}
		s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, rule)), diary()), uri)
		for who, name := range map[string]string{alice: "user1", bob: "user2"} {
			a := s.must(200, who, "POST", "/runs/wait", `{"assistant_id": "diary", "input": {"note": "`+name+`"}}`)
			want := `{"by":"workeruser1","note":"user1"}`
			if who == bob {
				want = strings.ReplaceAll(want, "user1", "user2")
			}
			if got := a.field(t, "found"); got != want {
				t.Errorf("%s finds %s, want %s", name, got, want)
			}
			item := s.must(200, who, "GET", "/store/items?namespace=diary&key=today", "")
			if !strings.Contains(string(item.Body), `worker `+name) {
				t.Errorf("%s reads %s over HTTP", name, item.Body)
			}
		}
		a := s.must(200, alice, "POST", "/runs/wait", `{"assistant_id": "diary", "input": {"note": "forbidden"}}`)
		if !strings.Contains(string(a.Body), "not in a diary") {
			t.Errorf("the run was not refused: %s", a.Body)
		}
	})
}

// lengths embeds a text as its first letters.
type lengths struct{}

func (lengths) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	return []float32{float32(strings.Count(text, "a")), float32(strings.Count(text, "b"))}, nil
}

func (l lengths) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i], _ = l.EmbedQuery(ctx, text)
	}
	return out, nil
}

func TestItemsByMeaning(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		parts := privateChat()
		parts.Embed = func() (lengths, error) { return lengths{}, nil }
		parts.Platform = `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"},
			"store": {"index": {"embed": "./embed:New", "dims": 2, "fields": ["text"]}, "ttl": {"refresh_on_read": false}}}`
		s := serve(t, parts, uri)
		for key, text := range map[string]string{"a": "aaa", "ab": "ab", "b": "bb"} {
			s.must(204, alice, "PUT", "/store/items", `{"namespace": ["n"], "key": "`+key+`", "value": {"text": "`+text+`"}}`)
		}
		s.must(204, bob, "PUT", "/store/items", `{"namespace": ["bobs"], "key": "bobs", "value": {"text": "a"}}`)
		s.must(204, alice, "PUT", "/store/items", `{"namespace": ["n"], "key": "hidden", "value": {"text": "a"}, "index": false}`)
		var page struct {
			Items []struct {
				Key   string
				Score float64
			}
		}
		s.must(200, alice, "POST", "/store/items/search", `{"query": "a"}`).into(t, &page)
		var got []string
		for _, i := range page.Items {
			got = append(got, fmt.Sprintf("%s %.2f", i.Key, i.Score))
		}
		if diff := cmp.Diff([]string{"a 1.00", "ab 0.71", "b 0.00"}, got); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}

// TestItemsExpire has an item go by itself: at once for those who look for it.
func TestItemsExpire(t *testing.T) {
	t.Parallel()
	parts := privateChat()
	parts.Platform = `{"graphs": {"agent": "./agent:Graph"}, "auth": {"path": "./security:Auth"}, "store": {"ttl": {"default_ttl": 0.002, "refresh_on_read": false}}}`
	s := serve(t, parts, t.TempDir()+"/test.db")
	s.must(204, alice, "PUT", "/store/items", `{"namespace": ["n"], "key": "short", "value": {}}`)
	s.must(204, alice, "PUT", "/store/items", `{"namespace": ["n"], "key": "long", "value": {}, "ttl": 60}`)
	deadline := time.Now().Add(20 * time.Second)
	for string(s.must(200, alice, "GET", "/store/items?namespace=n&key=short", "").Body) != "null" {
		if time.Now().After(deadline) {
			t.Fatal("the item outlives its time")
		}
	}
	if a := s.must(200, alice, "POST", "/store/items/search", `{}`); strings.Contains(string(a.Body), "short") || !strings.Contains(string(a.Body), "long") {
		t.Errorf("found %s", a.Body)
	}
}
