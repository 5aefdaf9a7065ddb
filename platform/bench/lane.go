package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// lane is one connection: a user who sends one request after the other. It keeps its header and buffers for the next request,
// because what the generator spends is taken from the server beside it.
type lane struct {
	base      string
	transport *http.Transport
	header    http.Header
	answer    bytes.Buffer
	lines     *bufio.Reader
	threads   []string // ids of this user's threads
}

// connect makes n lanes, users user-1 to user-n, to the server at base.
func connect(base string, n int) []*lane {
	transport := &http.Transport{
		MaxIdleConns: n, MaxIdleConnsPerHost: n, MaxConnsPerHost: n, DisableCompression: true,
		ReadBufferSize: 32 << 10,
	}
	lanes := make([]*lane, n)
	for i := range lanes {
		lanes[i] = &lane{
			base: base, transport: transport, lines: bufio.NewReaderSize(nil, 32<<10),
			header: http.Header{
				"Authorization": {"Bearer user-" + strconv.Itoa(i+1) + "-secret"},
				"Content-Type":  {"application/json"},
			},
		}
	}
	return lanes
}

// send sends a request. It goes to the transport itself: an answer is measured as it is, without redirects or cookies. An
// answer that is not 2xx is an error.
func (l *lane) send(ctx context.Context, method, path, body string) (*http.Response, error) {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, l.base+path, content)
	if err != nil {
		return nil, err
	}
	req.Header = l.header
	resp, err := l.transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	detail, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
	_ = resp.Body.Close()
	return nil, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(detail))
}

// do sends a request and returns the answer's body, which is valid until the next request.
func (l *lane) do(ctx context.Context, method, path, body string) ([]byte, error) {
	resp, err := l.send(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	l.answer.Reset()
	if _, err := l.answer.ReadFrom(resp.Body); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return l.answer.Bytes(), nil
}

// call times a request whose answer must contain want. A run that failed answers 200, too, and says __error__ (rest.md §5.7).
func (l *lane) call(ctx context.Context, method, path, body, want string) (sample, error) {
	began := time.Now()
	answer, err := l.do(ctx, method, path, body)
	took := time.Since(began)
	if err != nil {
		return sample{}, err
	}
	if !bytes.Contains(answer, []byte(want)) || bytes.Contains(answer, []byte(`"__error__"`)) {
		return sample{}, fmt.Errorf("%s %s: want %q in the answer %.500s", method, path, want, answer)
	}
	return sample{whole: took}, nil
}

// stream times a run that speaks, which must bring at least want chunks of messages.
func (l *lane) stream(ctx context.Context, path string, want int) (sample, error) {
	began := time.Now()
	resp, err := l.send(ctx, http.MethodPost, path, speak)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	l.lines.Reset(resp.Body)
	s, err := listen(l.lines, func() time.Duration { return time.Since(began) })
	if err != nil {
		return sample{}, fmt.Errorf("POST %s: %w", path, err)
	}
	if s.tokens < want {
		return sample{}, fmt.Errorf("POST %s: the stream ended after %d of %d chunks", path, s.tokens, want)
	}
	return s, nil
}

// fill gives the lane n new threads in place of those that it has.
func (l *lane) fill(ctx context.Context, n int) error {
	l.threads = l.threads[:0]
	for range n {
		answer, err := l.do(ctx, http.MethodPost, "/threads", "{}")
		if err != nil {
			return err
		}
		var thread struct {
			ID string `json:"thread_id"`
		}
		if err := json.Unmarshal(answer, &thread); err != nil {
			return fmt.Errorf("POST /threads: %w", err)
		}
		l.threads = append(l.threads, thread.ID)
	}
	return nil
}

// thread returns the path of the thread whose turn it is.
func (l *lane) thread(turn int) string { return "/threads/" + l.threads[turn%len(l.threads)] }
