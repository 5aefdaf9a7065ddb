package sdk_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

// start ranges over a stream of thread T and returns the events as "id name data", and the error at the end.
func start(t *testing.T, client *sdk.Client, options ...sdk.RunOption) ([]string, error) {
	t.Helper()
	var got []string
	for event, err := range client.Runs.Stream(t.Context(), "T", "agent", sdk.RunCreate{}, options...) {
		if err != nil {
			return got, err
		}
		got = append(got, strings.TrimSpace(event.ID+" "+event.Name+" "+string(event.Data)))
	}
	return got, nil
}

func TestStream(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("POST /threads/T/runs/stream", streams(
		event(16, "metadata", `{"run_id":"R","attempt":1}`)+": heartbeat\n\n"+event(32, "values", `{"n":1}`), named()...))
	client, pauses := s.client(sdk.Config{Token: "user1-token"})
	var ran []sdk.RunRef
	got, err := start(t, client, sdk.OnRun(func(run sdk.RunRef) { ran = append(ran, run) }))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`16 metadata {"run_id":"R","attempt":1}`, `32 values {"n":1}`}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]sdk.RunRef{{ThreadID: "T", RunID: "R"}}, ran); diff != "" {
		t.Errorf("OnRun: -want +got:\n%s", diff)
	}
	sent := s.got()
	if len(sent) != 1 || sent[0].Body != `{"assistant_id":"agent"}` || sent[0].Header.Get("Authorization") != "Bearer user1-token" ||
		sent[0].Header.Get("Accept") != "text/event-stream" || sent[0].Header.Get("Last-Event-ID") != "" {
		t.Errorf("sent %+v", sent)
	}
	if len(*pauses) != 0 {
		t.Errorf("a clean end was taken for a broken one: %v", *pauses)
	}
}

func TestStreamResumes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		first  http.HandlerFunc
		again  []http.HandlerFunc
		want   []string
		lastID []string // of each reconnect
		pauses []time.Duration
	}{
		{
			"a cut between events", cuts(event(1, "a", "1")+event(2, "a", "2"), named()...),
			[]http.HandlerFunc{streams(event(3, "a", "3"))},
			[]string{"1 a 1", "2 a 2", "3 a 3"},
			[]string{"2"},
			[]time.Duration{time.Second},
		},
		{
			"a cut within an event", cuts(event(1, "a", "1")+"event: a\nda", named()...),
			[]http.HandlerFunc{streams(event(2, "a", "2"))},
			[]string{"1 a 1", "2 a 2"},
			[]string{"1"},
			[]time.Duration{time.Second},
		},
		{
			"a clean end within an event", streams(event(1, "a", "1")+"event: a\ndata: {}\n", named()...),
			[]http.HandlerFunc{streams(event(2, "a", "2"))},
			[]string{"1 a 1", "2 a 2"},
			[]string{"1"},
			[]time.Duration{time.Second},
		},
		{
			"repeats are dropped", cuts(event(1, "a", "1")+event(2, "a", "2"), named()...),
			[]http.HandlerFunc{streams(event(1, "a", "1") + event(2, "a", "2") + event(3, "a", "3"))},
			[]string{"1 a 1", "2 a 2", "3 a 3"},
			[]string{"2"},
			[]time.Duration{time.Second},
		},
		{
			"nothing had come yet", cuts("", named()...),
			[]http.HandlerFunc{streams(event(1, "a", "1"))},
			[]string{"1 a 1"},
			[]string{"-1"},
			[]time.Duration{time.Second},
		},
		{
			"a server without ids is not asked to repeat", cuts("event: a\ndata: 1\n\n", named()...),
			[]http.HandlerFunc{streams("event: a\ndata: 2\n\n")},
			[]string{"a 1", "a 2"},
			[]string{""},
			[]time.Duration{time.Second},
		},
		{
			"a restarting server", cuts(event(1, "a", "1"), named()...),
			[]http.HandlerFunc{
				answer(http.StatusServiceUnavailable, ""), answer(http.StatusBadGateway, "<html>"),
				answer(http.StatusTooManyRequests, ""), cuts(""), streams(event(2, "a", "2")),
			},
			[]string{"1 a 1", "2 a 2"},
			[]string{"1", "1", "1", "1", "1"},
			[]time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second},
		},
		{
			"progress starts the count again", cuts(event(1, "a", "1"), named()...),
			[]http.HandlerFunc{cuts(""), cuts(event(2, "a", "2")), cuts(""), streams(event(3, "a", "3"))},
			[]string{"1 a 1", "2 a 2", "3 a 3"},
			[]string{"1", "1", "2", "2"},
			[]time.Duration{1 * time.Second, 2 * time.Second, 1 * time.Second, 2 * time.Second},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/T/runs/stream", test.first)
			s.on("GET "+location, test.again...)
			client, pauses := s.client(sdk.Config{})
			got, err := start(t, client)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("events: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.pauses, *pauses); diff != "" {
				t.Errorf("pauses: -want +got:\n%s", diff)
			}
			var lastID []string
			for _, r := range s.got()[1:] {
				lastID = append(lastID, r.Header.Get("Last-Event-ID"))
			}
			if diff := cmp.Diff(test.lastID, lastID); diff != "" {
				t.Errorf("Last-Event-ID: -want +got:\n%s", diff)
			}
		})
	}
}

