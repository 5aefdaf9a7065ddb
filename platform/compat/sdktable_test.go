package compat

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/sdk"
)

// sdkCall is a method of the Go client with the route that it calls.
type sdkCall struct {
	method, route string
	answer        string // of the server; empty is {}
	call          func(ctx context.Context, c *sdk.Client) error
}

// notOfSDK are the routes that the Go client leaves to others.
var notOfSDK = map[string]string{
	"GET /":                           "another name of /ok",
	"GET /metrics":                    "for Prometheus",
	"GET /openapi.json":               "for generators of clients",
	"GET /docs":                       "for browsers",
	"GET /platform.schema.json":       "for editors",
	"GET /feedback/tokens/:token":     "a link that people follow; the client posts to it",
	"GET /threads/:thread_id/history": "as POST, with less to say",
	"GET /threads/:thread_id/state/:checkpoint_id": "as POST /threads/:thread_id/state/checkpoint",
}

// ofOther are the groups of routes that speak protocols with clients of their own.
var ofOther = []string{"mcp", "a2a"}

func drop[T any](_ T, err error) error { return err }

// drain reads a stream to its end.
func drain[T any](items iter.Seq2[T, error]) error {
	for _, err := range items {
		if err != nil {
			return err
		}
	}
	return nil
}

func sdkCalls() []sdkCall {
	const id = "x"
	type ctx = context.Context
	type client = *sdk.Client
	return []sdkCall{
		{"Client.Ready", "GET /ok", `{"ok":true}`, func(x ctx, c client) error { return c.Ready(x) }},
		{"Client.Info", "GET /info", "", func(x ctx, c client) error { return drop(c.Info(x)) }},

		{"Store.Put", "PUT /store/items", "", func(x ctx, c client) error {
			return c.Store.Put(x, sdk.ItemPut{Namespace: []string{"a"}, Key: "k", Value: sdk.Object{}})
		}},
		{"Store.Get", "GET /store/items", "", func(x ctx, c client) error { return drop(c.Store.Get(x, []string{"a"}, "k")) }},
		{"Store.Read", "GET /store/items", "", func(x ctx, c client) error { return drop(c.Store.Read(x, []string{"a"}, "k", true)) }},
		{"Store.Delete", "DELETE /store/items", "", func(x ctx, c client) error { return c.Store.Delete(x, []string{"a"}, "k") }},
		{"Store.Search", "POST /store/items/search", "", func(x ctx, c client) error { return drop(c.Store.Search(x, sdk.ItemSearch{})) }},
		{"Store.Namespaces", "POST /store/namespaces", "", func(x ctx, c client) error { return drop(c.Store.Namespaces(x, sdk.NamespaceSearch{})) }},

		{"Assistants.Create", "POST /assistants", "", func(x ctx, c client) error { return drop(c.Assistants.Create(x, sdk.AssistantCreate{GraphID: "g"})) }},
		{"Assistants.Search", "POST /assistants/search", "[]", func(x ctx, c client) error { return drop(c.Assistants.Search(x, sdk.AssistantSearch{})) }},
		{"Assistants.All", "POST /assistants/search", "[]", func(x ctx, c client) error { return drain(c.Assistants.All(x, sdk.AssistantSearch{})) }},
		{"Assistants.Count", "POST /assistants/count", "0", func(x ctx, c client) error { return drop(c.Assistants.Count(x, sdk.AssistantCount{})) }},
		{"Assistants.Get", "GET /assistants/:assistant_id", "", func(x ctx, c client) error { return drop(c.Assistants.Get(x, id)) }},
		{"Assistants.Patch", "PATCH /assistants/:assistant_id", "", func(x ctx, c client) error { return drop(c.Assistants.Patch(x, id, sdk.AssistantPatch{})) }},
		{"Assistants.Delete", "DELETE /assistants/:assistant_id", "", func(x ctx, c client) error { return c.Assistants.Delete(x, id) }},
		{"Assistants.DeleteWithThreads", "DELETE /assistants/:assistant_id", "", func(x ctx, c client) error { return c.Assistants.DeleteWithThreads(x, id) }},
		{"Assistants.Graph", "GET /assistants/:assistant_id/graph", "", func(x ctx, c client) error { return drop(c.Assistants.Graph(x, id, 0)) }},
		{"Assistants.Schemas", "GET /assistants/:assistant_id/schemas", "", func(x ctx, c client) error { return drop(c.Assistants.Schemas(x, id)) }},
		{"Assistants.Subgraphs", "GET /assistants/:assistant_id/subgraphs", "", func(x ctx, c client) error { return drop(c.Assistants.Subgraphs(x, id, true)) }},
		{"Assistants.Subgraph", "GET /assistants/:assistant_id/subgraphs/:namespace", "", func(x ctx, c client) error { return drop(c.Assistants.Subgraph(x, id, id, true)) }},
		{"Assistants.Versions", "POST /assistants/:assistant_id/versions", "[]", func(x ctx, c client) error { return drop(c.Assistants.Versions(x, id, sdk.AssistantVersions{})) }},
		{"Assistants.SetLatest", "POST /assistants/:assistant_id/latest", "", func(x ctx, c client) error { return drop(c.Assistants.SetLatest(x, id, 1)) }},

		{"Threads.Create", "POST /threads", "", func(x ctx, c client) error { return drop(c.Threads.Create(x, sdk.ThreadCreate{})) }},
		{"Threads.Search", "POST /threads/search", "[]", func(x ctx, c client) error { return drop(c.Threads.Search(x, sdk.ThreadSearch{})) }},
		{"Threads.All", "POST /threads/search", "[]", func(x ctx, c client) error { return drain(c.Threads.All(x, sdk.ThreadSearch{})) }},
		{"Threads.Count", "POST /threads/count", "0", func(x ctx, c client) error { return drop(c.Threads.Count(x, sdk.ThreadCount{})) }},
		{"Threads.Prune", "POST /threads/prune", "", func(x ctx, c client) error { return drop(c.Threads.Prune(x, sdk.ThreadPrune{})) }},
		{"Threads.Get", "GET /threads/:thread_id", "", func(x ctx, c client) error { return drop(c.Threads.Get(x, id)) }},
		{"Threads.GetWithTTL", "GET /threads/:thread_id", "", func(x ctx, c client) error { return drop(c.Threads.GetWithTTL(x, id)) }},
		{"Threads.Patch", "PATCH /threads/:thread_id", "", func(x ctx, c client) error { return drop(c.Threads.Patch(x, id, sdk.ThreadPatch{})) }},
		{"Threads.Delete", "DELETE /threads/:thread_id", "", func(x ctx, c client) error { return c.Threads.Delete(x, id) }},
		{"Threads.Copy", "POST /threads/:thread_id/copy", "", func(x ctx, c client) error { return drop(c.Threads.Copy(x, id)) }},
		{"Threads.Stream", "GET /threads/:thread_id/stream", "", func(x ctx, c client) error {
			for _, err := range c.Threads.Stream(x, id, sdk.ThreadJoin{}) {
				return err // it has no end
			}
			return nil
		}},
		{"Threads.Storage", "GET /threads/:thread_id/storage", "", func(x ctx, c client) error { return drop(c.Threads.Storage(x, id)) }},
		{"Threads.State", "GET /threads/:thread_id/state", "", func(x ctx, c client) error { return drop(c.Threads.State(x, id)) }},
		{"Threads.StateAt", "POST /threads/:thread_id/state/checkpoint", "", func(x ctx, c client) error {
			return drop(c.Threads.StateAt(x, id, sdk.StateAt{Checkpoint: &sdk.CheckpointConfig{CheckpointID: id}}))
		}},
		{"Threads.UpdateState", "POST /threads/:thread_id/state", "", func(x ctx, c client) error { return drop(c.Threads.UpdateState(x, id, sdk.StateUpdate{})) }},
		{"Threads.History", "POST /threads/:thread_id/history", "[]", func(x ctx, c client) error { return drop(c.Threads.History(x, id, sdk.HistorySearch{})) }},

		{"Runs.Create", "POST /threads/:thread_id/runs", "", func(x ctx, c client) error { return drop(c.Runs.Create(x, id, "a", sdk.RunCreate{})) }},
		{"Runs.Create", "POST /runs", "", func(x ctx, c client) error { return drop(c.Runs.Create(x, sdk.Stateless, "a", sdk.RunCreate{})) }},
		{"Runs.Stream", "POST /threads/:thread_id/runs/stream", "", func(x ctx, c client) error { return drain(c.Runs.Stream(x, id, "a", sdk.RunCreate{})) }},
		{"Runs.Stream", "POST /runs/stream", "", func(x ctx, c client) error { return drain(c.Runs.Stream(x, sdk.Stateless, "a", sdk.RunCreate{})) }},
		{"Runs.Wait", "POST /threads/:thread_id/runs/wait", "", func(x ctx, c client) error { return drop(c.Runs.Wait(x, id, "a", sdk.RunCreate{}, nil)) }},
		{"Runs.Wait", "POST /runs/wait", "", func(x ctx, c client) error { return drop(c.Runs.Wait(x, sdk.Stateless, "a", sdk.RunCreate{}, nil)) }},
		{"Runs.List", "GET /threads/:thread_id/runs", "[]", func(x ctx, c client) error { return drop(c.Runs.List(x, id, sdk.RunList{})) }},
		{"Runs.Get", "GET /threads/:thread_id/runs/:run_id", "", func(x ctx, c client) error { return drop(c.Runs.Get(x, id, id)) }},
		{"Runs.Delete", "DELETE /threads/:thread_id/runs/:run_id", "", func(x ctx, c client) error { return c.Runs.Delete(x, id, id) }},
		{"Runs.Join", "GET /threads/:thread_id/runs/:run_id/join", "", func(x ctx, c client) error { return drop(c.Runs.Join(x, id, id, nil)) }},
		{"Runs.Join", "GET /runs/:run_id/join", "", func(x ctx, c client) error { return drop(c.Runs.Join(x, sdk.Stateless, id, nil)) }},
		{"Runs.JoinStream", "GET /threads/:thread_id/runs/:run_id/stream", "", func(x ctx, c client) error { return drain(c.Runs.JoinStream(x, id, id, sdk.StreamJoin{})) }},
		{"Runs.JoinStream", "GET /runs/:run_id/stream", "", func(x ctx, c client) error { return drain(c.Runs.JoinStream(x, sdk.Stateless, id, sdk.StreamJoin{})) }},
		{"Runs.Cancel", "POST /threads/:thread_id/runs/:run_id/cancel", "", func(x ctx, c client) error { return c.Runs.Cancel(x, id, id, sdk.RunCancel{}) }},
		{"Runs.CreateBatch", "POST /runs/batch", "[]", func(x ctx, c client) error { return drop(c.Runs.CreateBatch(x, nil)) }},
		{"Runs.CancelMany", "POST /runs/cancel", "", func(x ctx, c client) error { return c.Runs.CancelMany(x, sdk.BulkCancel{Status: sdk.CancelAll}, "") }},
		{"Runs.Feedback", "GET /threads/:thread_id/runs/:run_id/feedback", "[]", func(x ctx, c client) error { return drop(c.Runs.Feedback(x, id, id, sdk.FeedbackList{})) }},
		{"Runs.GiveFeedback", "POST /feedback/tokens/:token", "", func(x ctx, c client) error { return c.Runs.GiveFeedback(x, "/feedback/tokens/x", sdk.FeedbackCreate{}) }},
		{"Runs.Deliveries", "GET /threads/:thread_id/runs/:run_id/deliveries", "[]", func(x ctx, c client) error { return drop(c.Runs.Deliveries(x, id, id)) }},

		{"Crons.Create", "POST /runs/crons", "", func(x ctx, c client) error {
			return drop(c.Crons.Create(x, sdk.Stateless, "a", sdk.CronCreate{Schedule: "* * * * *"}))
		}},
		{"Crons.Create", "POST /threads/:thread_id/runs/crons", "", func(x ctx, c client) error {
			return drop(c.Crons.Create(x, id, "a", sdk.CronCreate{Schedule: "* * * * *"}))
		}},
		{"Crons.Search", "POST /runs/crons/search", "[]", func(x ctx, c client) error { return drop(c.Crons.Search(x, sdk.CronSearch{})) }},
		{"Crons.All", "POST /runs/crons/search", "[]", func(x ctx, c client) error { return drain(c.Crons.All(x, sdk.CronSearch{})) }},
		{"Crons.Count", "POST /runs/crons/count", "0", func(x ctx, c client) error { return drop(c.Crons.Count(x, sdk.CronCount{})) }},
		{"Crons.Get", "GET /runs/crons/:cron_id", "", func(x ctx, c client) error { return drop(c.Crons.Get(x, id)) }},
		{"Crons.Patch", "PATCH /runs/crons/:cron_id", "", func(x ctx, c client) error { return drop(c.Crons.Patch(x, id, sdk.CronPatch{})) }},
		{"Crons.Delete", "DELETE /runs/crons/:cron_id", "", func(x ctx, c client) error { return c.Crons.Delete(x, id) }},
	}
}

