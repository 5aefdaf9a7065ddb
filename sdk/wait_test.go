package sdk_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

const (
	jsonKind = "application/json"
	joinPath = "/threads/T/runs/R/join"
)

func waits(body string) http.HandlerFunc {
	return part(false, jsonKind, body, "Location", joinPath, "Content-Location", runsPath)
}

func waitsAndCuts(body string) http.HandlerFunc {
	return part(true, jsonKind, body, "Location", joinPath, "Content-Location", runsPath)
}

func TestWait(t *testing.T) {
	t.Parallel()
	run := sdk.RunRef{ThreadID: "T", RunID: "R"}
	paused := `{"draft":"x","__interrupt__":[{"value":{"q":1},"id":"3fd5"}]}`
	tests := []struct {
		name   string
		first  http.HandlerFunc
		again  []http.HandlerFunc
		want   sdk.Result
		draft  string
		pauses []time.Duration
	}{
		{"newlines first", waits("\n\n\n" + `{"draft":"x"}` + "\n"), nil, sdk.Result{Run: run, Values: sdk.JSON(map[string]string{"draft": "x"})}, "x", nil},
		{
			"a pause", waits(paused), nil,
			sdk.Result{Run: run, Values: []byte(paused), Interrupts: []sdk.Interrupt{{Value: []byte(`{"q":1}`), ID: "3fd5"}}},
			"x", nil,
		},
		{"null", waits("null"), nil, sdk.Result{Run: run, Values: []byte("null")}, "", nil},
		{
			"cut while waiting", waitsAndCuts("\n\n"),
			[]http.HandlerFunc{waits("{}")},
			sdk.Result{Run: run, Values: []byte("{}")},
			"",
			[]time.Duration{time.Second},
		},
		{
			"cut within the answer", waitsAndCuts(`{"draft":"`),
			[]http.HandlerFunc{answer(503, ""), waitsAndCuts("\n"), waits(`{"draft":"y"}`)},
			sdk.Result{Run: run, Values: []byte(`{"draft":"y"}`)},
			"y",
			[]time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second},
		},
		{
			"half an answer that ends cleanly", waits(`{"draft":"`),
			[]http.HandlerFunc{waits(`{}`)},
			sdk.Result{Run: run, Values: []byte(`{}`)},
			"",
			[]time.Duration{time.Second},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/T/runs/wait", test.first)
			s.on("GET "+joinPath, test.again...)
			client, pauses := s.client(sdk.Config{HTTPClient: &http.Client{Timeout: time.Minute}})
			var state struct{ Draft string }
			got, err := client.Runs.Wait(t.Context(), "T", "agent", sdk.RunCreate{}, &state)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if state.Draft != test.draft {
				t.Errorf("decoded %q, want %q", state.Draft, test.draft)
			}
			if diff := cmp.Diff(test.pauses, *pauses); diff != "" {
				t.Errorf("pauses: -want +got:\n%s", diff)
			}
		})
	}
}

func TestWaitFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		first http.HandlerFunc
		again []http.HandlerFunc
		want  string
	}{
		{"the run failed", waits(`{"__error__":{"error":"ValueError","message":"boom"}}`), nil, "run failed: ValueError: boom"},
		{"busy", answer(409, `{"detail":"Thread is already running a task. Wait for it to finish or choose a different multitask strategy."}`), nil, "HTTP 409: Thread is already running a task."},
		{"gone", waitsAndCuts("\n"), []http.HandlerFunc{answer(404, `{"detail":"Run not found"}`)}, "HTTP 404: Run not found"},
		{"five attempts in vain", waitsAndCuts(""), []http.HandlerFunc{waits("<"), waits("<"), waits("<"), waits("<"), waits("<")}, "5 attempts did not mend it"},
		{"another state", waits(`{"draft":7}`), nil, "the state of run R"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("POST /threads/T/runs/wait", test.first)
			s.on("GET "+joinPath, test.again...)
			client, _ := s.client(sdk.Config{})
			var state struct{ Draft string }
			if _, err := client.Runs.Wait(t.Context(), "T", "agent", sdk.RunCreate{}, &state); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("GET "+joinPath, part(true, jsonKind, "\n"), part(false, jsonKind, `{"__error__":{"error":"ValueError","message":"boom"}}`))
	client, _ := s.client(sdk.Config{})
	_, err := client.Runs.Join(t.Context(), "T", "R", nil)
	var failed *sdk.RunError
	if !errors.As(err, &failed) || failed.Class != "ValueError" || failed.Run.RunID != "R" {
		t.Errorf("got %v", err)
	}
}

func TestStateless(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("POST /runs/wait", part(true, jsonKind, "", "Location", joinPath, "Content-Location", "/runs/R"))
	s.on("GET "+joinPath, waits("{}"))
	s.on("POST /runs", answer(200, `{"run_id":"R","thread_id":"T"}`))
	s.on("POST /runs/stream", streams(event(1, "a", "1"), "Content-Location", "/runs/R"))
	client, _ := s.client(sdk.Config{})
	if _, err := client.Runs.Wait(t.Context(), sdk.Stateless, "agent", sdk.RunCreate{}, nil); err != nil {
		t.Error(err)
	}
	if run, err := client.Runs.Create(t.Context(), sdk.Stateless, "agent", sdk.RunCreate{}); err != nil || run.RunID != "R" {
		t.Errorf("got %v, %v", run, err)
	}
	for event, err := range client.Runs.Stream(t.Context(), sdk.Stateless, "agent", sdk.RunCreate{}) {
		if err != nil || event.Run != (sdk.RunRef{RunID: "R"}) {
			t.Errorf("got %+v, %v", event, err)
		}
	}
	before := len(s.got())
	if _, err := client.Runs.Wait(t.Context(), "", "agent", sdk.RunCreate{}, nil); err == nil {
		t.Error("a forgotten thread id started a stateless run")
	}
	for _, err := range client.Runs.Stream(t.Context(), "", "agent", sdk.RunCreate{}) {
		if err == nil {
			t.Error("a forgotten thread id started a stateless stream")
		}
	}
	if len(s.got()) != before {
		t.Error("something was sent")
	}
}
