package compat

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// A client that goes away is no failure of the server's: nobody is to be woken up by it.
func TestClientsThatLeaveAreNoFailures(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		asked, left := make(chan struct{}), make(chan struct{})
		slow := func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			close(asked)
			<-ctx.Done()
			close(left)
			return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
		}
		log := &record{}
		auth := asymmetric(authhooks.On(authhooks.Threads, authhooks.Search, slow))
		s := serveLogging(t, withAuth(auth), uri, slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			<-asked
			leave()
		}()
		r := s.request(alice, "POST", "/threads/search", `{}`).WithContext(ctx)
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("the client got %v", err)
		}
		<-left
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), "the client has gone"); <-time.After(time.Millisecond) {
			if time.Now().After(deadline) || strings.Contains(log.String(), "ERROR") {
				t.Fatalf("the log says %s", log)
			}
		}
	})
}
