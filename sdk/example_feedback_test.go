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
