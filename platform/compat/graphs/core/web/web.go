// Package web is the HTTP app of the set core: custom routes that use the server which they are beside.
package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/sdk"
)

// app is one server's.
type app struct {
	host *platform.Host

	mu      sync.Mutex
	payload []byte // what a webhook told last
}

// New makes the app. It is a function so that each server in a process has its own.
func New(context.Context) (*platform.App, error) {
	a := &app{payload: []byte("null")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /custom/my-route", myRoute)
	mux.HandleFunc("GET /runs/afakeroute", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"foo": "afakeroute"}) })
	mux.HandleFunc("GET /custom/error", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "Bad request")
	})
	mux.HandleFunc("GET /custom/streaming", streaming)
	mux.HandleFunc("POST /custom/webhook", a.hear)
	mux.HandleFunc("GET /custom/webhook-payload", a.heard)
	mux.HandleFunc("GET /custom/client", a.client)
	return &platform.App{
		Handler: mux, Middleware: around,
		Start: func(_ context.Context, host *platform.Host) error {
			a.host = host
			return nil
		},
	}, nil
}

// around marks every answer, and answers what asks to be interrupted.
func around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Js-Middleware", "true")
		if r.URL.Query().Has("interrupt") {
			answer(w, map[string]string{"status": "interrupted"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func myRoute(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Custom-Output", r.Header.Get("X-Custom-Input"))
	answer(w, map[string]string{"foo": "bar"})
}

func streaming(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	out := http.NewResponseController(w)
	for i := range 4 {
		if _, err := fmt.Fprintf(w, "Count: %d\n", i); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}

// hear keeps what a webhook tells.
func (a *app) hear(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil || !json.Valid(payload) {
		http.Error(w, "want JSON", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.payload = payload
	answer(w, map[string]bool{"ok": true})
}

func (a *app) heard(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer(w, json.RawMessage(a.payload))
}

// client runs a graph by the API of its own server, as whoever asks.
func (a *app) client(w http.ResponseWriter, r *http.Request) {
	client, err := a.host.Client(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var result json.RawMessage
	if _, err = client.Runs.Wait(r.Context(), sdk.Stateless, "agent_simple", sdk.RunCreate{Input: sdk.Messages(sdk.Human("input"))}, &result); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	answer(w, map[string]json.RawMessage{"result": result})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked has gone if it fails
}
