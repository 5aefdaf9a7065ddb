package compat

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// a stream does not outlive the credential that opened it. It breaks off, the client that comes back is nobody, and the run,
// though it was to be cancelled when its client leaves, goes on.
func TestR40StreamsEndWithTheirCredential(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		var life atomic.Int64 // of the credentials, in nanoseconds; 0 is for ever
		auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) {
			user := &authhooks.User{Identity: "alice"}
			if d := time.Duration(life.Load()); d > 0 {
				user.Expires = time.Now().Add(d)
			}
			return user, nil
		}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
		gate := make(chan struct{})
		s := serve(t, withAuth(auth, gated(gate)), uri)
		thread := "/threads/" + s.must(200, "any", "POST", "/threads", "{}").field(t, "thread_id")
		life.Store(int64(3 * time.Second)) // in which the run has to get to its gate
		request := s.request("any", "POST", thread+"/runs/stream",
			`{"assistant_id": "gated", "input": {"messages": []}, "stream_mode": "custom", "on_disconnect": "cancel"}`)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body := bufio.NewReader(response.Body)
		for line := ""; !strings.Contains(line, "before"); {
			if line, err = body.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if rest, err := io.ReadAll(body); err == nil {
			t.Errorf("the stream ends as if the run had:\n%s", rest)
		}
		life.Store(0)
		close(gate)
		run := response.Header.Get("Content-Location")
		if got := s.must(200, "any", "GET", run+"/join", ""); !strings.Contains(string(got.Body), "passed") {
			t.Errorf("the run ended with %s", got.Body)
		}
	})
}

// R-40 for tools and agents: an answer that waits, and a stream, break off with the credential.
func TestR40ToolsAndAgentsEndWithTheirCredential(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) {
		return &authhooks.User{Identity: "alice", Expires: time.Now().Add(2 * time.Second)}, nil
	}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	s := serve(t, withAuth(auth, gated(make(chan struct{}))), t.TempDir()+"/test.db")
	for path, bodies := range map[string][]string{
		"/mcp":       {callTool("gated")},
		"/a2a/gated": {agentSays("SendMessage", ""), agentSays("SendStreamingMessage", ""), agentSays("message/stream", "")},
	} {
		for _, body := range bodies {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				response, err := http.DefaultClient.Do(s.request("any", "POST", path, body))
				if err != nil {
					t.Fatal(err)
				}
				data, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err == nil || strings.Contains(string(data), "COMPLETED") || strings.Contains(string(data), `"final":true`) {
					t.Errorf("%s %s: status %d, error %v: %s", path, body, response.StatusCode, err, data)
				}
			})
		}
	}
}
