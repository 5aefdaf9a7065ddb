package sdk_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/locutory/locutory/sdk"
)

// A run is asked for links by which people may say what they think of it. A page hands one to its visitor, who needs no account.
func ExampleRuns_GiveFeedback() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /threads/T/runs/wait", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Location", "/threads/T/runs/R")
		_, _ = io.WriteString(w, `{"joke":"A foreign key walks into a bar.","__feedback__":{"liked":"/feedback/tokens/secret"}}`)
	})
	mux.HandleFunc("POST /feedback/tokens/secret", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("with credentials:", r.Header.Get("Authorization") != "")
		_, _ = io.WriteString(w, `{}`)
	})
	mux.HandleFunc("GET /threads/T/runs/R/feedback", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"key":"liked","score":1,"comment":"Ha!"}]`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx := context.Background()
	client, err := sdk.New(sdk.Config{URL: server.URL, Token: "user1-token"})
	if err != nil {
		panic(err)
	}
	done, err := client.Runs.Wait(ctx, "T", "agent", sdk.RunCreate{FeedbackKeys: []string{"liked"}}, nil)
	if err != nil {
		panic(err)
	}
	if err := client.Runs.GiveFeedback(ctx, done.Feedback["liked"], sdk.FeedbackCreate{Score: sdk.JSON(1), Comment: "Ha!"}); err != nil {
		panic(err)
	}
	said, err := client.Runs.Feedback(ctx, done.Run.ThreadID, done.Run.RunID, sdk.FeedbackList{})
	if err != nil {
		panic(err)
	}
	fmt.Println(said[0].Key, string(said[0].Score), *said[0].Comment)
	// Output:
	// with credentials: false
	// liked 1 Ha!
}

// Nothing came to the webhook of a run: its deliveries say why, and when it is tried again.
func ExampleRuns_Deliveries() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /threads/T/runs/R/deliveries", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"id":"D","run_id":"R","url":"https://hooks.example/ended","status":"waiting","next_attempt_at":"2026-11-24T09:00:30Z",
			"attempts":[{"at":"2026-11-24T09:00:00Z","status":503,"error":"the receiver answered 503","took_ms":12}]}]`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	client, err := sdk.New(sdk.Config{URL: server.URL})
	if err != nil {
		panic(err)
	}
	deliveries, err := client.Runs.Deliveries(context.Background(), "T", "R")
	if err != nil {
		panic(err)
	}
	for _, d := range deliveries {
		fmt.Println(d.URL, d.Status)
		for _, attempt := range d.Attempts {
			fmt.Println(attempt.At.Format("15:04:05"), *attempt.Error)
		}
	}
	// Output:
	// https://hooks.example/ended waiting
	// 09:00:00 the receiver answered 503
}
