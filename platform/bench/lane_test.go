package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestListen(t *testing.T) {
	t.Parallel()
	long := "data: " + strings.Repeat("event: messages ", 10) + "\n"
	for name, test := range map[string]struct {
		stream string
		want   sample // in calls of the clock
		err    string
	}{
		"chunks": {
			"event: metadata\ndata: {}\n\n: heartbeat\n\nevent: messages\nid: 1\ndata: [1]\n\nevent: messages\ndata: [2]\n\n",
			sample{first: 1, token: 2, whole: 3, tokens: 2},
			"",
		},
		"no space, CRLF":   {"event:messages\r\ndata:1\r\n\r\n", sample{first: 1, token: 2, whole: 3, tokens: 1}, ""},
		"other names":      {"event: messages/partial\ndata: 1\n\n", sample{first: 1, whole: 2}, ""},
		"long data":        {"event: messages\n" + long + "\n", sample{first: 1, token: 2, whole: 3, tokens: 1}, ""},
		"failed run":       {"event: error\ndata: {\"error\":\"Boom\"}\n\n", sample{}, `the run failed: {"error":"Boom"}`},
		"cut line":         {"event: messages\ndata: [", sample{}, "broke off"},
		"cut long line":    {"event: messages\n" + strings.TrimSuffix(long, "\n"), sample{}, "broke off"},
		"cut at long line": {"data: 0123456789", sample{}, "broke off"},
		"empty":            {"", sample{whole: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock time.Duration
			lines := bufio.NewReaderSize(strings.NewReader(test.stream), 32) // too small for long
			got, err := listen(lines, func() time.Duration { clock++; return clock })
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error is %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(sample{})); diff != "" {
				t.Errorf("sample (-want +got):\n%s", diff)
			}
		})
	}
}

// stub answers as a server does, or as a broken one.
func stub(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/threads":
		_, _ = fmt.Fprintf(w, `{"thread_id":%q}`, r.Header.Get("Authorization"))
	case "/failed/runs/wait":
		_, _ = io.WriteString(w, "\n\n"+`{"__error__":{"error":"Boom","message":"echo: hello"}}`)
	case "/wrong/runs/wait":
		_, _ = io.WriteString(w, `{"messages":[]}`)
	case "/good/runs/wait":
		_, _ = io.Copy(w, r.Body)
	case "/good/runs/stream":
		_, _ = io.WriteString(w, strings.Repeat("event: messages\ndata: [{},{}]\n\n", 3))
	case "/aborted/runs/stream":
		_, _ = io.WriteString(w, "event: messages\ndata: [{},{}]\n\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		http.Error(w, `{"detail":"Thread not found"}`, http.StatusNotFound)
	}
}

func setup(t *testing.T, n int) []*lane {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(stub))
	lanes := connect(server.URL, n)
	t.Cleanup(func() { lanes[0].transport.CloseIdleConnections(); server.Close() })
	return lanes
}

func TestLane(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path, err string
	}{
		"good":           {"/good/runs/wait", ""},
		"failed run":     {"/failed/runs/wait", "__error__"},
		"wrong answer":   {"/wrong/runs/wait", `want "echo: hello"`},
		"not found":      {"/hidden/runs/wait", `404 Not Found: {"detail":"Thread not found"}`},
		"good stream":    {"/good/runs/stream", ""},
		"aborted stream": {"/aborted/runs/stream", "broke off"},
		"hidden stream":  {"/hidden/runs/stream", "404 Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t, 1)[0]
			do := func() (sample, error) {
				if strings.HasSuffix(test.path, "stream") {
					return l.stream(t.Context(), test.path, 3)
				}
				return l.call(t.Context(), http.MethodPost, test.path, "echo: hello", "echo: hello")
			}
			for range 2 { // the second one reuses connection and buffers
				s, err := do()
				switch {
				case test.err == "" && (err != nil || s.whole <= 0):
					t.Errorf("sample %+v, error %v", s, err)
				case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
					t.Errorf("error is %v, want %q", err, test.err)
				}
			}
		})
	}
}

func TestStreamTooShort(t *testing.T) {
	t.Parallel()
	_, err := setup(t, 1)[0].stream(t.Context(), "/good/runs/stream", 4)
	if err == nil || !strings.Contains(err.Error(), "after 3 of 4 chunks") {
		t.Errorf("error is %v", err)
	}
}

func TestFillIsPerUser(t *testing.T) {
	t.Parallel()
	lanes := setup(t, 2)
	for i, l := range lanes {
		if err := l.fill(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("Bearer user-%d-secret", i+1)
		if diff := cmp.Diff([]string{want, want}, l.threads); diff != "" {
			t.Errorf("threads (-want +got):\n%s", diff)
		}
	}
}

func TestDriveStops(t *testing.T) {
	t.Parallel()
	lanes := connect("", 3)
	broken := errors.New("broken")
	byCount := drive(t.Context(), lanes, time.Hour, 10, func(_ context.Context, l *lane, turn int) (sample, error) {
		if l == lanes[0] && turn == 1 {
			return sample{}, broken
		}
		return sample{whole: 1}, nil
	})
	if len(byCount.samples) != 9 || byCount.errors != 1 || !errors.Is(byCount.err, broken) {
		t.Errorf("%d good, %d bad, %v; want 9, 1, %v", len(byCount.samples), byCount.errors, byCount.err, broken)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n := len(drive(ctx, lanes, time.Hour, 10, byNothing).samples); n != 0 {
		t.Errorf("%d operations after the end", n)
	}
	if n := len(drive(t.Context(), lanes, 0, 10, byNothing).samples); n != 0 {
		t.Errorf("%d operations in no time", n)
	}
}

func byNothing(context.Context, *lane, int) (sample, error) { return sample{whole: 1}, nil }
