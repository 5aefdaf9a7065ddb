package compat

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
	"github.com/locutory/locutory/sdk"
)

// linksOf reads the links that a stream has told.
func linksOf(t *testing.T, stream []byte) map[string]string {
	t.Helper()
	_, rest, ok := strings.Cut(string(stream), "event: feedback\ndata: ")
	line, _, _ := strings.Cut(rest, "\n")
	links := map[string]string{}
	if err := json.Unmarshal([]byte(line), &links); !ok || err != nil {
		t.Fatalf("no links: %v\n%s", err, stream)
	}
	return links
}

// links reads the links that a wait or a join has told.
func (a answer) links(t *testing.T) map[string]string {
	t.Helper()
	var result struct {
		Links map[string]string `json:"__feedback__"`
	}
	a.into(t, &result)
	return result.Links
}

// follow sends to a link without any credentials.
func (s *server) follow(method, link, body string) answer {
	s.t.Helper()
	return s.as("", method, strings.TrimPrefix(link, s.URL), body)
}

// opinions is what a list of feedback tells, without what differs each time.
func opinions(t *testing.T, a answer) []map[string]any {
	t.Helper()
	var list []map[string]any
	a.into(t, &list)
	for _, one := range list {
		for _, key := range []string{"id", "run_id", "created_at", "modified_at"} {
			if text, ok := one[key].(string); !ok || text == "" {
				t.Errorf("no %s in %v", key, one)
			}
			delete(one, key)
		}
	}
	return list
}

