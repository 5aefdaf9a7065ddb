package compat

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
)

// A run that is cancelled while its model speaks leaves no half of a message behind, and the provider's stream is let go.
func TestCancelledModelLeavesNoHalfMessage(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{}, 1)
	gate <- struct{}{} // one word, then silence
	stub := openaistub.New(openaistub.Turn{Gate: gate, Deltas: []openaistub.Delta{{Content: "Half "}, {Content: "a message"}}})
	t.Cleanup(stub.Close)
	p := start(t, binary(t, "../../examples/private-chat/platform.json"), "OPENAI_BASE_URL="+stub.URL, "OPENAI_MODEL=stub")
	s := &server{URL: p.URL, t: t}
	thread := s.must(200, "user1-token", "POST", "/threads", "{}").field(t, "thread_id")
	response, err := http.DefaultClient.Do(s.request("user1-token", "POST", "/threads/"+thread+"/runs/stream",
		`{"assistant_id": "agent", "input": {"messages": "speak"}, "stream_mode": "messages-tuple"}`))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), `"content":"Half "`) {
		continue
	}
	run := response.Header.Get("Content-Location")
	s.must(204, "user1-token", "POST", run+"/cancel?wait=1&action=interrupt", "")
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("the stream of a cancelled run breaks off: %v", err)
	}
	_ = response.Body.Close()
	if status := s.must(200, "user1-token", "GET", run, "").field(t, "status"); status != "interrupted" {
		t.Errorf("the run is %s", status)
	}
	var state struct {
		Values struct{ Messages []struct{ Type string } }
		Next   []string
	}
	s.must(200, "user1-token", "GET", "/threads/"+thread+"/state", "").into(t, &state)
	if len(state.Values.Messages) != 1 || state.Values.Messages[0].Type != "human" || len(state.Next) != 1 {
		t.Errorf("state %+v", state)
	}
}

// A client that does not read holds up neither the run nor another reader, and when it reads at last it gets everything.
func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	p := start(t, binary(t, "../bench/graphs/private.json"))
	s := &server{URL: p.URL, t: t}
	thread := s.must(200, "user-1-secret", "POST", "/threads", "{}").field(t, "thread_id")
	const tokens = 20_000
	body := `{"assistant_id": "tokens200", "input": {"messages": []}, "stream_mode": ["messages-tuple"], "stream_resumable": true,
		"config": {"configurable": {"n_tokens": 20000}}}`

	slow, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Close() }()
	request := s.request("user-1-secret", "POST", "/threads/"+thread+"/runs/stream", body)
	if err := request.Write(slow); err != nil {
		t.Fatal(err)
	}
	head := bufio.NewReaderSize(slow, 1)
	response, err := http.ReadResponse(head, request)
	if err != nil {
		t.Fatal(err)
	}
	run := response.Header.Get("Content-Location")

	fast := s.must(200, "user-1-secret", "GET", run+"/stream", "")
	if n := strings.Count(string(fast.Body), "event: messages\n"); n != tokens {
		t.Errorf("the fast reader got %d tokens, want %d", n, tokens)
	}
	if status := s.must(200, "user-1-secret", "GET", run, "").field(t, "status"); status != "success" {
		t.Errorf("the run is %s although only a reader is slow", status)
	}
	if err := slow.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("the slow reader's stream breaks off after %d bytes: %v", len(all), err)
	}
	if n := strings.Count(string(all), "event: messages\n"); n != tokens {
		t.Errorf("the slow reader got %d tokens, want %d", n, tokens)
	}
}
