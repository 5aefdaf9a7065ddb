package compat

import (
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// Whoever may start runs on a thread that he may not read is not shown what they say, not even by the answer to the start.
func TestMakersOfRunsReadWhatTheyMay(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, withAuth(asymmetric(authhooks.On(authhooks.Threads, authhooks.CreateRun, authhooks.AllowAll))), uri)
		body := strings.Replace(hello, "{", `{"stream_mode": ["values", "updates", "messages", "debug"], `, 1)
		for _, end := range []string{"/runs/wait", "/runs/stream"} {
			thread := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			for range 2 { // without a state, and with one
				if a := s.as(bob, "POST", thread+end, body); strings.Contains(string(a.Body), "hello") {
					t.Errorf("%s: status %d: Bob, who may not read the thread, is told %s", end, a.Status, a.Body)
				}
			}
			for range 2 {
				if a := s.as(alice, "POST", thread+end, body); !strings.Contains(string(a.Body), "echo: hello") {
					t.Errorf("%s: status %d: Alice is told %s", end, a.Status, a.Body)
				}
			}
		}
	})
}
