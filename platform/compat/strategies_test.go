package compat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// until polls a run until it has a status; "" is a run that is not there.
func (s *server) until(t *testing.T, token, thread, run, status string) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		a := s.as(token, "GET", "/threads/"+thread+"/runs/"+run, "")
		if last = ""; a.Status == 200 {
			last = a.field(t, "status")
		}
		if last == status {
			return
		}
	}
	t.Fatalf("run %s is %q, want %q", run, last, status)
}

// atNode waits until a thread's state says that the node is next.
func (s *server) atNode(t *testing.T, thread, node string) {
	t.Helper()
	var state struct{ Next []string }
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		s.must(200, alice, "GET", "/threads/"+thread+"/state", "").into(t, &state)
		if slices.Equal(state.Next, []string{node}) {
			return
		}
	}
	t.Fatalf("next is %q, want %s", state.Next, node)
}

// saying is the body of a run with one message.
func saying(assistant, word, more string) string {
	return fmt.Sprintf(`{"assistant_id": %q, "input": {"messages": [{"role": "user", "content": %q}]}%s}`, assistant, word, more)
}

// words are the contents of the messages of a state.
func words(t *testing.T, values []byte) string {
	t.Helper()
	var state struct {
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(values, &state); err != nil {
		t.Fatalf("%v: %s", err, values)
	}
	var out []string
	for _, m := range state.Messages {
		out = append(out, m.Content)
	}
	return strings.Join(out, ", ")
}

// busyThread is a thread with one message said and answered, a run that is held at the gate, and one that waits behind it.
func busyThread(t *testing.T, s *server) (thread, running, waiting string) {
	t.Helper()
	thread = s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
	at := "/threads/" + thread + "/runs"
	s.must(200, alice, "POST", at+"/wait", saying("agent", "one", ""))
	running = s.must(200, alice, "POST", at, saying("gated", "two", "")).field(t, "run_id")
	waiting = s.must(200, alice, "POST", at, saying("agent", "three", "")).field(t, "run_id")
	s.atNode(t, thread, "pass") // it has taken its input
	return thread, running, waiting
}

func TestStrategyInterrupt(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{}))), uri)
		thread, running, waiting := busyThread(t, s)
		done := s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("agent", "four", `, "multitask_strategy": "interrupt"`))
		if got := words(t, done.Body); got != "one, echo: one, two, four, echo: four" {
			t.Errorf("state after the interrupt: %s", got)
		}
		for _, run := range []string{running, waiting} {
			s.until(t, alice, thread, run, "interrupted")
		}
		history := string(s.must(200, alice, "GET", "/threads/"+thread+"/history?limit=100", "").Body)
		if !strings.Contains(history, running) || strings.Contains(history, waiting) {
			t.Errorf("history: of the interrupted run %v, want true; of the one that never started %v, want false",
				strings.Contains(history, running), strings.Contains(history, waiting))
		}
		// A run that has ended can be joined, whatever its end.
		s.must(200, alice, "GET", "/threads/"+thread+"/runs/"+running+"/join", "")
		s.must(200, alice, "GET", "/threads/"+thread+"/runs/"+waiting+"/join", "")
		if status := s.must(200, alice, "GET", "/threads/"+thread, "").field(t, "status"); status != "idle" {
			t.Errorf("thread is %s", status)
		}
	})
}

func TestStrategyRollback(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{}))), uri)
		thread, running, waiting := busyThread(t, s)
		done := s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("agent", "four", `, "multitask_strategy": "rollback"`))
		if got := words(t, done.Body); got != "one, echo: one, four, echo: four" {
			t.Errorf("state after the rollback: %s", got)
		}
		for _, run := range []string{running, waiting} {
			if a := s.as(alice, "GET", "/threads/"+thread+"/runs/"+run, ""); a.Status != 404 || a.field(t, "detail") != "Run not found" {
				t.Errorf("a run that was rolled back: %d %s", a.Status, a.Body)
			}
		}
		history := string(s.must(200, alice, "GET", "/threads/"+thread+"/history?limit=100", "").Body)
		if strings.Contains(history, running) || strings.Contains(history, `"two"`) {
			t.Error("the history holds checkpoints of the run that was rolled back")
		}
	})
}

func TestStrategyRejectAndEnqueue(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		gate := make(chan struct{})
		s := serve(t, privateChat(gated(gate)), uri)
		thread, running, waiting := busyThread(t, s)
		at := "/threads/" + thread + "/runs"
		rejected := s.must(409, alice, "POST", at, saying("agent", "four", `, "multitask_strategy": "reject"`))
		if got := rejected.field(t, "detail"); got != "Thread is already running a task. Wait for it to finish or choose a different multitask strategy." {
			t.Errorf("reject: %s", got)
		}
		last := s.must(200, alice, "POST", at, saying("agent", "five", "")).field(t, "run_id")
		for _, run := range []string{waiting, last} {
			s.until(t, alice, thread, run, "pending")
		}
		close(gate)
		joined := s.must(200, alice, "GET", at+"/"+last+"/join", "")
		if got := words(t, joined.Body); got != "one, echo: one, two, passed, three, echo: three, five, echo: five" {
			t.Errorf("state after the queue: %s", got)
		}
		for _, run := range []string{running, waiting, last} {
			s.until(t, alice, thread, run, "success")
		}
	})
}