// TestSDKHasEveryRoute: each route of the server is a method of the Go client, which calls it, and each method is a route.
func TestSDKHasEveryRoute(t *testing.T) {
	t.Parallel()
	param := regexp.MustCompile(`:\w+`)
	routes, methods := map[string]bool{}, map[string]bool{}
	for _, row := range sdkCalls() {
		routes[row.route], methods[row.method] = true, true
		t.Run(row.method+" "+row.route, func(t *testing.T) {
			t.Parallel()
			var got []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, r.Method+" "+r.URL.Path)
				body := row.answer
				switch {
				case strings.HasSuffix(r.URL.Path, "/stream"):
					w.Header().Set("Content-Type", "text/event-stream")
					body = "event: metadata\ndata: {\"run_id\":\"x\",\"attempt\":1}\nid: 1\n\n"
				case body == "":
					body = "{}"
				}
				_, _ = w.Write([]byte(body)) // the client says so if it is cut
			}))
			defer server.Close()
			client, err := sdk.New(sdk.Config{URL: server.URL, Token: alice})
			if err != nil {
				t.Fatal(err)
			}
			if err := row.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if want := param.ReplaceAllString(row.route, "x"); len(got) != 1 || got[0] != want {
				t.Errorf("it called %v, want %s", got, want)
			}
		})
	}
	for _, route := range new(api.Server).Routes() {
		key := route.Method + " " + route.Path
		switch {
		case slices.Contains(ofOther, route.Group):
		case notOfSDK[key] != "" && routes[key]:
			t.Errorf("%s: the client has it by now", key)
		case notOfSDK[key] == "" && !routes[key]:
			t.Errorf("%s: no method of the client calls it; add one, or say why not", key)
		}
	}
	client := reflect.TypeFor[sdk.Client]()
	types := []reflect.Type{reflect.PointerTo(client)}
	for i := range client.NumField() {
		if field := client.Field(i); field.IsExported() {
			types = append(types, field.Type)
		}
	}
	for _, of := range types {
		for i := range of.NumMethod() {
			if name := of.Elem().Name() + "." + of.Method(i).Name; !methods[name] {
				t.Errorf("%s: no row says which route it calls", name)
			}
		}
	}
}
