package compat

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/sdk"
)

// told is what a receiver of webhooks got.
type told struct {
	event *sdk.RunEnded
	raw   []byte
	head  http.Header
}

const hookSecret = "hook-secret"

// receiver listens for webhooks; it answers the statuses in turn, then 200.
func receiver(t *testing.T, statuses ...int) (url string, got <-chan told) {
	t.Helper()
	heard := make(chan told, 64)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		event, err := sdk.ParseWebhook(r, hookSecret)
		if err != nil {
			t.Errorf("webhook: %v\n%s", err, raw)
		}
		heard <- told{event, raw, r.Header.Clone()}
		if len(statuses) > 0 {
			status := statuses[0]
			statuses = statuses[1:]
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(hook.Close)
	return hook.URL, heard
}

func next(t *testing.T, got <-chan told) told {
	t.Helper()
	select {
	case one := <-got:
		return one
	case <-time.After(20 * time.Second):
		t.Fatal("no webhook came")
		return told{}
	}
}

// hooked lets webhooks go to this machine.
func hooked(parts platform.Parts) platform.Parts {
	parts.Platform = strings.TrimSuffix(strings.TrimSpace(parts.Platform), "}") + `, "webhooks": {"url": {"require_https": false, "disable_loopback": false}}}`
	return parts
}

func signed(p *config.Process) { p.WebhookSecrets = []string{hookSecret} }

// failing is a graph that fails.
func failing() platform.Graph {
	graph := graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("fail", func(context.Context, graphs.MessagesState) (graphs.Update, error) {
			return nil, context.DeadlineExceeded
		}).
		AddEdge(graphs.Start, "fail").AddEdge("fail", graphs.End)
	return platform.Graph{ID: "failing", Source: graph, Symbol: "./failing:Graph"}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t)
		s := serve(t, hooked(privateChat(failing(), gated(make(chan struct{})))), uri, signed)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		hook := `, "webhook": "` + url + `/hook?token=url-secret"`
		at := "/threads/" + thread + "/runs"

		run := s.must(200, alice, "POST", at, saying("agent", "hello", hook+`, "metadata": {"m": 1}`))
		if strings.Contains(string(run.Body), "url-secret") || !strings.Contains(string(run.Body), url+"/hook") {
			t.Errorf("the run shows of its webhook: %s", run.Body)
		}
		one := next(t, got)
		e := one.event
		if e.RunID != run.field(t, "run_id") || e.ThreadID != thread || e.Status != "success" || e.Error != nil || e.Metadata["m"] != 1.0 ||
			words(t, e.Values) != "hello, echo: hello" || e.StartedAt == nil || e.EndedAt == nil || e.SentAt.IsZero() {
			t.Errorf("of a success: %s", one.raw)
		}
		if strings.Contains(string(one.raw), "url-secret") || one.head.Get("Locutory-Attempt") != "1" {
			t.Errorf("%v: %s", one.head, one.raw)
		}

		s.must(200, alice, "POST", at+"/wait", saying("failing", "x", hook))
		if one := next(t, got); one.event.Status != "error" || one.event.Error == nil || one.event.Error.Error == "" || one.event.Error.Message == "" {
			t.Errorf("of a failure: %s", one.raw)
		}
		s.must(200, alice, "POST", "/runs/wait", saying("agent", "loose", hook))
		if one := next(t, got); one.event.Status != "success" || words(t, one.event.Values) != "loose, echo: loose" {
			t.Errorf("of a stateless run: %s", one.raw)
		}
		for action, want := range map[string]sdk.RunStatus{"interrupt": "interrupted", "rollback": "interrupted"} {
			id := s.must(200, alice, "POST", at, saying("gated", "x", hook)).field(t, "run_id")
			s.until(t, alice, thread, id, "running")
			s.must(204, alice, "POST", at+"/"+id+"/cancel?wait=1&action="+action, "")
			if one := next(t, got); one.event.RunID != id || one.event.Status != want {
				t.Errorf("of a run that was cancelled by %s: %s", action, one.raw)
			}
			later := s.must(200, alice, "POST", at, saying("agent", "x", hook+`, "after_seconds": 3600`)).field(t, "run_id")
			s.must(204, alice, "POST", at+"/"+later+"/cancel?wait=1&action="+action, "")
			if one := next(t, got); one.event.RunID != later || one.event.Status != want || one.event.StartedAt != nil {
				t.Errorf("of a run that never started, by %s: %s", action, one.raw)
			}
		}
	})
}

// TestWebhookFailureIsNotTheRuns: the receiver's trouble is told to nobody.
func TestWebhookFailureIsNotTheRuns(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t, 500)
		s := serve(t, hooked(privateChat()), uri, signed)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		id := s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("agent", "x", `, "webhook": "`+url+`"`)).field(t, "run_id")
		first := next(t, got)
		s.until(t, alice, thread, id, "success")
		again := next(t, got)
		if first.head.Get("Locutory-Delivery") != again.head.Get("Locutory-Delivery") || again.head.Get("Locutory-Attempt") != "2" {
			t.Errorf("first %v, again %v", first.head, again.head)
		}
		s.until(t, alice, thread, id, "success")
	})
}

