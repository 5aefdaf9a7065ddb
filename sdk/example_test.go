package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/locutory/locutory/sdk"
)

// A whole client: it starts a conversation, prints tokens, answers the graph's question and lists threads.
func Example() {
	server := httptest.NewServer(demo())
	defer server.Close()
	if err := run(context.Background(), server.URL); err != nil {
		log.Panic(err)
	}
	// Output:
	// Dear Bob, ...
	// sent: Dear Bob, ...
	// 01a0-T idle
}

func run(ctx context.Context, url string) error {
	client, err := sdk.New(sdk.Config{URL: url, Token: "user1-token"})
	if err != nil {
		return err
	}
	thread, err := client.Threads.Create(ctx, sdk.ThreadCreate{})
	var refused *sdk.Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		return fmt.Errorf("log in again: %s", refused.Detail)
	} else if err != nil {
		return err
	}

	// Tokens, while the model speaks. A lost connection resumes by itself; breaking out stops the stream, not the run.
	var asked []sdk.Interrupt
	for event, err := range client.Runs.Stream(ctx, thread.ThreadID, "agent", sdk.RunCreate{
		Input:      sdk.Messages(sdk.Human("Write to Bob.")),
		StreamMode: []sdk.StreamMode{sdk.StreamMessages, sdk.StreamUpdates},
	}) {
		if err != nil {
			return err
		}
		if token, ok := event.Token(); ok {
			fmt.Print(token)
		}
		asked = append(asked, event.Interrupts()...)
	}

	// The graph paused: answer, and wait for its final state.
	if len(asked) > 0 {
		var state struct{ Draft string }
		_, err := client.Runs.Wait(ctx, thread.ThreadID, "agent",
			sdk.RunCreate{Command: sdk.Resume(map[string]bool{"approved": true})}, &state)
		if err != nil {
			return err
		}
		fmt.Println("sent:", state.Draft)
	}

	// Only my own: the server's hooks see to it, not this query.
	for t, err := range client.Threads.All(ctx, sdk.ThreadSearch{Status: "idle"}) {
		if err != nil {
			return err
		}
		fmt.Println(t.ThreadID, t.Status)
	}
	return nil
}

// demo is a server with one thread and a script.
func demo() http.Handler {
	mux := http.NewServeMux()
	say := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	mux.HandleFunc("POST /threads", say(`{"thread_id":"01a0-T","status":"idle"}`))
	mux.HandleFunc("POST /threads/search", say(`[{"thread_id":"01a0-T","status":"idle"}]`))
	mux.HandleFunc("POST /threads/{id}/runs/wait", say("\n\n"+`{"draft":"Dear Bob, ..."}`))
	mux.HandleFunc("POST /threads/{id}/runs/stream", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, frame := range []string{
			"event: metadata\ndata: {\"run_id\":\"0199-R\",\"attempt\":1}\nid: 16\n\n",
			"event: messages\ndata: [{\"type\":\"AIMessageChunk\",\"id\":\"m\",\"content\":\"Dear Bob, \"},{}]\nid: 32\n\n",
			"event: messages\ndata: [{\"type\":\"AIMessageChunk\",\"id\":\"m\",\"content\":\"...\\n\"},{}]\nid: 48\n\n",
			"event: updates\ndata: {\"__interrupt__\":[{\"value\":{\"question\":\"Send this?\"},\"id\":\"3fd5\"}]}\nid: 64\n\n",
		} {
			_, _ = io.WriteString(w, frame)
		}
	})
	return mux
}