// TestFeedback covers streaming.md §1.4 and rest.md §5.7: links of feedback keys, and what is said by them.
func TestFeedback(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(failing()), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		runs := "/threads/" + thread + "/runs"
		asked := `, "feedback_keys": ["liked", "disliked", "liked"]`
		stream := s.must(200, alice, "POST", runs+"/stream", saying("agent", "hello", asked+`, "stream_mode": "updates", "stream_resumable": true`))
		run := runs + "/" + runID(t, stream)
		links := linksOf(t, stream.Body)
		if len(links) != 2 || links["liked"] == links["disliked"] || !strings.HasPrefix(links["liked"], s.URL+"/feedback/tokens/") || len(links["liked"]) != len(s.URL)+17+43 {
			t.Fatalf("links %v", links)
		}
		if before, after, _ := strings.Cut(string(stream.Body), "event: feedback\n"); !strings.Contains(before, "event: updates") || strings.Contains(after, "event: ") {
			t.Errorf("the links are not told last:\n%s", stream.Body)
		}
		t.Run("given", func(t *testing.T) {
			if got := s.must(200, alice, "GET", run+"/feedback", ""); string(got.Body) != "[]" {
				t.Errorf("before anything was said: %s", got.Body)
			}
			a := s.follow("POST", links["liked"], `{"score": 1, "value": {"stars": 5}, "comment": "fine \u0000", "correction": {"a": 1}, "metadata": {"page": 2}, "more": 1}`)
			if a.Status != 200 || string(a.Body) != "{}" || a.Header.Get("Locutory-Ignored-Fields") != "more" || a.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("POST: %d %s, %v", a.Status, a.Body, a.Header)
			}
			if a := s.follow("GET", links["disliked"]+"?score=0.5&value=some&comment=1&correction=%7B%7D", ""); a.Status != 200 {
				t.Errorf("GET: %d %s", a.Status, a.Body)
			}
			list := s.must(200, alice, "GET", run+"/feedback", "")
			want := []map[string]any{
				{"key": "disliked", "score": 0.5, "value": "some", "comment": "1", "correction": map[string]any{}, "metadata": map[string]any{}},
				{
					"key": "liked", "score": 1.0, "value": map[string]any{"stars": 5.0}, "comment": "fine \ufffd",
					"correction": map[string]any{"a": 1.0}, "metadata": map[string]any{"page": 2.0},
				},
			}
			if diff := cmp.Diff(want, opinions(t, list)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if a := s.follow("POST", links["liked"], `{"score": true}`); a.Status != 200 { // the last word
				t.Errorf("again: %d %s", a.Status, a.Body)
			}
			page := s.must(200, alice, "GET", run+"/feedback?limit=1", "")
			if got := opinions(t, page); len(got) != 1 || got[0]["score"] != true || got[0]["comment"] != nil || page.Header.Get("X-Pagination-Total") != "2" {
				t.Errorf("the last word: %s", page.Body)
			}
		})
		t.Run("each reader has links of his own", func(t *testing.T) {
			joined := s.must(200, alice, "GET", run+"/join", "").links(t)
			again := linksOf(t, s.must(200, alice, "GET", run+"/stream", "").Body)
			for _, other := range []map[string]string{joined, again} {
				if len(other) != 2 || other["liked"] == links["liked"] {
					t.Errorf("links %v", other)
				}
				if a := s.follow("POST", other["liked"], `{"score": 0}`); a.Status != 200 {
					t.Errorf("%d %s", a.Status, a.Body)
				}
			}
			if got := len(opinions(t, s.must(200, alice, "GET", run+"/feedback", ""))); got != 4 {
				t.Errorf("%d entries, want 4", got)
			}
		})
		t.Run("a stream that is taken up after them tells none", func(t *testing.T) {
			id := string(stream.Body[strings.LastIndex(string(stream.Body), "id: ")+4:])
			r := s.request(alice, "GET", run+"/stream", "")
			r.Header.Set("Last-Event-ID", strings.TrimSpace(id))
			if a := s.send(r); a.Status != 200 || strings.Contains(string(a.Body), "feedback") {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
		t.Run("of a run that failed", func(t *testing.T) {
			wait := s.must(200, alice, "POST", runs+"/wait", saying("failing", "x", asked))
			if len(wait.links(t)) != 2 || !strings.Contains(string(wait.Body), `"__error__"`) {
				t.Errorf("wait: %s", wait.Body)
			}
			failed := string(s.must(200, alice, "POST", runs+"/stream", saying("failing", "x", asked)).Body)
			if told, after := strings.Index(failed, "event: feedback"), strings.Index(failed, "event: error"); told < 0 || after < told {
				t.Errorf("the links come before the error:\n%s", failed)
			}
		})
		t.Run("of a stateless run", func(t *testing.T) {
			s.must(422, alice, "POST", "/runs/wait", saying("agent", "x", asked))
			s.must(422, alice, "POST", "/runs/batch", "["+saying("agent", "x", asked)+"]")
			kept := s.must(200, alice, "POST", "/runs/wait", saying("agent", "x", asked+`, "on_completion": "keep"`)).links(t)
			if a := s.follow("POST", kept["liked"], `{"score": 1}`); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
		t.Run("what is no feedback", func(t *testing.T) {
			for body, status := range map[string]int{
				`{"score": "x"}`: 422, `{"score": [1]}`: 422, `{"correction": 7}`: 422, `{"comment": 7}`: 422, `{"metadata": []}`: 422, `[`: 400,
				`{"comment": "` + strings.Repeat("x", 16<<10+1) + `"}`: 422, `{"value": "` + strings.Repeat("x", 64<<10) + `"}`: 413,
			} {
				if a := s.follow("POST", links["liked"], body); a.Status != status {
					t.Errorf("%.40s: status %d, want %d: %s", body, a.Status, status, a.Body)
				}
			}
			for query, status := range map[string]int{"score=x": 422, "correction=7": 422, "value=" + strings.Repeat("x", 64<<10): 413} {
				if a := s.follow("GET", links["liked"]+"?"+query, ""); a.Status != status {
					t.Errorf("%.40s: status %d, want %d: %s", query, a.Status, status, a.Body)
				}
			}
			for _, method := range []string{"PUT", "DELETE", "PATCH"} {
				if a := s.follow(method, links["liked"], `{}`); a.Status != http.StatusMethodNotAllowed {
					t.Errorf("%s: status %d", method, a.Status)
				}
			}
		})
		t.Run("links that lead nowhere", func(t *testing.T) {
			gone := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			old := s.must(200, alice, "POST", "/threads/"+gone+"/runs/wait", saying("agent", "x", asked)).links(t)
			if a := s.follow("POST", old["liked"], `{"score": 1}`); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			s.must(204, alice, "DELETE", "/threads/"+gone, "")
			for _, path := range []string{
				old["liked"], old["disliked"], links["liked"][:len(links["liked"])-1], links["liked"] + "A", s.URL + "/feedback/tokens/x",
				s.URL + "/feedback/tokens/%00", s.URL + "/feedback/tokens/" + strings.Repeat("A", 43), s.URL + "/feedback/tokens/" + strings.Repeat("A", 4000),
			} {
				if a := s.follow("POST", path, `{"score": 1}`); a.Status != 404 || string(a.Body) != `{"detail":"Feedback link not found"}` {
					t.Errorf("%s: %d %s", path, a.Status, a.Body)
				}
			}
		})
	})
}

// TestFeedbackIsPrivate: a link gives no more than to say something of its run, nobody but readers of the thread sees links or what was
// said, and the secrets of links are in nothing that is kept.
func TestFeedbackIsPrivate(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t)
		log := &record{}
		s := serveLogging(t, hooked(privateChat()), uri, slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}), signed)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		runs := "/threads/" + thread + "/runs"
		wait := s.must(200, alice, "POST", runs+"/wait", saying("agent", "x", `, "feedback_keys": ["liked"], "webhook": "`+url+`"`))
		run := runs + "/" + runID(t, wait)
		secret := wait.links(t)["liked"][len(s.URL)+len("/feedback/tokens/"):]
		if a := s.as(bob, "POST", "/feedback/tokens/"+secret, `{"comment": "from bob"}`); a.Status != 200 { // a link is for whoever has it
			t.Errorf("bob, who was given the link: %d %s", a.Status, a.Body)
		}
		s.follow("PUT", "/feedback/tokens/"+secret, `{}`)
		s.follow("POST", "/x/feedback/tokens/"+secret, `{}`)
		for _, path := range []string{run + "/feedback", run + "/join", run + "/stream", run} {
			s.must(404, bob, "GET", path, "")
			s.must(401, "", "GET", path, "")
		}
		s.must(404, bob, "GET", "/feedback/tokens/"+thread, "")
		kept := map[string]string{"the log": log.String(), "the webhook": string(next(t, got).raw), "the database": storetest.Dump(t, uri)}
		for _, path := range []string{run, runs, "/threads/" + thread, "/threads/" + thread + "/history", run + "/feedback"} {
			kept[path] = string(s.must(200, alice, "GET", path, "").Body)
		}
		for where, text := range kept {
			if strings.Contains(text, secret) {
				t.Errorf("the secret of a link is in %s", where)
			}
		}
		if !strings.Contains(kept["the database"], "from bob") {
			t.Error("the database was not read")
		}
		if !strings.Contains(kept[run+"/feedback"], "from bob") {
			t.Errorf("alice reads %s", kept[run+"/feedback"])
		}
	})
}