func TestStreamEnds(t *testing.T) {
	t.Parallel()
	first := event(1, "a", "1")
	tests := []struct {
		name   string
		first  http.HandlerFunc
		again  []http.HandlerFunc
		status int
		want   string
	}{
		{"refused at once", answer(http.StatusNotFound, `{"detail":"Thread with ID T not found"}`), nil, 404, "HTTP 404: Thread with ID T not found"},
		{"a 503 at once is not repeated: it may have started a run", answer(http.StatusServiceUnavailable, ``), nil, 503, "HTTP 503: Service Unavailable"},
		{"no stream at all", answer(http.StatusOK, `{}`, "Content-Type", "application/json"), nil, 0, `"application/json" instead of a stream`},
		{"no place to go on", cuts(first, "Content-Location", runsPath), nil, 0, "names no place to go on"},
		{"refused later", cuts(first, named()...), []http.HandlerFunc{answer(http.StatusNotFound, `{"detail":"Run not found"}`)}, 404, "HTTP 404: Run not found"},
		{"revoked later", cuts(first, named()...), []http.HandlerFunc{answer(http.StatusUnauthorized, `{"detail":"Invalid token"}`)}, 401, "Invalid token"},
		{
			"five attempts in vain", cuts(first, named()...),
			[]http.HandlerFunc{cuts(first), cuts(first), cuts(first), cuts(first), cuts(first)},
			0, "5 attempts did not mend it",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/T/runs/stream", test.first)
			s.on("GET "+location, test.again...)
			client, _ := s.client(sdk.Config{})
			got, err := start(t, client)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			var refused *sdk.Error
			if errors.As(err, &refused) != (test.status != 0) || refused != nil && refused.Status != test.status {
				t.Errorf("got %#v, want status %d", err, test.status)
			}
			if len(got) > 1 {
				t.Errorf("events came twice: %q", got)
			}
		})
	}
}

func TestStreamRunError(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, data, class, message string }{
		{"an object", `{"error":"GraphRecursionError","message":"Recursion limit of 4 reached"}`, "GraphRecursionError", "Recursion limit of 4 reached"},
		{"a string", `"Run not found"`, "", "Run not found"},
		{"no JSON", `oops`, "", "oops"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/T/runs/stream", streams(event(1, "values", "{}")+event(2, "error", test.data)+event(3, "values", "{}"), named()...))
			client, _ := s.client(sdk.Config{})
			got, err := start(t, client)
			want := &sdk.RunError{Class: test.class, Message: test.message, Run: sdk.RunRef{ThreadID: "T", RunID: "R"}}
			var failed *sdk.RunError
			if !errors.As(err, &failed) {
				t.Fatalf("got %v, want a *RunError", err)
			}
			if diff := cmp.Diff(want, failed); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(got) != 1 {
				t.Errorf("something came after the error: %q", got)
			}
		})
	}
}