func TestCancelOfARunningRun(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{}))), uri)
		for action, want := range map[string]string{"interrupt": "interrupted", "rollback": ""} {
			thread, running, waiting := busyThread(t, s)
			at := "/threads/" + thread + "/runs/"
			s.must(204, alice, "POST", at+running+"/cancel?wait=1&action="+action, "")
			s.until(t, alice, thread, running, want)
			s.until(t, alice, thread, waiting, "success")
			s.must(202, alice, "POST", at+waiting+"/cancel?wait=0&action="+action, "") // it has ended: nothing happens
			s.until(t, alice, thread, waiting, "success")
		}
		thread, running, _ := busyThread(t, s)
		s.must(422, alice, "POST", "/threads/"+thread+"/runs/"+running+"/cancel?action=stop", "")
		s.until(t, alice, thread, running, "running")
	})
}

// TestStrategiesOfDelayedRuns: a run that waits for its time makes its thread busy and counts as unfinished, but whoever comes before it
// in time runs before it (rest.md §5.3, §5.4).
func TestStrategiesOfDelayedRuns(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for _, tt := range []struct {
			strategy, words string
			later           [2]string // what becomes of the two that wait; "" is gone
			thread          string
		}{
			{"enqueue", "one, echo: one, two, echo: two", [2]string{"pending", "pending"}, "busy"},
			{"interrupt", "one, echo: one, two, echo: two", [2]string{"interrupted", "interrupted"}, "idle"},
			{"rollback", "one, echo: one, two, echo: two", [2]string{"", ""}, "idle"},
			{"reject", "", [2]string{"pending", "pending"}, "busy"},
		} {
			t.Run(tt.strategy, func(t *testing.T) {
				thread, waiting := delayed(t, s, alice)
				at := "/threads/" + thread
				var row struct {
					Created time.Time `json:"created_at"`
					Updated time.Time `json:"updated_at"`
				}
				s.must(200, alice, "GET", at+"/runs/"+waiting[0], "").into(t, &row)
				if delay := row.Created.Sub(row.Updated); delay != time.Hour || time.Until(row.Created) < 59*time.Minute {
					t.Errorf("created %s after it was updated, at %s", delay, row.Created)
				}
				if status := s.must(200, alice, "GET", at, "").field(t, "status"); status != "busy" {
					t.Errorf("the thread of a run that is to come is %s", status)
				}
				with := `, "multitask_strategy": "` + tt.strategy + `"`
				if tt.strategy == "reject" {
					s.must(409, alice, "POST", at+"/runs/wait", saying("agent", "one", with))
				} else {
					s.must(200, alice, "POST", at+"/runs/wait", saying("agent", "one", with))
					if got := words(t, s.must(200, alice, "POST", at+"/runs/wait", saying("agent", "two", with)).Body); got != tt.words {
						t.Errorf("state %s", got)
					}
				}
				for i, want := range tt.later {
					s.until(t, alice, thread, waiting[i], want)
				}
				if status := s.must(200, alice, "GET", at, "").field(t, "status"); status != tt.thread {
					t.Errorf("the thread is %s, want %s", status, tt.thread)
				}
			})
		}
	})
}

// TestAfterSecondsOrders: what is due first runs first, in whatever order it was asked for.
func TestAfterSecondsOrders(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread + "/runs"
		var last string
		for _, run := range []struct{ word, after string }{{"third", "0.9"}, {"second", "0.6"}, {"first", "0.3"}} {
			id := s.must(200, alice, "POST", at, saying("agent", run.word, `, "after_seconds": `+run.after)).field(t, "run_id")
			if run.word == "third" {
				last = id
			}
		}
		if got := words(t, s.must(200, alice, "GET", at+"/"+last+"/join", "").Body); got != "first, echo: first, second, echo: second, third, echo: third" {
			t.Errorf("state %s", got)
		}
	})
}

// TestWaitingForACancelledRun: whoever waits for a run that somebody else cancels is told the values that there are, as an object.
func TestWaitingForACancelledRun(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{}))), uri)
		for action, want := range map[string]string{"interrupt": "one, echo: one, two", "rollback": "one, echo: one"} {
			thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			at := "/threads/" + thread + "/runs"
			s.must(200, alice, "POST", at+"/wait", saying("agent", "one", ""))
			response, err := http.DefaultClient.Do(s.request(alice, "POST", at+"/wait", saying("gated", "two", "")))
			if err != nil {
				t.Fatal(err)
			}
			run := runID(t, answer{Header: response.Header})
			if place := response.Header.Get("Location"); place != at+"/"+run+"/join" {
				t.Errorf("Location %s", place)
			}
			s.atNode(t, thread, "pass") // so that its input is a part of the state
			s.must(204, alice, "POST", at+"/"+run+"/cancel?wait=true&action="+action, "")
			body, err := readAnswer(response)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if got := words(t, body); got != want {
				t.Errorf("%s: whoever waited was told %s, want %s", action, body, want)
			}
		}
	})
}
