package sdk_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/locutory/locutory/sdk"
)

// A copy of a conversation is tried out and thrown away; the conversation itself stays as it was.
func ExampleThreads_Copy() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /threads/T/copy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"thread_id":"T2","status":"idle"}`)
	})
	mux.HandleFunc("POST /threads/prune", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"pruned_count":1}`) })
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx := context.Background()
	client, err := sdk.New(sdk.Config{URL: server.URL})
	if err != nil {
		panic(err)
	}
	trial, err := client.Threads.Copy(ctx, "T")
	if err != nil {
		panic(err)
	}
	n, err := client.Threads.Prune(ctx, sdk.ThreadPrune{ThreadIDs: []string{trial.ThreadID}})
	if err != nil {
		panic(err)
	}
	fmt.Println(trial.ThreadID, n)
	// Output: T2 1
}

// One stream shows the runs of a thread, whoever starts them.
func ExampleThreads_Stream() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /threads/T/stream", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: metadata\ndata: {\"run_id\":\"R\",\"attempt\":1}\nid: 16\n\n"+
			"event: run_done\ndata: {\"run_id\":\"R\",\"status\":\"success\"}\nid: 30\n\n")
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	client, err := sdk.New(sdk.Config{URL: server.URL})
	if err != nil {
		panic(err)
	}
	for event, err := range client.Threads.Stream(context.Background(), "T", sdk.ThreadJoin{Modes: []sdk.ThreadStreamMode{sdk.ThreadLifecycle}}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(event.Name, event.Run.RunID)
		if event.Name == "run_done" {
			break
		}
	}
	// Output:
	// metadata R
	// run_done R
}
