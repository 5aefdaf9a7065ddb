package sdk_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config sdk.Config
		want   string
	}{
		{"no scheme", sdk.Config{URL: "localhost:2024"}, "is not an http or https URL"},
		{"another scheme", sdk.Config{URL: "ftp://x"}, "is not an http or https URL"},
		{"a query", sdk.Config{URL: "http://x?a=b"}, "has a query"},
		{"two tokens", sdk.Config{Token: "a", Header: http.Header{"Authorization": {"b"}}}, "Config.Header has Authorization"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := sdk.New(test.config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   sdk.Error
	}{
		{"detail", answer(401, `{"detail":"Invalid token"}`, "X-Request-Id", "r1"), sdk.Error{Status: 401, Detail: "Invalid token", RequestID: "r1"}},
		{"message", answer(422, `{"message":"no"}`), sdk.Error{Status: 422, Detail: "no"}},
		{"text", answer(500, "kaput\n"), sdk.Error{Status: 500, Detail: "kaput"}},
		{"a long page", answer(502, strings.Repeat("x", 4096)), sdk.Error{Status: 502, Detail: strings.Repeat("x", 1024)}},
		{"nothing", answer(403, ""), sdk.Error{Status: 403, Detail: "Forbidden"}},
		{"an unknown status", answer(599, ""), sdk.Error{Status: 599, Detail: "no detail"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("GET /threads/T", test.answer)
			client, _ := s.client(sdk.Config{})
			thread, err := client.Threads.Get(t.Context(), "T")
			var refused *sdk.Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, %v; want an *Error", thread, err)
			}
			if diff := cmp.Diff(&test.want, refused); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Each call, and the request it makes.
func TestCalls(t *testing.T) {
	t.Parallel()
	object, array, number := `{}`, `[{}]`, `7`
	type client = sdk.Client
	tests := []struct {
		name    string
		call    func(*client, *testing.T) error
		answer  string
		request string // method URI body
	}{
		{"ready", func(c *client, t *testing.T) error { return c.Ready(t.Context()) }, `{"ok":true}`, "GET /ok "},
		{"info", func(c *client, t *testing.T) error { _, err := c.Info(t.Context()); return err }, object, "GET /info "},

		{"create an assistant", func(c *client, t *testing.T) error {
			_, err := c.Assistants.Create(t.Context(), sdk.AssistantCreate{GraphID: "g", Context: sdk.Object{}})
			return err
		}, object, `POST /assistants {"graph_id":"g","context":{}}`},
		{"get an assistant", func(c *client, t *testing.T) error { _, err := c.Assistants.Get(t.Context(), "a/b"); return err }, object, "GET /assistants/a%2Fb "},
		{"search assistants", func(c *client, t *testing.T) error {
			page, err := c.Assistants.Search(t.Context(), sdk.AssistantSearch{GraphID: "g"})
			return want(err, len(page), 1)
		}, array, `POST /assistants/search {"graph_id":"g"}`},
		{"count assistants", func(c *client, t *testing.T) error {
			n, err := c.Assistants.Count(t.Context(), sdk.AssistantCount{})
			return want(err, n, 7)
		}, number, `POST /assistants/count {}`},
		{"patch an assistant", func(c *client, t *testing.T) error {
			_, err := c.Assistants.Patch(t.Context(), "A", sdk.AssistantPatch{Name: new("n"), Config: &sdk.RunConfig{}})
			return err
		}, object, `PATCH /assistants/A {"name":"n","config":{}}`},
		{"delete an assistant", func(c *client, t *testing.T) error { return c.Assistants.Delete(t.Context(), "A") }, `["A"]`, "DELETE /assistants/A "},

		{"create a thread", func(c *client, t *testing.T) error {
			_, err := c.Threads.Create(t.Context(), sdk.ThreadCreate{Metadata: sdk.Object{"team": "x"}, IfExists: sdk.IfExistsDoNothing})
			return err
		}, object, `POST /threads {"metadata":{"team":"x"},"if_exists":"do_nothing"}`},
		{"get a thread", func(c *client, t *testing.T) error { _, err := c.Threads.Get(t.Context(), "T"); return err }, object, "GET /threads/T "},
		{"patch a thread", func(c *client, t *testing.T) error {
			_, err := c.Threads.Patch(t.Context(), "T", sdk.ThreadPatch{Metadata: sdk.Object{"a": 1}})
			return err
		}, object, `PATCH /threads/T {"metadata":{"a":1}}`},
		{"a thread with its time", func(c *client, t *testing.T) error { _, err := c.Threads.GetWithTTL(t.Context(), "T"); return err }, object, "GET /threads/T?include=ttl "},
		{"copy a thread", func(c *client, t *testing.T) error { _, err := c.Threads.Copy(t.Context(), "T"); return err }, object, "POST /threads/T/copy "},
		{"prune threads", func(c *client, t *testing.T) error {
			n, err := c.Threads.Prune(t.Context(), sdk.ThreadPrune{ThreadIDs: []string{"T"}, Strategy: sdk.TTLKeepLatest})
			return want(err, n, 1)
		}, `{"pruned_count":1}`, `POST /threads/prune {"thread_ids":["T"],"strategy":"keep_latest"}`},
		{"storage of a thread", func(c *client, t *testing.T) error { _, err := c.Threads.Storage(t.Context(), "T"); return err }, object, "GET /threads/T/storage "},
		{"a thread's life", func(c *client, t *testing.T) error {
			_, err := c.Threads.Patch(t.Context(), "T", sdk.ThreadPatch{TTL: &sdk.TTL{Minutes: 5}})
			return err
		}, object, `PATCH /threads/T {"ttl":{"ttl":5}}`},
		{"delete a thread", func(c *client, t *testing.T) error { return c.Threads.Delete(t.Context(), "T") }, "", "DELETE /threads/T "},
		{"search threads", func(c *client, t *testing.T) error {
			page, err := c.Threads.Search(t.Context(), sdk.ThreadSearch{Status: "idle", Limit: 5})
			return want(err, len(page), 1)
		}, array, `POST /threads/search {"status":"idle","limit":5}`},
		{"count threads", func(c *client, t *testing.T) error {
			n, err := c.Threads.Count(t.Context(), sdk.ThreadCount{Status: sdk.ThreadBusy})
			return want(err, n, 7)
		}, number, `POST /threads/count {"status":"busy"}`},
		{"state", func(c *client, t *testing.T) error { _, err := c.Threads.State(t.Context(), "T"); return err }, object, "GET /threads/T/state "},
		{"state with subgraphs", func(c *client, t *testing.T) error {
			_, err := c.Threads.StateAt(t.Context(), "T", sdk.StateAt{Subgraphs: true})
			return err
		}, object, "GET /threads/T/state?subgraphs=true "},
		{"state at a checkpoint", func(c *client, t *testing.T) error {
			_, err := c.Threads.StateAt(t.Context(), "T", sdk.StateAt{Checkpoint: &sdk.CheckpointConfig{CheckpointID: "1ef"}})
			return err
		}, object, `POST /threads/T/state/checkpoint {"checkpoint":{"checkpoint_ns":"","checkpoint_id":"1ef","checkpoint_map":null}}`},
		{"update the state", func(c *client, t *testing.T) error {
			at, err := c.Threads.UpdateState(t.Context(), "T", sdk.StateUpdate{Values: sdk.Values(nil), AsNode: "n"})
			return errors.Join(err, want(nil, at.CheckpointID, "1f0"))
		}, `{"checkpoint":{"checkpoint_id":"1f0"}}`, `POST /threads/T/state {"values":null,"as_node":"n"}`},
		{"history", func(c *client, t *testing.T) error {
			states, err := c.Threads.History(t.Context(), "T", sdk.HistorySearch{Limit: 3, Before: "1ef"})
			return want(err, len(states), 1)
		}, array, `POST /threads/T/history {"limit":3,"before":"1ef"}`},

		{"create a run", func(c *client, t *testing.T) error {
			_, err := c.Runs.Create(t.Context(), "T", "agent", sdk.RunCreate{Input: sdk.Messages(sdk.Human("hi")), InterruptBefore: []string{"*"}})
			return err
		}, object, `POST /threads/T/runs {"assistant_id":"agent","input":{"messages":[{"type":"human","content":"hi"}]},"interrupt_before":"*"}`},
		{"get a run", func(c *client, t *testing.T) error { _, err := c.Runs.Get(t.Context(), "T", "R"); return err }, object, "GET /threads/T/runs/R "},
		{"list runs", func(c *client, t *testing.T) error {
			runs, err := c.Runs.List(t.Context(), "T", sdk.RunList{Status: sdk.RunPending, Limit: 5, Offset: 2, Select: []string{"run_id", "status"}})
			return want(err, len(runs), 1)
		}, array, "GET /threads/T/runs?limit=5&offset=2&select=run_id&select=status&status=pending "},
		{"cancel", func(c *client, t *testing.T) error {
			return c.Runs.Cancel(t.Context(), "T", "R", sdk.RunCancel{})
		}, "", "POST /threads/T/runs/R/cancel?action=interrupt&wait=0 "},
		{"roll back and wait", func(c *client, t *testing.T) error {
			return c.Runs.Cancel(t.Context(), "T", "R", sdk.RunCancel{Action: sdk.CancelRollback, Wait: true})
		}, "", "POST /threads/T/runs/R/cancel?action=rollback&wait=1 "},
		{"cancel many", func(c *client, t *testing.T) error {
			return c.Runs.CancelMany(t.Context(), sdk.BulkCancel{Status: "all"}, "")
		}, "", `POST /runs/cancel?action=interrupt {"status":"all"}`},
		{"delete a run", func(c *client, t *testing.T) error { return c.Runs.Delete(t.Context(), "T", "R") }, "", "DELETE /threads/T/runs/R "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.mux.HandleFunc("/", answer(200, test.answer))
			c, _ := s.client(sdk.Config{APIKey: "k", Header: http.Header{"X-Team": {"x"}}})
			if err := test.call(c, t); err != nil {
				t.Fatal(err)
			}
			sent := s.got()
			if len(sent) != 1 {
				t.Fatalf("sent %d requests", len(sent))
			}
			if diff := cmp.Diff(test.request, sent[0].Method+" "+sent[0].URI+" "+sent[0].Body); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if sent[0].Header.Get("X-Api-Key") != "k" || sent[0].Header.Get("X-Team") != "x" {
				t.Errorf("sent headers %v", sent[0].Header)
			}
		})
	}
}

func want(err error, got, want any) error {
	if err == nil && got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return err
}

// Ids of others must not lead to other routes.
func TestIDsAreIDs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client, _ := s.client(sdk.Config{})
	for _, id := range []string{"", ".", ".."} {
		if _, err := client.Threads.Get(t.Context(), id); err == nil {
			t.Errorf("%q was taken for an id", id)
		}
	}
	if sent := s.got(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

// TestUnencodable: a value that cannot be JSON is named wherever a request has it, and nothing is sent.
func TestUnencodable(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client, _ := s.client(sdk.Config{})
	bad := sdk.JSON(make(chan int))
	for name, call := range map[string]func() error{
		"an answer": func() error {
			_, err := client.Runs.Create(t.Context(), "T", "agent", sdk.RunCreate{Command: sdk.Resume(make(chan int))})
			return err
		},
		"an input of several": func() error {
			_, err := client.Runs.CreateBatch(t.Context(), []sdk.RunCreate{{Input: sdk.JSON(1)}, {Input: bad}})
			return err
		},
		"an input of a cron": func() error {
			_, err := client.Crons.Create(t.Context(), "T", "agent", sdk.CronCreate{Schedule: "* * * * *", Input: bad})
			return err
		},
		"a superstep": func() error {
			_, err := client.Threads.Create(t.Context(), sdk.ThreadCreate{Supersteps: []sdk.Superstep{{Updates: []sdk.SuperstepUpdate{{Values: bad}}}}})
			return err
		},
		"values": func() error {
			_, err := client.Threads.UpdateState(t.Context(), "T", sdk.StateUpdate{Values: sdk.Values(make(chan int))})
			return err
		},
		"metadata": func() error {
			_, err := client.Threads.Create(t.Context(), sdk.ThreadCreate{Metadata: sdk.Object{"c": make(chan int)}})
			return err
		},
		"a score": func() error {
			return client.Runs.GiveFeedback(t.Context(), "/feedback/tokens/x", sdk.FeedbackCreate{Score: bad})
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "unsupported type: chan int") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if sent := s.got(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestLinksThatAreNone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client, _ := s.client(sdk.Config{})
	for _, link := range []string{"", "x", ".evil.example/feedback/tokens/x", "%"} {
		if err := client.Runs.GiveFeedback(t.Context(), link, sdk.FeedbackCreate{}); err == nil || !strings.Contains(err.Error(), "the link of a feedback key") {
			t.Errorf("%q: %v", link, err)
		}
	}
	if sent := s.got(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	page := func(next string, ids ...string) http.HandlerFunc {
		rows := make([]sdk.Thread, len(ids))
		for i, id := range ids {
			rows[i].ThreadID = id
		}
		headers := []string{"Content-Type", jsonKind}
		if next != "" {
			headers = append(headers, "X-Pagination-Next", next)
		}
		return answer(200, string(sdk.JSON(rows)), headers...)
	}
	tests := []struct {
		name  string
		pages []http.HandlerFunc
		limit int
		want  []string
		fails bool
	}{
		{"nothing", []http.HandlerFunc{page("")}, 0, nil, false},
		{"by the header", []http.HandlerFunc{page("2", "a", "b"), page("", "c")}, 2, []string{"a", "b", "c"}, false},
		{"without the header", []http.HandlerFunc{page("", "a", "b"), page("", "c", "d"), page("")}, 2, []string{"a", "b", "c", "d"}, false},
		{"a row that moved", []http.HandlerFunc{page("2", "a", "b"), page("", "b", "c")}, 2, []string{"a", "b", "c"}, false},
		{"a header that leads nowhere", []http.HandlerFunc{page("0", "a", "b")}, 2, []string{"a", "b"}, false},
		{"a failure", []http.HandlerFunc{page("2", "a", "b"), answer(500, "")}, 2, []string{"a", "b"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/search", test.pages...)
			client, _ := s.client(sdk.Config{})
			var got []string
			var failed error
			for thread, err := range client.Threads.All(t.Context(), sdk.ThreadSearch{Limit: sdk.Limit(test.limit)}) {
				if err != nil {
					failed = err
					continue
				}
				got = append(got, thread.ThreadID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || (failed != nil) != test.fails {
				t.Errorf("failed with %v; -want +got:\n%s", failed, diff)
			}
			if sent := s.got(); len(sent) != len(test.pages) {
				t.Errorf("asked for %d pages, want %d", len(sent), len(test.pages))
			}
		})
	}
}