func TestWebhookPolicy(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		off := privateChat()
		off.Platform = strings.TrimSuffix(off.Platform, "}") + `, "http": {"disable_webhooks": true}}`
		disabled := serve(t, off, uri)
		for _, url := range []string{"http://hooks.example/", "https://127.0.0.1/", "https://10.0.0.1/", "/hook", "https://localhost/", "x"} {
			for _, path := range []string{"/runs", "/runs/wait", "/runs/stream", "/runs/batch"} {
				body := saying("agent", "x", `, "webhook": "`+url+`"`)
				if path == "/runs/batch" {
					body = "[" + body + "]"
				}
				if a := s.must(422, alice, "POST", path, body); !strings.Contains(a.field(t, "detail"), "webhook: ") {
					t.Errorf("%s %s: %s", path, url, a.Body)
				}
			}
		}
		if a := disabled.must(422, alice, "POST", "/runs", saying("agent", "x", `, "webhook": "https://hooks.example/"`)); !strings.Contains(a.field(t, "detail"), "disabled") {
			t.Errorf("disabled: %s", a.Body)
		}
	})
}

// TestDeliveries: whoever may read a run sees what became of telling its end, without what only the receiver should know.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	type attempt struct {
		Status *int
		Error  *string
	}
	type delivery struct {
		ID, URL, Status string
		RunID           string `json:"run_id"`
		Attempts        []attempt
		NextAt          *time.Time `json:"next_attempt_at"`
		EndedAt         *time.Time `json:"ended_at"`
	}
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t, 500)
		s := serve(t, hooked(privateChat()), uri, signed)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread + "/runs/"
		// state reads the deliveries of a run until its one delivery has made n attempts.
		state := func(path string, n int) (one delivery) {
			t.Helper()
			for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
				var list []delivery
				a := s.must(200, alice, "GET", path+"/deliveries", "")
				if a.into(t, &list); strings.Contains(string(a.Body), "url-secret") {
					t.Fatalf("the secret of the URL is told: %s", a.Body)
				}
				if len(list) == 1 && len(list[0].Attempts) >= n {
					return list[0]
				}
			}
			t.Fatalf("%s never made %d attempts", path, n)
			return one
		}
		run := at + s.must(200, alice, "POST", at[:len(at)-1], saying("agent", "x", `, "webhook": "`+url+`/hook?token=url-secret"`)).field(t, "run_id")
		first := next(t, got)
		waiting := state(run, 1)
		if waiting.Status != "waiting" || waiting.NextAt == nil || waiting.EndedAt != nil || waiting.URL != url+"/hook" || *waiting.Attempts[0].Status != 500 ||
			*waiting.Attempts[0].Error != "the receiver answered 500" || waiting.ID != first.head.Get("Locutory-Delivery") || !strings.HasSuffix(run, waiting.RunID) {
			t.Errorf("after a failure: %+v", waiting)
		}
		next(t, got)
		done := state(run, 2)
		if done.Status != "delivered" || done.NextAt != nil || done.EndedAt == nil || *done.Attempts[1].Status != 200 || done.Attempts[1].Error != nil || done.URL != url+"/hook" {
			t.Errorf("after a success: %+v", done)
		}
		s.must(404, bob, "GET", run+"/deliveries", "")
		// A port that nobody listens to.
		closed := httptest.NewServer(http.NotFoundHandler())
		closed.Close()
		run = at + s.must(200, alice, "POST", at[:len(at)-1], saying("agent", "x", `, "webhook": "`+closed.URL+`/?token=url-secret"`)).field(t, "run_id")
		if one := state(run, 1); one.Status != "waiting" || one.Attempts[0].Status != nil || *one.Attempts[0].Error != "the connection failed" {
			t.Errorf("of a receiver that is not there: %+v", one)
		}
		// Of a stateless run that stays, under the thread that it made.
		kept := s.must(200, alice, "POST", "/runs", saying("agent", "x", `, "on_completion": "keep", "webhook": "`+url+`"`))
		next(t, got)
		if one := state("/threads/"+kept.field(t, "thread_id")+"/runs/"+kept.field(t, "run_id"), 1); one.Status != "delivered" {
			t.Errorf("of a stateless run: %+v", one)
		}
		plain := runID(t, s.must(200, alice, "POST", at+"wait", saying("agent", "x", "")))
		if a := s.must(200, alice, "GET", at+plain+"/deliveries", ""); string(a.Body) != "[]" {
			t.Errorf("of a run without a webhook: %s", a.Body)
		}
	})
}