// TestFeedbackLinks: what a link begins with is the operator's word, never that of a header.
func TestFeedbackLinks(t *testing.T) {
	t.Parallel()
	begins := func(t *testing.T, s *server, host string, want string) {
		t.Helper()
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		r := s.request(alice, "POST", "/threads/"+thread+"/runs/wait", saying("agent", "x", `, "feedback_keys": "liked"`))
		r.Host = host
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "https")
		link := s.send(r).links(t)["liked"]
		if len(link) < 43 || link[:len(link)-43] != want+"/feedback/tokens/" {
			t.Errorf("host %s: link %s, want it to begin with %q", host, link, want)
		}
	}
	plain := serve(t, privateChat(), storetest.SQLite(t).URI)
	for host, want := range map[string]string{
		"evil.example": "", "localhost.evil.example:80": "", "127.0.0.1": "", "localhost:x": "", "localhost:2024": "http://localhost:2024",
		"127.0.0.1:1": "http://127.0.0.1:1", "[::1]:2024": "http://[::1]:2024", "10.0.0.1:80": "",
	} {
		begins(t, plain, host, want)
	}
	public := serve(t, privateChat(), storetest.SQLite(t).URI, func(p *config.Process) { p.PublicURL = "https://agents.example.com/api" })
	for _, host := range []string{"evil.example", "localhost:2024"} {
		begins(t, public, host, "https://agents.example.com/api")
	}
}

