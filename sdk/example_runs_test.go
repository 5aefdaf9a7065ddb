package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/locutory/locutory/sdk"
)

// A conversation goes on from an earlier state, as if the answer that came after it had never been given.
func ExampleThreads_UpdateState() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /threads/T/history", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"next":[],"checkpoint":{"checkpoint_id":"C3"}},{"next":["answer"],"checkpoint":{"checkpoint_id":"C2"}}]`)
	})
	mux.HandleFunc("POST /threads/T/state", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"checkpoint":{"thread_id":"T","checkpoint_ns":"","checkpoint_id":"C4"}}`)
	})
	mux.HandleFunc("POST /threads/T/runs/wait", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Location", "/threads/T/runs/R")
		_, _ = io.WriteString(w, `{"answer":"In short: yes."}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx := context.Background()
	client, err := sdk.New(sdk.Config{URL: server.URL})
	if err != nil {
		panic(err)
	}
	states, err := client.Threads.History(ctx, "T", sdk.HistorySearch{Limit: 20})
	if err != nil {
		panic(err)
	}
	from := states[len(states)-1].Checkpoint // before the answer
	fork, err := client.Threads.UpdateState(ctx, "T", sdk.StateUpdate{Checkpoint: &from, Values: sdk.Values(map[string]any{"tone": "short"})})
	if err != nil {
		panic(err)
	}
	var state struct{ Answer string }
	if _, err := client.Runs.Wait(ctx, "T", "agent", sdk.RunCreate{Checkpoint: fork}, &state); err != nil {
		panic(err)
	}
	fmt.Println(fork.CheckpointID, state.Answer)
	// Output: C4 In short: yes.
}

// A run that fails is an error with what its graph said; a request that the server refuses is another, with its status.
func ExampleRunError() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /threads/T/runs/wait", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"__error__":{"error":"GraphRecursionError","message":"Recursion limit of 25 reached"}}`)
	})
	mux.HandleFunc("POST /threads/theirs/runs/wait", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"detail":"Thread with ID theirs not found"}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	client, err := sdk.New(sdk.Config{URL: server.URL})
	if err != nil {
		panic(err)
	}
	for _, thread := range []string{"T", "theirs"} {
		_, err := client.Runs.Wait(context.Background(), thread, "agent", sdk.RunCreate{}, nil)
		var failed *sdk.RunError
		var refused *sdk.Error
		switch {
		case errors.As(err, &failed):
			fmt.Println("the run failed:", failed.Class, failed.Message)
		case errors.As(err, &refused):
			fmt.Println("refused:", refused.Status, refused.Detail)
		}
	}
	// Output:
	// the run failed: GraphRecursionError Recursion limit of 25 reached
	// refused: 404 Thread with ID theirs not found
}

// A run is stopped, and its thread tells why.
func ExampleRuns_Cancel() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /threads/T/runs/R/cancel", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /threads/T", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"thread_id":"T","status":"idle","error":{"error":"UserInterrupt","message":"the run was cancelled by a request"}}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx := context.Background()
	client, err := sdk.New(sdk.Config{URL: server.URL})
	if err != nil {
		panic(err)
	}
	if err := client.Runs.Cancel(ctx, "T", "R", sdk.RunCancel{Wait: true}); err != nil {
		panic(err)
	}
	thread, err := client.Threads.Get(ctx, "T")
	if err != nil {
		panic(err)
	}
	fmt.Println(thread.Status, string(thread.Error))
	// Output: idle {"error":"UserInterrupt","message":"the run was cancelled by a request"}
}
