package compat

import (
	"context"
	"net/http"
	"testing"
)

// interrupted reads why a thread's last run was cancelled. status is the thread's; "" is at rest, wherever in its graph the run was.
func (s *server) interrupted(t *testing.T, thread, status string) string {
	t.Helper()
	var row struct {
		Status string `json:"status"`
		Error  struct {
			Error   string `json:"error"`
			Message string `json:"message"`
		} `json:"error"`
	}
	a := s.must(200, alice, "GET", "/threads/"+thread, "")
	a.into(t, &row)
	if status == "" && (row.Status == "idle" || row.Status == "interrupted") {
		status = row.Status
	}
	if row.Error.Error != "UserInterrupt" || row.Status != status {
		t.Errorf("the thread is %s, want %s with a UserInterrupt: %s", row.Status, status, a.Body)
	}
	return row.Error.Message
}

// TestCancelReasons covers rest.md §5.8: a thread tells why its last run was cancelled.
func TestCancelReasons(t *testing.T) {
	t.Parallel()
	const (
		asked      = "the run was cancelled by a request"
		gone       = "the run was cancelled because its client has gone"
		unmade     = "the run was cancelled because its assistant was deleted"
		superseded = "the run was superseded by run "
	)
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(gated(make(chan struct{})), failing()), uri)
		assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "gated"}`).field(t, "assistant_id")
		atTheGate := func(t *testing.T, graph string) (thread, run string) {
			t.Helper()
			thread = s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			run = s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying(graph, "x", "")).field(t, "run_id")
			s.until(t, alice, thread, run, "running")
			return thread, run
		}
		t.Run("by a request", func(t *testing.T) {
			thread, run := atTheGate(t, "gated")
			s.must(204, alice, "POST", "/threads/"+thread+"/runs/"+run+"/cancel?wait=1", "")
			if got := s.interrupted(t, thread, ""); got != asked {
				t.Errorf("told %q", got)
			}
			if got := s.must(200, alice, "GET", "/threads/"+thread+"/runs/"+run, "").field(t, "cancel_reason"); got != asked {
				t.Errorf("the run tells %q", got)
			}
			// It is no failure: what is taken back afterwards leaves the thread as it was.
			later := s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("agent", "y", `, "after_seconds": 3600`)).field(t, "run_id")
			s.must(204, alice, "POST", "/threads/"+thread+"/runs/"+later+"/cancel?wait=1&action=rollback", "")
			if got := s.interrupted(t, thread, ""); got != asked {
				t.Errorf("after a rollback: %q", got)
			}
			s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("agent", "z", ""))
			if _, told := object(t, s.must(200, alice, "GET", "/threads/"+thread, ""))["error"]; told {
				t.Error("a good run leaves the error of the one before")
			}
		})
		t.Run("a run that waited", func(t *testing.T) {
			thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			run := s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("agent", "x", `, "after_seconds": 3600`)).field(t, "run_id")
			s.must(204, alice, "POST", "/runs/cancel", `{"thread_id": "`+thread+`", "run_ids": ["`+run+`"]}`)
			if got := s.interrupted(t, thread, "idle"); got != asked {
				t.Errorf("told %q", got)
			}
		})
		t.Run("after a failure", func(t *testing.T) {
			thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", saying("failing", "x", ""))
			run := s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("agent", "x", `, "after_seconds": 3600`)).field(t, "run_id")
			s.must(202, alice, "POST", "/threads/"+thread+"/runs/"+run+"/cancel", "")
			row := object(t, s.must(200, alice, "GET", "/threads/"+thread, ""))
			if failure, _ := row["error"].(map[string]any); row["status"] != "error" || failure["error"] == "UserInterrupt" {
				t.Errorf("a run that never started hides the failure of the one before: %v, %v", row["status"], row["error"])
			}
		})
		t.Run("by another run", func(t *testing.T) {
			thread, _ := atTheGate(t, "gated")
			later := s.must(200, alice, "POST", "/threads/"+thread+"/runs", saying("gated", "y", `, "multitask_strategy": "interrupt"`)).field(t, "run_id")
			s.until(t, alice, thread, later, "running")
			if got := s.interrupted(t, thread, "busy"); got != superseded+later {
				t.Errorf("told %q", got)
			}
			s.must(204, alice, "POST", "/threads/"+thread+"/runs/"+later+"/cancel?wait=1", "")
			if got := s.interrupted(t, thread, ""); got != asked {
				t.Errorf("told %q", got)
			}
		})
		t.Run("by a client that goes", func(t *testing.T) {
			thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			response, err := http.DefaultClient.Do(s.request(alice, "POST", "/threads/"+thread+"/runs/stream",
				saying("gated", "x", `, "on_disconnect": "cancel", "stream_mode": "custom"`)).WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			run := runID(t, answer{Header: response.Header})
			s.until(t, alice, thread, run, "running")
			leave()
			_ = response.Body.Close()
			s.until(t, alice, thread, run, "interrupted")
			if got := s.interrupted(t, thread, ""); got != gone {
				t.Errorf("told %q", got)
			}
		})
		t.Run("with the assistant", func(t *testing.T) {
			thread, run := atTheGate(t, assistant)
			s.must(204, alice, "DELETE", "/assistants/"+assistant, "")
			s.until(t, alice, thread, run, "interrupted")
			if got := s.interrupted(t, thread, ""); got != unmade {
				t.Errorf("told %q", got)
			}
		})
	})
}

// object is the answer's JSON object.
func object(t *testing.T, a answer) map[string]any {
	t.Helper()
	var out map[string]any
	a.into(t, &out)
	return out
}
