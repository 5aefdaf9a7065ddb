package api

import (
	"context"
	"net/http"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/openapi"
)

// describe makes the description of what is served.
func (s *Server) describe() (*openapi.Document, error) {
	cfg := openapi.Config{
		Version: s.Version, MountPrefix: s.prefix(), Hooks: !s.Guard.Open(), OperatorToken: s.MetricsToken != "", Security: s.Security, More: s.Described,
	}
	for _, r := range s.served() {
		if r.Group == internal {
			continue
		}
		cfg.Routes = append(cfg.Routes, openapi.Route{Method: r.Method, Path: r.Path, Group: r.Group, Public: r.Public(), Operator: r.Operator()})
	}
	return openapi.New(cfg)
}

// openAPI answers GET /openapi.json.
func (s *Server) openAPI(_ context.Context, c *call) error {
	c.gin.Data(http.StatusOK, "application/json", s.description.JSON)
	return nil
}

// docs answers GET /docs with the page for people. It runs no script but its own, and talks to nobody.
func (s *Server) docs(_ context.Context, c *call) error {
	page, err := s.description.Page()
	if err != nil {
		return err
	}
	c.gin.Header("Content-Security-Policy", openapi.PagePolicy())
	c.gin.Header("X-Content-Type-Options", "nosniff")
	c.gin.Header("Referrer-Policy", "no-referrer")
	c.gin.Data(http.StatusOK, "text/html; charset=utf-8", page)
	return nil
}

// platformSchema answers GET /platform.schema.json.
func (s *Server) platformSchema(_ context.Context, c *call) error {
	c.gin.Data(http.StatusOK, "application/schema+json", config.Schema())
	return nil
}
