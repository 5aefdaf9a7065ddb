package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// Whoever calls the server from inside while it closes is answered before Close returns, or not at all.
func TestInsideWhileClosing(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	for range 200 {
		s := &Server{pulse: newPulse(time.Hour), engine: gin.New()}
		s.closing, s.drain = context.WithCancel(t.Context())
		s.closed, s.end = context.WithCancel(t.Context())
		var closed atomic.Bool
		s.engine.GET("/", func(*gin.Context) {
			if closed.Load() {
				t.Error("served after Close")
			}
		})
		var all sync.WaitGroup
		ready := make(chan struct{})
		for range 4 {
			all.Go(func() {
				<-ready
				response, err := (&inside{server: s}).RoundTrip(httptest.NewRequest(http.MethodGet, "/", nil))
				if err == nil {
					_ = response.Body.Close()
				}
			})
		}
		close(ready)
		s.Close()
		closed.Store(true)
		all.Wait()
	}
}
