package compat

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/locutory/locutory/platform"
)

// mostKept is how much of a body is kept to be checked; of larger ones the head alone is.
const mostKept = 1 << 20

// watcher holds what passes a server against the server's own description.
type watcher struct {
	report func(error)
	// beside allows answers at paths that are not described: those of an app.
	beside bool
	// hostile is a test that sends what no description allows: its answers alone are held against it.
	hostile bool
	mu      sync.Mutex
	seen    map[string]int
}

// watch stands around a server's handler and holds what passes against the openapi.json that the handler itself serves. What is not as
// described fails the test. It is no Helper: a fuzz test forbids that call once its seeds are on their way, and a server begins beside them.
func watch(t testing.TB, next http.Handler, app any) http.Handler {
	if a, ok := app.(platform.App); app != nil && (!ok || a.Middleware != nil) { // which may answer anything
		return next
	}
	w := &watcher{report: reporting(t), beside: app != nil, hostile: strings.HasPrefix(t.Name(), "TestHostile")}
	served := sync.OnceValue(func() *description {
		answer := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/openapi.json", nil)
		r.Host = "127.0.0.1"
		next.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK || !strings.HasPrefix(answer.Header().Get("Content-Type"), "application/json") {
			return nil // the group is disabled, or below a prefix
		}
		d, err := describe(answer.Body.Bytes())
		if err != nil {
			t.Errorf("openapi.json: %v", err)
		}
		return d
	})
	return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) { w.pass(served(), answer, r, next) })
}

// reporting fails a test.
func reporting(t testing.TB) func(error) {
	return func(err error) { t.Errorf("not as described: %v", err) }
}

// pass lets one request through, and checks it when it is over.
func (w *watcher) pass(d *description, answer http.ResponseWriter, r *http.Request, next http.Handler) {
	if d == nil {
		next.ServeHTTP(answer, r)
		return
	}
	sent := &copied{ReadCloser: r.Body}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = sent
	}
	at := *r.URL
	a := &answering{ResponseWriter: answer}
	whole := false
	defer func() {
		if a.status == 0 { // nothing was said
			return
		}
		x := traffic{
			method: r.Method, url: &at, status: a.status, header: a.head, body: a.body.Bytes(), whole: whole && a.body.Len() < mostKept,
			hostile: w.hostile,
		}
		x.sent = sent.whole()
		if err := w.check(d, x); err != nil {
			w.report(err)
		}
	}()
	next.ServeHTTP(a, r)
	whole = true
}

// check checks an exchange, but of the many that are alike only some.
func (w *watcher) check(d *description, x traffic) error {
	const first, oneIn = 100, 20
	o := d.find(x.method, x.url.EscapedPath())
	if o != nil {
		key := fmt.Sprint(o.method, o.path, x.status)
		w.mu.Lock()
		if w.seen == nil {
			w.seen = map[string]int{}
		}
		w.seen[key]++
		n := w.seen[key]
		w.mu.Unlock()
		if n > first && n%oneIn != 0 {
			return nil
		}
	}
	err := d.check(x)
	if w.beside && errors.Is(err, errNowhere) {
		return nil
	}
	return err
}

// copied keeps what is read of a body. A proxy may still be reading when the answer is there.
type copied struct {
	io.ReadCloser
	mu    sync.Mutex
	buf   bytes.Buffer
	ended bool
}

// whole is the body if all of it has been read, and it is not too long.
func (k *copied) whole() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ended || k.buf.Len() >= mostKept {
		return nil
	}
	return bytes.Clone(k.buf.Bytes())
}

func (k *copied) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.buf.Len() < mostKept {
		k.buf.Write(p[:n])
	}
	k.ended = k.ended || err == io.EOF
	return n, err
}

// answering keeps what is answered, and passes it on at once.
type answering struct {
	http.ResponseWriter
	status int
	head   http.Header
	body   bytes.Buffer
}

func (a *answering) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status, a.head = status, a.Header().Clone()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answering) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.body.Len() < mostKept {
		a.body.Write(p)
	}
	return a.ResponseWriter.Write(p)
}

func (a *answering) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() } // as gin's does

func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answering) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// inFront is the URL of a proxy in front of a server that runs as a process of its own. A connection that breaks behind it breaks before
// it, and streams are not held up.
func inFront(t *testing.T, at string) string {
	t.Helper()
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	// A connection that is kept to a server that is killed would fail a POST which its client could have sent again.
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-Proto"] = r.In.Header["X-Forwarded-Proto"]
		},
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // servers are killed here
		Transport:     transport,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	var mu sync.Mutex
	var served *description
	find := func() *description {
		mu.Lock()
		defer mu.Unlock()
		if served != nil {
			return served
		}
		response, err := transport.RoundTrip(httptest.NewRequest(http.MethodGet, at+"/openapi.json", nil))
		if err != nil { // it is down at the moment
			return nil
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			return nil
		}
		if served, err = describe(text); err != nil {
			t.Errorf("openapi.json: %v", err)
		}
		return served
	}
	w := &watcher{report: reporting(t)}
	front := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		// Whole, and before it is passed on: net/http closes a body that is not quite read when the answer begins, and a proxy that is
		// still at it then breaks off the answer.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		if len(body) == 0 {
			r.Body = http.NoBody
		}
		w.pass(find(), answer, r, proxy)
	}))
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
	})
	return front.URL
}
