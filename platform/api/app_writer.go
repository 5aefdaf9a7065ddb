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
	// until is when the caller's credential runs out, zero for never. Nothing is written after it; cut is set when something was to be.
	until time.Time
	now   func() time.Time
	cut   bool
}

// answering returns a writer and a context that ends with ctx, and when the server stops: at once for a stream, for everything else after
// some patience. Its end has to be called.
func (s *Server) answering(ctx context.Context, w http.ResponseWriter) (context.Context, *answering) {
	a := &answering{ResponseWriter: w, now: s.Now}
	if caller, ok := CallerOf(ctx); ok && caller.User != nil {
		a.until = caller.User.Expires
	}
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

// expired reports whether the caller's credential has run out, so that an answer goes no further.
func (a *answering) expired() bool {
	if a.until.IsZero() || a.now().Before(a.until) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cut = true
	return true
}

// wasCut reports whether an answer was to go further.
func (a *answering) wasCut() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cut
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
	if a.expired() {
		return
	}
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
	if a.expired() {
		return 0, errExpired
	}
	return a.ResponseWriter.Write(data)
}

// Flush is FlushError for those who know http.Flusher.
func (a *answering) Flush() { _ = a.FlushError() }

// FlushError sends what was written.
func (a *answering) FlushError() error {
	a.WriteHeader(http.StatusOK)
	if a.expired() {
		return errExpired
	}
	a.stream()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Hijack hands the connection over where it can be. One that was opened by a credential that runs out is closed then, also when the handler
// has returned and left it to somebody else.
func (a *answering) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if a.expired() {
		return nil, nil, errExpired
	}
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.begin()
		a.stream()
		if !a.until.IsZero() {
			bare := conn
			conn = &leased{bare, time.AfterFunc(a.until.Sub(a.now()), func() { _ = bare.Close() })}
		}
	}
	return conn, rw, err
}

// leased is a connection that is closed at its time.
type leased struct {
	net.Conn
	end *time.Timer
}

// Close closes the connection before its time.
func (l *leased) Close() error {
	l.end.Stop()
	return l.Conn.Close()
}

// Unwrap lets http.ResponseController find deadlines.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }
