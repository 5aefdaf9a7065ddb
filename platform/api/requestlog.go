package api

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/locutory/locutory/platform/runs"
)

// logRequest writes a line for each request at level debug: without its query and its headers, which may hold what only its sender and we
// should know, but for the headers that the operator asked for.
func (s *Server) logRequest(g *gin.Context) {
	if !s.Log.Enabled(g.Request.Context(), slog.LevelDebug) {
		return
	}
	begun := s.Now()
	defer func() {
		s.Log.LogAttrs(g.Request.Context(), slog.LevelDebug, "request", slog.String("method", g.Request.Method),
			slog.String("path", shownPath(g.Request.URL.Path)), slog.Int("status", g.Writer.Status()), slog.Duration("took", s.Now().Sub(begun)),
			slog.String("request_id", g.Writer.Header().Get("X-Request-Id")), slog.Attr{Key: "headers", Value: slog.GroupValue(s.logged(g.Request.Header)...)})
	}()
	g.Next()
}

// shownPath is a path without what may be the secret of a link.
func shownPath(path string) string {
	if before, _, ok := strings.Cut(path, runs.FeedbackPath); ok {
		return before + runs.FeedbackPath + "..."
	}
	return path
}

// logged are the headers of a request that the operator wants to see.
func (s *Server) logged(h http.Header) (attrs []slog.Attr) {
	if s.LoggedHeaders.None() {
		return nil
	}
	for name, values := range h {
		if s.LoggedHeaders.Takes(name) {
			attrs = append(attrs, slog.String(strings.ToLower(name), strings.Join(values, ", ")))
		}
	}
	return attrs
}
