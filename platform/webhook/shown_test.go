package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// What a failed attempt is told as says nothing of the network that the server is in.
func TestShownError(t *testing.T) {
	t.Parallel()
	opaque := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 443}, Err: err}
	}
	tests := []struct {
		name   string
		status int
		err    error
		want   string
	}{
		{"an answer", 503, errors.New("the receiver answered 503"), "the receiver answered 503"},
		{"the policy", 0, &refusedError{errors.New("hooks.example is not among the allowed domains")}, "hooks.example is not among the allowed domains"},
		{"a name that leads inside", 0, opaque(fmt.Errorf("%w: 10.0.0.7", errAddress)), "the name has no public address"},
		{"no such name", 0, opaque(&net.DNSError{Err: "no such host", Name: "x.corp", Server: "10.0.0.2:53", IsNotFound: true}), "the name has no public address"},
		{"a resolver that hangs", 0, opaque(&net.DNSError{Err: "i/o timeout", Name: "x.corp", Server: "10.0.0.2:53", IsTimeout: true}), "the name has no public address"},
		{"too late", 0, fmt.Errorf("post: %w", context.DeadlineExceeded), "no answer came in time"},
		{"a certificate", 0, x509.UnknownAuthorityError{}, "the receiver's certificate is not trusted"},
		{"refused", 0, opaque(errors.New("connect: connection refused")), "the connection failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := shownError(tt.status, tt.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The errors of a real client are told apart.
func TestShownErrorOfClients(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	defer slow.Close()
	defer secure.Close()
	defer close(over)
	for target, want := range map[string]string{
		slow.URL: "no answer came in time", secure.URL: "the receiver's certificate is not trusted", closed.URL: "the connection failed",
		"http://nowhere.invalid/": "the name has no public address",
	} {
		timeout := 10 * time.Second
		if target == slow.URL {
			timeout = 50 * time.Millisecond
		}
		client := &http.Client{Timeout: timeout, Transport: &http.Transport{}}
		_, err := client.Get(target)
		var failed *url.Error
		if !errors.As(err, &failed) {
			t.Fatalf("%s: %v", target, err)
		}
		if got := shownError(0, failed.Err); got != want {
			t.Errorf("%s: %q, want %q: %v", target, got, want, err)
		}
	}
}
