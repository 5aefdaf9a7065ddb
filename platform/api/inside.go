package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// ErrNoCaller says that a context is of no request whose sender is known.
var ErrNoCaller = errors.New("the context is of no authenticated request")

// servedKey is where a request's caller is for the code that serves it; insideKey where he is on his way into a request that the server
// sends to itself. No other package can write either, and no request from the network has the second.
type (
	servedKey struct{}
	insideKey struct{}
)

// CallerOf returns the caller of the request that ctx is of.
func CallerOf(ctx context.Context) (access.Caller, bool) {
	c, ok := ctx.Value(servedKey{}).(access.Caller)
	return c, ok
}

// unserved returns a context of a request whose sender nobody has asked for, whatever the operator's code put into it.
func unserved(ctx context.Context) context.Context {
	return context.WithValue(access.Without(ctx), servedKey{}, nil)
}

// insider returns as whom the server calls itself.
func insider(ctx context.Context) (access.Caller, bool) {
	c, ok := ctx.Value(insideKey{}).(access.Caller)
	return c, ok
}

// outside keeps contexts that code of the operator's has kept from being taken for the server's own calls.
func outside(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(insideKey{}) != nil {
			r = r.WithContext(context.WithValue(r.Context(), insideKey{}, nil))
		}
		next.ServeHTTP(w, r)
	})
}

// Inside returns a transport whose requests this server answers itself, as the caller of the request that ctx is of: the same hooks are
// asked, the same filters hold. It reaches the routes of the table, beneath CORS and the app's middleware. Without a caller it is
// [ErrNoCaller], but on an open server.
func (s *Server) Inside(ctx context.Context) (http.RoundTripper, error) {
	caller, ok := CallerOf(ctx)
	if !s.Guard.Open() && (!ok || caller.User == nil) {
		return nil, ErrNoCaller
	}
	caller.Origin, caller.Transport = authhooks.OriginInternal, authhooks.TransportInternal
	return &inside{server: s, caller: caller}, nil
}

type inside struct {
	server *Server
	caller access.Caller
}

// RoundTrip returns when the head of the answer is there. Closing the body, or the end of the request's context, ends what answers.
func (t *inside) RoundTrip(r *http.Request) (*http.Response, error) {
	leaves, ok := t.server.calls.enter()
	if !ok {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errDraining
	}
	ctx, cancel := context.WithCancel(r.Context())
	ctx = context.WithValue(ctx, insideKey{}, t.caller)
	sent := r.Clone(ctx)
	sent.RequestURI = sent.URL.RequestURI()
	if sent.Header == nil {
		sent.Header = http.Header{}
	}
	if sent.Header.Get("X-Request-Id") == "" && t.caller.RequestID != "" {
		sent.Header.Set("X-Request-Id", t.caller.RequestID)
	}
	if sent.Body == nil {
		sent.Body = http.NoBody
	}
	read, write := io.Pipe()
	w := &insideWriter{header: http.Header{}, body: write, head: make(chan struct{})}
	done := make(chan struct{})
	leave := context.AfterFunc(t.server.closed, func() { // nobody reads any more
		cancel()
		_ = read.CloseWithError(errDraining)
	})
	go func() {
		defer leaves()
		defer close(done)
		defer leave()
		defer func() { _ = sent.Body.Close() }()
		w.end(t.server.answerInside(w, sent))
	}()
	select {
	case <-w.head:
	case <-ctx.Done():
		cancel()
		_ = read.CloseWithError(ctx.Err())
		return nil, ctx.Err()
	}
	if w.failed != nil {
		cancel()
		return nil, w.failed
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &insideBody{read, cancel, done}, ContentLength: -1, Request: r,
	}, nil
}

// calls counts those that are under way. Code of the operator's may begin one at any time, also while the server closes.
type calls struct {
	mu     sync.Mutex
	closed bool
	open   sync.WaitGroup
}

// enter counts a call until it leaves; it is false once they are closed.
func (c *calls) enter() (leave func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false
	}
	c.open.Add(1)
	return c.open.Done, true
}

// close lets no more in, ends those that are there, and waits for them.
func (c *calls) close(end func()) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	end()
	c.open.Wait()
}

// answerInside serves a request. An answer that is broken off is an error.
func (s *Server) answerInside(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	s.engine.ServeHTTP(w, r)
	return nil
}

// insideWriter hands an answer over as it is written.
type insideWriter struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	once         sync.Once
	head         chan struct{}
	failed       error // set before head is closed when there is no answer
}

func (w *insideWriter) Header() http.Header { return w.header }

func (w *insideWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.head)
	})
}

func (w *insideWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

// Flush sends the head; what is written is on its way already.
func (w *insideWriter) Flush() { w.WriteHeader(http.StatusOK) }

func (w *insideWriter) end(err error) {
	w.once.Do(func() {
		w.status, w.sent, w.failed = http.StatusOK, w.header.Clone(), err
		close(w.head)
	})
	_ = w.body.CloseWithError(err) // nil is the end of the body
}

// insideBody is the body of an answer; who closes it waits until nothing is answering any more.
type insideBody struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   <-chan struct{}
}

// Close ends what answers.
func (b *insideBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.done
	return err
}
