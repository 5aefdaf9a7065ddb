package drain

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setup serves until stop is called; the error of Serve comes after it.
func setup(t *testing.T, handler http.Handler, grace time.Duration) (address string, stop func(), result <-chan error) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, &http.Server{Handler: handler}, l, grace) }()
	t.Cleanup(cancel)
	return l.Addr().String(), cancel, done
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask sends a request on the connection and returns the answer's body.
func ask(t *testing.T, conn net.Conn) (body string, closes bool) {
	t.Helper()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return answer(t, conn)
}

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

// answer reads an answer from the connection.
func answer(t *testing.T, conn net.Conn) (body string, closes bool) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), res.Close
}

// The request is sent only after the server has begun to stop, but before the connection counts as one that asks nothing: where that takes
// too long, the machine is busy, and it is tried again.
func TestAnAcceptedConnectionGetsItsAnswer(t *testing.T) {
	t.Parallel()
	for !answersAccepted(t) {
		continue
	}
}

// answersAccepted reports whether the request was sent in time.
func answersAccepted(t *testing.T) bool {
	t.Helper()
	address, stop, result := setup(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "yes") }), 5*time.Second)
	first := dial(t, address)
	if body, _ := ask(t, first); body != "yes" {
		t.Fatalf("body = %q", body)
	}
	begun := time.Now()
	fresh := dial(t, address)
	// Connections are accepted in order: when a later one has its answer, fresh has been accepted.
	if body, _ := ask(t, dial(t, address)); body != "yes" {
		t.Fatalf("body = %q", body)
	}
	stop()
	for refused := false; !refused; {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if refused = err != nil; !refused {
			_ = conn.Close()
		}
	}
	_, err := io.WriteString(fresh, request)
	late := time.Since(begun) > silence
	if !late {
		if err != nil {
			t.Fatal(err)
		}
		if body, closes := answer(t, fresh); body != "yes" || !closes {
			t.Errorf("body = %q, closes = %v; want yes, true", body, closes)
		}
	}
	if err := <-result; err != nil {
		t.Errorf("Serve: %v", err)
	}
	return !late
}

func TestARequestUnderWayIsAnswered(t *testing.T) {
	t.Parallel()
	began, finish := make(chan struct{}), make(chan struct{})
	address, stop, result := setup(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		_, _ = io.WriteString(w, "late")
	}), 5*time.Second)
	conn := dial(t, address)
	go func() {
		<-began
		stop()
		close(finish)
	}()
	if body, _ := ask(t, conn); body != "late" {
		t.Errorf("body = %q, want late", body)
	}
	if err := <-result; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestTheGraceEnds(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	address, stop, result := setup(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	}), 50*time.Millisecond)
	conn := dial(t, address)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	<-began
	stop()
	if err := <-result; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("read: %v, want the connection closed", err)
	}
}

func TestAcceptFails(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), &http.Server{}, l, time.Second); err == nil {
		t.Error("no error on a closed listener")
	}
}
