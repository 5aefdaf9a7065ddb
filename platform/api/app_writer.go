package api

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// patience is how long a custom handler that has not streamed may go on answering when the server stops.
const patience = 3 * time.Second

// answering is the writer that code of the operator's answers to. It behaves as that of net/http, and knows whether the answer has begun
// and whether it is a stream.
type answering struct {
	http.ResponseWriter
	mu      sync.Mutex
	wrote   bool
	streams bool
	// stopping is set when the server stops: a stream ends then.
	stopping bool
	cancel   context.CancelCauseFunc
	release  func()
}

// answering returns a writer and a context that ends with ctx, and when the server stops: at once for a stream, for everything else after
// some patience. Its end has to be called.
func (s *Server) answering(ctx context.Context, w http.ResponseWriter) (context.Context, *answering) {
	a := &answering{ResponseWriter: w}
	ctx, a.cancel = context.WithCancelCause(ctx)
	var late *time.Timer
	leave := context.AfterFunc(s.closing, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.stopping = true
		if a.streams {
			a.cancel(errDraining)
			return
		}
		late = time.AfterFunc(patience, func() { a.cancel(errDraining) })
	})
	a.release = func() {
		leave()
		a.mu.Lock()
		defer a.mu.Unlock()
		if late != nil {
			late.Stop()
		}
	}
	return ctx, a
}

func (a *answering) end() {
	a.release()
	a.cancel(nil)
}

func (a *answering) begun() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.wrote
}

// begin reports whether this is the beginning of the answer.
func (a *answering) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	first := !a.wrote
	a.wrote = true
	return first
}

// stream notes that the answer is one without an end to wait for.
func (a *answering) stream() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.streams = true
	if a.stopping {
		a.cancel(errDraining)
	}
}

// WriteHeader sends the head, once. What informs in advance goes through.
func (a *answering) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		a.bare().WriteHeader(status)
		return
	}
	if a.begin() {
		a.ResponseWriter.WriteHeader(status)
		if w, ok := a.ResponseWriter.(gin.ResponseWriter); ok { // which would wait
			w.WriteHeaderNow()
		}
	}
}

// bare is the writer beneath that of the router, which takes one status alone.
func (a *answering) bare() http.ResponseWriter {
	if w, ok := a.ResponseWriter.(gin.ResponseWriter); ok {
		if outer, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
			return outer.Unwrap()
		}
	}
	return a.ResponseWriter
}

func (a *answering) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK) // nothing happens if it was written
	return a.ResponseWriter.Write(data)
}

// Flush is FlushError for those who know http.Flusher.
func (a *answering) Flush() { _ = a.FlushError() }

// FlushError sends what was written.
func (a *answering) FlushError() error {
	a.WriteHeader(http.StatusOK)
	a.stream()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Hijack hands the connection over where it can be.
func (a *answering) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.begin()
		a.stream()
	}
	return conn, rw, err
}

// Unwrap lets http.ResponseController find deadlines.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }
