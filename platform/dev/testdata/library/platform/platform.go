// Package platform is the least server that keeps to the protocol between a development server and its child.
package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"example.com/library/authhooks"
	"example.com/library/drain"
	"example.com/library/graphs"
)

type Graph struct {
	ID     string
	Source any
	Symbol string
}

type App struct{ Handler http.Handler }

type Parts struct {
	Graphs     []Graph
	Auth       any
	AuthSymbol string
	App        any
	AppSymbol  string
	Platform   string
}

// Main serves until SIGTERM, by the code that a real server stops with: the tests copy package drain into this module.
// It serves /who (the label of the first graph), /env and /slow on the socket 3.
func Main(parts Parts) {
	if a, ok := parts.Auth.(*authhooks.Auth); ok && a.Mistake != "" {
		fmt.Fprintln(os.Stderr, "auth: "+a.Mistake)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	l, err := net.FileListener(os.NewFile(3, "socket"))
	check(err)
	label := parts.Graphs[0].Source.(graphs.Runnable).Label()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, label) })
	mux.HandleFunc("GET /platform", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, parts.Platform) })
	mux.HandleFunc("GET /env", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", os.Getenv("LOCUTORY_DEV"), os.Getenv("LOCUTORY_OFFLINE_MODEL"), os.Getenv("FROM_FILE"))
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		http.NewResponseController(w).Flush()
		time.Sleep(300 * time.Millisecond)
		fmt.Fprint(w, label)
	})
	if app, ok := parts.App.(App); ok {
		mux.Handle("/app/", app.Handler)
	}
	mux.HandleFunc("GET /die", func(w http.ResponseWriter, r *http.Request) { os.Exit(7) })
	server := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- drain.Serve(ctx, server, l, 4*time.Second) }()

	pipe := os.NewFile(4, "ready")
	line := map[string]any{"ready": true, "graphs": []map[string]string{{"id": parts.Graphs[0].ID, "note": "model: none"}}, "database": "memory"}
	if parts.Auth != nil {
		line["auth"] = []map[string]string{{"event": "*:*", "rule": `OwnerOnly("owner")`, "at": "security/security.go:7"}}
	}
	check(json.NewEncoder(pipe).Encode(line))
	pipe.Close()
	<-ctx.Done()
	if strings.Contains(label, "stubborn") {
		time.Sleep(time.Minute)
	}
	check(<-served)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
