package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/locutory/locutory/authhooks"
)

// count counts each request when its answer has ended, by the pattern of its route.
func (s *Server) count(g *gin.Context) {
	begin := time.Now()
	defer func() { // an aborted stream comes by here as a panic
		s.Metrics.Request(g.Request.Method, strings.TrimPrefix(g.FullPath(), s.prefix()), g.Writer.Status(), time.Since(begin))
	}()
	g.Next()
}

func (s *Server) prefix() string { return strings.TrimSuffix(s.MountPrefix, "/") }

// Streams returns how many streams and waits are open.
func (s *Server) Streams() int { return s.pulse.members() }

// metrics answers GET /metrics, to the operator.
func (s *Server) metrics(_ context.Context, c *call) error {
	if s.Metrics == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if err := s.mustBeOperator(c); err != nil {
		return err
	}
	switch format := c.gin.Query("format"); format {
	case "", "prometheus":
		s.Metrics.ServeHTTP(c.gin.Writer, c.gin.Request)
		return nil
	case "json":
		numbers, err := s.Metrics.Snapshot()
		if err != nil {
			return err
		}
		return c.json(http.StatusOK, numbers)
	default:
		return refuse(http.StatusUnprocessableEntity, `format: want "prometheus" or "json", got %q`, format)
	}
}

// mustBeOperator lets in who has the token of the metrics. Numbers of all users are nobody's who is one of them: two looks at a total
// tell what the others did between. So no hook is asked, and a user's credentials are of no use here. Where nobody has to
// authenticate, everyone sees everything anyway.
func (s *Server) mustBeOperator(c *call) error {
	if s.MetricsToken == "" {
		if s.Guard.Open() {
			return nil
		}
		return refuse(http.StatusForbidden, "the metrics count what all users do: set LOCUTORY_METRICS_TOKEN and send it as a bearer token, "+
			"or have them served at an address of their own by LOCUTORY_METRICS_ADDR")
	}
	scheme, token, _ := strings.Cut(c.gin.GetHeader("Authorization"), " ")
	given, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(s.MetricsToken))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return authhooks.Unauthenticated("the metrics want LOCUTORY_METRICS_TOKEN as a bearer token")
	}
	return nil
}