// TestFeedbackFlood: an address that sends too much to links is told to come back later, and others are not kept out of the API by it.
func TestFeedbackFlood(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	for deadline := time.Now().Add(20 * time.Second); ; {
		a := s.as("", "GET", "/feedback/tokens/x", "")
		if a.Status == http.StatusTooManyRequests {
			if a.Header.Get("Retry-After") != "1" {
				t.Errorf("%v %s", a.Header, a.Body)
			}
			break
		}
		if a.Status != 404 || time.Now().After(deadline) {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
	}
	s.must(200, alice, "POST", "/threads", `{}`)
	s.must(200, "", "GET", "/ok", "")
}

// TestFeedbackBySDK gives feedback with the Go client, by links of a stream and of a wait.
func TestFeedbackBySDK(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		client, err := sdk.New(sdk.Config{URL: s.URL, Token: alice})
		if err != nil {
			t.Fatal(err)
		}
		thread, err := client.Threads.Create(t.Context(), sdk.ThreadCreate{})
		if err != nil {
			t.Fatal(err)
		}
		ask := sdk.RunCreate{Input: sdk.Messages(sdk.Human("hello")), FeedbackKeys: []string{"liked"}}
		var links []string
		var run sdk.RunRef
		for event, err := range client.Runs.Stream(t.Context(), thread.ThreadID, "agent", ask) {
			if err != nil {
				t.Fatal(err)
			}
			if told, ok := event.Feedback(); ok {
				links, run = append(links, told["liked"]), event.Run
			}
		}
		done, err := client.Runs.Join(t.Context(), run.ThreadID, run.RunID, nil)
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, done.Feedback["liked"], strings.TrimPrefix(done.Feedback["liked"], s.URL))
		for i, link := range links {
			if err := client.Runs.GiveFeedback(t.Context(), link, sdk.FeedbackCreate{Score: sdk.JSON(i)}); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		list, err := client.Runs.Feedback(t.Context(), run.ThreadID, run.RunID, sdk.FeedbackList{Limit: 5})
		if err != nil || len(list) != 2 || string(list[0].Score) != "2" || string(list[1].Score) != "0" {
			t.Errorf("%+v, %v", list, err)
		}
		var refused *sdk.Error
		if err := client.Runs.GiveFeedback(t.Context(), "/feedback/tokens/x", sdk.FeedbackCreate{}); !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("a wrong link: %v", err)
		}
	})
}

func TestFeedbackWithOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range clientsOf("feedback") {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				if out := c.run(t, serve(t, privateChat(press("press")), uri).URL); !strings.Contains(out, "ok feedback") {
					t.Errorf("the client said %s", out)
				}
			})
		})
	}
}

// A hook sees of a run all that it may forbid: links of feedback keys open a way in to whoever has them.
func TestHooksSeeTheFeedbackKeys(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var keys []string
	s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
		authhooks.On(authhooks.Threads, authhooks.CreateRun, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			mu.Lock()
			defer mu.Unlock()
			keys = slices.Clone(c.Value.(*authhooks.RunsCreate).FeedbackKeys())
			return authhooks.OwnerOnly("owner")(ctx, c)
		}))), storetest.SQLite(t).URI)
	thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("agent", "hello", `, "feedback_keys": ["liked", "useful"]`))
	if diff := cmp.Diff([]string{"liked", "useful"}, keys); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Reading a task by A2A makes no links that nobody is told: they would push out those that people have.
func TestTasksMakeNoFeedbackLinks(t *testing.T) {
	t.Parallel()
	s := serve(t, agentParts(), storetest.SQLite(t).URI)
	thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	many := strings.TrimSuffix(strings.Repeat(`"k`+"%"+`",`, 64), ",")
	for i := range 64 {
		many = strings.Replace(many, "%", string(rune('A'+i/8))+string(rune('a'+i%8)), 1)
	}
	run := s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("desk", "hello", `, "feedback_keys": [`+many+`]`))
	link := run.links(t)["kAa"]
	for range 9 {
		s.must(200, alice, "POST", "/a2a/desk", agentCall("GetTask", `"id": "`+runID(t, run)+`"`))
	}
	if a := s.follow("POST", link, `{"score": 1}`); a.Status != http.StatusOK {
		t.Errorf("the link that was given is gone: %d %s", a.Status, a.Body)
	}
}