// Credentials go to the origin of Config.URL alone.
func TestStreamStaysHome(t *testing.T) {
	t.Parallel()
	foreign := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the foreign server got %s %s with Authorization %q and X-Api-Key %q",
			r.Method, r.URL, r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"))
	}))
	t.Cleanup(foreign.Close)
	host := strings.TrimPrefix(foreign.URL, "http://")
	tests := []struct {
		name  string
		first http.HandlerFunc
		again []http.HandlerFunc
	}{
		{"Location is a URL", cuts(event(1, "a", "1"), "Location", foreign.URL+location), nil},
		{"Location without a scheme", cuts(event(1, "a", "1"), "Location", "//"+host+location), nil},
		{"Location is relative", cuts(event(1, "a", "1"), "Location", "@evil.example"+location), nil},
		{"Location has another scheme", cuts(event(1, "a", "1"), "Location", "https://"+host+location), nil},
		{"a redirect of the POST", answer(http.StatusTemporaryRedirect, "", "Location", foreign.URL+"/x"), nil},
		{"a redirect of the reconnect", cuts(event(1, "a", "1"), named()...), []http.HandlerFunc{answer(http.StatusFound, "", "Location", foreign.URL+"/x")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/T/runs/stream", test.first)
			s.on("GET "+location, test.again...)
			client, _ := s.client(sdk.Config{Token: "secret", APIKey: "secret"})
			if _, err := start(t, client); !errors.Is(err, sdk.ErrForeignOrigin) {
				t.Errorf("got %v, want ErrForeignOrigin", err)
			}
		})
	}
}

func TestStreamBelowPrefix(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("POST /api/threads/T/runs/stream", cuts(event(1, "a", "1"), named()...))
	s.on("GET /api"+location, streams(event(2, "a", "2")))
	client, _ := s.client(sdk.Config{URL: s.URL + "/api/"})
	if got, err := start(t, client); err != nil || len(got) != 2 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStreamBreak(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	gone := make(chan struct{})
	s.on("POST /threads/T/runs/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, event(1, "a", "1"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // slow: nothing more comes until the client leaves
		close(gone)
	})
	client, _ := s.client(sdk.Config{})
	stream := client.Runs.Stream(t.Context(), "T", "agent", sdk.RunCreate{})
	for _, err := range stream {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the connection is still open")
	}
	for _, err := range stream {
		if !errors.Is(err, sdk.ErrSpent) {
			t.Errorf("the second loop got %v, want ErrSpent", err)
		}
	}
	if sent := s.got(); len(sent) != 1 {
		t.Errorf("sent %d requests, want no cancel and no second run", len(sent))
	}
}

func TestStreamContext(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("POST /threads/T/runs/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Location", location)
		_, _ = io.WriteString(w, event(1, "a", "1"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	client, _ := s.client(sdk.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range client.Runs.Stream(ctx, "T", "agent", sdk.RunCreate{}) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v, want context.Canceled and no reconnect", last)
	}
}

func TestJoinStream(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, thread string
		in           sdk.StreamJoin
		uri          string
		lastID       []string
	}{
		{"from now on", "T", sdk.StreamJoin{}, location + "?cancel_on_disconnect=false", []string{"", "2"}},
		{"from the start", "T", sdk.StreamJoin{LastEventID: "-1", CancelOnDisconnect: true}, location + "?cancel_on_disconnect=true", []string{"-1", "2"}},
		{"stateless", sdk.Stateless, sdk.StreamJoin{LastEventID: "1"}, "/runs/R/stream?cancel_on_disconnect=false", []string{"1", "2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			path, _, _ := strings.Cut(test.uri, "?")
			s.on("GET "+path, cuts(event(2, "a", "2")), streams(event(3, "a", "3")))
			client, _ := s.client(sdk.Config{})
			var ids []string
			for event, err := range client.Runs.JoinStream(t.Context(), test.thread, "R", test.in) {
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, event.ID)
			}
			if diff := cmp.Diff([]string{"2", "3"}, ids); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for i, r := range s.got() {
				if r.URI != test.uri || r.Header.Get("Last-Event-ID") != test.lastID[i] {
					t.Errorf("request %d: %s with %q", i, r.URI, r.Header.Get("Last-Event-ID"))
				}
			}
		})
	}
}

// roundTrip is a transport without a network, for bubbles.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPausesAreReal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		client, err := sdk.New(sdk.Config{HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return nil, down
			}
			body := io.MultiReader(strings.NewReader(event(1, "a", "1")), broken{})
			header := http.Header{"Content-Type": {"text/event-stream"}, "Location": {location}}
			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(body), Request: r}, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = start(t, client)
		if !errors.Is(err, down) {
			t.Errorf("got %v, want the last cause", err)
		}
		if took := time.Since(began); took < 17*time.Second || took >= 22*time.Second {
			t.Errorf("waited %v, want 1+2+4+5+5 s and up to 1 s of jitter each", took)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
