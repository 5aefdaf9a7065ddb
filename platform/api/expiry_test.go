package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// A request whose credential runs out on its way is told so, and not that the server was slow.
func TestR40ExpiredOnTheWayIs401(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) {
		return &authhooks.User{Identity: "alice", Expires: time.Now().Add(50 * time.Millisecond)}, nil
	}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	guard, err := access.New(access.Config{Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Config: Config{Guard: guard, Log: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }}}
	engine := gin.New()
	engine.GET("/", s.guarded(Route{Method: http.MethodGet, Path: "/", handle: func(ctx context.Context, _ *call) error {
		<-ctx.Done()
		return ctx.Err()
	}}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer any")
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("status %d, WWW-Authenticate %q: %s", w.Code, w.Header().Get("WWW-Authenticate"), w.Body)
	}
}
